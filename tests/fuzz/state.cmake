# Compiled into the target rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(rows hearth_proto)
target_sources(fuzz_rows PRIVATE ${PROJECT_SOURCE_DIR}/agentd/state/rows.c)

hearth_fuzz_target(command hearth_proto hearth_schema)
foreach(part IN ITEMS bindings command configure dirty expiry index load peers row_log rows settings state)
  target_sources(fuzz_command PRIVATE ${PROJECT_SOURCE_DIR}/agentd/state/${part}.c)
endforeach()
