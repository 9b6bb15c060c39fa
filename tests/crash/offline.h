/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a closed volume, read by what the documentation says and without the
 * kernel: every generation that the trees refer to.
 */
#ifndef CRASH_OFFLINE_H
#define CRASH_OFFLINE_H

#include <stdbool.h>

#include "rlnc/rlnc.h"
#include "rlnc_dm.h"
#include "volume/member.h"

#define MEMBERS_MAX	16

/* Where a generation is in the trees. */
struct place {
	u8 tree;
	u8 level;
	u64 index;
};

struct offline {
	const struct rlnc_super *sb;
	u32 pages;			/* of a symbol */
	int fd[MEMBERS_MAX];		/* by index */
	u8 data_key[32];
	u8 coeff_key[RLNC_SEED_KEY_SIZE];
	struct rlnc_code *code;		/* that the superblocks tell */
	struct rlnc_code *mixed;	/* room for a generation's own */
	struct rlnc_plan *plan;
	u8 *fragment[MEMBERS_MAX];	/* of the generation looked at */
	u8 *symbol[RLNC_MAX_K];
	struct member member[MEMBERS_MAX];
};

/* Look at a generation; @plain, of geo.gen_bytes, receives its contents.  Return: 0 or -errno. */
typedef int offline_look(struct offline *o, const struct place *at, const struct rlnc_ptr *ptr,
			 u8 *plain);

int offline_open(struct offline *o, const char *key_file, char **names, unsigned int count);
int offline_walk(struct offline *o, offline_look *look);
int offline_read(struct offline *o, u64 slot);
const struct rlnc_code *offline_code(struct offline *o, const struct rlnc_ptr *ptr);
void offline_decode(struct offline *o, const struct rlnc_code *code, unsigned int first);
bool offline_opens(const struct offline *o, const struct place *at,
		   const struct rlnc_seal *seal, u32 sector, const u8 *cipher, u8 *plain);
bool offline_is_sealed(const struct rlnc_seal *seal);

#endif /* CRASH_OFFLINE_H */
