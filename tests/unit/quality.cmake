tsr_unit_test(agreement)
