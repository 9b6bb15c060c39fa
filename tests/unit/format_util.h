/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of formats: a good superblock to be damaged.
 */
#ifndef TESTS_FORMAT_UTIL_H
#define TESTS_FORMAT_UTIL_H

#include <stdlib.h>

#include "edge.h"

#include "base/cleanup.h"
#include "disk/super.h"
#include <asm/byteorder.h>
#include <linux/kernel.h>

/* For the sum that tests/unit/run prints: each kind has a generator of its own. */
static inline void report_kinds(const char *header, unsigned int kinds)
{
	print_message("# damaged %s: %u kinds, each refused\n", header, kinds);
}

/* A volume of four out of six whose every field has a value of its own. */
static inline struct rlnc_super *good_super(void)
{
	struct rlnc_super *sb = calloc(1, sizeof(*sb));
	struct rlnc_ptr *root;
	unsigned int i;

	assert_non_null(sb);
	sb->k = 4;
	sb->n = 6;
	sb->member = 2;
	sb->mode = RLNC_DISK_SYSTEMATIC;
	sb->symbol_bytes = 16384;
	sb->writes_min = 5;
	sb->epoch = 1000;
	sb->slots = 10000;
	sb->slots_used = 77;
	sb->log_slot = 4711;
	sb->log_seq = 9;
	sb->packs = 600;
	sb->pack_tail = 1234;
	sb->pack_head = 1500;
	assert_int_equal(rlnc_geometry_init(&sb->geo, sb->k, sb->symbol_bytes), 0);
	sb->logical_sectors = rlnc_logical_max(&sb->geo, sb->slots);
	strcpy(sb->label, "a label");
	for (i = 0; i < RLNC_ID_BYTES; i++)
		sb->volume_id[i] = 0x10 + i;
	for (i = 0; i < RLNC_SEED_BYTES; i++)
		sb->coeff_seed[i] = 0x40 + i;
	for (i = 0; i < sb->n; i++) {
		memset(sb->members[i].id, 0x80 + i, RLNC_ID_BYTES);
		sb->members[i].state = RLNC_MEMBER_SYNC;
		sb->members[i].valid_through = RLNC_EPOCH_NONE;
		sb->members[i].since = RLNC_EPOCH_NONE;
	}
	sb->members[3].state = RLNC_MEMBER_STALE;
	sb->members[3].valid_through = 900;
	sb->members[3].since = 950;
	sb->members[4].state = RLNC_MEMBER_FAILED;
	sb->members[4].valid_through = 990;
	root = (struct rlnc_ptr *)sb->root[RLNC_TREE_MAP];
	memset(root, 0x5a, sb->geo.ptr_bytes);
	root->slot = cpu_to_le64(123);
	root->birth = cpu_to_le64(1000);
	return sb;
}

#endif /* TESTS_FORMAT_UTIL_H */
