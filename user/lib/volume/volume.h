/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Members that belong together: which volume they are, which one is who, and
 * which state is the newest.  The kernel decides for itself; what is found
 * here makes the messages good and the table right.
 *
 *	volume_add() ...	every member that could be read
 *	volume_identify()	one volume, no stranger, no unsound superblock
 *	volume_unlock()		passphrase, key file or TPM -> volume key
 *	volume_authenticate()	MACs, duplicates, indices, the newest epoch
 */
#ifndef SKY_VOLUME_VOLUME_H
#define SKY_VOLUME_VOLUME_H

#include "base/hex.h"
#include "member.h"

struct volume {
	struct member *member;			/* `count` of them */
	unsigned int count;
	u8 id[RLNC_ID_BYTES];
	char uuid[UUID_TEXT_MAX];
	const struct rlnc_super *newest;	/* after volume_identify() */
	struct member *by_index[RLNC_MAX_MEMBERS];	/* after volume_authenticate() */
	unsigned int present;
	int unlocked_slot;	/* after volume_unlock(): what opened, else -1 */
	const struct keyslot_set *unlocked_set;	/* where that slot is, else NULL */
};

int volume_init(struct volume *v, unsigned int max_members);
void volume_free(struct volume *v);
int volume_add(struct volume *v, const char *name, int fd);
int volume_identify(struct volume *v);
const struct rlnc_super *volume_least_demanding(const struct volume *v);
int volume_check_order(const struct volume *v, const u8 id[RLNC_ID_BYTES]);
/* What opens slots: either, or both. */
struct volume_opener {
	const struct secret *pass;	/* of all but a TPM's; NULL: none */
	/*
	 * What the TPM of a slot gives up.  -EKEYREJECTED: nothing, and the slot is passed
	 * over without a word.
	 */
	int (*unseal)(void *arg, const struct keyslot *slot, struct secret *pass);
	void *arg;
};

int volume_unlock(struct volume *v, const struct volume_opener *by, struct secret *key);
bool volume_has_keyslot(const struct volume *v, u32 type);
int volume_authenticate(struct volume *v, const struct secret *key);
int volume_sign(const struct member *m, int fd, const struct secret *key);
const struct keyslot_set *volume_keyslots(const struct volume *v);
const struct keyslot_set *volume_trusted_keyslots(const struct volume *v,
						  const struct secret *key);
bool volume_unlocked_newest(const struct volume *v, const struct secret *key);
const struct member *volume_keyslot_donor(const struct volume *v);
int volume_write_keyslots(struct volume *v, struct keyslot_set *set,
			  const struct secret *key);
const struct keyslot_set *volume_member_keyslots(const struct volume *v, unsigned int i,
						 const struct secret *key);
bool volume_keyslots_behind(const struct volume *v, unsigned int i,
			    const struct keyslot_set *set);
const struct keyslot *volume_lost_keyslot(const struct volume *v, const struct secret *key,
					  int except, unsigned int *member);
int volume_sync_keyslots(struct volume *v, const struct secret *key);

#define CLEANUP_VOLUME	CLEANUP(volume_free)

#endif /* SKY_VOLUME_VOLUME_H */
