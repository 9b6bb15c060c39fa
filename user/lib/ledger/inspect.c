// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "inspect.h"
#include "ledger_private.h"

static const char *const names[FINDINGS] = {
	[FINDING_NONE] = "sound", [FINDING_FORK] = "fork", [FINDING_REWIND] = "rewind",
	[FINDING_GAP] = "gap", [FINDING_DAMAGE] = "damage", [FINDING_UNSIGNED] = "unsigned",
	[FINDING_UNWITNESSED] = "unwitnessed",
};

const char *finding_name(enum ledger_finding f)
{
	return f < FINDINGS ? names[f] : "unknown";
}

int inspect_folder_fetch(void *ctx, const char *path, size_t max, char **data, size_t *len)
{
	char whole[DISK_PATH];

	if (snprintf(whole, sizeof(whole), "%s/%s", (const char *)ctx, path) >=
	    (int)sizeof(whole))
		return -ENAMETOOLONG;
	return disk_read(whole, max, data, len);
}

/* --- tiles ----------------------------------------------------------------------------- */

/* A partial one may have become whole meanwhile. */
static int fetch_tile(struct inspect *in, const struct tile *t, size_t max, char **data,
		      size_t *len)
{
	const struct tile whole = { t->level, t->index, TILE_WIDTH };
	char path[TILE_PATH];
	int rc;

	tile_path(t, path);
	rc = in->fetch(in->ctx, path, max, data, len);
	if (rc == -ENOENT && t->width != TILE_WIDTH) {
		char again[TILE_PATH];

		tile_path(&whole, again);
		rc = in->fetch(in->ctx, again, max, data, len);
	}
	if (rc == -ENOENT)
		return ledger_refuse(in->why, FINDING_GAP, "%s is not there", path);
	if (rc == -EFBIG)
		return ledger_refuse(in->why, FINDING_DAMAGE, "%s is too long", path);
	return rc ? ledger_refuse(in->why, rc, "%s: %s", path, strerror(-rc)) : 0;
}

static int read_tile(void *ctx, const struct tile *t, struct merkle_hash *to)
{
	CLEANUP_FREE char *data = NULL;
	struct inspect *in = ctx;
	char path[TILE_PATH];
	size_t len = 0;
	int rc = fetch_tile(in, t, TILE_BYTES, &data, &len);

	if (rc)
		return rc;
	if (len < t->width * sizeof(*to) || len % sizeof(*to)) {
		tile_path(t, path);
		return ledger_refuse(in->why, FINDING_DAMAGE, "%s has a wrong size", path);
	}
	memcpy(to, data, t->width * sizeof(*to));
	return 0;
}

void inspect_init(struct inspect *in, const struct note_verifier *log,
		  int (*fetch)(void *, const char *, size_t, char **, size_t *), void *ctx)
{
	*in = (struct inspect){ .fetch = fetch, .ctx = ctx, .log = log };
	in->tiles.read = read_tile;
	in->tiles.ctx = in;
}

/* --- checkpoints ----------------------------------------------------------------------- */

int inspect_take(struct inspect *in, char *bytes, size_t len, struct inspect_note *to)
{
	struct note n;
	int rc;

	*to = (struct inspect_note){ .bytes = bytes, .len = len };
	rc = checkpoint_open((struct str){ bytes, len }, in->log, &n, &to->c);
	if (!rc)
		return 0;
	return ledger_refuse(in->why, FINDING_UNSIGNED,
			     rc == -EACCES ? "the signature of %s on the checkpoint is wrong" :
			     rc == -ENOENT ? "the checkpoint is not of %s, or not signed by its key" :
					     "what should be a checkpoint of %s is none",
			     in->log->name);
}

