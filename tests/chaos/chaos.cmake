# Kills and power cuts: the recorder that is preloaded, and an agentd that must fail.
add_library(hearth_recorder MODULE
  ${CMAKE_CURRENT_LIST_DIR}/recorder.c ${CMAKE_CURRENT_LIST_DIR}/recorder_data.c
  ${CMAKE_CURRENT_LIST_DIR}/recorder_names.c)
target_include_directories(hearth_recorder PRIVATE ${PROJECT_SOURCE_DIR})
# It stands between a program and its C library: nothing may stand between them and it.
target_compile_options(hearth_recorder PRIVATE -U_FORTIFY_SOURCE -fno-sanitize=all)
target_link_options(hearth_recorder PRIVATE -fno-sanitize=all)
set_target_properties(hearth_recorder PROPERTIES
  PREFIX "" OUTPUT_NAME recorder LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/chaos)

# A disk that fails when it is told to, and what sees every answer on a switch.
add_library(hearth_failing MODULE ${CMAKE_CURRENT_LIST_DIR}/failing.c)
target_compile_options(hearth_failing PRIVATE -U_FORTIFY_SOURCE -fno-sanitize=all)
target_link_options(hearth_failing PRIVATE -fno-sanitize=all)
set_target_properties(hearth_failing PROPERTIES
  PREFIX "" OUTPUT_NAME failing LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/chaos)
add_executable(chaos_tap ${CMAKE_CURRENT_LIST_DIR}/tap.c)
set_target_properties(chaos_tap PROPERTIES
  OUTPUT_NAME tap RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/chaos)

# agentd whose log is never flushed. The test must find that out.
get_target_property(agentd_sources agentd SOURCES)
get_target_property(agentd_directory agentd SOURCE_DIR)
get_target_property(agentd_libraries agentd LINK_LIBRARIES)
list(TRANSFORM agentd_sources PREPEND ${agentd_directory}/)
add_executable(agentd_without_flush ${agentd_sources} ${CMAKE_CURRENT_LIST_DIR}/without_flush.c)
target_link_libraries(agentd_without_flush PRIVATE ${agentd_libraries})
target_link_options(agentd_without_flush PRIVATE -Wl,--wrap=fdatasync)
set_target_properties(agentd_without_flush PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/chaos)

# Sanitizers' libraries want to be first in a program and so cannot share it with the recorder.
if(HEARTH_SANITIZE STREQUAL "")
  add_test(NAME chaos.crash
    COMMAND ${HEARTH_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/run crash --runs 16)
  add_test(NAME chaos.cluster COMMAND ${HEARTH_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/run cluster --runs 5)
  add_test(NAME chaos.crash_without_flush
    COMMAND ${HEARTH_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/run crash --runs 100 --power-only --styles past --expect-loss
      --binary $<TARGET_FILE:agentd_without_flush>)
else()
  add_test(NAME chaos.crash
    COMMAND ${HEARTH_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/run crash --runs 16 --without-recorder)
  add_test(NAME chaos.cluster COMMAND ${HEARTH_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/run cluster --runs 5 --without-preload)
endif()
hearth_test_properties(chaos.crash chaos 300)
hearth_test_properties(chaos.cluster chaos 900)
set_tests_properties(chaos.cluster PROPERTIES PROCESSORS 2)
if(TEST chaos.crash_without_flush)
  hearth_test_properties(chaos.crash_without_flush chaos 300)
endif()
