# Compiled into the target rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(forward hearth_base Threads::Threads)
foreach(file IN ITEMS complaint forward_broadcast forward_copy forward_error forward_facts forward_home forward_icmp
                      forward_reasons forward_tunnel soft tunnel_entry tunnel_error tunnels tunnels_walk)
  target_sources(fuzz_forward PRIVATE ${PROJECT_SOURCE_DIR}/agentd/dataplane/${file}.c)
endforeach()
foreach(file IN ITEMS icmp4 ip4 ip4_fragment tunnel tunnel_quote tunnel_unwrap)
  target_sources(fuzz_forward PRIVATE ${PROJECT_SOURCE_DIR}/proto/${file}.c)
endforeach()

hearth_fuzz_target(visit hearth_base Threads::Threads)
foreach(file IN ITEMS complaint soft tunnel_entry tunnel_error visit_facts visit_icmp visit_reasons visit_reverse visit_table
                      visit_tunnel)
  target_sources(fuzz_visit PRIVATE ${PROJECT_SOURCE_DIR}/agentd/dataplane/${file}.c)
endforeach()
foreach(file IN ITEMS icmp4 ip4 ip4_fragment tunnel tunnel_quote tunnel_unwrap)
  target_sources(fuzz_visit PRIVATE ${PROJECT_SOURCE_DIR}/proto/${file}.c)
endforeach()
