// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "ledger_private.h"

int ledger_refuse(char why[LEDGER_WHY], int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, LEDGER_WHY, fmt, ap);
	va_end(ap);
	return rc;
}

int ledger_path(const struct ledger *l, const char *name, char path[DISK_PATH])
{
	return snprintf(path, DISK_PATH, "%s/%s", l->path, name) < (int)DISK_PATH ?
		       0 : -ENAMETOOLONG;
}

int ledger_tile_path(const struct ledger *l, const struct tile *t, char path[DISK_PATH])
{
	char name[TILE_PATH];

	tile_path(t, name);
	return ledger_path(l, name, path);
}

/* --- the right edge -------------------------------------------------------------------- */

static void subtree_root(const struct merkle_hash *from, unsigned int count,
			 struct merkle_hash *root)
{
	struct merkle_hash part[TILE_WIDTH];
	unsigned int i;

	memcpy(part, from, count * sizeof(*part));
	for (; count > 1; count /= 2)
		for (i = 0; i < count / 2; i++)
			merkle_node(&part[2 * i], &part[2 * i + 1], &part[i]);
	*root = part[0];
}

/* From the smallest complete subtree, which is the rightmost, to the largest. */
void edge_root(const struct edge_tiles *e, struct merkle_hash *root)
{
	unsigned int level, at, count;
	struct merkle_hash h;
	bool any = false;

	merkle_empty(root);
	for (level = 0; level < TILE_LEVELS; level++)
		for (at = e->width[level]; at; at -= count) {
			count = at & -at;
			subtree_root(&e->hash[level][at - count], count, &h);
			if (any)
				merkle_node(&h, root, root);
			else
				*root = h;
			any = true;
		}
}

void edge_carry(struct edge_tiles *e, unsigned int level)
{
	subtree_root(e->hash[level], TILE_WIDTH, &e->hash[level + 1][e->width[level + 1]++]);
	e->width[level] = 0;
}

int edge_keep_entry(struct edge_tiles *e, const char *entry, size_t len)
{
	const size_t need = e->bundle_len + 2 + len;
	char *more;

	if (need > e->bundle_room) {
		more = realloc(e->bundle, 2 * need);
		if (!more)
			return -ENOMEM;
		e->bundle = more;
		e->bundle_room = 2 * need;
	}
	e->bundle[e->bundle_len++] = (char)(len >> 8);
	e->bundle[e->bundle_len++] = (char)len;
	memcpy(e->bundle + e->bundle_len, entry, len);
	e->bundle_len += len;
	return 0;
}

static int put_tile(struct ledger *l, unsigned int level, uint64_t index, unsigned int width)
{
	const bool entries = level == TILE_ENTRIES;
	const struct tile t = { level, index, width };
	const struct edge_tiles *e = &l->edge;
	char path[DISK_PATH];
	int rc = ledger_tile_path(l, &t, path);

	return rc ? rc : disk_put(path, l->path_len,
				  entries ? (const void *)e->bundle : e->hash[level],
				  entries ? e->bundle_len : width * sizeof(struct merkle_hash),
				  &l->pending);
}

/* The tiles that the last leaf has filled go to the disk; each is a hash of the next level. */
static int carry(struct ledger *l)
{
	struct edge_tiles *e = &l->edge;
	unsigned int level;
	int rc = 0;

	if (e->width[0] == TILE_WIDTH) {
		rc = put_tile(l, TILE_ENTRIES, (e->size >> TILE_LOG) - 1, TILE_WIDTH);
		e->bundle_len = 0;
	}
	/* ENTRY_NUMBER_MAX entries do not fill the last level. */
	for (level = 0; !rc && e->width[level] == TILE_WIDTH; level++) {
		rc = put_tile(l, level, (e->size >> TILE_LOG * (level + 1)) - 1, TILE_WIDTH);
		edge_carry(e, level);
	}
	return rc;
}

