tsr_mpi_test(job NP 1 2 3 5)
tsr_mpi_test(table NP 1 2 3 5)
tsr_mpi_test(dataset NP 1 2 3 5)
tsr_mpi_test(matrix NP 1 3 LIBS HDF5::HDF5)
