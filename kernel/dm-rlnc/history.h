/* SPDX-License-Identifier: GPL-2.0-only */
/* dm-rlnc: pointers that were given up, of late. */
#ifndef DM_RLNC_HISTORY_H
#define DM_RLNC_HISTORY_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "rlnc_disk.h"

struct page;
struct rlnc_gbuf;
struct rlnc_crypt_scratch;
struct rlnc_volume;

/* The place of a generation, as the AAD binds it. */
struct rlnc_place {
	u64 index;
	u8 tree;			/* enum rlnc_tree_id */
	u8 level;
};

struct rlnc_history_entry {
	struct rlnc_place place;
	struct rlnc_ptr ptr;		/* ptr_bytes */
};

struct rlnc_history {
	spinlock_t lock;		/* protects what is in the entries, and next */
	struct rlnc_history_entry *entries;	/* NULL: a dense volume */
	u32 entry_bytes;
	u32 room;			/* entries */
	u32 next;			/* the oldest, or one never used: birth is 0 */
	u64 *prints;			/* of coded fragments; each by itself, without a lock */
	u32 print_at;			/* which word of a page; nobody else knows */
};

int rlnc_history_init(struct rlnc_volume *v);
void rlnc_history_exit(struct rlnc_volume *v);
void rlnc_history_note(struct rlnc_volume *v, const struct rlnc_place *place,
		       const struct rlnc_ptr *ptr);
bool rlnc_history_knows(struct rlnc_volume *v, struct rlnc_crypt_scratch *scratch,
			const struct rlnc_place *place, u64 slot, u32 sector,
			struct page *cipher);
void rlnc_history_print(struct rlnc_volume *v, const struct rlnc_gbuf *gb, u32 col, u32 cols);
bool rlnc_history_given(struct rlnc_volume *v, u32 number, struct page *wrong,
			struct page *right);

#endif /* DM_RLNC_HISTORY_H */
