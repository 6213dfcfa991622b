tsr_unit_test(exact)
