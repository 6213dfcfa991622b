#define _DEFAULT_SOURCE /* madvise */
#include "tessera/memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/launch.h"
#include "tessera/rng.h"

#define LINE_ALIGNMENT ((size_t)64)
#define HUGE_PAGE      ((size_t)2 << 20)
#define HUGE_FROM      ((size_t)4 << 20)

static atomic_llong blocks;

/* ---- blocks ---- */

/* Pointers travel as void * to a pointer of any type: memcpy reads and writes them without breaking aliasing rules. */
static void *load(const void *at)
{
    void *block;
    memcpy(&block, at, sizeof block);
    return block;
}

static void store(void *at, void *block)
{
    memcpy(at, &block, sizeof block);
}

static tsr_status out_of_memory(int64_t count, size_t size)
{
    return TSR_FAIL(TSR_ENOMEM, "out of memory: no room for %" PRId64 " items of %zu bytes on this rank", count, size);
}

/* Bytes to ask for: at least one, so that a block without items has an address. 0: does not fit. */
static size_t bytes_for(int64_t count, size_t size)
{
    if (count < 0 || (size > 0 && (uint64_t)count > PTRDIFF_MAX / size)) return 0;
    size_t bytes = (size_t)count * size;
    return bytes > 0 ? bytes : 1;
}

tsr_status tsr_alloc(void *out, int64_t count, size_t size)
{
    size_t bytes = bytes_for(count, size);
    void *block = bytes == 0 || tsr_fault("alloc") ? NULL : calloc(1, bytes);

    store(out, block);
    if (block == NULL) return out_of_memory(count, size);
    atomic_fetch_add(&blocks, 1);
    return TSR_OK;
}

static tsr_status alloc_aligned(void *out, int64_t count, size_t size, bool zeroed)
{
    size_t bytes = bytes_for(count, size);
    size_t unit = bytes >= HUGE_FROM ? HUGE_PAGE : LINE_ALIGNMENT;
    size_t whole = bytes > PTRDIFF_MAX - unit ? 0 : (bytes + unit - 1) / unit * unit;
    void *block = bytes == 0 || whole == 0 || tsr_fault("alloc") ? NULL : aligned_alloc(unit, whole);

    store(out, block);
    if (block == NULL) return out_of_memory(count, size);
    /* Before the first touch; a refusal leaves small pages. */
    if (unit == HUGE_PAGE) (void)madvise(block, whole, MADV_HUGEPAGE);
    if (zeroed) memset(block, 0, whole);
    atomic_fetch_add(&blocks, 1);
    return TSR_OK;
}

tsr_status tsr_alloc_aligned(void *out, int64_t count, size_t size)
{
    return alloc_aligned(out, count, size, true);
}

tsr_status tsr_alloc_unset(void *out, int64_t count, size_t size)
{
    return alloc_aligned(out, count, size, false);
}

tsr_status tsr_resize(void *inout, int64_t count, size_t size)
{
    void *old = load(inout);
    size_t bytes = bytes_for(count, size);
    void *block = bytes == 0 || tsr_fault("alloc") ? NULL : realloc(old, bytes);

    if (block == NULL) return out_of_memory(count, size);
    store(inout, block);
    if (old == NULL) atomic_fetch_add(&blocks, 1);
    return TSR_OK;
}

tsr_status tsr_strdup(char **out, const char *text)
{
    size_t bytes = strlen(text) + 1;
    tsr_status st = tsr_alloc(out, (int64_t)bytes, 1);

    if (st == TSR_OK) memcpy(*out, text, bytes);
    return st;
}

void tsr_free(void *inout)
{
    void *block = load(inout);

    if (block == NULL) return;
    free(block);
    store(inout, NULL);
    atomic_fetch_sub(&blocks, 1);
}

int64_t tsr_memory_blocks(void)
{
    return atomic_load(&blocks);
}

/* ---- peak ---- */

