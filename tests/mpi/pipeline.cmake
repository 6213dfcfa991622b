tsr_mpi_test(segment NP 1 2 3 5)
# Dealt, summed and collected in pieces of 1000 bytes (dist.cmake); on four ranks, whose folder nobody else uses.
tsr_mpi_test(segment_tiny SOURCE mpi/test_segment_mpi.c NP 4 LIBS tessera_tiny)
