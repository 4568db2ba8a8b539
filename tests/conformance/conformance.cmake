# agentd_mutants: agentd with the faults of mutants.py and foreign/mutants.py, switched on one at a time (mutant.h). It is built by the test that needs it, so that an edit that does not fit any more fails that test.
set(mutants_directory ${PROJECT_BINARY_DIR}/tests/conformance/mutants)
execute_process(COMMAND ${HEARTH_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/mutate.py --files
  OUTPUT_VARIABLE mutants_files COMMAND_ERROR_IS_FATAL ANY)
set(mutants_tables ${CMAKE_CURRENT_LIST_DIR}/mutants.py ${CMAKE_CURRENT_LIST_DIR}/foreign/mutants.py)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${mutants_tables})
list(TRANSFORM mutants_files PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE mutants_originals)
list(TRANSFORM mutants_files PREPEND ${mutants_directory}/ OUTPUT_VARIABLE mutants_copies)
add_custom_command(
  OUTPUT ${mutants_copies}
  COMMAND ${HEARTH_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/mutate.py --write ${mutants_directory}
  DEPENDS ${mutants_originals} ${mutants_tables} ${CMAKE_CURRENT_LIST_DIR}/mutate.py ${CMAKE_CURRENT_LIST_DIR}/mutant.h
  VERBATIM)

# The edited files come before the libraries that have the same functions.
get_target_property(agentd_sources agentd SOURCES)
get_target_property(agentd_directory agentd SOURCE_DIR)
get_target_property(agentd_libraries agentd LINK_LIBRARIES)
list(TRANSFORM agentd_sources PREPEND ${agentd_directory}/)
add_executable(agentd_mutants EXCLUDE_FROM_ALL ${agentd_sources} ${mutants_copies})
target_link_libraries(agentd_mutants PRIVATE ${agentd_libraries} PkgConfig::NETTLE)
target_include_directories(agentd_mutants PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_options(agentd_mutants PRIVATE -Wno-error -Wno-conversion -Wno-shadow -Wno-parentheses
  -Werror=implicit-function-declaration)
set_target_properties(agentd_mutants PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/conformance)

# What the cases are worth does not depend on the sanitizer: once is enough.
if(HEARTH_SANITIZE STREQUAL "")
  add_test(NAME conformance.mutants COMMAND ${CMAKE_CURRENT_LIST_DIR}/mutants)
  hearth_test_properties(conformance.mutants conformance 1800)
endif()
