tsr_mpi_test(scale NP 1 2 3 5 TIMEOUT 120)
tsr_mpi_test(features NP 1 2 3 5 TIMEOUT 120)
tsr_mpi_test(features_real NP 1 3 TIMEOUT 120 LIBS PkgConfig::ZLIB)
target_compile_definitions(mpi_features_real PRIVATE SOURCE_FOLDER="${PROJECT_SOURCE_DIR}")
