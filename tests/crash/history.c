// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "history.h"
#include "rlnc_disk.h"

#define SECTOR		RLNC_SECTOR_BYTES

static uint16_t last_id;		/* of contents, never used twice */

static void fill(uint16_t id, uint32_t place, uint8_t *sector)
{
	uint32_t *word = (uint32_t *)sector;
	uint32_t i;

	for (i = 0; i < SECTOR / sizeof(*word); i++)
		word[i] = (uint32_t)id << 16 | (place * 2654435761u >> 16 ^ i);
}

static uint8_t **last_restored;	/* the images that all but dirty blocks equal */

/* --- images -------------------------------------------------------------------- */

void history_init(struct history *h, const struct volume *v)
{
	memset(h, 0, sizeof(*h));
	h->no_rebuild = v->no_rebuild;
	h->image = disks_copy(v->disks);
}

void history_copy(struct history *to, const struct history *from, const struct volume *v)
{
	*to = *from;
	history_restore(from, v);
	to->image = disks_copy(v->disks);
}

void history_free(struct history *h, const struct volume *v)
{
	last_restored = NULL;
	disks_copy_free(v->disks, h->image);
	h->image = NULL;
}

/* Make the disks what they were after the last session. */
void history_restore(const struct history *h, const struct volume *v)
{
	if (last_restored != h->image)
		disks_all_dirty(v->disks);
	last_restored = h->image;
	disks_restore(v->disks, h->image);
}

static uint64_t epoch_of(const uint8_t *image)
{
	const struct rlnc_disk_super *even = (const void *)image;
	const struct rlnc_disk_super *odd = (const void *)(image + RLNC_SUPER_STRIDE);
	uint64_t a = memcmp(even->magic, RLNC_DISK_MAGIC, 8) ? 0 : le64toh(even->epoch);
	uint64_t b = memcmp(odd->magic, RLNC_DISK_MAGIC, 8) ? 0 : le64toh(odd->epoch);

	return a > b ? a : b;
}

/* What the disks are now is what the last session has left. */
void history_take_image(struct history *h, const struct volume *v)
{
	unsigned int i;

	history_free(h, v);
	h->image = disks_copy(v->disks);
	disks_all_dirty(v->disks);
	for (i = 0; i < v->n; i++)
		if (epoch_of(h->image[i]) > h->epoch)
			h->epoch = epoch_of(h->image[i]);
}

/* --- writing -------------------------------------------------------------------- */

/* Write every third sector or so, from @first, under a new id, and flush. */
static int write_group(uint16_t *id, uint32_t first, uint32_t step)
{
	CLEANUP_CLOSE int fd = open(VOLUME_PATH, O_RDWR | O_DIRECT | O_CLOEXEC);
	CLEANUP_FREE uint8_t *sector = aligned_alloc(SECTOR, SECTOR);
	uint32_t place;

	if (fd < 0 || !sector)
		return -EIO;
	last_id++;
	for (place = first; place < HISTORY_SECTORS; place += step) {
		fill(last_id, place, sector);
		errno = EIO;
		if (pwrite(fd, sector, SECTOR, (uint64_t)place * SECTOR) != SECTOR)
			return -errno;
		id[place] = last_id;
	}
	return fsync(fd) ? -errno : 0;
}

/**
 * history_fill - write on the volume that is up, in two flushed groups
 * @h:	the session that is being written; its contents become those
 *
 * Return: 0 when both are durable, or -errno.
 */
int history_fill(struct history *h)
{
	uint16_t *id = h->id[h->sessions];
	int ret;

	if (h->sessions)
		memcpy(id, h->id[h->sessions - 1], sizeof(h->id[0]));
	ret = write_group(id, 0, h->sessions ? 3 : 1);
	/* The second time a flush need not be a checkpoint. */
	return ret ? ret : write_group(id, last_id % 5, 5);
}

/**
 * history_group - one flushed group of writes on the volume that is up
 * @h:		gets a session for it
 * @members:	that are present
 * @first:	sector to begin with
 * @step:	to the next one
 *
 * Return: 0 when it is durable, or -errno.
 */
int history_group(struct history *h, uint32_t members, uint32_t first, uint32_t step)
{
	uint16_t *id = h->id[h->sessions];
	int ret;

	if (h->sessions)
		memcpy(id, h->id[h->sessions - 1], sizeof(h->id[0]));
	ret = write_group(id, first, step);
	if (!ret)
		history_add(h, members);
	return ret;
}

/*
 * The session is over; whoever was there may have been rebuilt meanwhile.  Who was
 * away when it replayed the log of a session before is not known to have all of that:
 * the last record may have been on its way when the power failed.
 */
void history_add(struct history *h, uint32_t members)
{
	uint32_t s;

	if (h->crashed)
		h->unsure[h->sessions - 1] = h->wrote[h->sessions - 1] & ~members;
	h->crashed = false;
	h->wrote[h->sessions] = members;
	for (s = 0; s < h->sessions; s++)
		h->rebuilt[s] |= members;
	h->rebuilt[h->sessions++] = members;
}

/**
 * history_write - another session, from the state after the last
 * @h:		history, changed on success
 * @v:		volume, down
 * @members:	that are present
 * @option:	of the table, or NULL
 * @end:	how it ends
 *
 * Return: 0, or -errno when it was refused.
 */
