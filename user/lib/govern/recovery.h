/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shares of the recovery key, which is 32 random bytes and wraps a vault's keys.
 *
 * A share is a line: skyshare1 and in bech32m the group (8 bytes), threshold, index, and 32 bytes.
 * The sheet that goes with a group is canonical JSON, and no secret:
 *
 *	{"digests":[DIGITS, ...],"format":"skyhold-recovery-1","group":DIGITS,"salt":DIGITS,
 *	 "threshold":3,"vault":BASE64}
 *
 * digests[i] is SHA-256("skyhold share", salt, index i + 1, the 32 bytes), so that a share that
 * was changed is known by itself; group is the beginning of SHA-256("skyhold group", salt,
 * threshold, all digests), so that each share says which sheet is the right one.  A share has 256
 * random bits, so its digest helps nobody to find it.
 */
#ifndef SKY_GOVERN_RECOVERY_H
#define SKY_GOVERN_RECOVERY_H

#include "base/secret.h"
#include "govern.h"

#define RECOVERY_KEY_BYTES	32u
#define RECOVERY_SHARES		32u
#define RECOVERY_GROUP_BYTES	8u
#define RECOVERY_GROUP		17u	/* in digits, with a NUL */
#define RECOVERY_LINE		96u	/* a share as text, with a NUL */
#define RECOVERY_VAULT_MAX	8192u	/* bytes of what is wrapped */
#define RECOVERY_SHEET_MAX	65536u

/* What is known of a group. */
struct recovery_sheet {
	uint8_t group[RECOVERY_GROUP_BYTES], salt[16];
	unsigned int threshold, shares;
	uint8_t digest[RECOVERY_SHARES][32];
	uint8_t vault[RECOVERY_VAULT_MAX];	/* wrapped; vault_len bytes */
	size_t vault_len;
};

struct recovery_share {
	uint8_t group[RECOVERY_GROUP_BYTES];
	unsigned int threshold, index;		/* from 1 */
	uint8_t value[RECOVERY_KEY_BYTES];
};

/**
 * recovery_split - share a key
 * @key:	RECOVERY_KEY_BYTES, random
 * @threshold:	2 to @count: one share alone would be the key
 * @count:	up to RECOVERY_SHARES
 * @sheet:	receives all but the vault
 * @share:	receives @count of them
 *
 * Return: 0, -EINVAL, -ENOMEM or -EIO.
 */
int recovery_split(const uint8_t *key, unsigned int threshold, unsigned int count,
		   struct recovery_sheet *sheet, struct recovery_share *share);

/* The line of a share, to be wiped.  Return: 0 or -EMSGSIZE. */
int recovery_share_print(const struct recovery_share *s, char line[RECOVERY_LINE]);
/* Return: 0; -EBADMSG: a letter is wrong; -EINVAL: is no share. */
int recovery_share_parse(struct str line, struct recovery_share *s);

/* Is it one of the sheet's?  Return: 0; -EINVAL: of another group; -EKEYREJECTED: it is wrong. */
int recovery_share_check(const struct recovery_sheet *sheet, const struct recovery_share *s);

/**
 * recovery_join - the key, of shares that have been checked
 * @share:	@count of them; more than the threshold do no harm
 * @key:	receives RECOVERY_KEY_BYTES
 *
 * Return: 0; -EAGAIN: too few; -EEXIST: one of them twice; as recovery_share_check().
 */
int recovery_join(const struct recovery_sheet *sheet, const struct recovery_share *share,
		  unsigned int count, uint8_t *key);

/* To be freed.  NULL: no memory. */
char *recovery_sheet_print(const struct recovery_sheet *sheet);
/* Return: 0 or -EBADMSG, with @why. */
int recovery_sheet_parse(struct str text, struct recovery_sheet *sheet, char why[GOVERN_WHY]);
void recovery_group_print(const uint8_t group[RECOVERY_GROUP_BYTES], char text[RECOVERY_GROUP]);

#endif /* SKY_GOVERN_RECOVERY_H */