int inspect_checkpoint(struct inspect *in, struct inspect_note *to)
{
	char *bytes = NULL;
	size_t len = 0;
	int rc = in->fetch(in->ctx, LEDGER_CHECKPOINT, NOTE_MAX, &bytes, &len);

	*to = (struct inspect_note){ 0 };
	if (rc)
		return ledger_refuse(in->why, rc, "the checkpoint cannot be read: %s",
				     strerror(-rc));
	return inspect_take(in, bytes, len, to);
}

static int fork_found(struct inspect *in, const struct checkpoint *before,
		      const struct checkpoint *now)
{
	if (before->size == now->size)
		return ledger_refuse(in->why, FINDING_FORK,
				     "%s has signed two checkpoints of %" PRIu64 " entries with different roots",
				     in->log->name, now->size);
	return ledger_refuse(in->why, FINDING_FORK,
			     "%s has signed %" PRIu64 " entries that are not the first of its %" PRIu64,
			     in->log->name, before->size, now->size);
}

/* What sizes and roots alone say. */
static int compare(struct inspect *in, const struct checkpoint *before,
		   const struct checkpoint *now)
{
	switch (checkpoint_compare(before, now)) {
	case CHECKPOINT_FORK:
		return fork_found(in, before, now);
	case CHECKPOINT_REWIND:
		return ledger_refuse(in->why, FINDING_REWIND,
				     "%" PRIu64 " entries were signed, and now there are %" PRIu64,
				     before->size, now->size);
	case CHECKPOINT_SAME:
	case CHECKPOINT_GROWN:
		break;
	}
	return 0;
}

/* Tiles that do not lead to the signed root prove nothing of the other one. */
int inspect_consistent(struct inspect *in, const struct checkpoint *before,
		       const struct checkpoint *now)
{
	struct merkle_proof proof;
	struct merkle_hash root;
	int rc = compare(in, before, now);

	if (rc || before->size == now->size)
		return rc;
	rc = prove_root(&in->tiles, now->size, now->size, &root);
	if (!rc && !merkle_equal(&root, &now->root))
		rc = ledger_refuse(in->why, FINDING_DAMAGE,
				   "tiles do not lead to the root that is signed");
	if (!rc)
		rc = prove_consistency(&in->tiles, before->size, now->size, &proof);
	if (rc)
		return rc;
	return merkle_verify_consistency(before->size, &before->root, now->size, &now->root,
					 &proof) ? 0 : fork_found(in, before, now);
}

/* --- entries --------------------------------------------------------------------------- */

static int check_entry(struct inspect *in, uint64_t index, struct str bytes)
{
	struct ledger_entry entry;

	if (entry_parse(bytes, &entry))
		return ledger_refuse(in->why, FINDING_DAMAGE,
				     "entry %" PRIu64 " is not written as entries are", index);
	if (entry.seq != index)
		return ledger_refuse(in->why, FINDING_GAP,
				     "where entry %" PRIu64 " should be is number %" PRIu64, index,
				     entry.seq);
	return 0;
}

/* Bundle @index as a tree of @size leaves has it: not all that comes need be asked for. */
static int fetch_bundle(struct inspect *in, uint64_t index, uint64_t size, char **data,
			struct str *rest)
{
	const struct tile t = { TILE_ENTRIES, index, tile_width(size, 0, index) };
	size_t len = 0;
	int rc = fetch_tile(in, &t, TILE_BUNDLE_MAX, data, &len);

	*rest = (struct str){ *data, len };
	return rc;
}

static int next_entry(struct inspect *in, uint64_t index, struct str *rest, struct str *entry)
{
	int rc = bundle_next(rest, entry);

	if (rc < 0)
		return ledger_refuse(in->why, FINDING_DAMAGE,
				     "the bundle of entry %" PRIu64 " ends within it", index);
	return rc ? 0 : ledger_refuse(in->why, FINDING_GAP, "entry %" PRIu64 " is not there",
				      index);
}

