/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks in memory, served to the kernel as /dev/nbd0 and up by threads of this
 * process.  All requests of all disks get into one trace, so that a cut through
 * it is a state in which a power failure could have caught all of them.
 */
#ifndef CRASH_DISK_H
#define CRASH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace.h"

#define DISKS_MAX	16
#define DISK_BLOCK	4096u

struct disk {
	struct disks *all;
	unsigned int index;
	int nbd;			/* /dev/nbdI */
	int sock;			/* our end */
	int sock_kernel;
	uint8_t *mem;
	bool *dirty;			/* a block, since disks_restore() */
	volatile bool dead;		/* every request fails */
	pthread_t server;
	pthread_t keeper;		/* in NBD_DO_IT */
};

struct disks {
	unsigned int n;
	size_t bytes;			/* of each */
	struct trace *trace;
	pthread_rwlock_t still;		/* held for writing: no disk changes */
	struct disk disk[DISKS_MAX];
};

int disks_start(struct disks *d, unsigned int n, size_t bytes, struct trace *trace);
void disks_stop(struct disks *d);
void disk_put(struct disk *disk, uint64_t offset, const uint8_t *data, size_t len);
void disks_restore(struct disks *d, uint8_t *const *from);
void disks_all_dirty(struct disks *d);
uint8_t **disks_copy(struct disks *d);
void disks_copy_free(const struct disks *d, uint8_t **copy);

#endif /* CRASH_DISK_H */
