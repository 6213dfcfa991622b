# The main job from end to end: signature, resume, reruns, published values.
add_executable(e2e_probe ${CMAKE_CURRENT_SOURCE_DIR}/probe.c)
target_link_libraries(e2e_probe PRIVATE tessera tsr_build PkgConfig::JANSSON m)

foreach(script signature resume rerun values models sources dirty reading independent bad_matrix predict tiers contact truth terminal value)
    add_test(NAME e2e.${script} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${script}.sh $<TARGET_FILE:tessera-program>
        $<TARGET_FILE:e2e_probe> ${MPIEXEC_EXECUTABLE} ${CMAKE_CURRENT_BINARY_DIR}/${script} ${PROJECT_SOURCE_DIR})
    set_tests_properties(e2e.${script} PROPERTIES LABELS e2e TIMEOUT 1800 PROCESSORS 2 SKIP_RETURN_CODE 77
        ENVIRONMENT "${TSR_TEST_ENVIRONMENT}")
endforeach()