/* Entries from @begin to @end; @leaf is given each. */
static int each_entry(struct inspect *in, uint64_t begin, uint64_t end, uint64_t size,
		      int (*leaf)(void *ctx, uint64_t index, struct str bytes), void *ctx)
{
	uint64_t at = begin - begin % TILE_WIDTH;
	int rc = 0;

	while (!rc && at < end) {
		CLEANUP_FREE char *data = NULL;
		const uint64_t stop = at + tile_width(size, 0, at / TILE_WIDTH);
		struct str rest, entry;

		rc = fetch_bundle(in, at / TILE_WIDTH, size, &data, &rest);
		for (; !rc && at < stop && at < end; at++) {
			rc = next_entry(in, at, &rest, &entry);
			if (!rc && at >= begin)
				rc = leaf(ctx, at, entry);
		}
	}
	return rc;
}

/* --- all of it ------------------------------------------------------------------------- */

/* The tree, made anew of its entries, and what it is compared with. */
struct whole {
	struct inspect *in;
	const struct checkpoint *now, *before;
	const struct inspect_visitor *v;
	struct edge_tiles edge;
};

/* A tile that is complete in the new tree, beside the one that lies there. */
static int compare_tile(struct whole *w, unsigned int level, uint64_t index, unsigned int width)
{
	const struct tile t = { level, index, width };
	struct merkle_hash there[TILE_WIDTH];
	char path[TILE_PATH];
	unsigned int i;
	int rc = read_tile(w->in, &t, there);

	for (i = 0; !rc && i < width; i++) {
		if (merkle_equal(&there[i], &w->edge.hash[level][i]))
			continue;
		tile_path(&t, path);
		if (level)
			rc = ledger_refuse(w->in->why, FINDING_DAMAGE,
					   "%s: hash %u is not of what is below it", path, i);
		else
			rc = ledger_refuse(w->in->why, FINDING_DAMAGE,
					   "%s: hash %u is not of entry %" PRIu64, path, i,
					   index * TILE_WIDTH + i);
	}
	return rc;
}

static int add_leaf(void *ctx, uint64_t index, struct str bytes)
{
	struct whole *w = ctx;
	struct edge_tiles *e = &w->edge;
	struct merkle_hash root;
	unsigned int level;
	int rc = check_entry(w->in, index, bytes);

	if (rc)
		return rc;
	merkle_leaf(bytes.at, bytes.len, &e->hash[0][e->width[0]++]);
	e->size++;
	for (level = 0; !rc && e->width[level] == TILE_WIDTH && level + 1 < TILE_LEVELS; level++) {
		rc = compare_tile(w, level, (e->size >> TILE_LOG * (level + 1)) - 1, TILE_WIDTH);
		edge_carry(e, level);
	}
	if (rc)
		return rc;
	if (w->before && w->before->size == e->size) {
		edge_root(e, &root);
		if (!merkle_equal(&root, &w->before->root))
			return fork_found(w->in, w->before, w->now);
	}
	if (w->v && w->v->entry)
		rc = w->v->entry(w->v->ctx, index, bytes);
	if (w->v && w->v->progress && !(e->size % TILE_WIDTH))
		w->v->progress(w->v->ctx, e->size);
	return rc;
}

int inspect_whole(struct inspect *in, const struct checkpoint *now,
		  const struct checkpoint *before, const struct inspect_visitor *v)
{
	CLEANUP_FREE struct whole *w = calloc(1, sizeof(*w));
	struct merkle_hash root;
	unsigned int level;
	int rc = before ? compare(in, before, now) : 0;

	if (!w)
		return ledger_refuse(in->why, -ENOMEM, "no memory");
	*w = (struct whole){ .in = in, .now = now, .before = before, .v = v };
	if (!rc)
		rc = each_entry(in, 0, now->size, now->size, add_leaf, w);
	for (level = 0; !rc && level < TILE_LEVELS; level++)
		if (w->edge.width[level])
			rc = compare_tile(w, level, now->size >> TILE_LOG * level >> TILE_LOG,
					  w->edge.width[level]);
	if (rc)
		return rc;
	edge_root(&w->edge, &root);
	return merkle_equal(&root, &now->root) ? 0 :
	       ledger_refuse(in->why, FINDING_DAMAGE,
			     "entries and tiles agree, but not with the root that is signed");
}

