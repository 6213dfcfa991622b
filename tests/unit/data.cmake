tsr_unit_test(job)
tsr_unit_test(file)
tsr_unit_test(digest)
