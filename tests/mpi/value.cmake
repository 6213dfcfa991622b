foreach(name value value_models rfm)
    tsr_mpi_test(${name} NP 1 2 3 5 LIBS PkgConfig::ZLIB)
    target_compile_definitions(mpi_${name} PRIVATE TSR_TEST_DATA="${PROJECT_SOURCE_DIR}/../shared/data")
endforeach()
