#include "ingest/sort/spill.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tessera/file.h"
#include "tessera/memory.h"
#include "tessera/trace.h"

#define PATTERN ".spill-XXXXXX"
#define STEM    7 /* bytes before the part that differs */

tsr_spill tsr_spill_in(const char *folder)
{
    return (tsr_spill){.folder = folder, .fd = -1};
}

void tsr_spill_close(tsr_spill *spill)
{
    if (spill->fd >= 0) close(spill->fd);
    *spill = (tsr_spill){.folder = spill->folder, .fd = -1};
}

static tsr_status fail(const tsr_spill *spill, const char *what, int cause)
{
    return TSR_FAIL(TSR_EIO,
                    "%s: %s: %s (rows that do not fit in ingest.memory are kept there for the time of the ingest; "
                    "ingest.scratch names another folder)",
                    spill->folder, what, strerror(cause));
}

static tsr_status create(tsr_spill *spill)
{
    char *path = NULL;
    tsr_status st = tsr_path(&path, spill->folder, PATTERN);

    if (st != TSR_OK) return st;
    spill->fd = tsr_fault("file") ? -1 : mkstemp(path);
    if (spill->fd < 0)
        st = fail(spill, "no file for rows can be made", errno);
    else
        unlink(path);
    tsr_free(&path);
    return st;
}

/* A file in use has no name, or is about to lose it. */
void tsr_spill_tidy(const char *folder)
{
    DIR *files = opendir(folder);
    struct stat about;

    for (struct dirent *e; files != NULL && (e = readdir(files)) != NULL;) {
        if (strlen(e->d_name) != sizeof PATTERN - 1 || strncmp(e->d_name, PATTERN, STEM) != 0) continue;
        if (fstatat(dirfd(files), e->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode) &&
            about.st_size == 0 && about.st_uid == geteuid())
            unlinkat(dirfd(files), e->d_name, 0);
    }
    if (files != NULL) closedir(files);
}

tsr_status tsr_spill_write(tsr_spill *spill, const void *bytes, int64_t n, int64_t *at)
{
    const char *from = bytes;
    tsr_status st = spill->fd < 0 ? create(spill) : TSR_OK;

    *at = spill->bytes;
    while (st == TSR_OK && n > 0) {
        ssize_t part = tsr_fault("spill") ? (errno = ENOSPC, -1) : pwrite(spill->fd, from, (size_t)n, spill->bytes);
        if (part < 0 && errno == EINTR) continue;
        if (part < 0) return fail(spill, "rows cannot be written", errno);
        from += part;
        n -= part;
        spill->bytes += part;
        tsr_bytes_add(TSR_BYTES_WRITTEN, part);
    }
    return st;
}

tsr_status tsr_spill_read(const tsr_spill *spill, int64_t at, int64_t n, void *to)
{
    char *into = to;

    while (n > 0) {
        ssize_t part = pread(spill->fd, into, (size_t)n, at);
        if (part < 0 && errno == EINTR) continue;
        if (part <= 0) return fail(spill, "rows cannot be read again", part == 0 ? EIO : errno);
        into += part;
        tsr_bytes_add(TSR_BYTES_READ, part);
        at += part;
        n -= part;
    }
    return TSR_OK;
}

void tsr_spill_reset(tsr_spill *spill)
{
    if (spill->fd >= 0 && ftruncate(spill->fd, 0) == 0) spill->bytes = 0;
}
