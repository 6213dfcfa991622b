#include <string.h>

#include "tessera/digest.h"
#include "tessera/maths.h"

/* BLAKE2b-256 (RFC 7693) of several messages side by side: one message fills a lane, and a lane that is done takes the
 * next message. A processor without wide vectors takes one message after the other. */

#if defined(__x86_64__)
#define LANES 8
#define BLOCK 128 /* bytes */

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));

static const uint64_t initial[8] = {0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
                                    0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u};
static const uint64_t parameters = 0x01010000u | TSR_DIGEST_SIZE; /* no key, one leaf */

static const uint8_t order[12][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}};

/* The messages on their way, each in its lane. */
typedef struct batch {
    const uint8_t *bytes;
    const int64_t *start; /* [messages + 1] */
    int32_t next, messages;
    int32_t busy;                              /* lanes */
    int64_t at[LANES], end[LANES], old[LANES]; /* in bytes; at < 0: the lane has no message; where it began */
    uint8_t tail[LANES][BLOCK];                /* a last block, filled with zeros */
    lanes h[8], word[16], done, last;
} batch;

static void next_message(batch *b, int l)
{
    for (int i = 0; i < 8; i++) b->h[i][l] = initial[i] ^ (i == 0 ? parameters : 0);
    b->busy += (b->next < b->messages) - (b->at[l] >= 0);
    b->at[l] = b->end[l] = -1;
    if (b->next == b->messages) return;
    b->at[l] = b->old[l] = b->start[b->next++];
    b->end[l] = b->start[b->next];
}

static void next_block(batch *b, int l)
{
    int64_t left = b->end[l] - b->at[l];
    const uint8_t *from = b->bytes + b->at[l];
    uint64_t word;

    if (left < BLOCK) {
        memset(b->tail[l], 0, BLOCK);
        memcpy(b->tail[l], from, (size_t)left);
        from = b->tail[l];
    }
    for (int i = 0; i < 16; i++) {
        memcpy(&word, from + 8 * i, sizeof word);
        b->word[i][l] = word;
    }
    b->at[l] += left < BLOCK ? left : BLOCK;
    b->done[l] = (uint64_t)(b->at[l] - b->old[l]);
    b->last[l] = left <= BLOCK ? UINT64_MAX : 0;
}

#define TURN(x, bits) ((x) >> (bits) | (x) << (64 - (bits)))
#define MIX(a, b, c, d, x, y)                                                                                          \
    do {                                                                                                               \
        v[a] += v[b] + (x);                                                                                            \
        v[d] = TURN(v[d] ^ v[a], 32);                                                                                  \
        v[c] += v[d];                                                                                                  \
        v[b] = TURN(v[b] ^ v[c], 24);                                                                                  \
        v[a] += v[b] + (y);                                                                                            \
        v[d] = TURN(v[d] ^ v[a], 16);                                                                                  \
        v[c] += v[d];                                                                                                  \
        v[b] = TURN(v[b] ^ v[c], 63);                                                                                  \
    } while (0)

static inline __attribute__((always_inline)) void compress(batch *b)
{
    lanes v[16];

#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        v[i] = b->h[i];
        v[i + 8] = (lanes){0} + initial[i];
    }
    v[12] ^= b->done;
    v[14] ^= b->last;
#pragma GCC unroll 12
    for (int round = 0; round < 12; round++) {
        const uint8_t *o = order[round];
        MIX(0, 4, 8, 12, b->word[o[0]], b->word[o[1]]);
        MIX(1, 5, 9, 13, b->word[o[2]], b->word[o[3]]);
        MIX(2, 6, 10, 14, b->word[o[4]], b->word[o[5]]);
        MIX(3, 7, 11, 15, b->word[o[6]], b->word[o[7]]);
        MIX(0, 5, 10, 15, b->word[o[8]], b->word[o[9]]);
        MIX(1, 6, 11, 12, b->word[o[10]], b->word[o[11]]);
        MIX(2, 7, 8, 13, b->word[o[12]], b->word[o[13]]);
        MIX(3, 4, 9, 14, b->word[o[14]], b->word[o[15]]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) b->h[i] ^= v[i] ^ v[i + 8];
}

__attribute__((target("avx2"))) static void compress_by_4(batch *b)
{
    compress(b);
}

__attribute__((target("avx512f"))) static void compress_by_8(batch *b)
{
    compress(b);
}

static void hash_lanes(batch *b, void (*compress_lanes)(batch *b), tsr_digest_sum *sum)
{
    for (int l = 0; l < LANES; l++) {
        b->at[l] = -1;
        next_message(b, l);
    }
    while (b->busy > 0) {
        for (int l = 0; l < LANES; l++)
            if (b->at[l] >= 0) next_block(b, l);
        compress_lanes(b);
        for (int l = 0; l < LANES; l++) {
            if (b->at[l] < 0 || b->last[l] == 0) continue;
            const tsr_digest_sum row = {{b->h[0][l], b->h[1][l], b->h[2][l], b->h[3][l]}};
            tsr_digest_add(sum, &row);
            next_message(b, l);
        }
    }
}
#endif

void tsr_digest_rows(tsr_digest_sum *sum, const uint8_t *bytes, const int64_t *start, int32_t n)
{
#if defined(__x86_64__)
    batch b = {.bytes = bytes, .start = start, .messages = n};
    int32_t width = tsr_maths_width_now();

    if (width > 1) {
        hash_lanes(&b, width == 8 ? compress_by_8 : compress_by_4, sum);
        return;
    }
#endif
    for (int32_t i = 0; i < n; i++) tsr_digest_row(sum, bytes + start[i], (size_t)(start[i + 1] - start[i]));
}
