tsr_unit_test(rows)
