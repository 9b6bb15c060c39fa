// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members that were tampered with: a volume that has everything a volume can have
 * on its members, a superblock, nodes of both trees, an intent log that is to be
 * replayed, data; then every block of it is changed, on one member, on as many as
 * may be wrong, and on one more.  What may be wrong must not matter; beyond it there
 * may be errors, but never wrong data and never an older state.
 *
 *	rlnc-tamper -k K -n N [OPTION...]
 *	-s BYTES	symbol (4096)
 *	-m MIB		size of each member (4), 16 at most
 *	-b COUNT	bits that are flipped in each block, one after the other (1)
 *	-B STEP		bytes of a superblock from one that is changed to the next (61);
 *			of those that are zero and follow many zeroes, 16 times as many
 *	-e		of the superblocks every bit of such a byte, not one by chance
 *	-q COUNT	one of so many changes is tried, by chance (1)
 *	-x		change one member more than may be wrong, and want everything
 *			back: the test has to fail
 *	-D 1		a dense volume
 *	-S SEED		of the choice
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "dm/dm.h"
#include "history.h"
#include "rlnc_disk.h"
#include "rlnc_log.h"

#define MIB		(1u << 20)
#define MIB_MAX		16
#define FIRST_BLOCK	(RLNC_SLOTS_OFFSET / DISK_BLOCK)
#define BLOCKS_MAX	(MIB_MAX * MIB / DISK_BLOCK)
#define FAILURES_SHOWN	20
#define RUN_OF_ZEROES	64		/* bytes */
#define PADDING_STEP	16
#define TRAILER		(RLNC_SECTOR_BYTES - RLNC_LOG_TRAILER)
#define NEWEST(p)	((int)(p)->now.sessions - 1)

/* What was tampered with; a line of the result each. */
enum tampering {
	K_SUPER,			/* a byte of a copy of the superblock */
	K_LOG,				/* a bit of a log record */
	K_TRAILER,			/* a byte of the end of a log record */
	K_SLOT,				/* a bit of anything else in a slot */
	K_OLD_BLOCK,			/* an old copy of a block */
	K_OLD_LOG,			/* likewise, of a block of the log */
	K_OLD_MEMBER,			/* an old copy of the member */
	K_OLD_ALL,			/* of all of them */
	K_MOVED,			/* two blocks exchanged */
	K_SWAPPED,			/* what two members hold exchanged */
	K_SWAPPED_SUPER,		/* the superblocks of two members exchanged */
	K_FOREIGN,			/* fragments of another volume, of the same key */
	K_FOREIGN_MEMBER,		/* a member of it */
	KINDS,
};

static const char *const kind_name[KINDS] = {
	[K_SUPER] = "superblock, a byte", [K_LOG] = "log record, a bit",
	[K_TRAILER] = "log trailer, a byte", [K_SLOT] = "slot, a bit",
	[K_OLD_BLOCK] = "fragment, an old copy", [K_OLD_LOG] = "log record, an old copy",
	[K_OLD_MEMBER] = "member, an old copy", [K_OLD_ALL] = "all members, old copies",
	[K_MOVED] = "two fragments exchanged", [K_SWAPPED] = "contents of two members exchanged",
	[K_SWAPPED_SUPER] = "superblocks of two members exchanged",
	[K_FOREIGN] = "fragments of another volume", [K_FOREIGN_MEMBER] = "a member of another volume",
};

struct tally {
	uint32_t tried;
	uint32_t right;
	uint32_t unreadable;		/* some sectors, the others right */
	uint32_t refused;
	uint32_t shortened;		/* records at the end of the log were lost */
};

struct tamper {
	struct volume volume;
	struct disks disks;
	struct trace trace;
	struct history before;		/* the state that old copies are of */
	struct history now;		/* the newest, with a log to be replayed */
	uint8_t **foreign;		/* disks of another volume */
	int checkpointed;		/* session that needs no log */
	bool log_block[BLOCKS_MAX];
	uint32_t all;			/* a bit for each member */
	uint32_t mib;			/* of each member */
	uint32_t bits;
	uint32_t step;
	bool every_bit;
	int kmsg;
	uint32_t one_in;
	bool excess;
	uint64_t random;
	struct tally tally[KINDS];
	uint32_t failed;
};

