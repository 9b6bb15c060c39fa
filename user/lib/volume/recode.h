/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One member's fragments from those of any k others, without a key.  A volume has
 * one systematic code, or in a dense volume that times a secret matrix for every
 * slot, which changes nothing about what fragments are to each other: those of a
 * member are one fixed linear combination of those of k others, byte by byte over
 * all slots, whatever is in them.
 */
#ifndef SKY_VOLUME_RECODE_H
#define SKY_VOLUME_RECODE_H

#include "disk/super.h"
#include "rlnc/rlnc.h"

#define RECODE_CHUNK	(1u << 20)

struct recode_source {
	const char *name;	/* not owned */
	int fd;			/* not owned */
	u8 row;			/* index of the member */
	bool lost;		/* it could not be read */
};

struct recode {
	struct recode_source *source;	/* not owned */
	unsigned int sources;
	u32 k;
	u16 want;			/* row that is computed */
	struct rlnc_code *code;
	struct rlnc_plan *plan;
	unsigned int used[RLNC_MAX_K];	/* sources of the plan's inputs */
	u8 *in[RLNC_MAX_K];		/* RECODE_CHUNK bytes each */
	u8 *out;
};

int recode_init(struct recode *r, const struct rlnc_super *sb, u16 want,
		struct recode_source *source, unsigned int sources);
int recode_run(struct recode *r, u64 offset, size_t len);
void recode_free(struct recode *r);

#endif /* SKY_VOLUME_RECODE_H */
