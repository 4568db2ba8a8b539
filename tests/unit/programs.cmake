# What of agentd/programs can be looked at without running one.
hearth_unit_test(pcap hearth_proto)
target_sources(test_pcap PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/programs/capture.c
  ${PROJECT_SOURCE_DIR}/agentd/programs/pcap.c)
