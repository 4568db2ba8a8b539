# agentload: the load generator, and the library of its parts.
add_subdirectory(${PROJECT_SOURCE_DIR}/agentd/load ${PROJECT_BINARY_DIR}/agentd/load)
add_executable(agentload ${CMAKE_CURRENT_LIST_DIR}/agentload.c)
target_link_libraries(agentload PRIVATE hearth_load)

include(GNUInstallDirs)
install(TARGETS agentload DESTINATION ${CMAKE_INSTALL_BINDIR})
