// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every nonce that the members of a closed volume have, and what it was used for: of
 * every sector that the trees refer to, and of every record of an intent log that has
 * not been overwritten.
 *
 *	rlnc-nonces KEY-FILE MEMBER...
 *
 * prints a line for each: data, pack, node or log, and the nonce and the tag in
 * hexadecimal.  A tag is that of its ciphertext, in its place: two that are not the same
 * are of two ciphertexts.  A seal that does not open is an error.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "offline.h"
#include "rlnc_log.h"

static void tell(const char *kind, const u8 *nonce, const u8 *tag)
{
	char nonce_text[2 * RLNC_NONCE_BYTES + 1], tag_text[2 * RLNC_TAG_BYTES + 1];

	hex_encode(nonce, RLNC_NONCE_BYTES, nonce_text);
	hex_encode(tag, RLNC_TAG_BYTES, tag_text);
	printf("%s %s %s\n", kind, nonce_text, tag_text);
}

static const char *kind_of(const struct place *at)
{
	if (at->tree == RLNC_TREE_MAP && !at->level)
		return "data";
	if (at->tree == RLNC_TREE_PACK && !at->level)
		return "pack";
	return "node";
}

static int look(struct offline *o, const struct place *at, const struct rlnc_ptr *ptr, u8 *plain)
{
	const struct rlnc_code *code = offline_code(o, ptr);
	const struct rlnc_seal *seal;
	int rc = code ? offline_read(o, le64toh(ptr->slot)) : -EINVAL;
	u32 i;

	if (rc)
		return rc;
	offline_decode(o, code, 0);
	for (i = 0; i < o->sb->geo.seals; i++) {
		seal = &ptr->seal[i];
		if (!offline_is_sealed(seal))
			continue;
		if (!offline_opens(o, at, seal, i,
				   o->symbol[i / o->pages] + i % o->pages * RLNC_SECTOR_BYTES,
				   plain + i * RLNC_SECTOR_BYTES))
			return fail(EBADMSG, "tree %u level %u generation %llu block %u does not open",
				    at->tree, at->level, (unsigned long long)at->index, i);
		tell(kind_of(at), seal->nonce, seal->tag);
	}
	return 0;
}

/* Records lie on every member as they are, and old ones until their slot is used again. */
static int look_for_records(const struct offline *o)
{
	CLEANUP_FREE u8 *slot = aligned_alloc(RLNC_SECTOR_BYTES, o->sb->symbol_bytes);
	const struct rlnc_log_trailer *trailer;
	u64 i;
	u32 page;
	int rc;

	if (!slot)
		return -ENOMEM;
	for (i = 0; i < o->sb->slots; i++) {
		rc = pread_all(o->fd[0], slot, o->sb->symbol_bytes,
			       RLNC_SLOTS_OFFSET + i * o->sb->symbol_bytes);
		if (rc)
			return fail(-rc, "slot %llu: %s", (unsigned long long)i, strerror(-rc));
		for (page = 0; page < o->pages; page++) {
			trailer = (const void *)(slot + page * RLNC_SECTOR_BYTES +
						 RLNC_LOG_PAYLOAD);
			if (le32toh(trailer->magic) == RLNC_LOG_MAGIC)
				tell("log", trailer->nonce, trailer->tag);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct offline o;

	report_init(argv[0]);
	if (argc < 3)
		die(2, "usage: rlnc-nonces KEY-FILE MEMBER...");
	return offline_open(&o, argv[1], argv + 2, argc - 2) || offline_walk(&o, look) ||
	       look_for_records(&o);
}