int history_write(struct history *h, const struct volume *v, uint32_t members,
		  const char *option, enum history_end end)
{
	int ret;

	history_restore(h, v);
	ret = volume_up(v, members, option);
	if (ret)
		return ret;
	ret = history_fill(h);
	if (!ret && end == END_CRASH)
		history_take_image(h, v);
	volume_down();
	if (!ret && end == END_CLEAN)
		history_take_image(h, v);
	if (!ret)
		history_add(h, members);
	if (!ret)
		h->crashed = end == END_CRASH;
	return ret;
}

/* --- what may be shown ---------------------------------------------------------- */

static int newest_known(const struct history *h, uint32_t members)
{
	int s;

	for (s = h->sessions - 1; s >= 0; s--)
		if (members & h->wrote[s])
			return s;
	return HISTORY_NONE;
}

/* Who has a session, for all that those know who have written the @newest. */
static uint32_t known_holders(const struct history *h, int s, int newest)
{
	return s < newest ? h->wrote[s] & ~h->unsure[s] : h->wrote[s];
}

/* Who may have it as well. */
static uint32_t possible_holders(const struct history *h, int s, int newest)
{
	return h->no_rebuild ? known_holders(h, s, newest) : h->rebuilt[s];
}

typedef uint32_t (*holders_fn)(const struct history *h, int s, int newest);

/* The first session that @members know of, or depend on, and cannot read. */
static int first_lacking(const struct history *h, holders_fn holders, unsigned int k,
			 uint32_t members)
{
	int s, newest = newest_known(h, members);

	for (s = newest; s >= 0; s--)
		if ((unsigned int)__builtin_popcount(members & holders(h, s, newest)) < k)
			return s;
	return HISTORY_NONE;
}

static int shown(const struct history *h, holders_fn holders, unsigned int k,
		 uint32_t members)
{
	return first_lacking(h, holders, k, members) == HISTORY_NONE ?
	       newest_known(h, members) : HISTORY_NONE;
}

/**
 * history_shown - the state that a set of members has to show
 * @h:		history
 * @k:		members that are needed for anything
 * @members:	the set
 *
 * Return: number of the session, or %HISTORY_NONE when the set knows of a session
 * that fewer than k of them have written.
 */
int history_shown(const struct history *h, unsigned int k, uint32_t members)
{
	return shown(h, known_holders, k, members);
}

/* The same, should every rebuild have come to its end. */
int history_may_show(const struct history *h, unsigned int k, uint32_t members)
{
	return shown(h, possible_holders, k, members);
}

/* Members that hold what the set lacks: those that a refusal has to name. */
uint32_t history_needed(const struct history *h, unsigned int k, uint32_t members)
{
	int s = first_lacking(h, possible_holders, k, members);

	return s == HISTORY_NONE ? 0 : known_holders(h, s, h->sessions - 1) & ~members;
}

static bool is_from(const struct history *h, int s, uint32_t place, const uint8_t *sector)
{
	uint8_t want[SECTOR];

	fill(h->id[s][place], place, want);
	return !memcmp(want, sector, SECTOR);
}

/**
 * history_match - which state the volume that is up shows
 * @h:		history
 * @errors:	sectors that cannot be read; NULL: none may be
 *
 * Return: the newest session that all sectors agree with, as far as they can be
 * read, or %HISTORY_NONE.
 */
int history_match(const struct history *h, uint32_t *errors)
{
	CLEANUP_FREE uint8_t *area = aligned_alloc(SECTOR, HISTORY_SECTORS * SECTOR);
	bool got[HISTORY_SECTORS];
	uint32_t place, bad = 0;
	int s;

	if (!area)
		return HISTORY_NONE;
	memset(got, true, sizeof(got));
	if (volume_read(0, area, HISTORY_SECTORS * SECTOR)) {
		for (place = 0; place < HISTORY_SECTORS; place++) {
			got[place] = !volume_read((uint64_t)place * SECTOR, area + place * SECTOR,
						  SECTOR);
			bad += !got[place];
		}
	}
	if (errors)
		*errors = bad;
	else if (bad)
		return HISTORY_NONE;
	for (s = h->sessions - 1; s >= 0; s--) {
		for (place = 0; place < HISTORY_SECTORS; place++)
			if (got[place] && !is_from(h, s, place, area + place * SECTOR))
				break;
		if (place == HISTORY_SECTORS)
			return s;
	}
	return HISTORY_NONE;
}

/**
 * history_between - whether the volume that is up shows a state on the way
 * @h:		history
 * @from:	the first session that counts
 *
 * Return: a session so that each sector is from it or from the next one, or
 * %HISTORY_NONE.
 */
int history_between(const struct history *h, int from)
{
	CLEANUP_FREE uint8_t *area = aligned_alloc(SECTOR, HISTORY_SECTORS * SECTOR);
	uint8_t *sector;
	uint32_t place;
	int s;

	if (!area || volume_read(0, area, HISTORY_SECTORS * SECTOR))
		return HISTORY_NONE;
	for (s = from; s + 1 < (int)h->sessions; s++) {
		for (place = 0; place < HISTORY_SECTORS; place++) {
			sector = area + place * SECTOR;
			if (!is_from(h, s, place, sector) && !is_from(h, s + 1, place, sector))
				break;
		}
		if (place == HISTORY_SECTORS)
			return s;
	}
	return HISTORY_NONE;
}
