# The load generator's parts that do no I/O, and its record.
hearth_unit_test(load hearth_load)
hearth_unit_test(flood hearth_load)
hearth_unit_test(visited hearth_load)
