tsr_mpi_test(scale NP 1 2 3 5)
