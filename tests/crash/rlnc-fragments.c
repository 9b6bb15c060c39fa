// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the members of a closed volume hold, read by what the documentation says and
 * without the kernel: of every sector that the trees refer to, whether its seal opens
 *
 *	as-is	what some member has at that place, as it is;
 *	public	what k members decode to with the code that the superblocks tell;
 *	secret	what k members decode to with the code that the key tells.
 *
 * For the last two, the sets of k members that are tried are all runs of neighbours.
 * "public" counts what opens with any of them, "secret" what opens with all.
 *
 *	rlnc-fragments KEY-FILE MEMBER...
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "rlnc/rlnc.h"
#include "rlnc_dm.h"
#include "volume/member.h"

#define MEMBERS_MAX	16

struct reader {
	const struct rlnc_super *sb;
	u32 pages;			/* of a symbol */
	int fd[MEMBERS_MAX];		/* by index */
	u8 data_key[32];
	u8 coeff_key[RLNC_SEED_KEY_SIZE];
	struct rlnc_code *code;
	struct rlnc_code *mixed;
	struct rlnc_plan *plan;
	u8 *fragment[MEMBERS_MAX];	/* of the generation looked at */
	u8 *symbol[RLNC_MAX_K];
	u64 generations;
	u64 sealed;
	u64 as_is;
	u64 public;
	u64 secret;
};

struct place {
	u8 tree;
	u8 level;
	u64 index;
};

static bool is_sealed(const struct rlnc_seal *seal)
{
	static const u8 zero[RLNC_NONCE_BYTES];

	return memcmp(seal->nonce, zero, sizeof(zero)) != 0;
}

static bool opens(struct reader *r, const struct place *at, const struct rlnc_seal *seal,
		  u32 sector, const u8 *cipher, u8 *plain)
{
	struct rlnc_aad aad = {
		.tree = at->tree,
		.level = at->level,
		.sector = htole32(sector),
		.index = htole64(at->index),
		.birth = seal->birth,
	};
	const struct gcm_args args = {
		.key = r->data_key, .nonce = seal->nonce, .aad = &aad, .aad_len = sizeof(aad),
	};

	memcpy(aad.volume_id, r->sb->volume_id, sizeof(aad.volume_id));
	return !gcm_open(&args, cipher, RLNC_SECTOR_BYTES, seal->tag, plain);
}

static int read_fragments(struct reader *r, u64 slot)
{
	u64 offset = RLNC_SLOTS_OFFSET + slot * r->sb->symbol_bytes;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < r->sb->n && !rc; i++)
		rc = pread_all(r->fd[i], r->fragment[i], r->sb->symbol_bytes, offset);
	return rc ? fail(-rc, "slot %llu: %s", (unsigned long long)slot, strerror(-rc)) : 0;
}

/* Decode all symbols from k members, from @first on, as neighbours in a ring. */
static void decode(struct reader *r, const struct rlnc_code *code, unsigned int first)
{
	const u8 *in[RLNC_MAX_K];
	u16 want[RLNC_MAX_K];
	u8 have[RLNC_MAX_K];
	unsigned int i;

	for (i = 0; i < r->sb->k; i++) {
		have[i] = (first + i) % r->sb->n;
		in[i] = r->fragment[have[i]];
		want[i] = RLNC_DATA(i);
	}
	if (rlnc_plan_combine(r->plan, code, have, want, r->sb->k))
		die(1, "%u rows from %u on cannot be inverted", r->sb->k, first);
	rlnc_plan_run(r->plan, in, r->symbol, r->sb->symbol_bytes);
}

/* For each seal, with how many of the sets of members it opens. */
static void count_decoded(struct reader *r, const struct place *at, const struct rlnc_ptr *ptr,
			  const struct rlnc_code *code, u32 *opened, u8 *plain)
{
	unsigned int first;
	u32 i;

	memset(opened, 0, r->sb->geo.seals * sizeof(*opened));
	for (first = 0; first < r->sb->n; first++) {
		decode(r, code, first);
		for (i = 0; i < r->sb->geo.seals; i++)
			if (is_sealed(&ptr->seal[i]))
				opened[i] += opens(r, at, &ptr->seal[i], i,
						   r->symbol[i / r->pages] +
						   i % r->pages * RLNC_SECTOR_BYTES,
						   plain + i * RLNC_SECTOR_BYTES);
	}
}

static bool opens_as_is(struct reader *r, const struct place *at, const struct rlnc_seal *seal,
			u32 sector)
{
	u8 plain[RLNC_SECTOR_BYTES];
	unsigned int i;

	for (i = 0; i < r->sb->n; i++)
		if (opens(r, at, seal, sector,
			  r->fragment[i] + sector % r->pages * RLNC_SECTOR_BYTES, plain))
			return true;
	return false;
}

/* One generation; @plain receives its contents. */
static int look(struct reader *r, const struct place *at, const struct rlnc_ptr *ptr, u8 *plain)
{
	u64 slot = le64toh(ptr->slot), birth = le64toh(ptr->birth);
	u32 public[RLNC_MAX_SEALS], secret[RLNC_MAX_SEALS], i;
	const struct rlnc_code *code = r->code;
	u8 seed[RLNC_SEED_SIZE];
	int rc = read_fragments(r, slot);

	if (rc)
		return rc;
	r->generations++;
	count_decoded(r, at, ptr, r->code, public, plain);
	if (r->sb->mode == RLNC_DISK_DENSE) {
		rlnc_generation_seed(r->coeff_key, slot, birth, seed);
		if (rlnc_code_mix(r->mixed, r->sb->n, r->code, seed))
			return fail(EINVAL, "no code");
		code = r->mixed;
	}
	memset(plain, 0, r->sb->geo.gen_bytes);
	count_decoded(r, at, ptr, code, secret, plain);
	for (i = 0; i < r->sb->geo.seals; i++) {
		if (!is_sealed(&ptr->seal[i]))
			continue;
		r->sealed++;
		r->as_is += opens_as_is(r, at, &ptr->seal[i], i);
		r->public += public[i] > 0;
		r->secret += secret[i] == r->sb->n;
	}
	return 0;
}