/* Of each member. */
static uint32_t blocks_of(const struct tamper *t)
{
	return t->disks.bytes / DISK_BLOCK;
}

static uint32_t draw(struct tamper *t, uint32_t below)
{
	t->random = t->random * 6364136223846793005u + 1442695040888963407u;
	return (t->random >> 33) % below;
}

static bool chosen(struct tamper *t)
{
	return draw(t, t->one_in) == 0;
}

/* So many members, by chance. */
static uint32_t some(struct tamper *t, unsigned int count)
{
	uint32_t members = 0;

	while ((unsigned int)__builtin_popcount(members) < count)
		members |= 1u << draw(t, t->volume.n);
	return members;
}

static void wrong(struct tamper *t, enum tampering kind, uint32_t members, uint64_t where,
		  const char *what, int value)
{
	if (t->failed++ >= FAILURES_SHOWN)
		return;
	printf("FAILED: %u/%u %s at %llu of members %04x: %s (%d)\n", t->volume.k, t->volume.n,
	       kind_name[kind], (unsigned long long)where, members, what, value);
	/* Behind what the kernel has said of it. */
	dprintf(t->kmsg, "rlnc-tamper: FAILED: %s at %llu of members %04x: %s (%d)\n",
		kind_name[kind], (unsigned long long)where, members, what, value);
}

/* --- one attempt --------------------------------------------------------------------- */

/* How much has to come back from a set of which @members were tampered with. */
enum demand {
	D_ALL,				/* everything */
	D_OPEN_OR_NOT,			/* everything, or the volume is refused */
	D_NOT_WRONG,			/* what comes back is the newest */
	D_LOG,				/* it may lack records at the end of the log */
	D_REFUSED,			/* nothing */
};

static void judge(struct tamper *t, enum tampering kind, uint32_t members, uint64_t where,
		  enum demand demand)
{
	struct tally *tally = &t->tally[kind];
	uint32_t errors;
	int shown = history_match(&t->now, &errors);

	if (demand == D_REFUSED) {
		wrong(t, kind, members, where, "accepted, and shows state", shown);
	} else if (errors == HISTORY_SECTORS && demand == D_NOT_WRONG) {
		tally->unreadable++;
	} else if (shown == NEWEST(t)) {
		if (errors && demand <= D_OPEN_OR_NOT)
			wrong(t, kind, members, where, "sectors that cannot be read", errors);
		else
			errors ? tally->unreadable++ : tally->right++;
	} else if (demand == D_LOG && !errors &&
		   (shown >= t->checkpointed ||
		    history_between(&t->now, t->checkpointed) != HISTORY_NONE)) {
		tally->shortened++;
	} else {
		wrong(t, kind, members, where, "wrong data, or of state", shown);
	}
}

/* Activate what the caller has prepared. */
static void attempt(struct tamper *t, enum tampering kind, uint32_t members, uint64_t where,
		    const char *option, enum demand demand)
{
	int ret = volume_up(&t->volume, t->all, option);

	t->tally[kind].tried++;
	if (!ret) {
		judge(t, kind, members, where, demand);
		volume_down();
		return;
	}
	t->tally[kind].refused++;
	if (demand == D_ALL)
		wrong(t, kind, members, where, "refused", ret);
}

/* A change of each of @members at the same place. */
static void flip(struct tamper *t, uint32_t members, uint64_t where, uint8_t mask)
{
	unsigned int i;
	uint8_t byte;

	for (i = 0; i < t->volume.n; i++) {
		if (!(members & 1u << i))
			continue;
		byte = t->disks.disk[i].mem[where] ^ mask;
		disk_put(&t->disks.disk[i], where, &byte, 1);
	}
}

static void put_block(struct tamper *t, unsigned int to, uint64_t offset, const uint8_t *from,
		      size_t len)
{
	disk_put(&t->disks.disk[to], offset, from, len);
}

/* One member, as many as may be wrong, and one more; each by chance. */
#define for_each_set(t, count)						\
	for (count = 1; count <= (t)->volume.n - (t)->volume.k + 1;	\
	     count = next_count(t, count))

