# The program among real daemons, hosts and deaths. What is missing on a machine (root, Slurm, nft) is reported as skipped.
foreach(test IN ITEMS hosts slurm kill)
    add_test(NAME system.${test} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${test}/run $<TARGET_FILE:tessera-program>)
    set_tests_properties(system.${test} PROPERTIES LABELS system TIMEOUT 1800 PROCESSORS 2 SKIP_RETURN_CODE 77)
endforeach()

add_test(NAME system.faults COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/kill/faults $<TARGET_FILE:tessera-program>)
set_tests_properties(system.faults PROPERTIES LABELS system TIMEOUT 1800 PROCESSORS 2)
