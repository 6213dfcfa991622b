# Install into an empty prefix; build and run a program of somebody else against it, by CMake and by pkg-config.
#   cmake -DBUILD=... -DSOURCE=... -DWORK=... -DC=... -DGENERATOR=... -P install.cmake
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

function(run what expected)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output
        WORKING_DIRECTORY ${WORK})
    if(NOT status EQUAL 0 OR NOT output MATCHES "${expected}")
        message(FATAL_ERROR "${what}: status ${status}, expected \"${expected}\" in:\n${output}")
    endif()
endfunction()

run("install" "tesseraConfig.cmake" ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run("installed program" "tessera [0-9]" ${WORK}/prefix/bin/tessera --version)

run("configure the consumer" "" ${CMAKE_COMMAND} -S ${SOURCE}/consumer -B ${WORK}/consumer -G ${GENERATOR}
    -DCMAKE_PREFIX_PATH=${WORK}/prefix)
run("build the consumer" "" ${CMAKE_COMMAND} --build ${WORK}/consumer)
run("run the consumer" "status 0, e = 2.718" ${WORK}/consumer/consumer ${WORK}/a.h5)

file(GLOB_RECURSE pc ${WORK}/prefix/*/tessera.pc)
get_filename_component(folder ${pc} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${folder})
run("pkg-config" "-ltessera" pkg-config --cflags --libs tessera)
run("build by pkg-config" "" sh -c
    "${C} -std=c17 ${SOURCE}/consumer/consumer.c -o ${WORK}/by_pkg_config $(pkg-config --cflags --libs tessera)")
get_filename_component(folder ${folder} DIRECTORY)
set(ENV{LD_LIBRARY_PATH} "${folder}:$ENV{LD_LIBRARY_PATH}") # of use where the library is shared
run("run what pkg-config built" "status 0, e = 2.718" ${WORK}/by_pkg_config ${WORK}/b.h5)