static unsigned int next_count(const struct tamper *t, unsigned int count)
{
	unsigned int may = t->volume.n - t->volume.k;

	return count < may ? may : count + 1;
}

static bool too_many(const struct tamper *t, unsigned int count)
{
	return !t->excess && count > t->volume.n - t->volume.k;
}

static const char *newest_epoch(const struct tamper *t)
{
	static char option[40];

	snprintf(option, sizeof(option), "min_epoch=%llu", (unsigned long long)t->now.epoch);
	return option;
}

/* --- what is tried ------------------------------------------------------------------- */

static void tamper_super_bits(struct tamper *t, uint64_t where, uint8_t mask)
{
	unsigned int count;
	uint32_t members;

	for_each_set(t, count) {
		members = some(t, count);
		history_restore(&t->now, &t->volume);
		flip(t, members, where, mask);
		attempt(t, K_SUPER, members, where, newest_epoch(t),
			too_many(t, count) ? D_NOT_WRONG : D_OPEN_OR_NOT);
	}
}

/* A byte of the superblock: of the current copy, and of the older one. */
static void tamper_super(struct tamper *t, uint64_t where)
{
	uint32_t members, bit;

	if (t->every_bit)
		for (bit = 0; bit < 8; bit++)
			tamper_super_bits(t, where, 1u << bit);
	else
		tamper_super_bits(t, where, 1u << draw(t, 8));
	/* Both copies of one member: it is no member any more, and is named. */
	history_restore(&t->now, &t->volume);
	members = some(t, 1);
	flip(t, members, where, 0x80);
	flip(t, members, where ^ RLNC_SUPER_STRIDE, 0x80);
	attempt(t, K_SUPER, members, where, NULL, D_OPEN_OR_NOT);
}

static void tamper_bit(struct tamper *t, enum tampering kind, uint64_t where)
{
	enum demand beyond = kind == K_SLOT ? D_NOT_WRONG : D_LOG;
	unsigned int count;
	uint32_t members;

	for_each_set(t, count) {
		members = some(t, count);
		history_restore(&t->now, &t->volume);
		flip(t, members, where, 1u << draw(t, 8));
		attempt(t, kind, members, where, NULL, too_many(t, count) ? beyond : D_ALL);
	}
}

static bool block_used(const struct tamper *t, uint32_t block)
{
	static const uint8_t zeros[DISK_BLOCK];
	unsigned int i;

	for (i = 0; i < t->volume.n; i++)
		if (memcmp(t->now.image[i] + block * DISK_BLOCK, zeros, DISK_BLOCK))
			return true;
	return false;
}

static void tamper_blocks(struct tamper *t)
{
	uint32_t block, i;
	uint64_t at;

	for (block = FIRST_BLOCK; block < blocks_of(t); block++) {
		if (!block_used(t, block) || (!t->log_block[block] && !chosen(t)))
			continue;
		at = (uint64_t)block * DISK_BLOCK;
		for (i = 0; i < t->bits; i++)
			tamper_bit(t, t->log_block[block] ? K_LOG : K_SLOT,
				   at + draw(t, DISK_BLOCK));
		for (i = TRAILER; t->log_block[block] && i < DISK_BLOCK; i += 1 + t->step / 8)
			tamper_bit(t, K_TRAILER, at + i);
	}
}

/* Every used block as it was before, where it was something else. */
static void tamper_old_blocks(struct tamper *t)
{
	unsigned int count, i;
	uint32_t block, members;
	enum tampering kind;
	uint64_t at;

	for (block = FIRST_BLOCK; block < blocks_of(t); block++) {
		at = (uint64_t)block * DISK_BLOCK;
		if (!memcmp(t->now.image[0] + at, t->before.image[0] + at, DISK_BLOCK) ||
		    !chosen(t))
			continue;
		kind = t->log_block[block] ? K_OLD_LOG : K_OLD_BLOCK;
		for_each_set(t, count) {
			members = some(t, count);
			history_restore(&t->now, &t->volume);
			for (i = 0; i < t->volume.n; i++)
				if (members & 1u << i)
					put_block(t, i, at, t->before.image[i] + at, DISK_BLOCK);
			attempt(t, kind, members, at, NULL, !too_many(t, count) ? D_ALL :
				kind == K_OLD_LOG ? D_LOG : D_NOT_WRONG);
		}
	}
}

