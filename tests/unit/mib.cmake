# What of mib needs neither an agent nor Net-SNMP.
hearth_unit_test(mib_index hearth_mib)
hearth_unit_test(notify hearth_mib)

add_library(hearth_set_fixture STATIC ${PROJECT_SOURCE_DIR}/tests/unit/set_fixture.c)
target_include_directories(hearth_set_fixture PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(hearth_set_fixture PUBLIC hearth_mib hearth_test_suite)
hearth_unit_test(mib_set hearth_set_fixture)
hearth_unit_test(mib_commit hearth_set_fixture)
target_link_options(test_mib_commit PRIVATE
  LINKER:--wrap=batch_configure LINKER:--wrap=agent_transfer LINKER:--wrap=events_test
  LINKER:--wrap=batch_undo_prepare LINKER:--wrap=batch_undo LINKER:--wrap=batch_undo_free)

# Objects over real agents, whose disks are in memory.
foreach(test mib_tables mib_figures)
  hearth_unit_test(${test} hearth_mib)
  target_sources(test_${test} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/memory_node.c ${PROJECT_SOURCE_DIR}/tests/unit/mib_fixture.c)
endforeach()

# Tables over real stores; what they read there is counted.
hearth_unit_test(mib_walks hearth_mib)
target_sources(test_mib_walks PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/mib_world.c ${PROJECT_SOURCE_DIR}/tests/unit/mib_world_peers.c
  ${PROJECT_SOURCE_DIR}/tests/unit/mib_model.c)
target_link_options(test_mib_walks PRIVATE -Wl,--wrap=store_get,--wrap=store_seek,--wrap=store_next,--wrap=agent_is_forwarding)
