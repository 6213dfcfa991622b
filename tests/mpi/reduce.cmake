tsr_mpi_test(pca NP 1 2 3 5 8)

# The same golden digest with every kernel of OpenBLAS and of ours that this processor runs.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND EXISTS /proc/cpuinfo)
    file(READ /proc/cpuinfo cpuinfo)
    set(cores Prescott)
    foreach(pair avx2:Haswell avx512f:SkylakeX)
        string(REPLACE ":" ";" pair ${pair})
        list(GET pair 0 flag)
        list(GET pair 1 core)
        if(cpuinfo MATCHES " ${flag} ")
            list(APPEND cores ${core})
        endif()
    endforeach()
    foreach(core IN LISTS cores)
        add_test(NAME mpi.pca.${core} COMMAND mpi_pca WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
        set_tests_properties(mpi.pca.${core} PROPERTIES LABELS mpi TIMEOUT ${TSR_TEST_SECONDS}
            ENVIRONMENT "${TSR_TEST_ENVIRONMENT};OPENBLAS_CORETYPE=${core}")
    endforeach()
    foreach(isa baseline avx2)
        add_test(NAME mpi.pca.${isa} COMMAND mpi_pca WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
        set_tests_properties(mpi.pca.${isa} PROPERTIES LABELS mpi TIMEOUT ${TSR_TEST_SECONDS}
            ENVIRONMENT "${TSR_TEST_ENVIRONMENT};TESSERA_ISA=${isa}")
    endforeach()
endif()

tsr_mpi_test(tsne NP 1 2 3 5)
