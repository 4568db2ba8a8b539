# The codecs of packets and tunnels, for tests that wrap with them and decode with others, and the other way round.
add_executable(independent_tunnels ${CMAKE_CURRENT_LIST_DIR}/tunnels.c)
target_include_directories(independent_tunnels PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(independent_tunnels PRIVATE hearth_proto)
set_target_properties(independent_tunnels PROPERTIES
  OUTPUT_NAME tunnels RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/independent)
