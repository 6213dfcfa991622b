tsr_unit_test(seed)