/* A fragment in another's place, on the same members. */
static void tamper_moved(struct tamper *t)
{
	uint32_t block, other, members, tries;
	unsigned int count, i;

	for (block = FIRST_BLOCK; block < blocks_of(t); block++) {
		if (!block_used(t, block) || t->log_block[block] || !chosen(t))
			continue;
		for (tries = 0, other = block; tries < 1000; tries++) {
			other = FIRST_BLOCK + draw(t, blocks_of(t) - FIRST_BLOCK);
			if (other != block && block_used(t, other) && !t->log_block[other])
				break;
		}
		for_each_set(t, count) {
			members = some(t, count);
			history_restore(&t->now, &t->volume);
			for (i = 0; i < t->volume.n; i++) {
				uint8_t *const *image = t->now.image;

				if (!(members & 1u << i))
					continue;
				put_block(t, i, block * DISK_BLOCK, image[i] + other * DISK_BLOCK,
					  DISK_BLOCK);
				put_block(t, i, other * DISK_BLOCK, image[i] + block * DISK_BLOCK,
					  DISK_BLOCK);
			}
			attempt(t, K_MOVED, members, block * DISK_BLOCK, NULL,
				too_many(t, count) ? D_NOT_WRONG : D_ALL);
		}
	}
}

/* A part of each of @members, from other images. */
static void take_part(struct tamper *t, uint32_t members, uint8_t *const *image, uint64_t from,
		      uint64_t to)
{
	unsigned int i;

	for (i = 0; i < t->volume.n; i++)
		if (members & 1u << i)
			put_block(t, i, from, image[i] + from, to - from);
}

/* Old copies of one member and of more, with and without their superblocks. */
static void tamper_old_members(struct tamper *t)
{
	struct volume *v = &t->volume;
	unsigned int count;
	uint32_t members;

	for (members = 1; members < t->all; members++) {
		count = __builtin_popcount(members);
		if (count > v->n - v->k + 1 || !chosen(t))
			continue;
		history_restore(&t->now, v);
		take_part(t, members, t->before.image, 0, t->disks.bytes);
		attempt(t, K_OLD_MEMBER, members, 0, too_many(t, count) ? newest_epoch(t) : NULL,
			too_many(t, count) ? D_NOT_WRONG : D_ALL);
		if (too_many(t, count))
			continue;
		history_restore(&t->now, v);
		take_part(t, members, t->before.image, RLNC_SLOTS_OFFSET, t->disks.bytes);
		attempt(t, K_OLD_MEMBER, members, 1, NULL, D_ALL);
	}
	history_restore(&t->before, v);
	attempt(t, K_OLD_ALL, t->all, 0, newest_epoch(t), D_REFUSED);
}

/* What member a holds on member b and the other way round, between two offsets. */
static void exchange(struct tamper *t, unsigned int a, unsigned int b, uint64_t from, uint64_t to)
{
	history_restore(&t->now, &t->volume);
	put_block(t, a, from, t->now.image[b] + from, to - from);
	put_block(t, b, from, t->now.image[a] + from, to - from);
}

static void tamper_swapped(struct tamper *t)
{
	enum demand demand = too_many(t, 2) ? D_NOT_WRONG : D_ALL;
	struct volume *v = &t->volume;
	unsigned int a, b;

	for (a = 0; a < v->n; a++) {
		for (b = a + 1; b < v->n; b++) {
			if (!chosen(t))
				continue;
			/* Devices in each other's place: members are known by what they say. */
			exchange(t, a, b, 0, t->disks.bytes);
			attempt(t, K_SWAPPED, 1u << a | 1u << b, 0, NULL, D_ALL);
			exchange(t, a, b, RLNC_SLOTS_OFFSET, t->disks.bytes);
			attempt(t, K_SWAPPED, 1u << a | 1u << b, 1, NULL,
				demand == D_ALL ? D_ALL : D_LOG);
			exchange(t, a, b, 0, RLNC_SLOTS_OFFSET);
			attempt(t, K_SWAPPED_SUPER, 1u << a | 1u << b, 0, NULL,
				demand == D_ALL ? D_ALL : D_LOG);
		}
	}
}

