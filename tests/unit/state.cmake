# Pure decisions, the replicated state, and what of agentd/flow needs no thread.
add_library(hearth_state_universe STATIC ${PROJECT_SOURCE_DIR}/tests/unit/state_universe.c
  ${PROJECT_SOURCE_DIR}/tests/unit/universe_pools.c)
target_link_libraries(hearth_state_universe PUBLIC hearth_state)


hearth_unit_test(replay_log hearth_state_universe hearth_flow)
target_sources(test_replay_log PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/memory_node.c)
hearth_unit_test(drop hearth_state_universe)
hearth_unit_test(registration hearth_registration)
hearth_unit_test(registration_reply hearth_registration PkgConfig::JANSSON)
hearth_unit_test(sealed hearth_state)
hearth_unit_test(secret hearth_state)
foreach(name IN ITEMS rows row_log index expiry ahead farewell)
  hearth_unit_test(${name} hearth_state)
endforeach()
foreach(name IN ITEMS state state_edges audit)
  hearth_unit_test(${name} hearth_state_universe)
endforeach()
hearth_unit_test(state_threads hearth_state_universe Threads::Threads)
hearth_unit_test(completions hearth_flow Threads::Threads)
hearth_unit_test(request hearth_state_universe hearth_flow)
target_sources(test_request PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/memory_node.c)
hearth_unit_test(revocation_decide hearth_registration PkgConfig::JANSSON)
