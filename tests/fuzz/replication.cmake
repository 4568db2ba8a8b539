# Compiled into the target rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(journal hearth_base PkgConfig::XXHASH)
target_sources(fuzz_journal PRIVATE
  ${PROJECT_SOURCE_DIR}/replication/counters.c
  ${PROJECT_SOURCE_DIR}/replication/journal.c
  ${PROJECT_SOURCE_DIR}/replication/journal_directory.c
  ${PROJECT_SOURCE_DIR}/replication/journal_format.c
  ${PROJECT_SOURCE_DIR}/replication/journal_io.c
  ${PROJECT_SOURCE_DIR}/replication/journal_recovery.c
  ${PROJECT_SOURCE_DIR}/replication/journal_renew.c
  ${PROJECT_SOURCE_DIR}/replication/journal_segments.c
  ${PROJECT_SOURCE_DIR}/replication/journal_write.c
  ${PROJECT_SOURCE_DIR}/tests/unit/fake_disk.c)

hearth_fuzz_target(ballot hearth_base PkgConfig::XXHASH)
target_sources(fuzz_ballot PRIVATE
  ${PROJECT_SOURCE_DIR}/replication/ballot.c
  ${PROJECT_SOURCE_DIR}/replication/ballot_format.c
  ${PROJECT_SOURCE_DIR}/replication/journal_io.c
  ${PROJECT_SOURCE_DIR}/tests/unit/fake_disk.c)
hearth_fuzz_target(packet hearth_base)
target_sources(fuzz_packet PRIVATE ${PROJECT_SOURCE_DIR}/replication/transport_packet.c)

hearth_fuzz_target(consensus hearth_base PkgConfig::RAFT)
foreach(part IN ITEMS consensus consensus_again consensus_codec consensus_lead consensus_lease consensus_receive consensus_reign
                      consensus_send consensus_step consensus_window)
  target_sources(fuzz_consensus PRIVATE ${PROJECT_SOURCE_DIR}/replication/${part}.c)
endforeach()

hearth_fuzz_target(snapshot hearth_base PkgConfig::XXHASH)
target_sources(fuzz_snapshot PRIVATE ${PROJECT_SOURCE_DIR}/replication/snapshot_format.c)