/* --- what is new ----------------------------------------------------------------------- */

struct fresh {
	struct inspect *in;
	struct merkle_edge edge;
	struct out text;		/* entries, as in a bundle, until all are verified */
};

static int more_room(struct out *o, size_t need)
{
	size_t size = 2 * (o->len + need) + 4096;
	char *more = realloc(o->at, size);

	if (!more)
		return -ENOMEM;
	o->at = more;
	o->size = size;
	return 0;
}

static int keep_leaf(void *ctx, uint64_t index, struct str bytes)
{
	struct fresh *f = ctx;
	struct merkle_hash h;
	int rc = check_entry(f->in, index, bytes);

	if (rc)
		return rc;
	merkle_leaf(bytes.at, bytes.len, &h);
	merkle_edge_add(&f->edge, &h);
	out_char(&f->text, (char)(bytes.len >> 8));
	out_char(&f->text, (char)bytes.len);
	out_str(&f->text, bytes);
	return f->text.err;
}

static int show(const struct out *text, uint64_t index, const struct inspect_visitor *v)
{
	struct str rest = out_written(text), entry;
	int rc = 0;

	while (!rc && bundle_next(&rest, &entry) > 0)
		rc = v->entry(v->ctx, index++, entry);
	return rc;
}

int inspect_new(struct inspect *in, const struct checkpoint *before,
		const struct checkpoint *now, const struct inspect_visitor *v)
{
	struct fresh f = { .in = in, .text = { .room = more_room } };
	struct merkle_hash root;
	int rc = inspect_consistent(in, before, now);

	if (!rc)
		rc = prove_edge(&in->tiles, before->size, now->size, &f.edge);
	if (!rc)
		rc = each_entry(in, before->size, now->size, now->size, keep_leaf, &f);
	if (!rc) {
		merkle_edge_root(&f.edge, &root);
		if (!merkle_equal(&root, &now->root))
			rc = ledger_refuse(in->why, FINDING_DAMAGE,
					   "new entries are not what tiles and root say");
	}
	if (!rc)
		rc = show(&f.text, before->size, v);
	free(f.text.at);
	return rc;
}

/* --- one ------------------------------------------------------------------------------- */

struct wanted {
	struct inspect *in;
	const struct inspect_note *now;
	struct out *o;
};

static int prove_entry(void *ctx, uint64_t index, struct str bytes)
{
	struct wanted *w = ctx;
	struct inspect *in = w->in;
	struct merkle_proof proof;
	struct merkle_hash leaf;
	int rc = prove_inclusion(&in->tiles, index, w->now->c.size, &proof);

	if (rc)
		return rc;
	merkle_leaf(bytes.at, bytes.len, &leaf);
	if (!merkle_verify_inclusion(&leaf, index, w->now->c.size, &proof, &w->now->c.root))
		return ledger_refuse(in->why, FINDING_DAMAGE,
				     "entry %" PRIu64 " is not what tiles and root say", index);
	receipt_print(w->o, bytes, index, &proof, (struct str){ w->now->bytes, w->now->len });
	return w->o->err;
}

int inspect_receipt(struct inspect *in, const struct inspect_note *now, uint64_t index,
		    struct out *o)
{
	struct wanted w = { in, now, o };

	if (index >= now->c.size)
		return ledger_refuse(in->why, -ERANGE,
				     "there is no entry %" PRIu64 ": the first is 0, and there are %" PRIu64,
				     index, now->c.size);
	return each_entry(in, index, index + 1, now->c.size, prove_entry, &w);
}
