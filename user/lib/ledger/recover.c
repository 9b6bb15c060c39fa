// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is on the disk, judged.  C is the counter, E(x) the epoch of the last entry below a
 * checkpoint x:
 *
 *	checkpoint.next whole, E(next) = C + 1	the counter was not reached: go on from there
 *	checkpoint.next whole, E(next) = C	its name was not reached: go on from there
 *	none or torn, E(checkpoint) = C		nothing was under way, or nothing was signed
 *	no checkpoint, C = 0			a new ledger
 *	anything else				refused
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "ledger_private.h"

/* A checkpoint that lies there. */
struct found {
	char *bytes;		/* NULL: none does, or it is none of ours */
	size_t len;
	struct checkpoint c;
	uint64_t epoch;
};

static void found_free(struct found *f)
{
	free(f->bytes);
}

/* Return: 0, also when there is none; -EBADMSG for one that the key has not signed. */
static int find(const struct ledger *l, const char *name, struct found *f)
{
	char path[DISK_PATH];
	struct note n;
	int rc = ledger_path(l, name, path);

	rc = rc ? rc : disk_read(path, CHECKPOINT_MAX, &f->bytes, &f->len);
	if (rc)
		return rc == -ENOENT ? 0 : rc == -EFBIG ? -EBADMSG : rc;
	rc = checkpoint_open((struct str){ f->bytes, f->len }, &l->signer->verifier, &n, &f->c);
	return rc ? -EBADMSG : 0;
}

static int read_tile(const struct ledger *l, unsigned int level, struct edge_tiles *e,
		     char why[LEDGER_WHY])
{
	const struct tile t = {
		level, e->size >> TILE_LOG * level >> TILE_LOG, e->width[level],
	};
	CLEANUP_FREE char *bytes = NULL;
	char path[DISK_PATH];
	size_t len = 0;
	int rc = ledger_tile_path(l, &t, path);

	rc = rc ? rc : disk_read(path, TILE_BYTES, &bytes, &len);
	if (!rc && len != t.width * sizeof(struct merkle_hash))
		rc = -EBADMSG;
	if (rc)
		return ledger_refuse(why, -EBADMSG, "%s: %s", path,
				     rc == -EBADMSG ? "has a wrong size" : strerror(-rc));
	memcpy(e->hash[level], bytes, len);
	return 0;
}

/* The entries of the last bundle, and the epoch of the last one. */
static int read_bundle(const struct ledger *l, struct edge_tiles *e, uint64_t *epoch,
		       char why[LEDGER_WHY])
{
	/* Of a ledger whose last bundle is full, it is that one. */
	const uint64_t last = (e->size - 1) / TILE_WIDTH;
	const struct tile t = { TILE_ENTRIES, last, e->size - last * TILE_WIDTH };
	CLEANUP_FREE char *bytes = NULL;
	struct ledger_entry entry;
	struct str rest, one;
	struct merkle_hash h;
	char path[DISK_PATH];
	unsigned int n = 0;
	size_t len = 0;
	int rc = ledger_tile_path(l, &t, path);

	rc = rc ? rc : disk_read(path, TILE_BUNDLE_MAX, &bytes, &len);
	if (rc)
		return ledger_refuse(why, -EBADMSG, "%s: %s", path, strerror(-rc));
	for (rest = (struct str){ bytes, len }; (rc = bundle_next(&rest, &one)) > 0; n++) {
		merkle_leaf(one.at, one.len, &h);
		/* Hashes of a full tile are not kept. */
		if (n == t.width || entry_parse(one, &entry) ||
		    entry.seq != last * TILE_WIDTH + n ||
		    (t.width < TILE_WIDTH && !merkle_equal(&h, &e->hash[0][n])))
			break;
		if (t.width < TILE_WIDTH)
			rc = edge_keep_entry(e, one.at, one.len);
		if (rc < 0)
			return rc;
	}
	if (rc || n != t.width)
		return ledger_refuse(why, -EBADMSG, "%s: entry %u is not what its tile says", path,
				     n);
	*epoch = entry.epoch;
	return 0;
}

/* What belongs to a checkpoint, checked against its root. */
static int read_edge(struct ledger *l, struct found *f, char why[LEDGER_WHY])
{
	struct edge_tiles *e = &l->edge;
	struct merkle_hash root;
	unsigned int level;
	int rc = 0;

	e->size = f->c.size;
	e->bundle_len = 0;
	if (!e->size)
		return ledger_refuse(why, -EBADMSG, "%s: its checkpoint is of no entries",
				     l->path);
	for (level = 0; !rc && level < TILE_LEVELS; level++) {
		e->width[level] = (e->size >> TILE_LOG * level) % TILE_WIDTH;
		if (e->width[level])
			rc = read_tile(l, level, e, why);
	}
	rc = rc ? rc : read_bundle(l, e, &f->epoch, why);
	if (rc)
		return rc;
	edge_root(e, &root);
	return merkle_equal(&root, &f->c.root) ? 0 :
	       ledger_refuse(why, -EBADMSG, "%s: tiles of %llu entries are not what the checkpoint signs",
			     l->path, (unsigned long long)e->size);
}

