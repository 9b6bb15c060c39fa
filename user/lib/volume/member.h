/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One member device as it is found: its superblocks and its sets of key
 * slots, checked as far as that goes without a key.
 */
#ifndef SKY_VOLUME_MEMBER_H
#define SKY_VOLUME_MEMBER_H

#include <stdbool.h>

#include "disk/super.h"
#include "keyslot.h"

/* One of the two superblocks of a member. */
struct member_super {
	enum rlnc_super_error err;
	struct rlnc_super *sb;		/* valid when err is RLNC_SUPER_OK */
};

/* One of the two sets of key slots of a member. */
struct member_keyslots {
	enum keyslot_error err;
	struct keyslot_set *set;	/* valid when err is KEYSLOT_OK */
};

struct member {
	const char *name;		/* as the user wrote it; not owned */
	int fd;				/* not owned */
	u64 bytes;
	u8 *area;			/* the first RLNC_SLOTS_OFFSET bytes */
	struct member_super super[RLNC_SUPER_COPIES];
	struct member_keyslots keys[RLNC_KEYSLOT_COPIES];
	int best;			/* superblock to believe, or -1 */
	bool unsigned_super;		/* `best` is to be signed: see rlnc_repair.h */
};

int member_open(const char *path, int flags);
int member_size(int fd, u64 *bytes);
int member_load(struct member *m, const char *name, int fd);
int member_from_image(struct member *m, const char *name, const void *image, u64 bytes);
void member_unload(struct member *m);
int member_write(int fd, const void *buf, size_t len, u64 offset);
int member_write_keyslots(int fd, const void *buf, size_t bytes, u64 seq);

const struct rlnc_super *member_best(const struct member *m);
enum rlnc_super_error member_why_not(const struct member *m);

#endif /* SKY_VOLUME_MEMBER_H */
