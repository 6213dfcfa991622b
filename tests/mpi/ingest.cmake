tsr_mpi_test(synth NP 1 2 3 5)
tsr_mpi_test(ingest_real NP 2 TIMEOUT 120)
target_compile_definitions(mpi_ingest_real PRIVATE TEST_DATA_DEFAULT="${PROJECT_SOURCE_DIR}/../shared/data")
set_tests_properties(mpi.ingest_real.np2 PROPERTIES SKIP_RETURN_CODE 77)
