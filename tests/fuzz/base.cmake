# Compiled into the target rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(keyring hearth_base PkgConfig::SODIUM)
target_sources(fuzz_keyring PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/base/keyring.c
  ${PROJECT_SOURCE_DIR}/agentd/base/keyring_file.c)
hearth_fuzz_target(node_key hearth_base PkgConfig::SODIUM)
target_sources(fuzz_node_key PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/base/hex.c
  ${PROJECT_SOURCE_DIR}/agentd/base/node_key.c)
