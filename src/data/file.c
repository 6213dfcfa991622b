#include "tessera/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "tessera/interrupt.h"
#include "tessera/log.h"
#include "tessera/memory.h"
#include "tessera/trace.h"

#define LOCK_SECONDS 10

static tsr_status fail_errno(const char *path, const char *what, int cause)
{
    return TSR_FAIL(TSR_EIO, "%s: %s: %s", path, what, strerror(cause));
}

static tsr_status fault(const char *path)
{
    return tsr_fault("file") ? TSR_FAIL(TSR_EIO, "%s: failure on purpose", path) : TSR_OK;
}

/* Read until @p room bytes are there or the file ends. */
static tsr_status read_all(int fd, const char *path, char *bytes, int64_t room, int64_t *n)
{
    *n = 0;
    while (*n < room) {
        ssize_t got = read(fd, bytes + *n, (size_t)(room - *n));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(path, "cannot be read", errno);
        if (got == 0) break;
        *n += got;
    }
    tsr_bytes_add(TSR_BYTES_READ, *n);
    return TSR_OK;
}

tsr_status tsr_file_read(const char *path, char **bytes, int64_t *n)
{
    tsr_status st = TSR_OK;
    struct stat about;
    int fd = -1;

    *bytes = NULL;
    *n = 0;
    TSR_TRY(fault(path));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) TSR_TRY(fail_errno(path, "cannot be opened", errno));
    if (!S_ISREG(about.st_mode)) TSR_TRY(TSR_FAIL(TSR_EIO, "%s: is not a regular file", path));
    TSR_TRY(tsr_alloc(bytes, (int64_t)about.st_size + 1, 1));
    TSR_TRY(read_all(fd, path, *bytes, about.st_size, n));
    (*bytes)[*n] = '\0';
done:
    if (fd >= 0) close(fd);
    if (st != TSR_OK) tsr_free(bytes);
    return st;
}

static tsr_status check_text(const char *path, const char *text, int64_t n)
{
    const int64_t good = tsr_utf8_bytes(text, (int64_t)strlen(text)); /* text holds no zeros */
    int64_t line = 1;

    if (good == n) return TSR_OK;
    for (int64_t i = 0; i < good; i++) line += text[i] == '\n';
    return TSR_FAIL(TSR_ECONF,
                    "%s:%" PRId64
                    ": not text in UTF-8: convert the file (iconv -f WINDOWS-1252 -t UTF-8, or -f UTF-16)",
                    path, line);
}

static tsr_status read_text(const char *path, char **text, int64_t *n)
{
    const char *const mark = "\xef\xbb\xbf";
    tsr_status st = tsr_file_read(path, text, n);

    if (st == TSR_OK) st = check_text(path, *text, *n);
    if (st != TSR_OK || strncmp(*text, mark, strlen(mark)) != 0) return st;
    *n -= (int64_t)strlen(mark);
    memmove(*text, *text + strlen(mark), (size_t)*n + 1);
    return TSR_OK;
}

tsr_status tsr_file_text(const tsr_comm *comm, const char *path, char **text, int64_t *bytes)
{
    tsr_status st;

    *text = NULL;
    *bytes = 0;
    TSR_AGREE(comm, comm->rank == 0 ? read_text(path, text, bytes) : TSR_OK);
    *bytes += comm->rank == 0; /* the zero at its end travels too */
    TSR_TRY(tsr_bcast_block(comm, (void **)text, bytes, 0));
    *bytes -= 1;
done:
    if (st != TSR_OK) tsr_free(text);
    return st;
}

static tsr_status write_all(int fd, const char *path, const char *bytes, int64_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, bytes, (size_t)n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_errno(path, "cannot be written", errno);
        bytes += put;
        tsr_bytes_add(TSR_BYTES_WRITTEN, put);
        n -= put;
    }
    return TSR_OK;
}

tsr_status tsr_file_write(const char *path, const void *bytes, int64_t n)
{
    tsr_status st = TSR_OK;
    char *temporary = NULL;
    int fd = -1;

    TSR_TRY(fault(path));
    TSR_TRY(tsr_path(&temporary, "", "%s" TSR_PART, path));
    TSR_TRY(tsr_file_remove(temporary)); /* not written over: a process that is being killed may still write to it */
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) TSR_TRY(fail_errno(path, "cannot be created", errno));
    TSR_TRY(write_all(fd, path, bytes, n));
    /* Some file systems report a full disk only here. */
    int closed = close(fd);
    fd = -1;
    if (closed != 0) TSR_TRY(fail_errno(path, "cannot be written", errno));
    TSR_TRY(tsr_file_commit(temporary, path));
done:
    if (fd >= 0) close(fd);
    if (st != TSR_OK && temporary) unlink(temporary);
    tsr_free(&temporary);
    return st;
}

