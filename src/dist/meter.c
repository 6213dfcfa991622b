#include "tessera/meter.h"

#include <stdio.h>

#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/reduce.h"
#include "tessera/wait.h"

#define MEGA 1e6
#define MIB  (1024.0 * 1024.0)

/* Where the counters stood when the present stage began. */
static struct {
    const char *name;
    double began, waited;
    int64_t bytes[TSR_BYTES_KINDS];
} present;

static tsr_figures ended[TSR_METER_STAGES];
static int ended_n;

void tsr_meter_begin(const char *name)
{
    present.name = name;
    present.waited = tsr_wait_seconds();
    for (int i = 0; i < TSR_BYTES_KINDS; i++) present.bytes[i] = tsr_bytes_moved(i);
    tsr_memory_peak_reset();
    present.began = tsr_seconds();
}

/* Collective. What this rank did in the present stage becomes what all did. */
static tsr_figures add_up(const tsr_comm *comm, int64_t rows, double seconds, double waited)
{
    const double worked = seconds > waited ? seconds - waited : 0;
    const int64_t peak = tsr_memory_peak();
    int64_t sum[2 + TSR_BYTES_KINDS] = {rows, peak}, most[] = {rows, peak}, least = peak;
    double longest[] = {seconds, waited, worked}, total[] = {waited, worked};

    for (int i = 0; i < TSR_BYTES_KINDS; i++) sum[2 + i] = tsr_bytes_moved(i) - present.bytes[i];
    tsr_sum_int64(comm, sum, 2 + TSR_BYTES_KINDS);
    tsr_max_int64(comm, most, 2);
    tsr_min_int64(comm, &least, 1);
    tsr_max_double(comm, longest, 3);
    MPI_Allreduce(MPI_IN_PLACE, total, 2, MPI_DOUBLE, MPI_SUM, comm->mpi); /* times: not part of any result */
    tsr_figures figures = {.name = present.name,
                           .ranks = comm->size,
                           .rows = sum[0],
                           .rows_most = most[0],
                           .seconds = longest[0],
                           .waited_mean = total[0] / comm->size,
                           .waited_max = longest[1],
                           .worked_mean = total[1] / comm->size,
                           .worked_max = longest[2],
                           .peak_min = least,
                           .peak_max = most[1],
                           .peak_sum = sum[1]};
    for (int i = 0; i < TSR_BYTES_KINDS; i++) figures.bytes[i] = sum[2 + i];
    return figures;
}

void tsr_meter_end(const tsr_comm *comm, int64_t rows, tsr_figures *figures)
{
    char text[32];

    tsr_trace_add(TSR_SPAN_STAGE, present.name, present.began);
    tsr_figures f = add_up(comm, rows, tsr_seconds() - present.began, tsr_wait_seconds() - present.waited);
    present.name = NULL;
    if (figures != NULL) *figures = f;
    if (ended_n < TSR_METER_STAGES) ended[ended_n++] = f;
    tsr_progress_end();
    tsr_info("%-12s %14s rows %10.3f s %8.1f MiB per rank at most", f.name, tsr_grouped(f.rows, text), f.seconds,
             (double)f.peak_max / MIB);
}

double tsr_figures_imbalance(const tsr_figures *figures)
{
    return figures->worked_mean > 0 ? figures->worked_max / figures->worked_mean : 1;
}

double tsr_figures_bandwidth(const tsr_figures *figures)
{
    const double bytes = (double)(figures->bytes[TSR_BYTES_READ] + figures->bytes[TSR_BYTES_WRITTEN]);

    return figures->seconds > 0 ? bytes / MEGA / figures->seconds : 0;
}

void tsr_meter_print(void)
{
    char rows[32];

    if (ended_n == 0) return;
    tsr_debug("%-12s %14s %10s %9s %9s %9s %9s %9s %9s %9s", "stage", "rows", "seconds", "waiting", "imbalance",
              "read MB", "write MB", "MB/s", "sent MB", "peak MiB");
    for (int i = 0; i < ended_n; i++) {
        const tsr_figures *f = &ended[i];
        tsr_debug("%-12s %14s %10.3f %8.0f%% %9.2f %9.1f %9.1f %9.0f %9.1f %9.1f", f->name, tsr_grouped(f->rows, rows),
                  f->seconds, f->seconds > 0 ? 100 * f->waited_mean / f->seconds : 0, tsr_figures_imbalance(f),
                  (double)f->bytes[TSR_BYTES_READ] / MEGA, (double)f->bytes[TSR_BYTES_WRITTEN] / MEGA,
                  tsr_figures_bandwidth(f), (double)f->bytes[TSR_BYTES_SENT] / MEGA, (double)f->peak_max / MIB);
    }
}
