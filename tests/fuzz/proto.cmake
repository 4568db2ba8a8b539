# Compiled into the target rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(message hearth_base PkgConfig::NETTLE)
target_sources(fuzz_message PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/registration/authenticate.c
  ${PROJECT_SOURCE_DIR}/agentd/registration/revocation.c
  ${PROJECT_SOURCE_DIR}/proto/authenticator.c
  ${PROJECT_SOURCE_DIR}/proto/extension.c
  ${PROJECT_SOURCE_DIR}/proto/extension_rules.c
  ${PROJECT_SOURCE_DIR}/proto/extension_write.c
  ${PROJECT_SOURCE_DIR}/proto/message.c
  ${PROJECT_SOURCE_DIR}/proto/revocation.c)
hearth_fuzz_target(arp hearth_base)
target_sources(fuzz_arp PRIVATE ${PROJECT_SOURCE_DIR}/proto/arp.c)
hearth_fuzz_target(tunnel hearth_base)
target_sources(fuzz_tunnel PRIVATE
  ${PROJECT_SOURCE_DIR}/proto/icmp4.c
  ${PROJECT_SOURCE_DIR}/proto/ip4.c
  ${PROJECT_SOURCE_DIR}/proto/ip4_fragment.c
  ${PROJECT_SOURCE_DIR}/proto/tunnel.c
  ${PROJECT_SOURCE_DIR}/proto/tunnel_quote.c
  ${PROJECT_SOURCE_DIR}/proto/tunnel_unwrap.c)
hearth_fuzz_target(advertisement hearth_base)
target_sources(fuzz_advertisement PRIVATE
  ${PROJECT_SOURCE_DIR}/proto/advertisement.c
  ${PROJECT_SOURCE_DIR}/proto/ip4.c)
