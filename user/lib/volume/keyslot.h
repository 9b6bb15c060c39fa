/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of key slots: untrusted bytes to a checked structure and back, and
 * the wrapping of the volume key.  No I/O.
 */
#ifndef SKY_VOLUME_KEYSLOT_H
#define SKY_VOLUME_KEYSLOT_H

#include <linux/types.h>

#include "base/secret.h"
#include "crypto/argon.h"
#include "rlnc_keyslot.h"

/* A slot in the host's byte order; fields as in struct rlnc_disk_keyslot. */
struct keyslot {
	u32 number;
	u32 type;
	u64 created;
	char label[33];
	struct argon_cost cost;
	u8 salt[RLNC_KEYSLOT_SALT];
	u8 nonce[RLNC_NONCE_BYTES];
	u8 wrapped[RLNC_VOLUME_KEY_BYTES];
	u8 tag[RLNC_TAG_BYTES];
	u32 blob_bytes;			/* of @blob; what is behind them is zero */
	u8 blob[RLNC_KEYSLOT_BLOB];
};

struct keyslot_set {
	u8 volume_id[RLNC_ID_BYTES];
	u8 mac[RLNC_MAC_BYTES];
	u64 seq;
	u32 count;
	struct keyslot slot[RLNC_KEYSLOTS];	/* rising numbers */
};

/* Why a set was not accepted; keyslot_strerror() says it in words. */
enum keyslot_error {
	KEYSLOT_OK = 0,
	KEYSLOT_SHORT,
	KEYSLOT_MAGIC,
	KEYSLOT_VERSION,
	KEYSLOT_LENGTH,
	KEYSLOT_CRC,
	KEYSLOT_SEQ,
	KEYSLOT_NUMBER,
	KEYSLOT_TYPE,
	KEYSLOT_COST,
	KEYSLOT_LABEL,
	KEYSLOT_BLOB,
	KEYSLOT_RESERVED,
	KEYSLOT_ERRORS,
};

#define KEYSLOT_SET_MAX	((1 + RLNC_KEYSLOTS) * RLNC_KEYSLOT_BLOCK)

enum keyslot_error keyslot_parse(const void *buf, size_t len, struct keyslot_set *set);
size_t keyslot_format(const struct keyslot_set *set, const struct secret *volume_key,
		      void *buf);
int keyslot_check_mac(void *buf, const struct keyslot_set *set,
		      const struct secret *volume_key);
const char *keyslot_strerror(enum keyslot_error err);
const char *keyslot_type_name(u32 type);

struct keyslot *keyslot_find(struct keyslot_set *set, u32 number);
bool keyslot_same(const struct keyslot *a, const struct keyslot *b);
bool keyslot_same_slots(const struct keyslot_set *a, const struct keyslot_set *b);
int keyslot_add(struct keyslot_set *set, const struct keyslot *slot);
int keyslot_remove(struct keyslot_set *set, u32 number);
int keyslot_first_free(const struct keyslot_set *set);

int keyslot_wrap(const struct keyslot_set *set, struct keyslot *slot,
		 const struct secret *pass, const struct secret *volume_key);
int keyslot_unwrap(const struct keyslot_set *set, const struct keyslot *slot,
		   const struct secret *pass, struct secret *volume_key);

#endif /* SKY_VOLUME_KEYSLOT_H */
