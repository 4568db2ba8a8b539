# Compiled into the target rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(rows hearth_proto)
foreach(part IN ITEMS association_row audit_rows rows setting_rows)
  target_sources(fuzz_rows PRIVATE ${PROJECT_SOURCE_DIR}/agentd/state/${part}.c)
endforeach()

hearth_fuzz_target(command hearth_proto hearth_schema)
file(GLOB state_parts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/agentd/state/*.c)
target_sources(fuzz_command PRIVATE ${state_parts})
