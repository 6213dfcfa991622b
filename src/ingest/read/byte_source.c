#include "ingest/read/byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "tessera/memory.h"
#include "tessera/trace.h"

#define BLOCKS_AT_ONCE 16

struct tsr_byte_source {
    char *path;
    int fd;
    bool end_of_file;
    int64_t at, end; /* next byte of the file to read; bytes from begin to end are in the digest */
    uint64_t digest;
    char *block; /* [BLOCKS_AT_ONCE x TSR_SOURCE_BLOCK], read and not yet handed out */
    int64_t block_at, block_n;
    tsr_unpacker *unpacker; /* of a packed file */
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
    facts->packing = tsr_packing_of(head, n);
    bool marked = n >= 2 && (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0);
    bool every_other = n >= 4 && (head[0] == 0) != (head[1] == 0) && (head[0] == 0) == (head[2] == 0) &&
                       (head[1] == 0) == (head[3] == 0); /* byte is zero: Latin letters without a mark */
    if (marked || every_other)
        return TSR_FAIL(TSR_EDATA, "%s: is UTF-16: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)", path);
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
    tsr_bytes_add(TSR_BYTES_READ, *got);
    return TSR_OK;
}

/* Read whole blocks; those before `end` go into the digest. */
static tsr_status read_blocks(tsr_byte_source *source, char *to, int64_t size, int64_t *got)
{
    tsr_status st = read_whole(source, to, size, got);

    if (st != TSR_OK) return st;
    for (int64_t i = 0; i < *got && source->at + i < source->end; i += TSR_SOURCE_BLOCK) {
        int64_t n = *got - i < TSR_SOURCE_BLOCK ? *got - i : TSR_SOURCE_BLOCK;
        source->digest += XXH3_64bits_withSeed(to + i, (size_t)n, (XXH64_hash_t)((source->at + i) / TSR_SOURCE_BLOCK));
    }
    source->at += *got;
    return TSR_OK;
}

static tsr_status next_blocks(tsr_byte_source *source)
{
    source->block_at = 0;
    return read_blocks(source, source->block, BLOCKS_AT_ONCE * (int64_t)TSR_SOURCE_BLOCK, &source->block_n);
}

/* Whole blocks go where they are wanted, without a stop. */
static tsr_status read_plain(tsr_byte_source *source, char *to, int64_t n, int64_t *got)
{
    while (*got < n && !(source->end_of_file && source->block_at == source->block_n)) {
        int64_t left = source->block_n - source->block_at, whole = (n - *got) / TSR_SOURCE_BLOCK * TSR_SOURCE_BLOCK;
        int64_t part = left < n - *got ? left : n - *got;
        tsr_status st = TSR_OK;
        if (left > 0) {
            memcpy(to + *got, source->block + source->block_at, (size_t)part);
            source->block_at += part;
        } else if (whole > 0) {
            st = read_blocks(source, to + *got, whole, &part);
        } else {
            st = next_blocks(source);
        }
        if (st != TSR_OK) return st;
        *got += part;
    }
    return TSR_OK;
}

/* ---- unpacked ---- */

static tsr_status read_packed(tsr_byte_source *source, char *to, int64_t n, int64_t *got)
{
    while (*got < n) {
        if (source->block_at == source->block_n && !tsr_unpack_pending(source->unpacker)) {
            tsr_status st = next_blocks(source);
            if (st != TSR_OK) return st;
            if (source->block_n == 0) return tsr_unpack_finish(source->unpacker);
        }
        int64_t taken = source->block_n - source->block_at, made = n - *got;
        tsr_status st = tsr_unpack(source->unpacker, source->block + source->block_at, &taken, to + *got, &made);
        if (st != TSR_OK) return st;
        source->block_at += taken;
        *got += made;
    }
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
    TSR_TRY(tsr_strdup(&source->path, path));
    TSR_TRY(tsr_alloc(&source->block, BLOCKS_AT_ONCE, TSR_SOURCE_BLOCK));
    TSR_TRY(open_file(path, &source->fd));
    if (facts->packing != TSR_PACKING_PLAIN)
        TSR_TRY(tsr_unpacker_create((tsr_packing)facts->packing, source->path, &source->unpacker));
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
    tsr_unpacker_destroy(&source->unpacker);
    if (source->fd >= 0) close(source->fd);
    tsr_free(&source->block);
    tsr_free(&source->path);
    tsr_free(at);
}

tsr_status tsr_byte_source_read(tsr_byte_source *source, char *to, int64_t n, int64_t *got)
{
    *got = 0;
    return source->unpacker != NULL ? read_packed(source, to, n, got) : read_plain(source, to, n, got);
}

tsr_status tsr_byte_source_before(const tsr_byte_source *source, int64_t begin, char *byte)
{
    ssize_t n = pread(source->fd, byte, 1, begin - 1);

    if (n == 0) return TSR_FAIL(TSR_EDATA, "%s: became shorter while it was read", source->path);
    return n == 1 ? TSR_OK : TSR_FAIL(TSR_EIO, "%s: cannot be read: %s", source->path, strerror(errno));
}

uint64_t tsr_byte_source_digest(const tsr_byte_source *source)
{
    return source->digest;
}

int64_t tsr_byte_source_consumed(const tsr_byte_source *source)
{
    return source->at;
}
