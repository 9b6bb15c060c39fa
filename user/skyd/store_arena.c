// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory of results: pieces of chunks, given back together. */
#include <errno.h>
#include <string.h>

#include "store_private.h"

#define CHUNK	16384

struct store_chunk {
	struct store_chunk *next;
	size_t size, used;
	_Alignas(16) u8 data[];
};

void *store_alloc(struct store_arena *a, size_t size)
{
	struct store_chunk *chunk = a->chunk;
	size_t want = (size + 15) & ~(size_t)15;
	void *p;

	if (!chunk || chunk->size - chunk->used < want) {
		size_t room = want > CHUNK ? want : CHUNK;

		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->next = a->chunk;
		chunk->size = room;
		chunk->used = 0;
		a->chunk = chunk;
	}
	p = chunk->data + chunk->used;
	chunk->used += want;
	return memset(p, 0, size);
}

void store_arena_reset(struct store_arena *a)
{
	struct store_chunk *keep = a->chunk, *chunk;

	if (!keep)
		return;
	while ((chunk = keep->next)) {
		keep->next = chunk->next;
		free(chunk);
	}
	keep->used = 0;
}

void store_arena_free(struct store_arena *a)
{
	store_arena_reset(a);
	free(a->chunk);
	a->chunk = NULL;
}

struct store_text store_copy(struct store_arena *a, struct db_bytes b, int *err)
{
	void *p;

	if (!b.len)
		return (struct store_text){ "", 0 };
	p = store_alloc(a, b.len);
	if (!p) {
		*err = -ENOMEM;
		return (struct store_text){ "", 0 };
	}
	return (struct store_text){ memcpy(p, b.data, b.len), b.len };
}

struct store_text store_column(struct store_arena *a, struct db_rows *rows, int column, int *err)
{
	return store_copy(a, db_bytes(rows, column), err);
}
