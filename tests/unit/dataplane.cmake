# What is due around the home agent's address; the rest of agentd/dataplane is tested in network namespaces.
hearth_unit_test(ownership_plan hearth_dataplane)