static int accept(struct ledger *l, const struct found *f)
{
	unsigned int level;

	memcpy(l->note, f->bytes, f->len);
	l->note_len = f->len;
	l->epoch = f->epoch;
	l->loaded = true;
	/* Left by a crash before they were removed. */
	for (level = 0; level < TILE_LEVELS; level++) {
		uint64_t index = l->edge.size >> TILE_LOG * level >> TILE_LOG;

		if (!index)
			break;
		ledger_drop_partial(l, level, index - 1);
		if (!level)
			ledger_drop_partial(l, TILE_ENTRIES, index - 1);
	}
	return 0;
}

static int stale(const struct ledger *l, const struct found *f, uint64_t counter,
		 char why[LEDGER_WHY])
{
	return ledger_refuse(why, -ESTALE,
			     "%s: the last checkpoint is of epoch %llu, the counter is at %llu: a part is missing, or an older state was put back",
			     l->path, (unsigned long long)f->epoch, (unsigned long long)counter);
}

/* A checkpoint that was signed is completed, so that no other is signed for its size. */
static int complete(struct ledger *l, struct found *next, uint64_t counter, char why[LEDGER_WHY])
{
	char from[DISK_PATH], to[DISK_PATH];
	int rc = read_edge(l, next, why);

	if (rc)
		return rc;
	if (next->epoch != counter && next->epoch != counter + 1)
		return stale(l, next, counter, why);
	rc = ledger_path(l, LEDGER_NEXT, from);
	rc = rc ? rc : ledger_path(l, LEDGER_CHECKPOINT, to);
	/* It may be there and not be durable: what is before it is. */
	rc = rc ? rc : disk_sync(from);
	rc = rc ? rc : disk_sync_folder(l->path);
	if (!rc && next->epoch != counter)
		rc = l->counter.advance(l->counter.ctx, next->epoch);
	rc = rc ? rc : disk_rename(from, to);
	rc = rc ? rc : disk_sync_folder(l->path);
	return rc ? rc : accept(l, next);
}

/* Of two checkpoints that are signed, the second has to go on from the first. */
static bool follows(const struct found *first, const struct found *next)
{
	return !first->bytes || next->c.size > first->c.size;
}

static int load(struct ledger *l, char why[LEDGER_WHY])
{
	__attribute__((__cleanup__(found_free))) struct found now = { 0 }, next = { 0 };
	char path[DISK_PATH];
	uint64_t counter;
	int rc = l->counter.read(l->counter.ctx, &counter);

	if (rc)
		return ledger_refuse(why, rc, "the counter cannot be read: %s", strerror(-rc));
	rc = find(l, LEDGER_CHECKPOINT, &now);
	if (rc)
		return ledger_refuse(why, rc, "%s/" LEDGER_CHECKPOINT ": %s", l->path,
				     rc == -EBADMSG ? "is not signed by the key" : strerror(-rc));
	rc = find(l, LEDGER_NEXT, &next);
	if (!rc && next.bytes && follows(&now, &next))
		return complete(l, &next, counter, why);
	if (next.bytes) {
		/* One that was cut off has shown nothing to anybody. */
		rc = ledger_path(l, LEDGER_NEXT, path);
		rc = rc ? rc : disk_unlink(path);
	}
	if (rc)
		return rc;
	if (now.bytes)
		rc = read_edge(l, &now, why);
	if (rc)
		return rc;
	if (now.epoch != counter)
		return stale(l, &now, counter, why);
	if (now.bytes)
		return accept(l, &now);
	l->edge.size = 0;
	l->edge.bundle_len = 0;
	memset(l->edge.width, 0, sizeof(l->edge.width));
	l->note_len = 0;
	l->epoch = 0;
	l->loaded = true;
	return 0;
}

/* Is what is remembered still what is there? */
static bool current(const struct ledger *l)
{
	CLEANUP_FREE char *bytes = NULL;
	char path[DISK_PATH];
	size_t len = 0;

	if (!l->loaded || ledger_path(l, LEDGER_CHECKPOINT, path))
		return false;
	if (disk_read(path, CHECKPOINT_MAX, &bytes, &len))
		return false;
	return len == l->note_len && !memcmp(bytes, l->note, len);
}

int ledger_load(struct ledger *l, char why[LEDGER_WHY])
{
	*why = 0;
	if (current(l))
		return 0;
	l->loaded = false;
	return load(l, why);
}
