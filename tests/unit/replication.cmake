# The log on a disk in memory (also used by the fuzz target), the engine, the store.
add_library(hearth_fake_disk STATIC
  ${PROJECT_SOURCE_DIR}/tests/unit/fake_disk.c ${PROJECT_SOURCE_DIR}/tests/unit/journal_fixture.c)
target_link_libraries(hearth_fake_disk PUBLIC hearth_replication)

hearth_unit_test(journal hearth_fake_disk hearth_replication)
hearth_unit_test(journal_faults hearth_fake_disk hearth_replication)
hearth_unit_test(engine hearth_fake_disk hearth_replication)
hearth_unit_test(store hearth_fake_disk hearth_replication PkgConfig::LMDB)
