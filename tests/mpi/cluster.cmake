tsr_mpi_test(kmeans NP 1 2 3 5)
tsr_mpi_test(kmeans_published NP 1 3)
target_compile_definitions(mpi_kmeans_published PRIVATE TSR_DATA="${PROJECT_SOURCE_DIR}/../shared/data")
