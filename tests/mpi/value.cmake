foreach(name value)
    tsr_mpi_test(${name} NP 1 2 3 5)
    target_compile_definitions(mpi_${name} PRIVATE TSR_TEST_DATA="${PROJECT_SOURCE_DIR}/../shared/data")
endforeach()
