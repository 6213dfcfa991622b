/* A program of somebody else that uses the installed library: MPI, mathematics, HDF5 files and job tables. */
#include <stdio.h>

#include <tessera/bundle.h>
#include <tessera/maths.h>
#include <tessera/settings.h>

int main(int argc, char **argv)
{
    tsr_bundle *bundle = NULL, *again = NULL;
    tsr_settings settings = {0};
    tsr_section sections[TSR_SECTIONS_MAX];
    double e = 0;

    (void)argc;
    MPI_Init(NULL, NULL);
    tsr_comm comm = tsr_comm_open(MPI_COMM_WORLD);
    tsr_status st = tsr_bundle_create(&bundle);
    if (st == TSR_OK) st = tsr_bundle_put_real(bundle, "/e", tsr_exp(1));
    if (st == TSR_OK) st = tsr_bundle_write(&comm, bundle, argv[1]);
    if (st == TSR_OK) st = tsr_bundle_read(&comm, argv[1], &again);
    if (st == TSR_OK) st = tsr_bundle_get_real(again, "/e", &e);
    if (tsr_settings_sections(&settings, sections) < 7) st = TSR_EBUG;
    printf("status %d, e = %.3f\n", (int)st, e);
    tsr_bundle_destroy(&again);
    tsr_bundle_destroy(&bundle);
    tsr_comm_close(&comm);
    MPI_Finalize();
    return (int)st;
}
