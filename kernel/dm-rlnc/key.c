// SPDX-License-Identifier: GPL-2.0-only
/* The volume key: hexadecimal in the table, or a key of the kernel's keyring. */
#include <linux/kernel.h>
#include <linux/key.h>
#include <linux/key-type.h>
#include <keys/encrypted-type.h>
#include <keys/user-type.h>
#include "dm-rlnc.h"

static int payload_user(struct key *key, u8 *out)
{
	const struct user_key_payload *payload = user_key_payload_locked(key);

	if (!payload)
		return -EKEYREVOKED;
	if (payload->datalen != RLNC_VOLUME_KEY_BYTES)
		return -EINVAL;
	memcpy(out, payload->data, RLNC_VOLUME_KEY_BYTES);
	return 0;
}

static int payload_encrypted(struct key *key, u8 *out)
{
	const struct encrypted_key_payload *payload;

	payload = dereference_key_locked(key);
	if (!payload)
		return -EKEYREVOKED;
	if (payload->decrypted_datalen != RLNC_VOLUME_KEY_BYTES)
		return -EINVAL;
	memcpy(out, payload->decrypted_data, RLNC_VOLUME_KEY_BYTES);
	return 0;
}

static const struct {
	const char *prefix;
	struct key_type *type;
	int (*payload)(struct key *key, u8 *out);
} key_types[] = {
	{ "logon:", &key_type_logon, payload_user },
	{ "user:", &key_type_user, payload_user },
#if IS_REACHABLE(CONFIG_ENCRYPTED_KEYS)
	{ "encrypted:", &key_type_encrypted, payload_encrypted },
#endif
};

/* :32:TYPE:DESCRIPTION, looked up in the keyrings of the calling process. */
static int load_from_keyring(const char *word, u8 *out)
{
	static const char size_prefix[] = ":32:";
	struct key *key;
	int ret;
	u32 i;

	if (strncmp(word, size_prefix, strlen(size_prefix)))
		return -EINVAL;
	word += strlen(size_prefix);
	for (i = 0; i < ARRAY_SIZE(key_types); i++)
		if (!strncmp(word, key_types[i].prefix, strlen(key_types[i].prefix)))
			break;
	if (i == ARRAY_SIZE(key_types))
		return -EINVAL;
	key = request_key(key_types[i].type,
			  word + strlen(key_types[i].prefix), NULL);
	if (IS_ERR(key))
		return PTR_ERR(key);
	down_read(&key->sem);
	ret = key_types[i].payload(key, out);
	up_read(&key->sem);
	key_put(key);
	return ret;
}

/**
 * rlnc_key_load - get the volume key that a table word names
 * @word:	64 hexadecimal digits, or :32:TYPE:DESCRIPTION
 * @key:	receives the key; the caller wipes it
 *
 * Return: 0, -EINVAL for a malformed word or a key of another length, or the
 * keyring's error (-ENOKEY when there is no such key).
 */
int rlnc_key_load(const char *word, u8 key[RLNC_VOLUME_KEY_BYTES])
{
	if (*word == ':')
		return load_from_keyring(word, key);
	if (strlen(word) != 2 * RLNC_VOLUME_KEY_BYTES)
		return -EINVAL;
	return hex2bin(key, word, RLNC_VOLUME_KEY_BYTES) ? -EINVAL : 0;
}
