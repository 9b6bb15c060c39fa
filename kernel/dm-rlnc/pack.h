/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: packs, which gather small writes, and merging, which empties them. */
#ifndef DM_RLNC_PACK_H
#define DM_RLNC_PACK_H

#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "rlnc_disk.h"
#include "rlnc_log.h"

struct rlnc_crypt_scratch;
struct rlnc_gbuf;
struct rlnc_io;
struct rlnc_node;
struct rlnc_pack;
struct rlnc_volume;

/* --- pack.c: small writes gathered in slots of their own ---------------------- */

struct rlnc_packs {
	struct mutex mutex;		/* who opens, sends and ends packs */
	spinlock_t lock;		/* protects the two below, and positions given out */
	struct list_head list;		/* in memory, the oldest first */
	struct rlnc_pack *open;		/* takes sectors; the last of the list, or NULL */
	u64 tail_durable;		/* as of the last checkpoint */
	u64 tail;			/* the oldest that lives: commit_sem */
	u64 head;			/* the next to be opened: commit_sem */
	u32 count;			/* indices there are */
	wait_queue_head_t wait;		/* for sectors that are being filled in */
	struct kthread_worker *merger;
	struct kthread_work merge_work;
	bool stop;
};

int rlnc_packs_init(struct rlnc_volume *v);
void rlnc_packs_exit(struct rlnc_volume *v);
void rlnc_packs_activate(struct rlnc_volume *v);
int rlnc_pack_write(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
		    struct rlnc_node *leaf, struct rlnc_io *io);
struct rlnc_gbuf *rlnc_pack_in_memory(struct rlnc_volume *v, u32 index);
void rlnc_packs_freeze(struct rlnc_volume *v);
int rlnc_packs_finish(struct rlnc_volume *v);
struct rlnc_pack *rlnc_packs_hold(struct rlnc_volume *v);
int rlnc_packs_sync(struct rlnc_volume *v, struct rlnc_pack *open);
void rlnc_packs_drop(struct rlnc_volume *v);

/* --- pack_tree.c: which packs there are, and whose sectors they have ------------- */

/* A run of sectors of one generation, and where in a pack they lie. */
struct rlnc_pack_run {
	u64 gen;
	u32 first;
	u32 count;
	u32 index;			/* of the pack */
	u32 position;			/* of the first */
};

bool rlnc_ptr_packed(const struct rlnc_volume *v, const struct rlnc_ptr *ptr);
u32 rlnc_pack_index(const struct rlnc_volume *v, u64 number);
struct rlnc_node *rlnc_pack_leaf(struct rlnc_volume *v, u32 index);
u64 rlnc_pack_owner(const struct rlnc_volume *v, const struct rlnc_pack_run *r);
void rlnc_pack_enter(struct rlnc_volume *v, struct rlnc_node *node, struct rlnc_node *leaf,
		     const struct rlnc_ptr *from, const struct rlnc_pack_run *r);
bool rlnc_pack_mapped(struct rlnc_volume *v, struct rlnc_node *node, u32 index);
int rlnc_pack_map(struct rlnc_volume *v, struct rlnc_node *node, u32 index, u64 slot);
int rlnc_pack_read(struct rlnc_volume *v, u64 number, struct rlnc_ptr *ptr,
		   __le64 *owners);
int rlnc_pack_free(struct rlnc_volume *v, u64 number);
void rlnc_pack_leave(struct rlnc_volume *v, u64 number);
int rlnc_pack_redo(struct rlnc_volume *v, const struct rlnc_log_entry *e,
		   const unsigned long *missing);

/* --- pack_load.c ------------------------------------------------------------------ */

int rlnc_pack_load(struct rlnc_volume *v, struct rlnc_gbuf *gb,
		   const struct rlnc_ptr *ptr, const unsigned long *sectors);

/* --- merge.c: from packs back into the generations ------------------------------ */

int rlnc_merge_init(struct rlnc_volume *v);
void rlnc_merge_exit(struct rlnc_volume *v);
void rlnc_merge_start(struct rlnc_volume *v);
void rlnc_merge_stop(struct rlnc_volume *v);
void rlnc_merge_kick(struct rlnc_volume *v);
int rlnc_merge_generation(struct rlnc_volume *v, u64 gen);
bool rlnc_cannot_be_read(struct rlnc_volume *v, int ret);

#endif /* DM_RLNC_PACK_H */
