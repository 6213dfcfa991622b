/**
 * @file file.h
 * Whole files: a reader never sees half of one. Paths and locks.
 */
#ifndef TSR_FILE_H
#define TSR_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "tessera/comm.h"

/* What follows a file's name until it is whole. A kill leaves such a file; the next run makes it anew. */
#define TSR_PART ".part"

/** Local. Read a file. @param[out] bytes new, zero-terminated; tsr_free(). @return TSR_OK; TSR_EIO; TSR_ENOMEM */
tsr_status tsr_file_read(const char *path, char **bytes, int64_t *n) TSR_NODISCARD;

/**
 * Collective. Read a text that people wrote, on the root for all ranks: UTF-8 without zeros; a byte order mark at its
 * begin is left out. @param[out] text  new, zero-terminated; tsr_free()
 * @return TSR_OK; TSR_ECONF (another encoding: names the line); TSR_EIO; TSR_ENOMEM
 */
tsr_status tsr_file_text(const tsr_comm *comm, const char *path, char **text, int64_t *bytes) TSR_NODISCARD;

/** Local. Write a file under a temporary name in the same folder, flush it to the disk and rename it into place. */
tsr_status tsr_file_write(const char *path, const void *bytes, int64_t n) TSR_NODISCARD;

/** Local. Flush a closed file to the disk and rename it. The last step of every file made by another library. */
tsr_status tsr_file_commit(const char *temporary, const char *path) TSR_NODISCARD;

/** Local. Make a folder and its parents; an existing folder is fine. */
tsr_status tsr_folder_make(const char *path) TSR_NODISCARD;

/** Local. "folder/name" (printf form for the name); new, tsr_free(). */
tsr_status tsr_path(char **out, const char *folder, const char *name_format, ...) TSR_PRINTF(3, 4) TSR_NODISCARD;

/** Local. Does a file or folder exist? */
bool tsr_file_exists(const char *path);

/** Local. Remove a file; one that is not there is fine. */
tsr_status tsr_file_remove(const char *path) TSR_NODISCARD;

/**
 * Local. Lock a folder for this process by a lock on folder/.lock; the lock goes with the process. Where another
 * process holds it, wait ten seconds (the environment's TESSERA_LOCK_SECONDS): it may be dying.
 * @param[out] lock  a handle; release with tsr_folder_unlock()
 * @return TSR_OK; TSR_EIO, also where another process holds it (says so)
 */
tsr_status tsr_folder_lock(const char *folder, int *lock) TSR_NODISCARD;
/** Local. Release the lock and set it to -1; -1 is fine. */
void tsr_folder_unlock(int *lock);

#endif
