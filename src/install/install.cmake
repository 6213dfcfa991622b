# What `cmake --install` puts where: the program, the library, its headers, the CMake package and the pkg-config file.
install(TARGETS tessera EXPORT tesseraTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS tessera-program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/tessera DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES src/present/segments.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/tessera)

# find_package(tessera) -> tessera::tessera
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tessera)
install(EXPORT tesseraTargets NAMESPACE tessera:: DESTINATION ${package})
configure_package_config_file(src/install/tesseraConfig.cmake.in tesseraConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(tesseraConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tesseraConfig.cmake ${PROJECT_BINARY_DIR}/tesseraConfigVersion.cmake
    DESTINATION ${package})

# pkg-config tessera: MPI and HDF5 as found by this build, since their modules' names differ between distributions.
file(RELATIVE_PATH TSR_PC_UP ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set(TSR_PC_CFLAGS "")
foreach(folder IN LISTS MPI_C_INCLUDE_DIRS)
    string(APPEND TSR_PC_CFLAGS " -I${folder}")
endforeach()
list(JOIN MPI_C_LIBRARIES " " TSR_PC_MPI)
list(JOIN HDF5_C_LIBRARIES " " hdf5)
set(private_libs "${hdf5} ${LBFGS_LIBRARY} ${CMAKE_THREAD_LIBS_INIT} -ldl -lm")
set(private_modules "openblas sleef libsodium libxxhash yaml-0.1 jansson zlib libzstd")
if(LAPACKE_FOUND)
    string(APPEND private_modules " lapacke")
endif()
foreach(field IN ITEMS REQUIRES REQUIRES_PRIVATE LIBS LIBS_PRIVATE)
    set(TSR_PC_${field} "")
endforeach()
if(BUILD_SHARED_LIBS)
    set(TSR_PC_REQUIRES_PRIVATE "${private_modules}")
    set(TSR_PC_LIBS_PRIVATE "${private_libs}")
else() # a program that links the archive needs all of it
    set(TSR_PC_REQUIRES "${private_modules}")
    set(TSR_PC_LIBS "${private_libs}")
endif()
configure_file(src/install/tessera.pc.in tessera.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tessera.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
