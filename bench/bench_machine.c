/*
 * The limits that the other programs are held against: reading memory, and float32 multiply-adds, on all ranks at once.
 *   bench_machine [--megabytes 1024] [--repeats 7]
 * megabytes is the block of each rank: several times its share of the last cache. Best and median of the repeats.
 */
#include "measure.h"
#include "tessera/memory.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define CHAINS     16                 /* independent accumulators: more than latency x throughput of one core */
#define FMA_ROUNDS ((int64_t)1 << 24) /* each CHAINS vectors */

static volatile float sink; /* so that no result is unused */

/* ---- baseline: what any compiler makes of it ---- */

static void read_plain(const void *block, int64_t bytes)
{
    const uint64_t *word = block;
    uint64_t all[8] = {0};

    for (int64_t i = 0; i < bytes / 64; i++, word += 8)
        for (int j = 0; j < 8; j++) all[j] |= word[j];
    for (int j = 0; j < 8; j++) sink = (float)all[j];
}

static int64_t multiply_plain(void)
{
    float a[CHAINS] = {0};

    for (int64_t i = 0; i < FMA_ROUNDS; i++)
        for (int c = 0; c < CHAINS; c++) a[c] = a[c] * 0.999f + 0.5f;
    for (int c = 0; c < CHAINS; c++) sink = a[c];
    return FMA_ROUNDS * CHAINS * 2;
}

#if defined(__x86_64__)
/* ---- AVX2 ---- */

__attribute__((target("avx2"))) static void read_avx2(const void *block, int64_t bytes)
{
    const __m256i *at = block;
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;

    for (int64_t i = 0; i < bytes / 32; i += 4) {
        a = _mm256_or_si256(a, _mm256_load_si256(at + i));
        b = _mm256_or_si256(b, _mm256_load_si256(at + i + 1));
        c = _mm256_or_si256(c, _mm256_load_si256(at + i + 2));
        d = _mm256_or_si256(d, _mm256_load_si256(at + i + 3));
    }
    a = _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
    sink = (float)_mm256_extract_epi32(a, 0);
}

__attribute__((target("avx2,fma"))) static int64_t multiply_avx2(void)
{
    __m256 a[CHAINS / 2 + 4], x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(0.5f);
    enum { N = CHAINS / 2 + 4 }; /* 12 accumulators and 2 operands fit 16 registers */

    for (int c = 0; c < N; c++) a[c] = _mm256_setzero_ps();
    for (int64_t i = 0; i < FMA_ROUNDS; i++)
#pragma GCC unroll 12
        for (int c = 0; c < N; c++) a[c] = _mm256_fmadd_ps(a[c], x, y);
    for (int c = 0; c < N; c++) sink = _mm256_cvtss_f32(a[c]);
    return FMA_ROUNDS * N * 8 * 2;
}

/* ---- AVX-512 ---- */

__attribute__((target("avx512f"))) static void read_avx512(const void *block, int64_t bytes)
{
    const __m512i *at = block;
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;

    for (int64_t i = 0; i < bytes / 64; i += 4) {
        a = _mm512_or_si512(a, _mm512_load_si512(at + i));
        b = _mm512_or_si512(b, _mm512_load_si512(at + i + 1));
        c = _mm512_or_si512(c, _mm512_load_si512(at + i + 2));
        d = _mm512_or_si512(d, _mm512_load_si512(at + i + 3));
    }
    a = _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d));
    sink = (float)_mm512_reduce_or_epi32(a);
}

__attribute__((target("avx512f"))) static int64_t multiply_avx512(void)
{
    __m512 a[CHAINS], x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(0.5f);

    for (int c = 0; c < CHAINS; c++) a[c] = _mm512_setzero_ps();
    for (int64_t i = 0; i < FMA_ROUNDS; i++)
#pragma GCC unroll 16
        for (int c = 0; c < CHAINS; c++) a[c] = _mm512_fmadd_ps(a[c], x, y);
    for (int c = 0; c < CHAINS; c++) sink = _mm512_cvtss_f32(a[c]);
    return FMA_ROUNDS * CHAINS * 16 * 2;
}
#endif

static void read_block(tsr_isa isa, const void *block, int64_t bytes)
{
#if defined(__x86_64__)
    if (isa == TSR_ISA_AVX512) {
        read_avx512(block, bytes);
        return;
    }
    if (isa == TSR_ISA_AVX2) {
        read_avx2(block, bytes);
        return;
    }
#endif
    (void)isa;
    read_plain(block, bytes);
}

static int64_t multiply(tsr_isa isa)
{
#if defined(__x86_64__)
    if (isa == TSR_ISA_AVX512) return multiply_avx512();
    if (isa == TSR_ISA_AVX2) return multiply_avx2();
#endif
    (void)isa;
    return multiply_plain();
}

/* Rates in units of 10^9 per second. */
static void print_rates(const bench *b, const char *best, const char *median, double work, double *seconds, int64_t n)
{
    double middle = bench_median(seconds, n);

    bench_line_real(b, best, work / seconds[0] * 1e-9);
    bench_line_real(b, median, work / middle * 1e-9);
}

int main(int argc, char **argv)
{
    bench b;
    tsr_status st;
    char *block = NULL;
    double *seconds = NULL;

    TSR_TRY(bench_open(argc, argv, &b));
    int64_t bytes = bench_number(&b, "megabytes", 1024) << 20, repeats = bench_number(&b, "repeats", 7);
    if (bytes < 1 << 20 || repeats < 1) TSR_TRY(TSR_FAIL(TSR_ECONF, "--megabytes and --repeats: at least 1"));
    TSR_AGREE(&b.comm, tsr_alloc_aligned(&block, bytes, 1));
    TSR_AGREE(&b.comm, tsr_alloc(&seconds, repeats, sizeof *seconds));

    bench_line_begin(&b, "machine");
    for (int64_t i = 0; i < repeats; i++) {
        double began = bench_now(&b);
        read_block(b.isa, block, bytes);
        seconds[i] = bench_since(&b, began);
    }
    print_rates(&b, "read_gb_s", "read_gb_s_median", (double)bytes * b.comm.size, seconds, repeats);
    int64_t operations = 0;
    for (int64_t i = 0; i < repeats; i++) {
        double began = bench_now(&b);
        operations = multiply(b.isa);
        seconds[i] = bench_since(&b, began);
    }
    print_rates(&b, "fma_gflop_s", "fma_gflop_s_median", (double)operations * b.comm.size, seconds, repeats);
    bench_line_end(&b);
done:
    tsr_free(&seconds);
    tsr_free(&block);
    return bench_close(&b, st);
}
