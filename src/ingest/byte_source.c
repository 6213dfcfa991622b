#include "ingest/byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zlib.h>

#include "tessera/memory.h"

#define BLOCKS_AT_ONCE 16
#define GZIP_WINDOW    (15 + 16) /* largest window, gzip header */

struct tsr_byte_source {
    char *path;
    int fd;
    bool packed, stream_open, stream_done, end_of_file;
    int64_t at, end; /* next byte of the file to read; bytes from begin to end are in the digest */
    uint64_t digest;
    char *block; /* [BLOCKS_AT_ONCE x TSR_SOURCE_BLOCK], read and not yet handed out */
    int64_t block_at, block_n;
    z_stream stream;
};

/* ---- looking at files ---- */

static tsr_status stat_file(const char *path, struct stat *about)
{
    if (stat(path, about) != 0) return TSR_FAIL(TSR_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about->st_mode)) return TSR_FAIL(TSR_EIO, "%s: is not a regular file", path);
    return TSR_OK;
}

static tsr_status open_file(const char *path, int *fd)
{
    *fd = tsr_fault("file") ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    return *fd < 0 ? TSR_FAIL(TSR_EIO, "%s: cannot be opened: %s", path, strerror(errno)) : TSR_OK;
}

static tsr_status recognise(const char *path, const unsigned char *head, int64_t n, tsr_file_facts *facts)
{
    if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b) facts->packing = TSR_PACKING_GZIP;
    if (n >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0))
        return TSR_FAIL(TSR_EDATA, "%s: is UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)", path);
    if (n >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
        return TSR_FAIL(TSR_EDATA, "%s: is packed with zstd: unpack it, or pack it with gzip", path);
    if (n >= 4 && memcmp(head, "PK\x03\x04", 4) == 0)
        return TSR_FAIL(TSR_EDATA, "%s: is a zip archive (or an Excel sheet): give the text file in it", path);
    return TSR_OK;
}

tsr_status tsr_file_look(const char *path, tsr_file_facts *facts)
{
    unsigned char head[4];
    struct stat about;
    int fd = -1;
    tsr_status st;

    memset(facts, 0, sizeof *facts);
    TSR_TRY(stat_file(path, &about));
    TSR_TRY(open_file(path, &fd));
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (n < 0) {
        st = TSR_FAIL(TSR_EIO, "%s: cannot be read: %s", path, strerror(errno));
        goto done;
    }
    facts->bytes = about.st_size;
    facts->changed_seconds = about.st_mtim.tv_sec;
    facts->changed_nanoseconds = about.st_mtim.tv_nsec;
    st = recognise(path, head, n, facts);
done:
    if (fd >= 0) close(fd);
    return st;
}

tsr_status tsr_file_unchanged(const char *path, const tsr_file_facts *facts)
{
    struct stat about;
    tsr_status st = stat_file(path, &about);

    if (st != TSR_OK) return st;
    if (about.st_size != facts->bytes || about.st_mtim.tv_sec != facts->changed_seconds ||
        about.st_mtim.tv_nsec != facts->changed_nanoseconds)
        return TSR_FAIL(TSR_EDATA, "%s: changed while it was read: run again when it is complete", path);
    return TSR_OK;
}

/* ---- the file's own bytes ---- */

static tsr_status read_whole(tsr_byte_source *source, char *to, int64_t n, int64_t *got)
{
    *got = 0;
    while (*got < n && !source->end_of_file) {
        ssize_t part = pread(source->fd, to + *got, (size_t)(n - *got), source->at + *got);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return TSR_FAIL(TSR_EIO, "%s: cannot be read: %s", source->path, strerror(errno));
        if (part == 0) source->end_of_file = true;
        *got += part;
    }
    return TSR_OK;
}

/* Read the next blocks; those before `end` go into the digest. */
static tsr_status next_blocks(tsr_byte_source *source)
{
    int64_t size = BLOCKS_AT_ONCE * (int64_t)TSR_SOURCE_BLOCK;
    tsr_status st = read_whole(source, source->block, size, &source->block_n);

    if (st != TSR_OK) return st;
    for (int64_t i = 0; i < source->block_n && source->at + i < source->end; i += TSR_SOURCE_BLOCK) {
        int64_t n = source->block_n - i < TSR_SOURCE_BLOCK ? source->block_n - i : TSR_SOURCE_BLOCK;
        source->digest +=
            XXH3_64bits_withSeed(source->block + i, (size_t)n, (XXH64_hash_t)((source->at + i) / TSR_SOURCE_BLOCK));
    }
    source->at += source->block_n;
    source->block_at = 0;
    return TSR_OK;
}

