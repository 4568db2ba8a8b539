# What of agentd/dataplane needs no network; the rest is tested in network namespaces.
hearth_unit_test(ownership_plan hearth_dataplane)
hearth_unit_test(home_arp hearth_dataplane)
hearth_unit_test(home_arp_plan hearth_dataplane)
hearth_unit_test(tunnels hearth_dataplane Threads::Threads)
hearth_unit_test(soft hearth_dataplane Threads::Threads)
hearth_unit_test(netlink hearth_dataplane PkgConfig::MNL)
hearth_unit_test(forward hearth_dataplane)
target_sources(test_forward PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit/packet_case.c)
# The cases are what scapy writes.
add_test(NAME unit.packet_cases COMMAND ${HEARTH_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/dataplane/packets/make_cases.py --check)
hearth_test_properties(unit.packet_cases unit 120)
# The fast path, in namespaces of the test's own. Only a kernel that refuses these makes it a skip.
foreach(name IN ITEMS tc tc_cases tc_copies tc_exits tc_home tc_hostile tc_keep tc_maps)
  hearth_unit_test(${name} hearth_dataplane PkgConfig::BPF)
  target_sources(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/tc_fixture.c)
  set_tests_properties(unit.${name} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
target_sources(test_tc_cases PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit/packet_case.c)
