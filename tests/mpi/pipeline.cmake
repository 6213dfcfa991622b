tsr_mpi_test(segment NP 1 2 3 5 TIMEOUT 180)
