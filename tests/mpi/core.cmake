tsr_mpi_test(isa NP 1 2 3)
tsr_mpi_test(quantise NP 1 2 3 5)
