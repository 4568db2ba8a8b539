# Compiled into the targets rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(capture hearth_proto)
target_sources(fuzz_capture PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/programs/capture.c
  ${PROJECT_SOURCE_DIR}/agentd/programs/pcap.c)
hearth_fuzz_target(describe hearth_registration)
target_sources(fuzz_describe PRIVATE ${PROJECT_SOURCE_DIR}/agentd/flow/describe.c)
