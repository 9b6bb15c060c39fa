/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the ledger does to disks, so that a test can see each step and stop there.  Paths are
 * whole.  All return 0 or -errno: -ENOSPC and -EDQUOT where bytes were not taken; of a disk that is
 * full when they are to become durable, -EIO.
 */
#ifndef SKY_LEDGER_DISK_H
#define SKY_LEDGER_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_step {
	DISK_MKDIR, DISK_CREATE,	/* empty, also when there was one */
	DISK_WRITE, DISK_SYNC, DISK_SYNC_DIR, DISK_RENAME, DISK_UNLINK, DISK_RMDIR,
};

/*
 * Called before each step with what it changes; of a rename, @data is the new name.  NULL: nobody
 * wants to know.  What it returns, if not 0, is the step's result, and nothing is done.
 */
extern int (*disk_hook)(enum disk_step step, const char *path, const void *data, size_t len,
			uint64_t offset);

/*
 * Files whose bytes, and folders whose entries, have to become durable.  The kernel is told of all
 * files before the first of them is waited for, so that one commit of its journal does for many.
 */
#define DISK_FILES	32u
#define DISK_FOLDERS	16u
#define DISK_PATH	4096u

struct disk_pending {
	unsigned int files;
	int fd[DISK_FILES];
	char *name[DISK_FILES];
	unsigned int count;
	char path[DISK_FOLDERS][DISK_PATH];
};

/*
 * Put a whole file there; folders on its way, below the first @root bytes of the path, are made.
 * It is durable after disk_sync_pending().
 */
int disk_put(const char *path, size_t root, const void *data, size_t len, struct disk_pending *f);
/* Files first, then folders. */
int disk_sync_pending(struct disk_pending *f);
/* Nobody wants it any more. */
void disk_drop_pending(struct disk_pending *f);
int disk_sync_folder(const char *path);
/* As file_read(), with no more memory than the file needs. */
int disk_read(const char *path, size_t max, char **data, size_t *len);
/* What somebody has written, and perhaps not made durable. */
int disk_sync(const char *path);
int disk_rename(const char *from, const char *to);
int disk_unlink(const char *path);
/* A folder and the files in it, as far as it goes; not being there is no error. */
int disk_remove(const char *path);
/* Write into a file, which is made if it is not there, and make it durable. */
int disk_update(const char *path, const void *data, size_t len, uint64_t offset, bool *made);

#endif /* SKY_LEDGER_DISK_H */
