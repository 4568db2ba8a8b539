# mobiled: the mobile node.
add_executable(mobiled
  ${CMAKE_CURRENT_LIST_DIR}/mobiled.c ${CMAKE_CURRENT_LIST_DIR}/mobiled_documents.c
  ${CMAKE_CURRENT_LIST_DIR}/notify.c ${CMAKE_CURRENT_LIST_DIR}/privileges.c)
target_link_libraries(mobiled PRIVATE hearth_mobile hearth_snmp PkgConfig::SYSTEMD PkgConfig::CAPNG)
if(HEARTH_SANITIZE STREQUAL "thread")
  target_link_libraries(mobiled PRIVATE hearth_tsan)
endif()

include(GNUInstallDirs)
install(TARGETS mobiled DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(CODE "execute_process(COMMAND $<TARGET_FILE:mobiled> --manual
  OUTPUT_FILE ${CMAKE_CURRENT_BINARY_DIR}/mobiled.8 COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mobiled.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
