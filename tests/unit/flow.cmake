# What of agentd/flow stands between the socket and a request.
hearth_unit_test(inbox hearth_flow)
hearth_unit_test(restore hearth_flow hearth_replication_fixtures)
hearth_unit_test(sources hearth_flow)
hearth_unit_test(overload hearth_flow)
hearth_unit_test(revoker hearth_flow)
hearth_unit_test(revoking hearth_state_universe hearth_flow)
target_sources(test_revoking PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/memory_node.c)
hearth_unit_test(trace hearth_flow Threads::Threads)
