tsr_unit_test(network)
tsr_unit_test(value_warnings PkgConfig::JANSSON)