/* A generation and, in a node, what is below it. */
static int walk(struct reader *r, const struct place *at, const struct rlnc_ptr *ptr)
{
	const struct rlnc_geometry *geo = &r->sb->geo;
	CLEANUP_FREE u8 *plain = NULL;
	struct place child = { .tree = at->tree, .level = (u8)(at->level - 1) };
	u32 i;
	int rc;

	if (!ptr->birth || ptr->slot == htole64(RLNC_PTR_NO_SLOT))
		return 0;
	if (le64toh(ptr->slot) >= r->sb->slots)
		return fail(EBADMSG, "a pointer beyond the slots");
	plain = malloc(geo->gen_bytes);
	if (!plain)
		return -ENOMEM;
	rc = look(r, at, ptr, plain);
	for (i = 0; i < geo->fanout && at->level && !rc; i++) {
		child.index = at->index * geo->fanout + i;
		if (at->tree == RLNC_TREE_PACK && !child.level &&
		    !rlnc_pack_entry_is_ptr(geo, child.index))
			continue;
		rc = walk(r, &child, (const struct rlnc_ptr *)(plain + i * geo->ptr_bytes));
	}
	return rc;
}

static int walk_trees(struct reader *r)
{
	const struct rlnc_super *sb = r->sb;
	const u64 leaves[RLNC_TREES] = {
		[RLNC_TREE_MAP] = rlnc_data_generations(&sb->geo, sb->logical_sectors),
		[RLNC_TREE_SPACE] = rlnc_space_generations(&sb->geo, sb->slots),
		[RLNC_TREE_PACK] = rlnc_pack_entries(&sb->geo, sb->packs),
	};
	struct rlnc_tree_shape shape;
	u8 tree;
	int rc = 0;

	for (tree = 0; tree < RLNC_TREES && !rc; tree++) {
		struct place root = { .tree = tree };

		rc = rlnc_tree_shape_init(&shape, &sb->geo, leaves[tree]);
		root.level = (u8)shape.top;
		if (!rc)
			rc = walk(r, &root, (const struct rlnc_ptr *)sb->root[tree]);
	}
	return rc;
}

static int derive(const u8 *key, const struct rlnc_super *sb, const char *info, u8 *out)
{
	return hkdf_sha256(key, RLNC_VOLUME_KEY_BYTES, sb->volume_id, RLNC_ID_BYTES, info,
			   strlen(info), out, 32);
}

static int set_up(struct reader *r, const u8 *key)
{
	const struct rlnc_super *sb = r->sb;
	unsigned int i;

	r->pages = sb->symbol_bytes / RLNC_SECTOR_BYTES;
	r->code = malloc(rlnc_code_size(sb->k, sb->n));
	r->mixed = malloc(rlnc_code_size(sb->k, sb->n));
	r->plan = malloc(rlnc_plan_size(sb->k, sb->k));
	for (i = 0; i < sb->n; i++)
		r->fragment[i] = aligned_alloc(RLNC_SECTOR_BYTES, sb->symbol_bytes);
	for (i = 0; i < sb->k; i++)
		r->symbol[i] = malloc(sb->symbol_bytes);
	if (!r->code || !r->mixed || !r->plan)
		return fail(ENOMEM, "out of memory");
	if (rlnc_init(NULL) ||
	    rlnc_code_init(r->code, sb->k, sb->n, RLNC_SYSTEMATIC, sb->coeff_seed) ||
	    derive(key, sb, RLNC_KDF_DATA, r->data_key) ||
	    derive(key, sb, RLNC_KDF_COEFF, r->coeff_key))
		return fail(EINVAL, "no code or no keys");
	return 0;
}

/* All of them, of one volume and of one epoch. */
static int read_members(struct reader *r, struct member *m, char **names, unsigned int count)
{
	unsigned int i;
	int fd, rc;

	for (i = 0; i < count; i++) {
		const struct rlnc_super *sb;

		fd = member_open(names[i], O_RDONLY);
		rc = fd < 0 ? fd : member_load(&m[i], names[i], fd);
		if (rc)
			return fail(-rc, "%s: %s", names[i], strerror(-rc));
		sb = member_best(&m[i]);
		if (!sb || sb->n != count || (r->sb && sb->epoch != r->sb->epoch))
			return fail(EINVAL, "%s: not one of %u members of one epoch", names[i],
				    count);
		r->sb = sb;
		r->fd[sb->member] = fd;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct member members[MEMBERS_MAX];
	static struct reader r;
	u8 key[RLNC_VOLUME_KEY_BYTES];
	CLEANUP_CLOSE int fd = -1;

	report_init(argv[0]);
	if (argc < 3 || argc - 2 > MEMBERS_MAX)
		die(2, "usage: rlnc-fragments KEY-FILE MEMBER...");
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread_all(fd, key, sizeof(key), 0))
		die(1, "%s: no key", argv[1]);
	if (read_members(&r, members, argv + 2, argc - 2) || set_up(&r, key) || walk_trees(&r))
		return 1;
	printf("generations=%llu sealed=%llu as-is=%llu public=%llu secret=%llu\n",
	       (unsigned long long)r.generations, (unsigned long long)r.sealed,
	       (unsigned long long)r.as_is, (unsigned long long)r.public,
	       (unsigned long long)r.secret);
	return 0;
}
