# Layer 4: the foreign agent's tables; what it does is tested on links, in tests/system.
hearth_unit_test(visitors hearth_visitors)
hearth_unit_test(visitors_command hearth_visitors)
hearth_unit_test(visit_keys hearth_visit)
hearth_unit_test(visit_nodes hearth_visit)
hearth_unit_test(visit_letters hearth_visit)
hearth_unit_test(visit_steer hearth_visit Threads::Threads)
