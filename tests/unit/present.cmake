tsr_unit_test(segments PkgConfig::JANSSON)
tsr_unit_test(suppress)
tsr_unit_test(report PkgConfig::JANSSON)
tsr_unit_test(value_text PkgConfig::JANSSON)
