#include "tessera/digest.h"

#include <sodium.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tessera/reduce.h"

_Static_assert(TSR_DIGEST_SIZE == crypto_generichash_BYTES, "a digest is BLAKE2b-256");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "digests are over little-endian numbers as they stand");

void tsr_digest_start(void)
{
    if (sodium_init() < 0) return; /* the portable way stays */
}

void tsr_digest_bytes(const void *bytes, size_t n, uint8_t digest[TSR_DIGEST_SIZE])
{
    crypto_generichash(digest, TSR_DIGEST_SIZE, bytes, n, NULL, 0);
}

/* Eight parts of 32 bits leave room for the carries of 2^31 summands. */
static void split(const tsr_digest_sum *sum, int64_t part[8])
{
    for (int i = 0; i < 8; i++) part[i] = (int64_t)(sum->limb[i / 2] >> (i % 2 ? 32 : 0) & 0xffffffffu);
}

static void join(const int64_t part[8], tsr_digest_sum *sum)
{
    uint64_t carry = 0;

    memset(sum, 0, sizeof *sum);
    for (int i = 0; i < 8; i++) {
        carry += (uint64_t)part[i];
        sum->limb[i / 2] |= (carry & 0xffffffffu) << (i % 2 ? 32 : 0);
        carry >>= 32;
    }
}

void tsr_digest_add(tsr_digest_sum *sum, const tsr_digest_sum *other)
{
    __extension__ unsigned __int128 carry = 0;

    for (int i = 0; i < 4; i++) {
        carry += sum->limb[i];
        carry += other->limb[i];
        sum->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

void tsr_digest_row(tsr_digest_sum *sum, const void *bytes, size_t n)
{
    tsr_digest_sum row;

    tsr_digest_bytes(bytes, n, (uint8_t *)row.limb);
    tsr_digest_add(sum, &row);
}

void tsr_digest_reduce(const tsr_comm *comm, tsr_digest_sum *sum)
{
    int64_t part[8];

    split(sum, part);
    tsr_sum_int64(comm, part, 8);
    join(part, sum);
}

void tsr_digest_hex(const uint8_t digest[TSR_DIGEST_SIZE], char *text)
{
    sodium_bin2hex(text, 2 * TSR_DIGEST_SIZE + 1, digest, TSR_DIGEST_SIZE);
}

bool tsr_digest_parse(const char *text, uint8_t digest[TSR_DIGEST_SIZE])
{
    size_t n = 0;

    return text && strlen(text) == 2 * TSR_DIGEST_SIZE &&
           sodium_hex2bin(digest, TSR_DIGEST_SIZE, text, 2 * TSR_DIGEST_SIZE, NULL, &n, NULL) == 0 &&
           n == TSR_DIGEST_SIZE;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

uint64_t tsr_key_of_id(const char *id, size_t n)
{
    while (n > 0 && (is_blank(id[n - 1]) || id[n - 1] == '\0')) n--; /* zeros: padding */
    while (n > 0 && is_blank(*id)) id++, n--;
    return XXH3_64bits(id, n);
}
