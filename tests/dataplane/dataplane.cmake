# The address alone, for tests that stop and kill who has it.
add_executable(address_owner ${CMAKE_CURRENT_LIST_DIR}/owner.c)
target_link_libraries(address_owner PRIVATE hearth_dataplane PkgConfig::CAPNG Threads::Threads)
set_target_properties(address_owner PROPERTIES
  OUTPUT_NAME owner RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/dataplane)
