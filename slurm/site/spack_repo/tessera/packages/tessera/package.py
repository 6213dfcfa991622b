# Spack 1.0 or later. For 0.23 and older leave out the first import.
from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class Tessera(CMakePackage):
    """Customer segmentation at scale on MPI clusters: the same bits on any number of ranks."""

    # A checkout: `spack dev-build tessera@main` in it, or `spack develop --path CHECKOUT tessera@main`.
    version("main", branch="main")

    variant("shared", default=False, description="Build the library as a shared object")
    variant("bench", default=False, description="Build the programs that measure speed")

    depends_on("c", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("ninja", type="build")
    generator("ninja")

    depends_on("mpi@3.1:")
    depends_on("hdf5@1.10.2:+mpi+hl")
    depends_on("openblas threads=none")  # one thread per rank
    depends_on("sleef")
    depends_on("libsodium")
    depends_on("xxhash")
    depends_on("libyaml")
    depends_on("jansson")
    depends_on("zlib-api")
    depends_on("zstd")
    depends_on("liblbfgs")
    depends_on("cmocka", type="test")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("TESSERA_BUILD_BENCH", "bench"),
            self.define("TESSERA_BUILD_TESTS", self.run_tests),
        ]
