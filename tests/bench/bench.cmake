# The yardsticks of the benchmarks, and one short run of each: that they work, not what they say.
add_executable(bench_echo ${CMAKE_CURRENT_LIST_DIR}/echo.c)
add_executable(bench_redis_wait ${CMAKE_CURRENT_LIST_DIR}/redis_wait.c)
set_target_properties(bench_echo bench_redis_wait PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bench)

# A manager that walks, and its codec.
add_library(bench_walk_ber STATIC ${CMAKE_CURRENT_LIST_DIR}/walk_ber.c)
target_include_directories(bench_walk_ber PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(bench_walk_ber PUBLIC hearth_proto)
hearth_unit_test(walk_ber bench_walk_ber)
add_executable(bench_walk ${CMAKE_CURRENT_LIST_DIR}/walk_client.c)
target_link_libraries(bench_walk PRIVATE bench_walk_ber hearth_base)
set_target_properties(bench_walk PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bench)

hearth_bpf_header(bench_tunnels_bpf bench/tunnels.bpf.c bench_tunnels)
add_executable(bench_tunnels ${CMAKE_CURRENT_LIST_DIR}/tunnels.c ${CMAKE_CURRENT_LIST_DIR}/tunnels_user.c)
target_link_libraries(bench_tunnels PRIVATE bench_tunnels_bpf hearth_dataplane PkgConfig::BPF)
set_target_properties(bench_tunnels PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bench)

if(HEARTH_SANITIZE STREQUAL "")
  add_test(NAME bench.registrations
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run registrations --window 3 --pairs 1 --bindings 10000)
  hearth_test_properties(bench.registrations bench 300)
  add_test(NAME bench.storm
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run storm --window 1 --rounds 1 --nodes 20000)
  hearth_test_properties(bench.storm bench 300)
  add_test(NAME bench.replicated
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run replicated --window 6 --rounds 1 --nodes 20000 --catch-up-window 3 --without-redis)
  hearth_test_properties(bench.replicated bench 300)
  add_test(NAME bench.failover
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run failover --runs 2 --nodes 2000 --keepalived-runs 1)
  hearth_test_properties(bench.failover bench 300)
  add_test(NAME bench.takeover
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run takeover --runs 1 --kinds planned,isolated)
  hearth_test_properties(bench.takeover bench 300)
  add_test(NAME bench.arp
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run arp --window 1 --rounds 1 --nodes 20000)
  hearth_test_properties(bench.arp bench 300)
  add_test(NAME bench.tunnels
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run tunnels --packets 200000 --rounds 1 --homes 16384 --pairs 2 --window 0.5)
  hearth_test_properties(bench.tunnels bench 300)
  add_test(NAME bench.walk
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run walk --window 0.5 --slices 2 --rounds 1 --bindings 10000 --neighbours 2000 --load-seconds 2 --returns 1)
  hearth_test_properties(bench.walk bench 300)
  add_test(NAME bench.foreign
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/run foreign --window 1 --rounds 1 --visitors 5000)
  hearth_test_properties(bench.foreign bench 300)
  # Beside other tests a run may say that it was no measurement, which is a failure.
  set_tests_properties(bench.registrations bench.storm bench.replicated bench.failover bench.takeover bench.arp bench.tunnels
    bench.walk bench.foreign PROPERTIES RUN_SERIAL TRUE)
endif()
