/*
 * A short run without libFuzzer: seeds, and mutations of them that are the same each time.
 *   fuzz_smoke_rows ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define LONGEST 4096

static const char *const seeds[] = {
    "\x04\x80id,time,amount\n1,2020-01-01,5.00\n2,2020-01-02,-7\r\n\n3,,1e5\n",
    "\x00\x40\"a \"\"b\"\"\",c,\"d\ne\"\n1,2,3",
    "\x08\x20\"a\nb\",\"c\"\"\"\nx,y\n\"open",
    "\x03\x60  1 2   3\t4\n\n 5\n",
    "\x31\xf0\xef\xbb\xbfid;x\n1;2;3;4;5;6\n007; 1.234,56 ;\xff\xfe\n",
    "dataset: a\ningest: {sources: [{kind: events, files: [a, b], columns: {id: 1, time: 2}}]}\n",
    "a: &x [1, 2]\nb: *x\nc: |\n  text\n\td: 'e\n",
};

static const char pieces[] = "\",;\t\n\r 0123456789.-+eE\0\xc3\xa9{}[]:&*|'#%";

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static size_t mutate(uint8_t *bytes, size_t n, uint32_t *state)
{
    for (uint32_t times = 1 + next(state) % 8; times > 0; times--) {
        uint8_t piece = (uint8_t)pieces[next(state) % (sizeof pieces - 1)];
        size_t at = n > 0 ? next(state) % n : 0, length = n > at ? next(state) % (n - at) : 0;
        switch (next(state) % 4) {
        case 0:
            if (n > 0) bytes[at] = piece;
            break;
        case 1: /* insert */
            if (n >= LONGEST) break;
            memmove(bytes + at + 1, bytes + at, n - at);
            bytes[at] = piece;
            n++;
            break;
        case 2: /* cut */ n = n > 2 ? n - next(state) % (n / 2) : n; break;
        default: /* repeat a piece */
            if (n + length > LONGEST) break;
            memmove(bytes + at + length, bytes + at, n - at);
            n += length;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    uint8_t bytes[LONGEST + 1];
    uint32_t state = 1;
    long rounds = argc > 1 ? atol(argv[1]) : 1000;

    for (long i = 0; i < rounds; i++) {
        const char *seed = seeds[(size_t)i % (sizeof seeds / sizeof seeds[0])];
        size_t n = 2 + strlen(seed + 2); /* the second byte may be zero */
        memcpy(bytes, seed, n);
        if (i >= (long)(sizeof seeds / sizeof seeds[0])) n = mutate(bytes, n, &state);
        LLVMFuzzerTestOneInput(bytes, n);
    }
    printf("%ld inputs\n", rounds);
    return 0;
}
