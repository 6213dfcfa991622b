#include <stdlib.h>
#include <string.h>

#include "core/kernels.h"

static const char *const names[] = {"baseline", "avx2", "avx512"};
enum { NAMES = sizeof names / sizeof names[0] };

const char *tsr_isa_name(tsr_isa isa)
{
    return names[isa];
}

const tsr_kernels *tsr_kernels_of(tsr_isa isa)
{
#ifdef TSR_X86
    if (isa == TSR_ISA_AVX512) return &tsr_kernels_avx512;
    if (isa == TSR_ISA_AVX2) return &tsr_kernels_avx2;
#endif
    TSR_ASSERT(isa == TSR_ISA_BASELINE);
    return &tsr_kernels_baseline;
}

tsr_products_kernel *tsr_products_of(tsr_isa isa)
{
#ifdef TSR_X86
    __builtin_cpu_init();
    if (isa == TSR_ISA_AVX512) return __builtin_cpu_supports("avx512vnni") ? tsr_products_vnni : tsr_products_avx512;
    if (isa == TSR_ISA_AVX2) return tsr_products_avx2;
#endif
    (void)isa;
    return NULL;
}

bool tsr_isa_runs(tsr_isa isa)
{
#ifdef TSR_X86
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");

    if (isa == TSR_ISA_AVX512) return avx512;
    if (isa == TSR_ISA_AVX2) return avx2;
#endif
    return isa == TSR_ISA_BASELINE;
}

/* The variant for this process: the forced one, or the best. */
static tsr_status choose(tsr_isa *isa)
{
    const char *forced = getenv("TESSERA_ISA");

    if (forced == NULL || forced[0] == '\0') {
        *isa = tsr_isa_runs(TSR_ISA_AVX512) ? TSR_ISA_AVX512
               : tsr_isa_runs(TSR_ISA_AVX2) ? TSR_ISA_AVX2
                                            : TSR_ISA_BASELINE;
        return TSR_OK;
    }
    for (int i = 0; i < NAMES; i++) {
        if (strcmp(forced, names[i]) != 0) continue;
        if (!tsr_isa_runs((tsr_isa)i))
            return TSR_FAIL(TSR_ECONF, "TESSERA_ISA=%s: this processor cannot run it; unset the variable", forced);
        *isa = (tsr_isa)i;
        return TSR_OK;
    }
    return TSR_FAIL(TSR_ECONF, "TESSERA_ISA=%s: use baseline, avx2 or avx512, or unset the variable", forced);
}

tsr_isa tsr_isa_here(void)
{
    static tsr_isa here;
    static bool known;

    if (!known && choose(&here) != TSR_OK) tsr_error_clear(); /* tsr_isa_agree() is where this is told */
    known = true;
    return here;
}

tsr_status tsr_isa_agree(const tsr_comm *comm, tsr_isa *isa)
{
    tsr_status st;
    tsr_isa mine = TSR_ISA_BASELINE;
    int lowest;

    TSR_AGREE(comm, choose(&mine));
    lowest = (int)mine;
    MPI_Allreduce(MPI_IN_PLACE, &lowest, 1, MPI_INT, MPI_MIN, comm->mpi);
    *isa = (tsr_isa)lowest;
done:
    return st;
}
