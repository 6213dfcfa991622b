#include "mpi_test.h"

#include <string.h>

#include "tessera/assign.h"

static void best_variant_is_the_same_on_all_ranks(void **state)
{
    const tsr_comm *comm = *state;
    tsr_isa isa = TSR_ISA_BASELINE;

    unsetenv("TESSERA_ISA");
    CHECK_ALL(comm, tsr_isa_agree(comm, &isa) == TSR_OK);
    CHECK_ALL(comm, same_on_all(comm, &isa, sizeof isa));
}

static void variant_forced_on_one_rank_holds_for_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_isa isa = TSR_ISA_AVX512;

    unsetenv("TESSERA_ISA");
    if (comm->rank == comm->size - 1) setenv("TESSERA_ISA", "baseline", 1);
    CHECK_ALL(comm, tsr_isa_agree(comm, &isa) == TSR_OK);
    CHECK_ALL(comm, isa == TSR_ISA_BASELINE);
    CHECK_ALL(comm, strcmp(tsr_isa_name(isa), "baseline") == 0);
    unsetenv("TESSERA_ISA");
}

static void unknown_variant_on_one_rank_fails_on_all(void **state)
{
    const tsr_comm *comm = *state;
    tsr_isa isa;

    unsetenv("TESSERA_ISA");
    if (comm->rank == comm->size - 1) setenv("TESSERA_ISA", "avx1024", 1);
    CHECK_ALL(comm, tsr_isa_agree(comm, &isa) == TSR_ECONF);
    CHECK_ALL(comm, strstr(tsr_error_last()->text, "avx1024") != NULL);
    unsetenv("TESSERA_ISA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_variant_is_the_same_on_all_ranks),
        cmocka_unit_test(variant_forced_on_one_rank_holds_for_all),
        cmocka_unit_test(unknown_variant_on_one_rank_fails_on_all),
    };

    return RUN_MPI_TESTS(tests);
}
