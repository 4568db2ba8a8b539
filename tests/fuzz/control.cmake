# Compiled into the targets rather than linked, so that the fuzzer sees their branches.
hearth_fuzz_target(config hearth_base PkgConfig::YAML)
target_sources(fuzz_config PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/base/cluster_member.c
  ${PROJECT_SOURCE_DIR}/agentd/base/config_checks.c
  ${PROJECT_SOURCE_DIR}/agentd/base/config_file.c
  ${PROJECT_SOURCE_DIR}/agentd/base/config_values.c)
hearth_fuzz_target(association hearth_proto)
target_sources(fuzz_association PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/state/association_file.c
  ${PROJECT_SOURCE_DIR}/agentd/state/association_reader.c)
hearth_fuzz_target(control hearth_proto hearth_schema)
target_sources(fuzz_control PRIVATE
  ${PROJECT_SOURCE_DIR}/agentd/control/answer.c
  ${PROJECT_SOURCE_DIR}/agentd/control/codec.c)