static int add_entry(struct ledger *l, const struct ledger_item *item, char *buf, size_t room)
{
	struct edge_tiles *e = &l->edge;
	struct ledger_entry entry = {
		.event = item->event, .seq = e->size, .epoch = l->epoch + 1,
	};
	struct out o = OUT(buf, room);
	char time[ENTRY_TIME];
	int rc;

	if (e->size >= ENTRY_NUMBER_MAX)
		return -EOVERFLOW;
	entry_time(item->time, time);
	entry.time = str_of(time);
	entry_print(&o, &entry);
	rc = o.err ? o.err : edge_keep_entry(e, buf, o.len);
	if (rc)
		return rc;
	merkle_leaf(buf, o.len, &e->hash[0][e->width[0]++]);
	e->size++;
	return carry(l);
}

/* Partial tiles that are not what they were at @old leaves. */
static int put_partial(struct ledger *l, uint64_t old)
{
	const struct edge_tiles *e = &l->edge;
	unsigned int level;
	int rc = 0;

	if (e->width[0])
		rc = put_tile(l, TILE_ENTRIES, e->size >> TILE_LOG, e->width[0]);
	for (level = 0; !rc && level < TILE_LEVELS; level++)
		if (e->width[level] && old >> TILE_LOG * level != e->size >> TILE_LOG * level)
			rc = put_tile(l, level, e->size >> TILE_LOG * level >> TILE_LOG,
				      e->width[level]);
	return rc;
}

void ledger_drop_partial(const struct ledger *l, unsigned int level, uint64_t index)
{
	struct tile t = { level, index, 1 };
	char path[DISK_PATH];

	/* Up to ".p".  What stays is of no use and does no harm. */
	if (ledger_tile_path(l, &t, path))
		return;
	*strrchr(path, '/') = 0;
	disk_remove(path);
}

static void drop_partials(const struct ledger *l, uint64_t old)
{
	unsigned int level;

	for (level = 0; level < TILE_LEVELS; level++) {
		uint64_t index = old >> TILE_LOG * level >> TILE_LOG;

		if (index == l->edge.size >> TILE_LOG * level >> TILE_LOG)
			break;
		ledger_drop_partial(l, level, index);
		if (!level)
			ledger_drop_partial(l, TILE_ENTRIES, index);
	}
}

/* --- a batch --------------------------------------------------------------------------- */

static int sign(struct ledger *l)
{
	struct checkpoint c = {
		.origin = str_of(l->signer->verifier.name), .size = l->edge.size,
	};
	struct out o = OUT(l->note, sizeof(l->note));
	char line[NOTE_LINE_MAX];
	int rc;

	edge_root(&l->edge, &c.root);
	checkpoint_print(&o, &c);
	rc = o.err ? o.err : note_sign(l->signer, out_written(&o), 0, line);
	out_char(&o, '\n');
	out_text(&o, line);
	l->note_len = o.len;
	return rc ? rc : o.err;
}

/* Entries and tiles are written: make it so. */
static int publish(struct ledger *l)
{
	char next[DISK_PATH], path[DISK_PATH];
	int rc = disk_sync_pending(&l->pending);

	rc = rc ? rc : sign(l);
	rc = rc ? rc : ledger_path(l, LEDGER_NEXT, next);
	rc = rc ? rc : ledger_path(l, LEDGER_CHECKPOINT, path);
	rc = rc ? rc : disk_put(next, l->path_len, l->note, l->note_len, &l->pending);
	rc = rc ? rc : disk_sync_pending(&l->pending);
	rc = rc ? rc : l->counter.advance(l->counter.ctx, l->epoch + 1);
	rc = rc ? rc : disk_rename(next, path);
	rc = rc ? rc : disk_sync_folder(l->path);
	if (!rc)
		l->epoch++;
	return rc;
}

