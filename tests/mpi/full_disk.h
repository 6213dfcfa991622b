/**
 * @file full_disk.h
 * A disk without room, for this process.
 */
#ifndef TSR_FULL_DISK_H
#define TSR_FULL_DISK_H

#include <signal.h>
#include <sys/resource.h>

/* Local. No file may grow beyond @p bytes (0: as before): what a full disk is to a writer. */
static void limit_files(rlim_t bytes)
{
    static struct rlimit before;
    struct rlimit now;

    if (bytes == 0) {
        setrlimit(RLIMIT_FSIZE, &before);
        return;
    }
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    now = (struct rlimit){.rlim_cur = bytes, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
}

#endif
