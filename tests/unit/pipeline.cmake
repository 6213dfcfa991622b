tsr_unit_test(network)
