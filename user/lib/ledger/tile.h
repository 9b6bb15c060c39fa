/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of C2SP tlog-tiles: a tile is 256 hashes of one level, 8 levels of the tree apart; a
 * bundle has the 256 entries of a tile of level 0, each with its length before it in two bytes,
 * big-endian.  The rightmost ones are partial.
 *
 *	tile/0/x001/x234/067		tile 1234067 of level 0
 *	tile/1/004.p/12			the first 12 hashes of tile 4 of level 1
 *	tile/entries/x001/x234/067	bundle 1234067
 */
#ifndef SKY_LEDGER_TILE_H
#define SKY_LEDGER_TILE_H

#include "base/str.h"
#include "merkle.h"

#define TILE_WIDTH	256u
#define TILE_LOG	8u
#define TILE_BYTES	(TILE_WIDTH * MERKLE_BYTES)
#define TILE_LEVELS	8u		/* enough for MERKLE_SIZE_MAX */
#define TILE_ENTRIES	TILE_LEVELS	/* in place of a level: a bundle of entries */
#define TILE_PATH	64u		/* bytes of the longest path, with its NUL */
#define TILE_ENTRY_MAX	65535u		/* bytes of an entry, as the format has it */
#define TILE_BUNDLE_MAX	(TILE_WIDTH * (2 + TILE_ENTRY_MAX))

struct tile {
	unsigned int level;	/* or TILE_ENTRIES */
	uint64_t index;
	unsigned int width;	/* hashes or entries: 1 to TILE_WIDTH */
};

/* Its path below the ledger's folder or URL. */
void tile_path(const struct tile *t, char path[TILE_PATH]);

/**
 * tile_parse - read a path
 * @path:	from a stranger; without a slash in front
 * @t:		receives what it names
 *
 * Return: 0, or -EINVAL for what tile_path() does not write.
 */
int tile_parse(struct str path, struct tile *t);

/*
 * How many hashes tile @index of a level (or entries of a bundle: level 0) has in a tree of @size
 * leaves: 0, if there is no such tile, to TILE_WIDTH.
 */
unsigned int tile_width(uint64_t size, unsigned int level, uint64_t index);

/**
 * bundle_next - take the next entry out of a bundle
 * @rest:	what has not been taken yet
 * @entry:	receives it; lies in the bundle
 *
 * Return: 1; 0 at the end; -EBADMSG when it ends within an entry.
 */
int bundle_next(struct str *rest, struct str *entry);

#endif /* SKY_LEDGER_TILE_H */
