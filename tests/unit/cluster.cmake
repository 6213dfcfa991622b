tsr_unit_test(seed)
tsr_unit_test(votes)
tsr_unit_test(tiers)
