# Codecs, authenticators, and the small parts of agentd/base they stand on.
foreach(name IN ITEMS
    advertisement arp cursor message revocation extension extension_kinds extension_layout extension_write codes
    foreign_codes
    authenticator generalized name ip4 ip4_fragment icmp4 segments
    tunnel tunnel_unwrap tunnel_quote)
  hearth_unit_test(${name} hearth_proto)
endforeach()
hearth_unit_test(golden hearth_proto PkgConfig::JANSSON)
hearth_unit_test(golden_advertisement hearth_proto PkgConfig::JANSSON)
hearth_unit_test(golden_extension hearth_proto PkgConfig::JANSSON)
hearth_unit_test(golden_tunnel hearth_proto PkgConfig::JANSSON)
foreach(name IN ITEMS clock clock_agreement counters address prefixes)
  hearth_unit_test(${name} hearth_base)
endforeach()
