# Compiled into the target rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(keyring hearth_base PkgConfig::SODIUM)
target_sources(fuzz_keyring PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/base/keyring.c
  ${PROJECT_SOURCE_DIR}/agentd/base/keyring_file.c)
