// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "crypto/crc.h"
#include "edge_index.h"

struct inner {
	void *child[2];
	uint32_t byte;		/* where the names below differ first */
	uint8_t others;		/* all bits but the one that differs */
};

static bool is_inner(const void *p)
{
	return (uintptr_t)p & 1;
}

static struct inner *to_inner(const void *p)
{
	return (struct inner *)((uintptr_t)p - 1);
}

static void *tagged(struct inner *inner)
{
	return (void *)((uintptr_t)inner + 1);
}

static unsigned int way(const struct inner *inner, struct str name)
{
	uint8_t c = inner->byte < name.len ? name.at[inner->byte] : 0;

	return (1u + (inner->others | c)) >> 8;
}

static struct edge_entry *nearest(const struct edge_index *index, struct str name)
{
	void *p = index->root;

	while (p && is_inner(p))
		p = to_inner(p)->child[way(to_inner(p), name)];
	return p;
}

/* --- by hash ------------------------------------------------------------------------------ */

/* What the backend has signed is what is put here, so that nobody chooses names that collide. */
static struct edge_entry **street_of(const struct edge_index *index, struct str name)
{
	uint64_t hash = crc_update(CRC_64NVME, 0, name.at, name.len) & index->mask;

	return &index->street[hash < index->streets ? hash : hash & (index->mask >> 1)];
}

struct edge_entry *edge_index_find(const struct edge_index *index, struct str name)
{
	struct edge_entry *e = index->street ? *street_of(index, name) : NULL;

	while (e && !str_equal(edge_entry_name(e), name))
		e = e->next;
	return e;
}

static void move_in(struct edge_index *index, struct edge_entry *e)
{
	struct edge_entry **street = street_of(index, edge_entry_name(e));

	e->next = *street;
	*street = e;
}

static void move_out(struct edge_index *index, struct edge_entry *e)
{
	struct edge_entry **at = street_of(index, edge_entry_name(e));

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
}

/*
 * One street more, which takes its part of the one that has had its names so far (linear hashing,
 * Litwin 1980): so no name waits until all have moved.  Without memory streets become longer.
 */
static bool grow(struct edge_index *index)
{
	const uint64_t mask = index->streets > index->mask ? 2 * index->mask + 1 : index->mask;
	struct edge_entry **street = index->street, *e, *next;

	if (!street || mask != index->mask)
		street = realloc(street, (mask + 1) * sizeof(*street));
	if (!street)
		return index->street;
	index->street = street;
	index->mask = mask;
	street[index->streets] = NULL;
	if (!index->streets++)
		return true;
	e = street[(index->streets - 1) & (mask >> 1)];
	street[(index->streets - 1) & (mask >> 1)] = NULL;
	for (; e; e = next) {
		next = e->next;
		move_in(index, e);
	}
	return true;
}

/* Where two names differ first; false: they are the same. */
static bool difference(struct str a, struct str b, uint32_t *byte, uint8_t *others)
{
	size_t i, max = a.len > b.len ? a.len : b.len;
	uint8_t bits;

	for (i = 0; i < max; i++) {
		bits = (i < a.len ? a.at[i] : 0) ^ (i < b.len ? b.at[i] : 0);
		if (!bits)
			continue;
		*byte = i;
		*others = 0xff ^ (0x80 >> (__builtin_clz(bits) - 24));
		return true;
	}
	return false;
}

/* The link to where a node that differs there belongs, on the way to @name. */
static void **place(struct edge_index *index, struct str name, uint32_t byte, uint8_t others)
{
	void **link = &index->root;
	struct inner *inner;

	while (is_inner(*link)) {
		inner = to_inner(*link);
		if (inner->byte > byte || (inner->byte == byte && inner->others > others))
			break;
		link = &inner->child[way(inner, name)];
	}
	return link;
}

struct edge_entry *edge_index_add(struct edge_index *index, struct str name)
{
	struct edge_entry *e = calloc(1, sizeof(*e) + name.len), *near = nearest(index, name);
	struct inner *inner;
	unsigned int side;
	void **link;

	if (!e)
		return NULL;
	if (index->count >= index->streets && !grow(index)) {
		free(e);
		return NULL;
	}
	e->name_len = name.len;
	memcpy(e->name, name.at, name.len);
	index->count++;
	if (!near) {
		index->root = e;
		move_in(index, e);
		return e;
	}
	inner = malloc(sizeof(*inner));
	if (!inner || !difference(name, edge_entry_name(near), &inner->byte, &inner->others)) {
		index->count--;
		free(inner);
		free(e);
		return NULL;
	}
	side = way(inner, name);
	link = place(index, name, inner->byte, inner->others);
	inner->child[side] = e;
	inner->child[!side] = *link;
	*link = tagged(inner);
	move_in(index, e);
	return e;
}

void edge_index_remove(struct edge_index *index, struct edge_entry *entry)
{
	struct str name = edge_entry_name(entry);
	void **link = &index->root, **above = NULL;
	struct inner *inner = NULL;
	unsigned int side = 0;

	while (is_inner(*link)) {
		above = link;
		inner = to_inner(*link);
		side = way(inner, name);
		link = &inner->child[side];
	}
	if (above)
		*above = inner->child[!side];
	else
		index->root = NULL;
	move_out(index, entry);
	free(inner);
	free(entry);
	index->count--;
}

static struct edge_entry *first_below(void *p)
{
	while (p && is_inner(p))
		p = to_inner(p)->child[0];
	return p;
}

struct edge_entry *edge_index_after(const struct edge_index *index, struct str after)
{
	struct edge_entry *near = nearest(index, after);
	void *p = index->root, *next = NULL;
	bool same = true, before = false;
	struct inner key, *inner;

	if (!near || !after.len)
		return first_below(index->root);
	if (difference(after, edge_entry_name(near), &key.byte, &key.others)) {
		same = false;
		before = !way(&key, after);
	}
	while (is_inner(p)) {
		inner = to_inner(p);
		if (!same && (inner->byte > key.byte ||
			      (inner->byte == key.byte && inner->others > key.others)))
			break;
		if (!way(inner, after))
			next = inner->child[1];
		p = inner->child[way(inner, after)];
	}
	/* All below p come after the name, or none does. */
	return first_below(before ? p : next);
}

void edge_index_free(struct edge_index *index)
{
	while (index->root)
		edge_index_remove(index, first_below(index->root));
	free(index->street);
	*index = (struct edge_index){ 0 };
}
