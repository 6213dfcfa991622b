tsr_unit_test(job)
tsr_unit_test(job_echo)
tsr_unit_test(file HDF5::HDF5)
tsr_unit_test(digest)
