#include "ingest/read/unpack.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "tessera/memory.h"

#define GZIP_WINDOW (15 + 16) /* largest window, gzip header */

struct tsr_unpacker {
    const char *path;
    tsr_packing packing;
    int64_t taken; /* packed bytes so far */
    bool between;  /* the bytes so far end with a member or frame */
    bool pending;  /* zstd took in more than it gave out */
    bool gzip_open;
    z_stream gzip;
    ZSTD_DStream *zstd;
};

/* A Zstandard file may begin with a skippable frame, as those of pzstd do. */
tsr_packing tsr_packing_of(const unsigned char *head, int64_t n)
{
    if (n >= 2 && memcmp(head, "\x1f\x8b", 2) == 0) return TSR_PACKING_GZIP;
    if (n >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0) return TSR_PACKING_ZSTD;
    if (n >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0) return TSR_PACKING_ZSTD;
    return TSR_PACKING_PLAIN;
}

tsr_status tsr_unpacker_create(tsr_packing packing, const char *path, tsr_unpacker **out)
{
    tsr_unpacker *unpacker = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&unpacker, 1, sizeof *unpacker));
    unpacker->path = path;
    unpacker->packing = packing;
    if (packing == TSR_PACKING_GZIP)
        unpacker->gzip_open = inflateInit2(&unpacker->gzip, GZIP_WINDOW) == Z_OK;
    else
        unpacker->zstd = ZSTD_createDStream();
    if (!unpacker->gzip_open && unpacker->zstd == NULL) {
        st = TSR_FAIL(TSR_ENOMEM, "%s: no memory to unpack it", path);
        goto done;
    }
    *out = unpacker;
    unpacker = NULL;
done:
    tsr_unpacker_destroy(&unpacker);
    return st;
}

void tsr_unpacker_destroy(tsr_unpacker **at)
{
    tsr_unpacker *unpacker = *at;

    if (unpacker == NULL) return;
    if (unpacker->gzip_open) inflateEnd(&unpacker->gzip);
    ZSTD_freeDStream(unpacker->zstd); /* NULL is fine */
    tsr_free(at);
}

static tsr_status unpack_gzip(tsr_unpacker *unpacker, const char *in, int64_t *in_n, char *out, int64_t *out_n)
{
    z_stream *stream = &unpacker->gzip;

    if (unpacker->between && unpacker->taken > 0) inflateReset(stream); /* bytes follow a member: another member */
    stream->next_in = (z_const Bytef *)in;
    stream->avail_in = (uInt)*in_n;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)*out_n;
    int result = inflate(stream, Z_NO_FLUSH);
    *in_n -= stream->avail_in;
    *out_n -= stream->avail_out;
    unpacker->between = result == Z_STREAM_END;
    if (result != Z_STREAM_END && result != Z_OK && result != Z_BUF_ERROR)
        return TSR_FAIL(TSR_EDATA, "%s: damaged gzip file near byte %lld: %s", unpacker->path,
                        (long long)(unpacker->taken + *in_n), stream->msg != NULL ? stream->msg : "no details");
    return TSR_OK;
}

static tsr_status unpack_zstd(tsr_unpacker *unpacker, const char *in, int64_t *in_n, char *out, int64_t *out_n)
{
    ZSTD_inBuffer from = {in, (size_t)*in_n, 0};
    ZSTD_outBuffer to = {out, (size_t)*out_n, 0};
    size_t left = ZSTD_decompressStream(unpacker->zstd, &to, &from);

    *in_n = (int64_t)from.pos;
    *out_n = (int64_t)to.pos;
    unpacker->between = left == 0;
    unpacker->pending = left != 0 && to.pos == to.size;
    if (ZSTD_isError(left))
        return TSR_FAIL(TSR_EDATA, "%s: the zstd file cannot be unpacked near byte %lld: %s", unpacker->path,
                        (long long)(unpacker->taken + *in_n), ZSTD_getErrorName(left));
    return TSR_OK;
}

tsr_status tsr_unpack(tsr_unpacker *unpacker, const char *in, int64_t *in_n, char *out, int64_t *out_n)
{
    tsr_status st = unpacker->packing == TSR_PACKING_GZIP ? unpack_gzip(unpacker, in, in_n, out, out_n)
                                                          : unpack_zstd(unpacker, in, in_n, out, out_n);

    unpacker->taken += *in_n;
    return st;
}

bool tsr_unpack_pending(const tsr_unpacker *unpacker)
{
    return unpacker->pending;
}

tsr_status tsr_unpack_finish(const tsr_unpacker *unpacker)
{
    if (unpacker->between) return TSR_OK;
    return TSR_FAIL(TSR_EDATA, "%s: the %s file is cut off: it ends in the middle of its data", unpacker->path,
                    unpacker->packing == TSR_PACKING_GZIP ? "gzip" : "zstd");
}
