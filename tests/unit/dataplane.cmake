# What of agentd/dataplane needs no network; the rest is tested in network namespaces.
hearth_unit_test(ownership_plan hearth_dataplane)
hearth_unit_test(tunnels hearth_dataplane Threads::Threads)
