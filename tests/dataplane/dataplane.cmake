# The address alone, for tests that stop and kill who has it.
add_executable(address_owner ${CMAKE_CURRENT_LIST_DIR}/owner.c ${CMAKE_CURRENT_LIST_DIR}/print_counters.c)
target_link_libraries(address_owner PRIVATE hearth_dataplane PkgConfig::CAPNG Threads::Threads)
set_target_properties(address_owner PROPERTIES
  OUTPUT_NAME owner RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/dataplane)

# ARP for absent mobile nodes alone, likewise.
add_executable(absent_nodes ${CMAKE_CURRENT_LIST_DIR}/absent.c ${CMAKE_CURRENT_LIST_DIR}/print_counters.c)
target_link_libraries(absent_nodes PRIVATE hearth_dataplane PkgConfig::CAPNG)
set_target_properties(absent_nodes PROPERTIES
  OUTPUT_NAME absent RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/dataplane)

# Routes to virtual home networks alone.
add_executable(home_routes ${CMAKE_CURRENT_LIST_DIR}/route.c ${CMAKE_CURRENT_LIST_DIR}/print_counters.c)
target_link_libraries(home_routes PRIVATE hearth_dataplane)
set_target_properties(home_routes PROPERTIES
  OUTPUT_NAME route RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/dataplane)

# The far end of tunnels.
add_executable(mobile_end ${CMAKE_CURRENT_LIST_DIR}/mobile.c)
target_link_libraries(mobile_end PRIVATE hearth_proto)
set_target_properties(mobile_end PROPERTIES
  OUTPUT_NAME mobile RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/dataplane)

# The data plane of a foreign agent alone.
add_executable(visited_links ${CMAKE_CURRENT_LIST_DIR}/visit.c ${CMAKE_CURRENT_LIST_DIR}/print_counters.c)
target_link_libraries(visited_links PRIVATE hearth_dataplane)
set_target_properties(visited_links PROPERTIES
  OUTPUT_NAME visit RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/dataplane)
