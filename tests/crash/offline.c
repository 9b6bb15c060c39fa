// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "offline.h"

bool offline_is_sealed(const struct rlnc_seal *seal)
{
	static const u8 zero[RLNC_NONCE_BYTES];

	return memcmp(seal->nonce, zero, sizeof(zero)) != 0;
}

/* Does a seal open what is said to be its sector?  @plain receives that. */
bool offline_opens(const struct offline *o, const struct place *at,
		   const struct rlnc_seal *seal, u32 sector, const u8 *cipher, u8 *plain)
{
	struct rlnc_aad aad = {
		.tree = at->tree,
		.level = at->level,
		.sector = htole32(sector),
		.index = htole64(at->index),
		.birth = seal->birth,
	};
	const struct gcm_args args = {
		.key = o->data_key, .nonce = seal->nonce, .aad = &aad, .aad_len = sizeof(aad),
	};

	memcpy(aad.volume_id, o->sb->volume_id, sizeof(aad.volume_id));
	return !gcm_open(&args, cipher, RLNC_SECTOR_BYTES, seal->tag, plain);
}

/* Read all the fragments of a slot.  Return: 0 or -errno, reported. */
int offline_read(struct offline *o, u64 slot)
{
	u64 offset = RLNC_SLOTS_OFFSET + slot * o->sb->symbol_bytes;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < o->sb->n && !rc; i++)
		rc = pread_all(o->fd[i], o->fragment[i], o->sb->symbol_bytes, offset);
	return rc ? fail(-rc, "slot %llu: %s", (unsigned long long)slot, strerror(-rc)) : 0;
}

/* The code that a generation was written with; NULL, reported: there is none. */
const struct rlnc_code *offline_code(struct offline *o, const struct rlnc_ptr *ptr)
{
	u8 seed[RLNC_SEED_SIZE];

	if (o->sb->mode != RLNC_DISK_DENSE)
		return o->code;
	rlnc_generation_seed(o->coeff_key, le64toh(ptr->slot), le64toh(ptr->birth), seed);
	if (rlnc_code_mix(o->mixed, o->sb->n, o->code, seed)) {
		fail(EINVAL, "no code");
		return NULL;
	}
	return o->mixed;
}

/* Decode all symbols from k members, from @first on, as neighbours in a ring. */
void offline_decode(struct offline *o, const struct rlnc_code *code, unsigned int first)
{
	const u8 *in[RLNC_MAX_K];
	u16 want[RLNC_MAX_K];
	u8 have[RLNC_MAX_K];
	unsigned int i;

	for (i = 0; i < o->sb->k; i++) {
		have[i] = (first + i) % o->sb->n;
		in[i] = o->fragment[have[i]];
		want[i] = RLNC_DATA(i);
	}
	if (rlnc_plan_combine(o->plan, code, have, want, o->sb->k))
		die(1, "%u rows from %u on cannot be inverted", o->sb->k, first);
	rlnc_plan_run(o->plan, in, o->symbol, o->sb->symbol_bytes);
}

/* A generation and, in a node, what is below it. */
static int walk(struct offline *o, const struct place *at, const struct rlnc_ptr *ptr,
		offline_look *look)
{
	const struct rlnc_geometry *geo = &o->sb->geo;
	CLEANUP_FREE u8 *plain = NULL;
	struct place child = { .tree = at->tree, .level = (u8)(at->level - 1) };
	u32 i;
	int rc;

	if (!ptr->birth || ptr->slot == htole64(RLNC_PTR_NO_SLOT))
		return 0;
	if (le64toh(ptr->slot) >= o->sb->slots)
		return fail(EBADMSG, "a pointer beyond the slots");
	plain = calloc(1, geo->gen_bytes);
	if (!plain)
		return -ENOMEM;
	rc = look(o, at, ptr, plain);
	for (i = 0; i < geo->fanout && at->level && !rc; i++) {
		child.index = at->index * geo->fanout + i;
		if (at->tree == RLNC_TREE_PACK && !child.level &&
		    !rlnc_pack_entry_is_ptr(geo, child.index))
			continue;
		rc = walk(o, &child, (const struct rlnc_ptr *)(plain + i * geo->ptr_bytes),
			  look);
	}
	return rc;
}

