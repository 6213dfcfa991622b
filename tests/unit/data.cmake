tsr_unit_test(job)
