/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counter of epochs, which only rises: a ledger whose last entry is of another epoch is not
 * the last one that was written.  In a file, here, which shows that a ledger was restored or lost
 * a part unless whoever did it put the file back as well; what cannot be put back has the same
 * interface.
 */
#ifndef SKY_LEDGER_COUNTER_H
#define SKY_LEDGER_COUNTER_H

#include <stdint.h>

struct ledger_counter {
	/* Return: 0 or -errno.  0 is the value before the first increment. */
	int (*read)(void *ctx, uint64_t *value);
	/* To @value, which is one more than read() gives; durable when 0 is returned. */
	int (*advance)(void *ctx, uint64_t value);
	void *ctx;
};

/* A file for one; it is made by the first increment. */
struct counter_file {
	const char *path;
};

/* Both for ->ctx a struct counter_file.  -EBADMSG: the file is damaged. */
int counter_file_read(void *ctx, uint64_t *value);
int counter_file_advance(void *ctx, uint64_t value);

#endif /* SKY_LEDGER_COUNTER_H */