/* So that texts which are too long stop a batch before anything is written. */
static int check(const struct ledger_item *item, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct ledger_event *e = &item[i].event;

		if (e->actor.len > ENTRY_TEXT_MAX || e->action.len > ENTRY_TEXT_MAX ||
		    e->object.len > ENTRY_TEXT_MAX || e->result.len > ENTRY_TEXT_MAX ||
		    e->policy.len > ENTRY_TEXT_MAX)
			return -EMSGSIZE;
	}
	return count && count <= LEDGER_BATCH ? 0 : -EINVAL;
}

static int append(struct ledger *l, const struct ledger_item *item, unsigned int count)
{
	CLEANUP_FREE char *buf = malloc(ENTRY_MAX);
	const uint64_t old = l->edge.size;
	unsigned int i;
	int rc = buf ? 0 : -ENOMEM;

	l->loaded = false;
	for (i = 0; !rc && i < count; i++)
		rc = add_entry(l, &item[i], buf, ENTRY_MAX);
	rc = rc ? rc : put_partial(l, old);
	rc = rc ? rc : publish(l);
	if (rc)
		disk_drop_pending(&l->pending);
	/* What could not be made durable once may seem to be the next time. */
	l->failed = rc && rc != -ENOSPC && rc != -EDQUOT && rc != -ENOMEM;
	if (rc)
		return rc;
	l->loaded = true;
	drop_partials(l, old);
	return 0;
}

static int lock(struct ledger *l)
{
	int rc;

	do {
		rc = flock(l->lock, LOCK_EX) ? -errno : 0;
	} while (rc == -EINTR);
	return rc;
}

int ledger_append(struct ledger *l, const struct ledger_item *item, unsigned int count,
		  uint64_t *first, char why[LEDGER_WHY])
{
	int rc = check(item, count);

	if (rc)
		return ledger_refuse(why, rc, "an event is too long, or there are too many");
	if (l->failed)
		return ledger_refuse(why, -EROFS, "%s: could not be written before; nothing more is, until the next start",
				     l->path);
	rc = lock(l);
	if (rc)
		return ledger_refuse(why, rc, "%s: cannot be locked: %s", l->path, strerror(-rc));
	rc = ledger_load(l, why);
	if (!rc) {
		if (first)
			*first = l->edge.size;
		rc = append(l, item, count);
		if (rc)
			ledger_refuse(why, rc, "%s: cannot be written: %s", l->path,
				      strerror(-rc));
	}
	flock(l->lock, LOCK_UN);
	return rc;
}

/* --- life ------------------------------------------------------------------------------ */

static int open_folder(struct ledger *l)
{
	char path[DISK_PATH];
	int rc = ledger_path(l, LEDGER_LOCK, path);

	if (rc)
		return rc;
	if (mkdir(l->path, 0755) && errno != EEXIST)
		return -errno;
	l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return l->lock < 0 ? -errno : 0;
}

int ledger_open(struct ledger **to, const struct ledger_config *config, char why[LEDGER_WHY])
{
	struct ledger *l = calloc(1, sizeof(*l));
	int rc = -ENOMEM;

	*why = 0;
	if (!l)
		return rc;
	l->lock = -1;
	l->signer = config->signer;
	l->counter = config->counter;
	l->path = strdup(config->path);
	if (l->path) {
		l->path_len = strlen(l->path);
		rc = open_folder(l);
	}
	rc = rc ? rc : lock(l);
	if (!rc) {
		rc = ledger_load(l, why);
		flock(l->lock, LOCK_UN);
	}
	if (rc) {
		if (!*why)
			ledger_refuse(why, rc, "%s: cannot be opened: %s", config->path,
				      strerror(-rc));
		ledger_close(l);
		return rc;
	}
	*to = l;
	return 0;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->lock >= 0)
		close(l->lock);
	free(l->edge.bundle);
	free(l->path);
	free(l);
}

uint64_t ledger_size(const struct ledger *l)
{
	return l->edge.size;
}

uint64_t ledger_epoch(const struct ledger *l)
{
	return l->epoch;
}