int64_t tsr_memory_peak(void)
{
    char line[256];
    int64_t kibibytes = 0;
    FILE *status = fopen("/proc/self/status", "r");

    if (status == NULL) return 0;
    while (fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %" SCNd64, &kibibytes) == 1) break;
    fclose(status);
    return kibibytes * 1024;
}

void tsr_memory_peak_reset(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

    if (file < 0) return;
    ssize_t written = write(file, "5", 1);
    (void)written; /* where it is refused the peak is that of the whole run */
    close(file);
}

/* ---- failures on purpose ---- */

static struct {
    enum { PLAN_UNREAD, PLAN_NONE, PLAN_RANDOM, PLAN_POINT } kind;
    uint64_t one_in, seed; /* random */
    char point[64];        /* point */
    long rank, nth;
    enum { ACTION_FAIL, ACTION_KILL, ACTION_STOP, ACTION_USR1, ACTION_SLOW } action;
} plan;
static atomic_llong passes;

static bool read_point(char *text)
{
    char *next = NULL;

    plan.kind = PLAN_POINT;
    plan.rank = -1;
    plan.nth = 1;
    plan.action = ACTION_FAIL;
    for (char *item = strtok_r(text, ",", &next); item != NULL; item = strtok_r(NULL, ",", &next)) {
        char tail;
        if (sscanf(item, "point=%63s", plan.point) == 1 || sscanf(item, "rank=%ld%c", &plan.rank, &tail) == 1 ||
            sscanf(item, "nth=%ld%c", &plan.nth, &tail) == 1)
            continue;
        if (strcmp(item, "action=fail") == 0)
            plan.action = ACTION_FAIL;
        else if (strcmp(item, "action=kill") == 0)
            plan.action = ACTION_KILL;
        else if (strcmp(item, "action=stop") == 0)
            plan.action = ACTION_STOP;
        else if (strcmp(item, "action=slow") == 0)
            plan.action = ACTION_SLOW;
        else if (strcmp(item, "action=usr1") == 0)
            plan.action = ACTION_USR1;
        else
            return false;
    }
    return plan.point[0] != '\0' && plan.nth >= 1;
}

void tsr_fault_set(const char *text)
{
    char copy[256], tail;

    memset(&plan, 0, sizeof plan);
    atomic_store(&passes, 0);
    plan.kind = PLAN_NONE;
    if (text == NULL || text[0] == '\0') return;
    if (sscanf(text, "%" SCNu64 ",%" SCNu64 "%c", &plan.one_in, &plan.seed, &tail) == 2 && plan.one_in > 0) {
        plan.kind = PLAN_RANDOM;
        return;
    }
    /* A plan that is not understood would make a test pass that tests nothing. */
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy || !read_point(copy))
        tsr_bug(__FILE__, __LINE__, "TSR_FAULT is neither \"n,seed\" nor \"point=NAME,rank=R[,nth=K][,action=...]\"");
}

static bool fails_at_random(const char *site)
{
    if (strcmp(site, "alloc") != 0 && strcmp(site, "file") != 0) return false;
    uint64_t pass = (uint64_t)atomic_fetch_add(&passes, 1);
    return tsr_draw(plan.seed, TSR_STREAM_FAULT, (uint64_t)tsr_launch_rank(), pass) % plan.one_in == 0;
}

bool tsr_fault(const char *site)
{
    if (plan.kind == PLAN_UNREAD) tsr_fault_set(getenv("TSR_FAULT"));
    if (plan.kind == PLAN_NONE) return false;
    if (plan.kind == PLAN_RANDOM) return fails_at_random(site);

    if (strcmp(site, plan.point) != 0 || (plan.rank >= 0 && plan.rank != tsr_launch_rank())) return false;
    long long pass = atomic_fetch_add(&passes, 1) + 1;
    if (plan.action == ACTION_SLOW && pass >= plan.nth) sleep(1);
    if (plan.action == ACTION_SLOW || pass != plan.nth) return false;
    if (plan.action == ACTION_FAIL) return true;
    raise(plan.action == ACTION_KILL ? SIGKILL : plan.action == ACTION_STOP ? SIGSTOP : SIGUSR1);
    return false;
}
