/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ledger.c and recover.c share. */
#ifndef SKY_LEDGER_PRIVATE_H
#define SKY_LEDGER_PRIVATE_H

#include <sys/types.h>

#include "ledger.h"

/* The right edge of the tree: tiles that are not full, and the bundle that is not. */
struct edge_tiles {
	uint64_t size;
	unsigned int width[TILE_LEVELS];
	struct merkle_hash hash[TILE_LEVELS][TILE_WIDTH];
	char *bundle;
	size_t bundle_len, bundle_room;
};

struct ledger {
	char *path;
	size_t path_len;
	const struct note_signer *signer;
	struct ledger_counter counter;
	int lock;
	bool failed;			/* nobody knows what the disk has: no more is written */
	bool loaded;			/* what follows is what the disk has, or had */
	struct edge_tiles edge;
	uint64_t epoch;			/* the counter's, and of the last entry */
	char note[CHECKPOINT_MAX];	/* the checkpoint; note_len 0: there is none yet */
	size_t note_len;
	struct disk_pending pending;
};

/* --- ledger.c */
__attribute__((__format__(__printf__, 3, 4)))
int ledger_refuse(char why[LEDGER_WHY], int rc, const char *fmt, ...);
int ledger_path(const struct ledger *l, const char *name, char path[DISK_PATH]);
int ledger_tile_path(const struct ledger *l, const struct tile *t, char path[DISK_PATH]);
void edge_root(const struct edge_tiles *e, struct merkle_hash *root);
/* A tile that is full becomes a hash of the next level, which is not the last. */
void edge_carry(struct edge_tiles *e, unsigned int level);
int edge_keep_entry(struct edge_tiles *e, const char *entry, size_t len);
/* A full tile has no partial ones any more. */
void ledger_drop_partial(const struct ledger *l, unsigned int level, uint64_t index);

/* --- recover.c: under the lock */
int ledger_load(struct ledger *l, char why[LEDGER_WHY]);

#endif /* SKY_LEDGER_PRIVATE_H */
