#define NAME tsr_repel_baseline
#define ROWS 1
#include "reduce/repel_kernel.h"

tsr_repel *tsr_repel_of(tsr_isa isa)
{
#ifdef TSR_X86
    if (isa == TSR_ISA_AVX512) return tsr_repel_avx512;
    if (isa == TSR_ISA_AVX2) return tsr_repel_avx2;
#endif
    (void)isa;
    return tsr_repel_baseline;
}