/* A rename is safe from a power cut only after its folder has been flushed. File systems without that refuse: fine. */
static void flush_folder_of(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');

    if (slash == path) slash++;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

tsr_status tsr_file_commit(const char *temporary, const char *path)
{
    tsr_status st = TSR_OK;
    int fd = -1;

    TSR_TRY(fault(path));
    fd = open(temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0) TSR_TRY(fail_errno(temporary, "cannot be opened", errno));
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) TSR_TRY(fail_errno(path, "cannot be flushed", errno));
    if (rename(temporary, path) != 0) TSR_TRY(fail_errno(path, "cannot be renamed into place", errno));
    flush_folder_of(path);
done:
    if (fd >= 0) close(fd);
    return st;
}

tsr_status tsr_folder_make(const char *path)
{
    tsr_status st = TSR_OK;
    char *partial = NULL;
    struct stat about;

    TSR_TRY(fault(path));
    TSR_TRY(tsr_strdup(&partial, path));
    for (char *end = partial + 1; partial[0] != '\0'; end++) {
        if (*end != '/' && *end != '\0') continue;
        char kept = *end;
        *end = '\0';
        if (mkdir(partial, 0777) != 0 && errno != EEXIST && errno != EISDIR && errno != EROFS && errno != EACCES)
            TSR_TRY(fail_errno(partial, "cannot be made", errno));
        int cause = errno;
        if (stat(partial, &about) != 0) TSR_TRY(fail_errno(partial, "cannot be made", cause));
        if (!S_ISDIR(about.st_mode)) TSR_TRY(TSR_FAIL(TSR_EIO, "%s: is a file, not a folder", partial));
        *end = kept;
        if (kept == '\0') break;
    }
done:
    tsr_free(&partial);
    return st;
}

tsr_status tsr_path(char **out, const char *folder, const char *name_format, ...)
{
    tsr_status st = TSR_OK;
    va_list args;

    *out = NULL;
    va_start(args, name_format);
    int name = vsnprintf(NULL, 0, name_format, args);
    va_end(args);

    size_t start = strlen(folder);
    bool slash = start > 0 && folder[start - 1] != '/';
    TSR_TRY(tsr_alloc(out, (int64_t)start + slash + name + 1, 1));
    memcpy(*out, folder, start);
    if (slash) (*out)[start++] = '/';
    va_start(args, name_format);
    vsnprintf(*out + start, (size_t)name + 1, name_format, args);
    va_end(args);
done:
    return st;
}

bool tsr_file_exists(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0;
}

tsr_status tsr_file_remove(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT) return fail_errno(path, "cannot be removed", errno);
    return TSR_OK;
}

static double lock_patience(void)
{
    const char *text = getenv("TESSERA_LOCK_SECONDS");
    double seconds = text != NULL ? strtod(text, NULL) : LOCK_SECONDS;

    return seconds >= 0 && seconds < 3600 ? seconds : LOCK_SECONDS;
}

/* mpirun returns before the ranks that it kills are dead: with gigabytes to give back or a disk to wait for that takes
 * them seconds, and the lock goes last. @return 0 or an errno */
static int lock_whole(int fd, const char *folder)
{
    const double began = tsr_seconds(), patience = lock_patience();
    const struct timespec moment = {.tv_nsec = 50000000};
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool told = false;

    while (fcntl(fd, F_SETLK, &whole) != 0) {
        double waited = tsr_seconds() - began;
        if ((errno != EACCES && errno != EAGAIN) || waited >= patience) return errno;
        if (waited > 1 && !told) {
            tsr_info("%s: another job holds this folder; waiting %.0f seconds whether it is about to end", folder,
                     patience);
            told = true;
        }
        nanosleep(&moment, NULL);
    }
    return 0;
}

tsr_status tsr_folder_lock(const char *folder, int *lock)
{
    tsr_status st = TSR_OK;
    char *path = NULL;

    *lock = -1;
    TSR_TRY(fault(folder));
    TSR_TRY(tsr_path(&path, folder, ".lock"));
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*lock < 0) TSR_TRY(fail_errno(path, "cannot be opened", errno));
    int cause = lock_whole(*lock, folder);
    if (cause == EACCES || cause == EAGAIN)
        TSR_TRY(TSR_FAIL(TSR_EIO, "%s: another job works on this folder; wait until it ends", folder));
    if (cause != 0) TSR_TRY(fail_errno(path, "cannot be locked", cause));
done:
    if (st != TSR_OK) tsr_folder_unlock(lock);
    tsr_free(&path);
    return st;
}

void tsr_folder_unlock(int *lock)
{
    if (*lock >= 0) close(*lock);
    *lock = -1;
}
