# Secrets at rest; the rest of agentd/base stands with the areas that use it.
hearth_unit_test(config_groups hearth_base)
hearth_unit_test(keyring hearth_base Threads::Threads)
hearth_unit_test(keyring_file hearth_base)
hearth_unit_test(node_key hearth_base PkgConfig::ZMQ)
hearth_unit_test(config_networks hearth_base)
hearth_unit_test(config_visit hearth_base)
hearth_unit_test(histogram hearth_base Threads::Threads)
hearth_unit_test(violations hearth_base Threads::Threads)
