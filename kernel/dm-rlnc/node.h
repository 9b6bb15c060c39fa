/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: nodes of the trees, and the memory that they may take. */
#ifndef DM_RLNC_NODE_H
#define DM_RLNC_NODE_H

#include <linux/list.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>

#include "rlnc_disk.h"

struct rlnc_gbuf;
struct rlnc_node;
struct rlnc_volume;

/* --- cache.c: which nodes are in memory ------------------------------------ */

/* All under rlnc_volume.node_lock but for the limits and the shrinker. */
struct rlnc_cache {
	u64 bytes;			/* of nodes, and of what they were when frozen */
	u64 dirty_bytes;		/* of those that the next checkpoint writes */
	u64 min_bytes;			/* that are never asked back */
	u64 max_bytes;
	u32 idle;			/* nodes that could go */
	unsigned long asked;		/* jiffies: when memory was asked back last */
	struct shrinker shrinker;
};

enum rlnc_node_flag {
	RLNC_NODE_READY,		/* contents valid */
	RLNC_NODE_ERROR,		/* could not be read; leaves the cache */
	RLNC_NODE_DIRTY,		/* on a dirty list, pinned by it */
	RLNC_NODE_CHECKPOINT,		/* on the running checkpoint's list, pinned */
	RLNC_NODE_FROZEN,		/* the checkpoint still has to copy it */
};

/* Allocation state of the slots that one leaf of the space tree covers. */
struct rlnc_space {
	struct rlnc_node *node;		/* whose this is */
	u64 *busy;			/* not free though the bit in buf is clear */
	u64 *freed[2];		/* by phase: free once that checkpoint is durable */
	u32 busy_count;
	u32 freed_count[2];
	struct list_head freed_link[2];	/* on rlnc_volume.freed */
};

struct rlnc_node {
	struct hlist_node hash;		/* node_lock */
	struct list_head lru;		/* node_lock; unpinned nodes only */
	struct list_head dirty;		/* node_lock */
	struct list_head frozen;	/* checkpoint_mutex */
	struct rlnc_node *parent;	/* pinned by this node; NULL at the root */
	u64 index;
	u8 tree;
	u8 level;
	int error;			/* why it could not be read */
	u32 pins;			/* node_lock */
	unsigned long flags;		/* enum rlnc_node_flag */
	u64 slot;			/* where it is, or will be; commit_sem */
	spinlock_t lock;		/* protects all below */
	void *buf;			/* gen_bytes of plaintext */
	void *shadow;			/* frozen contents, once buf has moved on */
	struct rlnc_space *space;	/* leaves of the space tree only */
};

int rlnc_cache_init(struct rlnc_volume *v);
void rlnc_cache_forget(struct rlnc_volume *v);
void rlnc_cache_exit(struct rlnc_volume *v);
void rlnc_cache_relieve(struct rlnc_volume *v);
u32 rlnc_node_bytes(const struct rlnc_volume *v, const struct rlnc_node *node);
void *rlnc_block_alloc(struct rlnc_volume *v);
struct rlnc_node *rlnc_node_create(struct rlnc_volume *v, u8 tree, u8 level, u64 index);
void rlnc_node_destroy(struct rlnc_node *node);
void rlnc_cache_insert(struct rlnc_volume *v, struct rlnc_node *node);
void rlnc_cache_drop(struct rlnc_volume *v, struct rlnc_node *node);
struct rlnc_node *rlnc_cache_find(struct rlnc_volume *v, u8 tree, u8 level, u64 index);
void rlnc_node_pin_locked(struct rlnc_volume *v, struct rlnc_node *node);
void rlnc_node_pin(struct rlnc_volume *v, struct rlnc_node *node);
void rlnc_node_put(struct rlnc_volume *v, struct rlnc_node *node);

/* --- node.c: reading and changing them ---------------------------------------- */

struct rlnc_node *rlnc_node_get(struct rlnc_volume *v, u8 tree, u8 level,
				u64 index);
struct rlnc_node *rlnc_node_cached(struct rlnc_volume *v, u8 tree, u8 level, u64 index);
void rlnc_node_dirty(struct rlnc_volume *v, struct rlnc_node *node);
void rlnc_node_prepare_update(struct rlnc_volume *v, struct rlnc_node *node);
int rlnc_tree_grow(struct rlnc_volume *v, u8 tree, u64 leaves);
void rlnc_node_thaw(struct rlnc_volume *v, struct rlnc_node *node,
		    struct rlnc_gbuf *gb);
void rlnc_node_read_ptr(struct rlnc_volume *v, struct rlnc_node *node,
			u64 child, struct rlnc_ptr *ptr);
void rlnc_node_write_ptr(struct rlnc_volume *v, struct rlnc_node *node,
			 u64 child, const struct rlnc_ptr *ptr);

static inline bool rlnc_ptr_mapped(const struct rlnc_ptr *ptr)
{
	return ptr->birth != 0;
}

/* Does it have a slot, or is all of it in packs? */
static inline bool rlnc_ptr_has_slot(const struct rlnc_ptr *ptr)
{
	return ptr->birth && ptr->slot != cpu_to_le64(RLNC_PTR_NO_SLOT);
}

#endif /* DM_RLNC_NODE_H */
