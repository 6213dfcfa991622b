tsr_mpi_test(quality NP 1 2 3 5)
