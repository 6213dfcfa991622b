# The readers against any bytes: a short run with every build, libFuzzer with TESSERA_FUZZ (tests/fuzz/run).
if(TESSERA_FUZZ) # inputs are short: the ends of buffers and the longest rows are to lie within them
    target_compile_definitions(tessera PUBLIC TSR_LINE_MAX=1024 TSR_SOURCE_BLOCK=256)
endif()
foreach(reader rows job)
    add_executable(fuzz_smoke_${reader} fuzz/fuzz_${reader}.c fuzz/fuzz_smoke.c)
    target_link_libraries(fuzz_smoke_${reader} PRIVATE tessera tsr_build)
    target_include_directories(fuzz_smoke_${reader} PRIVATE ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR}/fuzz)
    add_test(NAME fuzz.smoke_${reader} COMMAND fuzz_smoke_${reader} 1000)
    set_tests_properties(fuzz.smoke_${reader} PROPERTIES LABELS unit TIMEOUT ${TSR_TEST_SECONDS}
        ENVIRONMENT "${TSR_TEST_ENVIRONMENT}")
    if(TESSERA_FUZZ)
        add_executable(fuzz_${reader} fuzz/fuzz_${reader}.c)
        target_link_libraries(fuzz_${reader} PRIVATE tessera tsr_build)
        target_include_directories(fuzz_${reader} PRIVATE ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR}/fuzz)
        target_link_options(fuzz_${reader} PRIVATE -fsanitize=fuzzer)
    endif()
endforeach()
