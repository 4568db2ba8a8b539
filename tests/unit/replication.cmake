# The log on a disk in memory (also used by the fuzz target), the engine, the store.
add_library(hearth_replication_fixtures STATIC
  ${PROJECT_SOURCE_DIR}/tests/unit/consensus_world.c
  ${PROJECT_SOURCE_DIR}/tests/unit/fake_disk.c
  ${PROJECT_SOURCE_DIR}/tests/unit/journal_fixture.c
  ${PROJECT_SOURCE_DIR}/tests/unit/store_fixture.c)
target_link_libraries(hearth_replication_fixtures PUBLIC hearth_replication hearth_test_suite)

if(HEARTH_SANITIZE STREQUAL "thread")
  set(HEARTH_ARGUMENTS_journal_faults 1 10)
endif()
foreach(name IN ITEMS journal journal_format journal_whole journal_recovery journal_faults engine
                      store backup consensus consensus_again consensus_orders consensus_parts consensus_reign ballot snapshot_format)
  hearth_unit_test(${name} hearth_replication_fixtures)
endforeach()
# More seeds than it runs by itself, in processes beside each other; AddressSanitizer gets a third of them and ThreadSanitizer
# a few alone, as of replay_log.
if(HEARTH_SANITIZE STREQUAL "")
  set(journal_faults_more 41:160 161:280 281:400)
elseif(HEARTH_SANITIZE STREQUAL "address")
  set(journal_faults_more 41:80 161:200 281:320)
endif()
foreach(seeds IN LISTS journal_faults_more)
  string(REPLACE ":" ";" seeds ${seeds})
  list(GET seeds 0 first)
  add_test(NAME unit.journal_faults_${first} COMMAND test_journal_faults ${seeds}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests)
  hearth_test_properties(unit.journal_faults_${first} unit 300)
endforeach()
hearth_unit_test(store_files hearth_replication_fixtures PkgConfig::LMDB)

# Between members, on the loopback interface.
add_library(hearth_cluster_fixtures STATIC
  ${PROJECT_SOURCE_DIR}/tests/unit/cluster_fixture.c
  ${PROJECT_SOURCE_DIR}/tests/unit/groups_fixture.c
  ${PROJECT_SOURCE_DIR}/tests/unit/transport_fixture.c)
target_link_libraries(hearth_cluster_fixtures
  PUBLIC hearth_replication hearth_test_suite PkgConfig::ZMQ Threads::Threads)
hearth_unit_test(transport_packet hearth_replication)
foreach(name IN ITEMS cluster groups transport transport_link transport_socket transport_strangers snapshot snapshot_lies)
  hearth_unit_test(${name} hearth_cluster_fixtures $<TARGET_NAME_IF_EXISTS:hearth_tsan>)
endforeach()
foreach(name IN ITEMS snapshot snapshot_lies)
  target_sources(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/snapshot_fixture.c)
  target_link_libraries(test_${name} PRIVATE hearth_replication_fixtures)
endforeach()
