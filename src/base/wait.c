#include "tessera/wait.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tessera/trace.h"

#define GRACE_SECONDS 2.0

static atomic_llong since; /* nanoseconds of the clock at which the wait began; 0: not waiting */
static atomic_llong total; /* nanoseconds of ended waits */
static int depth;          /* calls inside calls: the outermost is the wait */
static const char *called;

static struct {
    int rank;
    double seconds;
} limit;

static long long nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

void tsr_wait_begin(const char *name)
{
    if (depth++ > 0) return;
    called = name;
    atomic_store_explicit(&since, nanoseconds(), memory_order_relaxed);
}

void tsr_wait_end(void)
{
    if (--depth > 0) return;
    long long began = atomic_exchange_explicit(&since, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&total, nanoseconds() - began, memory_order_relaxed);
    tsr_trace_add(TSR_SPAN_WAIT, called, 1e-9 * (double)began);
}

double tsr_wait_seconds(void)
{
    return 1e-9 * (double)atomic_load_explicit(&total, memory_order_relaxed);
}

/* The main thread stands inside MPI: nothing but the message can be done, and exit() would wait for it. */
static void leave(void)
{
    char line[256];

    int n = snprintf(line, sizeof line,
                     "tessera: rank %d has waited %.0f s for the others: a rank or a host is lost (--peer-timeout). "
                     "What is finished is kept; the same command goes on from there\n",
                     limit.rank, limit.seconds);
    ssize_t written = write(STDERR_FILENO, line, (size_t)n);
    (void)written;
    _exit(TSR_EPEER);
}

static void *watch(void *unused)
{
    const double patience = limit.seconds + (limit.rank > 0 ? GRACE_SECONDS : 0);
    const double nap = patience / 4 < 1 ? patience / 4 : 1;
    const struct timespec pause = {.tv_sec = (time_t)nap, .tv_nsec = (long)(1e9 * (nap - (double)(time_t)nap))};

    for (;;) {
        nanosleep(&pause, NULL);
        long long began = atomic_load_explicit(&since, memory_order_relaxed);
        if (began != 0 && 1e-9 * (double)(nanoseconds() - began) > patience) leave();
    }
    return unused;
}

/* Signals are for the main thread: it alone knows what to do with them. */
tsr_status tsr_wait_limit(int rank, double seconds)
{
    pthread_t thread;
    sigset_t all, before;

    if (seconds <= 0) return TSR_OK;
    limit.rank = rank;
    limit.seconds = seconds;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(&thread, NULL, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) return TSR_FAIL(TSR_ENOMEM, "no thread for --peer-timeout: %s", strerror(failed));
    pthread_detach(thread);
    return TSR_OK;
}
