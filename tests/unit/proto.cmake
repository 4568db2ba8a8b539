# Codecs, authenticators, and the small parts of agentd/base they stand on.
foreach(name IN ITEMS cursor message extension codes)
  hearth_unit_test(${name} hearth_proto)
endforeach()
hearth_unit_test(extension_layout hearth_base)
