tsr_mpi_test(isa NP 1 2 3)
