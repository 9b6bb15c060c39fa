/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A volume over the disks of disk.h: made by rlncsetup, driven by its table. */
#ifndef CRASH_VOLUME_H
#define CRASH_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk.h"

#define VOLUME_NAME	"crash"
#define VOLUME_PATH	"/dev/mapper/" VOLUME_NAME

struct volume {
	struct disks *disks;
	unsigned int k;
	unsigned int n;
	unsigned int symbol;		/* bytes */
	unsigned int spare;		/* 1: disk n may have been added since, as member n */
	unsigned int dense;		/* to be formatted so */
	bool no_rebuild;		/* so slow that none comes to its end */
	unsigned int mib;		/* to be formatted with, 0: all there is room for */
	uint64_t sectors;		/* of 512 bytes; volume_format() fills it in */
	unsigned int writes_min;	/* likewise */
};

int run_program(const char *const *argv);
int volume_format(struct volume *v);
int volume_up(const struct volume *v, uint32_t members, const char *option);
int volume_down(void);
int volume_read(uint64_t offset, uint8_t *buf, size_t len);
double seconds_now(void);

#endif /* CRASH_VOLUME_H */
