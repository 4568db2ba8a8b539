# The simulation: the real core, log, state and registration code of a cluster in one thread, from a seed.
add_executable(sim
  ${CMAKE_CURRENT_LIST_DIR}/disk.c ${CMAKE_CURRENT_LIST_DIR}/faults.c ${CMAKE_CURRENT_LIST_DIR}/judge.c
  ${CMAKE_CURRENT_LIST_DIR}/judge_disks.c ${CMAKE_CURRENT_LIST_DIR}/judge_look.c
  ${CMAKE_CURRENT_LIST_DIR}/member.c ${CMAKE_CURRENT_LIST_DIR}/mobile.c ${CMAKE_CURRENT_LIST_DIR}/network.c
  ${CMAKE_CURRENT_LIST_DIR}/pass.c ${CMAKE_CURRENT_LIST_DIR}/plan.c ${CMAKE_CURRENT_LIST_DIR}/replica.c
  ${CMAKE_CURRENT_LIST_DIR}/rows.c ${CMAKE_CURRENT_LIST_DIR}/run.c ${CMAKE_CURRENT_LIST_DIR}/schedule.c
  ${CMAKE_CURRENT_LIST_DIR}/service.c ${CMAKE_CURRENT_LIST_DIR}/snapshot.c ${CMAKE_CURRENT_LIST_DIR}/world.c
  ${PROJECT_SOURCE_DIR}/tests/unit/fake_disk.c
  # Messages, and copies of entries, that fit into small files.
  ${PROJECT_SOURCE_DIR}/replication/consensus_again.c
  ${PROJECT_SOURCE_DIR}/replication/consensus_send.c)
target_compile_definitions(sim PRIVATE PIECE_OCTETS=8192u APPEND_OCTETS=4096u)
target_include_directories(sim PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(sim PRIVATE hearth_flow hearth_replication)
# rows.c stands in for the store, the two of the core for the library's: whoever comes first is meant.
target_link_options(sim PRIVATE -Wl,--allow-multiple-definition)
set_target_properties(sim PROPERTIES OUTPUT_NAME sim RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/sim)

# A quarter of the seeds where AddressSanitizer looks on: it looks for other errors than the judge does, which one seed shows as
# well as another, and makes each take several times as long.
set(sim_seeds 200)
if(NOT HEARTH_SANITIZE STREQUAL "")
  set(sim_seeds 50)
endif()
add_test(NAME sim.seeds COMMAND ${CMAKE_CURRENT_LIST_DIR}/run --seeds ${sim_seeds})
hearth_test_properties(sim.seeds sim 900)

# Those that broke a rule once: groups whose shared log was full, so that a group could not begin anew, or nobody
# could lead; and a leader that froze while it was told so.
foreach(seed IN ITEMS 631 1359 1385 1616 1904 3008 3744 3889 4121 4292 4727 4942 2048)
  add_test(NAME sim.seed_${seed} COMMAND ${CMAKE_CURRENT_LIST_DIR}/run --seed ${seed})
  hearth_test_properties(sim.seed_${seed} sim 120)
endforeach()
