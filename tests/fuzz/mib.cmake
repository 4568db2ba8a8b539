# Compiled into the targets rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(mib_tree hearth_mib)
target_sources(fuzz_mib_tree PRIVATE
  ${PROJECT_SOURCE_DIR}/mib/index.c
  ${PROJECT_SOURCE_DIR}/mib/object.c
  ${PROJECT_SOURCE_DIR}/mib/tree.c)

# Over the world of the unit tests, and as far as the log.
hearth_fuzz_target(mib_set hearth_mib hearth_schema)
foreach(part IN ITEMS association set setting write_associations write_groups write_mip_associations write_nodes write_notify)
  target_sources(fuzz_mib_set PRIVATE ${PROJECT_SOURCE_DIR}/mib/${part}.c)
endforeach()
target_sources(fuzz_mib_set PRIVATE
  ${PROJECT_SOURCE_DIR}/tests/unit/mib_world.c
  ${PROJECT_SOURCE_DIR}/tests/unit/mib_world_peers.c)
target_link_options(fuzz_mib_set PRIVATE
  LINKER:--wrap=batch_configure LINKER:--wrap=replication_submit LINKER:--wrap=agent_transfer LINKER:--wrap=events_test
  LINKER:--wrap=store_get LINKER:--wrap=store_seek LINKER:--wrap=store_next)
