tsr_unit_test(eigen)
