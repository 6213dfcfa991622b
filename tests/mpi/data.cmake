tsr_mpi_test(job NP 1 2 3 5)
