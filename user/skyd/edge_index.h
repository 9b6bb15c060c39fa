/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in memory: in order by a crit-bit tree (Bernstein, "Crit-bit trees"), whose inner nodes
 * are 32 bytes each; and one alone by a table of hashes, since each step down a large tree is a
 * line of memory that no cache has.  A name has no NUL.
 */
#ifndef SKYD_EDGE_INDEX_H
#define SKYD_EDGE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct edge_segment;

enum edge_state {
	EDGE_PENDING,		/* on its way to the disk; not shown */
	EDGE_LIVE,
	EDGE_DELETING,		/* its deletion is on the way to the disk; still shown */
	EDGE_DEAD,		/* while the segments are read: deleted by what has ->seq */
};

struct edge_entry {
	uint64_t seq;
	uint64_t len;
	uint64_t file;			/* 0: small */
	struct edge_segment *segment;	/* of its record; NULL while EDGE_PENDING */
	uint32_t offset;
	uint8_t state;
	bool moving;			/* compaction is copying the record */
	bool damaged;			/* it has been read, and was not what was written */
	uint8_t name_len;
	struct edge_entry *next;	/* of the same street */
	char name[];
};

/* Zeroed it is empty. */
struct edge_index {
	void *root;			/* of inner nodes, bit 0 is set */
	uint64_t count;
	struct edge_entry **street;	/* NULL as long as it is empty */
	uint64_t streets;		/* that are in use, one for an entry */
	uint64_t mask;			/* of hashes; @streets at least */
};

static inline struct str edge_entry_name(const struct edge_entry *e)
{
	return (struct str){ e->name, e->name_len };
}

struct edge_entry *edge_index_find(const struct edge_index *index, struct str name);

/* A new entry, all zero but for the name, or NULL without memory.  There must be none. */
struct edge_entry *edge_index_add(struct edge_index *index, struct str name);

/* Frees it. */
void edge_index_remove(struct edge_index *index, struct edge_entry *entry);

/* The first entry whose name is behind @after, in any state; NULL: none. */
struct edge_entry *edge_index_after(const struct edge_index *index, struct str after);
void edge_index_free(struct edge_index *index);

#endif /* SKYD_EDGE_INDEX_H */
