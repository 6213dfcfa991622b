# The room a second time with pieces of 1000 bytes, so that every loop over pieces goes round many times. An object
# library: its functions stand in the program before those of the library.
add_library(tessera_tiny OBJECT)
foreach(source comm components exchange quantile reduce rows serve)
    target_sources(tessera_tiny PRIVATE ${PROJECT_SOURCE_DIR}/src/dist/${source}.c)
endforeach()
target_include_directories(tessera_tiny PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(tessera_tiny PRIVATE tsr_build MPI::MPI_C PkgConfig::XXHASH)
target_compile_options(tessera_tiny PRIVATE -UTSR_CHUNK_BYTES -DTSR_CHUNK_BYTES=1000LL)
set_target_properties(tessera_tiny PROPERTIES C_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)

foreach(name comm components exchange quantile reduce rows serve)
    tsr_mpi_test(${name} NP 1 2 3 5)
    tsr_mpi_test(${name}_tiny SOURCE mpi/test_${name}_mpi.c NP 3 LIBS tessera_tiny)
endforeach()
tsr_mpi_test(meter NP 1 3)