/* All that the newest superblocks refer to.  Return: 0 or -errno, reported. */
int offline_walk(struct offline *o, offline_look *look)
{
	const struct rlnc_super *sb = o->sb;
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
			rc = walk(o, &root, (const struct rlnc_ptr *)sb->root[tree], look);
	}
	return rc;
}

static int derive(const u8 *key, const struct rlnc_super *sb, const char *info, u8 *out)
{
	return hkdf_sha256(key, RLNC_VOLUME_KEY_BYTES, sb->volume_id, RLNC_ID_BYTES, info,
			   strlen(info), out, 32);
}

static int set_up(struct offline *o, const u8 *key)
{
	const struct rlnc_super *sb = o->sb;
	unsigned int i;

	o->pages = sb->symbol_bytes / RLNC_SECTOR_BYTES;
	o->code = malloc(rlnc_code_size(sb->k, sb->n));
	o->mixed = malloc(rlnc_code_size(sb->k, sb->n));
	o->plan = malloc(rlnc_plan_size(sb->k, sb->k));
	for (i = 0; i < sb->n; i++)
		o->fragment[i] = aligned_alloc(RLNC_SECTOR_BYTES, sb->symbol_bytes);
	for (i = 0; i < sb->k; i++)
		o->symbol[i] = malloc(sb->symbol_bytes);
	if (!o->code || !o->mixed || !o->plan)
		return fail(ENOMEM, "out of memory");
	if (rlnc_init(NULL) ||
	    rlnc_code_init(o->code, sb->k, sb->n, RLNC_SYSTEMATIC, sb->coeff_seed) ||
	    derive(key, sb, RLNC_KDF_DATA, o->data_key) ||
	    derive(key, sb, RLNC_KDF_COEFF, o->coeff_key))
		return fail(EINVAL, "no code or no keys");
	return 0;
}

/* All of them, of one volume and of one epoch. */
static int read_members(struct offline *o, char **names, unsigned int count)
{
	unsigned int i;
	int fd, rc;

	for (i = 0; i < count; i++) {
		struct member *m = &o->member[i];
		const struct rlnc_super *sb;

		fd = member_open(names[i], O_RDONLY);
		rc = fd < 0 ? fd : member_load(m, names[i], fd);
		if (rc)
			return fail(-rc, "%s: %s", names[i], strerror(-rc));
		sb = member_best(m);
		if (!sb || sb->n != count || (o->sb && sb->epoch != o->sb->epoch))
			return fail(EINVAL, "%s: not one of %u members of one epoch", names[i],
				    count);
		o->sb = sb;
		o->fd[sb->member] = fd;
	}
	return 0;
}

/**
 * offline_open - read the superblocks of all members, and prepare to decode
 * @o:		zeros; what it takes is kept until the program ends
 * @key_file:	the volume key, 32 bytes
 * @names:	of the members, in any order
 * @count:	as many as the volume has
 *
 * Return: 0 or -errno, reported.
 */
int offline_open(struct offline *o, const char *key_file, char **names, unsigned int count)
{
	CLEANUP_CLOSE int fd = open(key_file, O_RDONLY | O_CLOEXEC);
	u8 key[RLNC_VOLUME_KEY_BYTES];

	if (count > MEMBERS_MAX)
		return fail(EINVAL, "more than %u members", MEMBERS_MAX);
	if (fd < 0 || pread_all(fd, key, sizeof(key), 0))
		return fail(EIO, "%s: no key", key_file);
	return read_members(o, names, count) ?: set_up(o, key);
}
