tsr_unit_test(parse)
tsr_unit_test(clock)
tsr_unit_test(row_block)
tsr_unit_test(text_reader)
tsr_unit_test(packed_text PkgConfig::ZLIB PkgConfig::ZSTD)
tsr_unit_test(reject)
tsr_unit_test(strings)
tsr_unit_test(infer)
tsr_unit_test(parquet_text)
tsr_unit_test(parquet_reader)
tsr_unit_test(typed)
if(TESSERA_DUCKDB_LIBRARY) # found without the environment too
    add_test(NAME unit.parquet_text_of_build COMMAND ${CMAKE_COMMAND} -E env --unset=TESSERA_DUCKDB_ROOT
        TESSERA_REQUIRE_DUCKDB=1 $<TARGET_FILE:unit_parquet_text>)
    set_tests_properties(unit.parquet_text_of_build PROPERTIES LABELS unit TIMEOUT ${TSR_TEST_SECONDS}
        ENVIRONMENT "${TSR_TEST_ENVIRONMENT}")
endif()
