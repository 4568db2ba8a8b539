# Agent discovery: pure decisions of agents and of mobile nodes.
foreach(name IN ITEMS advertise answer discovery_link heard move rate solicit)
  hearth_unit_test(${name} hearth_discovery)
endforeach()
