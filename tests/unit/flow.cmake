# What of agentd/flow stands between the socket and a request.
hearth_unit_test(inbox hearth_flow)
hearth_unit_test(restore hearth_flow hearth_replication_fixtures)
hearth_unit_test(sources hearth_flow)
hearth_unit_test(overload hearth_flow)
