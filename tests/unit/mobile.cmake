# The mobile node.
hearth_unit_test(mobile hearth_mobile)
hearth_unit_test(mobile_agents hearth_mobile)
hearth_unit_test(mobile_desk hearth_mobile)
hearth_unit_test(mobile_end hearth_mobile)
hearth_unit_test(mobile_forged hearth_mobile)
hearth_unit_test(mobile_keys hearth_mobile)
hearth_unit_test(mobile_off hearth_mobile)
