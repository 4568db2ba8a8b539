# Compiled into the target rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(mobile hearth_base PkgConfig::NETTLE)
foreach(file IN ITEMS discovery/heard discovery/move discovery/solicit mobile/choose mobile/discard mobile/held mobile/home_agents mobile/keep mobile/mobile mobile/off mobile/refuse mobile/register mobile/rival
                      registration/authenticate registration/mobile_repair registration/mobile_reply registration/mobile_request registration/mobile_time)
  target_sources(fuzz_mobile PRIVATE ${PROJECT_SOURCE_DIR}/agentd/${file}.c)
endforeach()
foreach(file IN ITEMS authenticator codes extension extension_rules extension_write foreign_codes message)
  target_sources(fuzz_mobile PRIVATE ${PROJECT_SOURCE_DIR}/proto/${file}.c)
endforeach()
