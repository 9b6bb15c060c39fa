/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: short reads without a worker. */
#ifndef DM_RLNC_QUICK_READ_H
#define DM_RLNC_QUICK_READ_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct rlnc_io;
struct rlnc_volume;

#define RLNC_QUICK_MAX_K	16	/* members that are asked instead of one */

struct rlnc_quick {
	spinlock_t lock;		/* protects the three below */
	struct list_head reads;		/* under way, oldest first */
	u32 count;
	bool watched;			/* watch is queued, or runs and will look again */
	struct delayed_work watch;
	struct workqueue_struct *wq;
};

bool rlnc_read_quick(struct rlnc_io *io);
int rlnc_quick_init(struct rlnc_volume *v);
void rlnc_quick_exit(struct rlnc_volume *v);

#endif /* DM_RLNC_QUICK_READ_H */
