#include "tessera/trace.h"

#include <stdatomic.h>
#include <string.h>

#include "tessera/interrupt.h"
#include "tessera/memory.h"

#define SHORTEST_SECONDS 1e-6 /* the first limit when room runs out */

static atomic_llong moved[TSR_BYTES_KINDS];

static struct {
    tsr_trace_span *span;
    int64_t n, room, forgotten;
    double shortest; /* seconds below which steps and waits are not recorded */
    bool stopped;
} trace;

void tsr_bytes_add(tsr_bytes kind, int64_t bytes)
{
    atomic_fetch_add_explicit(&moved[kind], bytes, memory_order_relaxed);
}

int64_t tsr_bytes_moved(tsr_bytes kind)
{
    return atomic_load_explicit(&moved[kind], memory_order_relaxed);
}

tsr_status tsr_trace_record(int64_t room)
{
    tsr_free(&trace.span);
    memset(&trace, 0, sizeof trace);
    if (room == 0) return TSR_OK;
    tsr_status st = tsr_alloc(&trace.span, room, sizeof *trace.span);
    if (st == TSR_OK) trace.room = room;
    return st;
}

static bool is_short(const tsr_trace_span *span)
{
    return span->kind != TSR_SPAN_STAGE && span->ended - span->began < trace.shortest;
}

/* Half the room at least, or a full trace would be thinned again and again; stages are few, but they are no exception
 * to the bound: the last resort is to forget the oldest. */
static void make_room(void)
{
    while (trace.n > trace.room / 2 && trace.shortest < 1e9) {
        int64_t kept = 0;
        trace.shortest = trace.shortest > 0 ? 2 * trace.shortest : SHORTEST_SECONDS;
        for (int64_t i = 0; i < trace.n; i++)
            if (!is_short(&trace.span[i])) trace.span[kept++] = trace.span[i];
        trace.forgotten += trace.n - kept;
        trace.n = kept;
    }
    if (trace.n < trace.room) return;
    int64_t half = trace.n / 2;
    memmove(trace.span, trace.span + half, (size_t)(trace.n - half) * sizeof *trace.span);
    trace.forgotten += half;
    trace.n -= half;
}

void tsr_trace_add(tsr_span_kind kind, const char *name, double began)
{
    if (trace.room == 0 || trace.stopped) return;
    const tsr_trace_span span = {name, began, tsr_seconds(), kind};
    if (is_short(&span)) {
        trace.forgotten++;
        return;
    }
    if (trace.n == trace.room) make_room();
    trace.span[trace.n++] = span;
}

void tsr_trace_stop(void)
{
    trace.stopped = true;
}

const tsr_trace_span *tsr_trace_spans(int64_t *n)
{
    *n = trace.n;
    return trace.span;
}

int64_t tsr_trace_forgotten(void)
{
    return trace.forgotten;
}