static void tamper_foreign(struct tamper *t)
{
	struct volume *v = &t->volume;
	unsigned int count;
	uint32_t members;

	for_each_set(t, count) {
		members = some(t, count);
		history_restore(&t->now, v);
		take_part(t, members, t->foreign, RLNC_SLOTS_OFFSET, t->disks.bytes);
		attempt(t, K_FOREIGN, members, 0, NULL, too_many(t, count) ? D_LOG : D_ALL);
		if (count == v->n)
			continue;
		history_restore(&t->now, v);
		take_part(t, members, t->foreign, 0, t->disks.bytes);
		attempt(t, K_FOREIGN_MEMBER, members, 0, NULL, D_REFUSED);
	}
}

static const struct rlnc_disk_super *super_at(const uint8_t *image, uint64_t offset)
{
	return (const void *)(image + offset);
}

/* Which of the two copies is the current one. */
static uint64_t current_super(const struct tamper *t)
{
	const struct rlnc_disk_super *even = super_at(t->now.image[0], 0);
	const struct rlnc_disk_super *odd = super_at(t->now.image[0], RLNC_SUPER_STRIDE);

	return le64toh(even->epoch) > le64toh(odd->epoch) ? 0 : RLNC_SUPER_STRIDE;
}

/* Between fields and behind them there are zeroes, one like the other. */
static bool is_padding(const uint8_t *super, size_t at)
{
	static const uint8_t zeros[RUN_OF_ZEROES];

	return at >= sizeof(zeros) && !memcmp(super + at + 1 - sizeof(zeros), zeros, sizeof(zeros));
}

static void tamper_supers(struct tamper *t)
{
	uint64_t current = current_super(t);
	const uint8_t *super = t->now.image[0] + current;
	size_t at, len = le32toh(super_at(t->now.image[0], current)->bytes);

	for (at = 0; at < len; at += t->step) {
		if (is_padding(super, at) && at / t->step % PADDING_STEP)
			continue;
		tamper_super(t, current + at);
		if (at % 4 == 0)
			tamper_super(t, (current ^ RLNC_SUPER_STRIDE) + at);
	}
}

/* --- the volume ----------------------------------------------------------------------- */

/* The log: its slots follow from the superblock and from its own records. */
static void find_log(struct tamper *t)
{
	const uint8_t *image = t->now.image[0];
	uint64_t slot = le64toh(super_at(image, current_super(t))->log_slot);
	uint32_t columns = t->volume.symbol / DISK_BLOCK, block, i;
	const struct rlnc_log_trailer *trailer;

	while (slot < (t->disks.bytes - RLNC_SLOTS_OFFSET) / t->volume.symbol) {
		block = FIRST_BLOCK + slot * columns;
		if (t->log_block[block])
			break;
		slot = ~0ull;
		for (i = 0; i < columns; i++) {
			t->log_block[block + i] = true;
			trailer = (const void *)(image + (block + i) * DISK_BLOCK + TRAILER);
			if (le32toh(trailer->magic) == RLNC_LOG_MAGIC)
				slot = le64toh(trailer->next_slot);
		}
	}
}

static int make_foreign(struct tamper *t)
{
	struct history other;
	int ret = volume_format(&t->volume);

	if (ret)
		return ret;
	history_init(&other, &t->volume);
	ret = history_write(&other, &t->volume, t->all, NULL, END_CRASH);
	t->foreign = disks_copy(&t->disks);
	history_free(&other, &t->volume);
	return ret;
}

