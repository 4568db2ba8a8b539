# Configuration, log, parallel work, associations as text, and the codec of the control socket.
foreach(name IN ITEMS config config_cluster log parallel)
  hearth_unit_test(${name} hearth_base)
endforeach()
hearth_unit_test(association_file hearth_state)
hearth_unit_test(control_codec hearth_control_client)
