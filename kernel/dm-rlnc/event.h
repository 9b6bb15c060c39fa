/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the outside is told, and by what means: the part of dm-rlnc.h that belongs
 * to event.c, netlink.c, registry.c and sysfs.c.
 */
#ifndef DM_RLNC_EVENT_H
#define DM_RLNC_EVENT_H

#include <linux/bitmap.h>
#include <linux/dm-ioctl.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "disk/super.h"
#include "rlnc_event.h"

struct dm_dev;
struct rlnc_place;
struct rlnc_volume;

#define RLNC_DIGEST_BYTES	32

/* --- event.c: queueing and telling ----------------------------------------- */

/* Of each kind only what belongs to it is filled in. */
struct rlnc_event {
	u32 kind;			/* enum rlnc_event_kind */
	u32 lost;			/* that had no room, just before this one */
	u64 seq;
	u64 time;			/* ns since 1970 */
	u64 epoch;
	const char *reason;		/* static string, or NULL */
	u32 member;
	char device[16];		/* empty: none */
	u64 valid_through;
	u32 work;			/* enum rlnc_disk_work */
	u64 done;
	u64 mended;
	u64 errors;
	u8 root[RLNC_DIGEST_BYTES];
	u64 n;				/* how many fragments, or sectors lost */
	u64 stale;			/* of the fragments, known to be old ones */
	DECLARE_BITMAP(members, RLNC_MAX_MEMBERS);
	u8 tree;			/* where data was lost */
	u8 level;
	u64 index;
	u32 sector;			/* of 4 KiB, in the generation */
};

/* Kinds that are limited, and added up beyond their limit. */
enum rlnc_event_sum_of {
	RLNC_EVENT_SUM_LOST,
	RLNC_EVENT_SUM_AUTH,
	RLNC_EVENT_SUM_CORRECTED,
	RLNC_EVENT_SUMS,
};

struct rlnc_event_sum {
	struct rlnc_event event;	/* n of 0: nothing was held back */
	u32 tokens;
	unsigned long refill;		/* jiffies */
};

struct rlnc_events {
	bool live;			/* events are wanted */
	spinlock_t lock;		/* protects what follows; taken with interrupts off */
	struct rlnc_event *ring;
	u32 first;
	u32 count;
	u32 lost;
	u64 seq;
	u64 epoch;			/* of the last durable checkpoint, with its root */
	u8 root[RLNC_DIGEST_BYTES];
	struct rlnc_event_sum sum[RLNC_EVENT_SUMS];
	char name[DM_NAME_LEN];		/* below /dev/mapper, as last seen */
	/* Not under the lock. */
	struct delayed_work work;
};

int rlnc_events_init(struct rlnc_volume *v);
void rlnc_events_live(struct rlnc_volume *v);
void rlnc_events_name(struct rlnc_volume *v, char name[DM_NAME_LEN]);
void rlnc_events_exit(struct rlnc_volume *v, bool closed);
int rlnc_event_durable(struct rlnc_volume *v);
u64 rlnc_events_state(struct rlnc_volume *v, u8 root[RLNC_DIGEST_BYTES]);
void rlnc_event_volume(struct rlnc_volume *v, enum rlnc_event_kind kind,
		       const char *reason);
void rlnc_event_member(struct rlnc_volume *v, enum rlnc_event_kind kind, u32 index,
		       const char *reason);
void rlnc_event_work(struct rlnc_volume *v, enum rlnc_event_kind kind);
void rlnc_event_checkpoint(struct rlnc_volume *v);
void rlnc_event_auth_failed(struct rlnc_volume *v, u32 index, bool stale);
void rlnc_event_corrected(struct rlnc_volume *v, const unsigned long *members, u32 count);
void rlnc_event_data_lost(struct rlnc_volume *v, const struct rlnc_place *place,
			  u32 sector, const unsigned long *members);
int rlnc_event_module_init(void);
void rlnc_event_module_exit(void);

/* --- netlink.c: the generic netlink family ---------------------------------- */

void rlnc_netlink_event(struct rlnc_volume *v, const struct rlnc_event *event);
int rlnc_netlink_init(void);
void rlnc_netlink_exit(void);

/* --- registry.c: the volumes that are live ----------------------------------- */

int rlnc_registry_claim(struct rlnc_volume *v);
int rlnc_registry_check_device(const struct rlnc_volume *v, const struct dm_dev *dev);
bool rlnc_registry_add(struct rlnc_volume *v);
bool rlnc_registry_remove(struct rlnc_volume *v);
struct rlnc_volume *rlnc_registry_lock(unsigned long index);
void rlnc_registry_unlock(void);

/* --- sysfs.c: counters and latencies; under the registry's mutex --------------- */

struct rlnc_sysfs;

void rlnc_sysfs_add(struct rlnc_volume *v);
void rlnc_sysfs_remove(struct rlnc_volume *v);

#endif /* DM_RLNC_EVENT_H */
