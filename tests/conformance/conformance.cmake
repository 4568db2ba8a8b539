# agentd_mutants and mobiled_mutants: the programs with the faults of mutants.py, foreign/mutants.py and mobile/mutants.py, switched on one at a time (mutant.h). They are built by the test that needs them, so that an edit that does not fit any more fails that test.
set(mutants_directory ${PROJECT_BINARY_DIR}/tests/conformance/mutants)
set(mutants_tables ${CMAKE_CURRENT_LIST_DIR}/mutants.py ${CMAKE_CURRENT_LIST_DIR}/foreign/mutants.py ${CMAKE_CURRENT_LIST_DIR}/mobile/mutants.py)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${mutants_tables})
foreach(program IN ITEMS agentd mobiled)
  execute_process(COMMAND ${HEARTH_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/mutate.py --files ${program}
    OUTPUT_VARIABLE ${program}_files COMMAND_ERROR_IS_FATAL ANY)
  list(TRANSFORM ${program}_files PREPEND ${mutants_directory}/ OUTPUT_VARIABLE ${program}_copies)
endforeach()
set(mutants_files ${agentd_files} ${mobiled_files})
list(REMOVE_DUPLICATES mutants_files)
list(TRANSFORM mutants_files PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE mutants_originals)
list(TRANSFORM mutants_files PREPEND ${mutants_directory}/ OUTPUT_VARIABLE mutants_copies)
add_custom_command(
  OUTPUT ${mutants_copies}
  COMMAND ${HEARTH_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/mutate.py --write ${mutants_directory}
  DEPENDS ${mutants_originals} ${mutants_tables} ${CMAKE_CURRENT_LIST_DIR}/mutate.py ${CMAKE_CURRENT_LIST_DIR}/mutant.h
  VERBATIM)
add_custom_target(mutants_written DEPENDS ${mutants_copies})

# The edited files come before the libraries that have the same functions.
foreach(program IN ITEMS agentd mobiled)
  get_target_property(sources ${program} SOURCES)
  get_target_property(directory ${program} SOURCE_DIR)
  get_target_property(libraries ${program} LINK_LIBRARIES)
  set(originals "")
  foreach(source IN LISTS sources)
    get_filename_component(source ${source} ABSOLUTE BASE_DIR ${directory})
    list(APPEND originals ${source})
  endforeach()
  add_executable(${program}_mutants EXCLUDE_FROM_ALL ${originals} ${${program}_copies})
  add_dependencies(${program}_mutants mutants_written)
  target_link_libraries(${program}_mutants PRIVATE ${libraries} PkgConfig::NETTLE)
  target_include_directories(${program}_mutants PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_compile_options(${program}_mutants PRIVATE -Wno-error -Wno-conversion -Wno-shadow -Wno-parentheses
    -Werror=implicit-function-declaration)
  set_target_properties(${program}_mutants PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/conformance)
endforeach()

# What the cases are worth does not depend on the sanitizer: once is enough.
if(HEARTH_SANITIZE STREQUAL "")
  add_test(NAME conformance.mutants COMMAND ${CMAKE_CURRENT_LIST_DIR}/mutants)
  hearth_test_properties(conformance.mutants conformance 1800)
endif()
