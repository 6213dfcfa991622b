foreach(name forest surrogate)
    tsr_mpi_test(${name} NP 1 2 3 5)
endforeach()