/* Four states: one that was closed, a checkpoint, and two records behind it. */
static int make_volume(struct tamper *t)
{
	struct history *h = &t->now;
	int ret = volume_format(&t->volume);

	if (ret)
		return ret;
	history_init(&t->before, &t->volume);
	ret = history_write(&t->before, &t->volume, t->all, NULL, END_CLEAN);
	if (ret)
		return ret;
	history_copy(h, &t->before, &t->volume);
	history_restore(h, &t->volume);
	ret = volume_up(&t->volume, t->all, NULL);
	if (ret)
		return ret;
	ret = history_group(h, t->all, 0, 2);
	t->checkpointed = h->sessions - 1;
	ret = ret ?: history_group(h, t->all, 1, 3);
	ret = ret ?: history_group(h, t->all, 2, 5);
	if (!ret)
		history_take_image(h, &t->volume);
	volume_down();
	return ret;
}

static int set_up(struct tamper *t)
{
	uint32_t block, used = 0, log = 0;
	int ret = disks_start(&t->disks, t->volume.n, t->mib * MIB, &t->trace);

	ret = ret ?: make_foreign(t);
	ret = ret ?: make_volume(t);
	if (ret)
		return fail(EIO, "the volume: %d", ret);
	find_log(t);
	for (block = FIRST_BLOCK; block < blocks_of(t); block++) {
		used += block_used(t, block);
		log += t->log_block[block];
	}
	printf("%u/%u: %u blocks of a member in use, %u of them of the log\n", t->volume.k,
	       t->volume.n, used, log);
	return log ? 0 : fail(EIO, "there is no log to be replayed");
}

static void report(const struct tamper *t, double seconds)
{
	const struct tally *tally;
	uint32_t tried = 0;
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		tally = &t->tally[kind];
		tried += tally->tried;
		printf("%u/%u %s: %u tried, %u right, %u with errors, %u refused, %u without the last records\n",
		       t->volume.k, t->volume.n, kind_name[kind], tally->tried, tally->right,
		       tally->unreadable, tally->refused, tally->shortened);
	}
	printf("%u/%u: %u tried, %u failed, %.0f s\n", t->volume.k, t->volume.n, tried, t->failed,
	       seconds);
}

static struct tamper tamper = {
	.volume = { .symbol = 4096, .disks = &tamper.disks },
	.trace.lock = PTHREAD_MUTEX_INITIALIZER,
	.mib = 4,
	.bits = 1,
	.step = 61,
	.one_in = 1,
	.random = 1,
};

static int set_option(struct tamper *t, int letter, uint32_t value)
{
	switch (letter) {
	case 'k':
		t->volume.k = value;
		return 0;
	case 'n':
		t->volume.n = value;
		return 0;
	case 's':
		t->volume.symbol = value;
		return 0;
	case 'm':
		t->mib = value;
		return value && value <= MIB_MAX ? 0 : -EINVAL;
	case 'b':
		t->bits = value;
		return 0;
	case 'B':
		t->step = value ?: 1;
		return 0;
	case 'e':
		t->every_bit = true;
		return 0;
	case 'q':
		t->one_in = value ?: 1;
		return 0;
	case 'D':
		t->volume.dense = value;
		return 0;
	case 'x':
		t->excess = true;
		return 0;
	case 'S':
		t->random = value;
		return 0;
	default:
		return -EINVAL;
	}
}

int main(int argc, char **argv)
{
	struct tamper *t = &tamper;
	double began;
	int opt, ret;

	report_init(argv[0]);
	dm_start();
	while ((opt = getopt(argc, argv, "k:n:s:m:b:B:q:D:S:ex")) != -1)
		if (set_option(t, opt, strtoul(optarg ?: "0", NULL, 0)))
			die(2, "usage: rlnc-tamper -k K -n N [-s BYTES] [-m MIB] [-b BITS] [-B STEP] [-q COUNT] [-D 1] [-S SEED] [-e] [-x]");
	if (!t->volume.k || t->volume.n <= t->volume.k || t->volume.n > DISKS_MAX)
		die(2, "-k and a larger -n are needed, 16 at most");
	t->all = (1u << t->volume.n) - 1;
	t->kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	began = seconds_now();
	ret = set_up(t);
	if (!ret) {
		tamper_blocks(t);
		tamper_old_blocks(t);
		tamper_moved(t);
		tamper_old_members(t);
		tamper_swapped(t);
		tamper_foreign(t);
		tamper_supers(t);
		report(t, seconds_now() - began);
	}
	disks_stop(&t->disks);
	return ret || t->failed;
}