static tsr_status read_plain(tsr_byte_source *source, char *to, int64_t n, int64_t *got)
{
    while (*got < n) {
        if (source->block_at == source->block_n) {
            tsr_status st = next_blocks(source);
            if (st != TSR_OK) return st;
            if (source->block_n == 0) return TSR_OK;
        }
        int64_t left = source->block_n - source->block_at;
        int64_t part = left < n - *got ? left : n - *got;
        memcpy(to + *got, source->block + source->block_at, (size_t)part);
        source->block_at += part;
        *got += part;
    }
    return TSR_OK;
}

/* ---- gzip: one or more members ---- */

static tsr_status inflate_some(tsr_byte_source *source)
{
    if (source->stream_done) { /* bytes follow the end of a member: another member */
        inflateReset(&source->stream);
        source->stream_done = false;
    }
    int result = inflate(&source->stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END)
        source->stream_done = true;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        return TSR_FAIL(TSR_EDATA, "%s: damaged gzip file near byte %lld: %s", source->path,
                        (long long)(source->at - source->stream.avail_in),
                        source->stream.msg != NULL ? source->stream.msg : "no details");
    return TSR_OK;
}

static tsr_status read_packed(tsr_byte_source *source, char *to, int64_t n, int64_t *got)
{
    z_stream *stream = &source->stream;

    stream->next_out = (Bytef *)to;
    stream->avail_out = (uInt)n;
    while (stream->avail_out > 0) {
        if (stream->avail_in == 0) {
            tsr_status st = next_blocks(source);
            if (st != TSR_OK) return st;
            stream->next_in = (Bytef *)source->block;
            stream->avail_in = (uInt)source->block_n;
            if (source->block_n == 0 && !source->stream_done)
                return TSR_FAIL(TSR_EDATA, "%s: the gzip file is cut off: it ends in the middle of its data",
                                source->path);
            if (source->block_n == 0) break;
        }
        tsr_status st = inflate_some(source);
        if (st != TSR_OK) return st;
    }
    *got = n - stream->avail_out;
    return TSR_OK;
}

/* ---- the interface ---- */

tsr_status tsr_byte_source_open(const char *path, const tsr_file_facts *facts, int64_t begin, int64_t end,
                                tsr_byte_source **out)
{
    tsr_byte_source *source = NULL;
    tsr_status st;

    *out = NULL;
    TSR_TRY(tsr_alloc(&source, 1, sizeof *source));
    source->fd = -1;
    source->at = begin;
    source->end = end;
    source->packed = facts->packing == TSR_PACKING_GZIP;
    TSR_TRY(tsr_strdup(&source->path, path));
    TSR_TRY(tsr_alloc(&source->block, BLOCKS_AT_ONCE, TSR_SOURCE_BLOCK));
    TSR_TRY(open_file(path, &source->fd));
    if (source->packed) {
        if (inflateInit2(&source->stream, GZIP_WINDOW) != Z_OK) {
            st = TSR_FAIL(TSR_ENOMEM, "%s: no memory to unpack it", path);
            goto done;
        }
        source->stream_open = true;
    }
    *out = source;
    source = NULL;
done:
    tsr_byte_source_close(&source);
    return st;
}

void tsr_byte_source_close(tsr_byte_source **at)
{
    tsr_byte_source *source = *at;

    if (source == NULL) return;
    if (source->stream_open) inflateEnd(&source->stream);
    if (source->fd >= 0) close(source->fd);
    tsr_free(&source->block);
    tsr_free(&source->path);
    tsr_free(at);
}

tsr_status tsr_byte_source_read(tsr_byte_source *source, char *to, int64_t n, int64_t *got)
{
    *got = 0;
    return source->packed ? read_packed(source, to, n, got) : read_plain(source, to, n, got);
}

tsr_status tsr_byte_source_before(const tsr_byte_source *source, int64_t begin, char *byte)
{
    if (pread(source->fd, byte, 1, begin - 1) != 1)
        return TSR_FAIL(TSR_EIO, "%s: cannot be read: %s", source->path, strerror(errno));
    return TSR_OK;
}

uint64_t tsr_byte_source_digest(const tsr_byte_source *source)
{
    return source->digest;
}

int64_t tsr_byte_source_consumed(const tsr_byte_source *source)
{
    return source->at;
}
