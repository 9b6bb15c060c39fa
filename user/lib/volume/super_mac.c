// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "crypto/kdf.h"
#include "rlnc_dm.h"
#include "super_mac.h"

/**
 * super_mac_key - the key that authenticates a volume's superblocks
 * @volume_key:	RLNC_VOLUME_KEY_BYTES
 * @volume_id:	salt
 * @key:	receives the key; wipe it
 *
 * Return: 0 or -EIO.
 */
int super_mac_key(const struct secret *volume_key, const u8 volume_id[RLNC_ID_BYTES],
		  u8 key[RLNC_MAC_BYTES])
{
	return hkdf_sha256(volume_key->data, volume_key->len, volume_id, RLNC_ID_BYTES,
			   RLNC_KDF_SUPER, strlen(RLNC_KDF_SUPER), key, RLNC_MAC_BYTES);
}

/**
 * super_write - a superblock's bytes, complete with MAC and CRC
 * @sb:		what to write
 * @key:	from super_mac_key()
 * @buf:	receives rlnc_super_bytes() bytes
 *
 * Return: 0 or -EIO.
 */
int super_write(const struct rlnc_super *sb, const u8 key[RLNC_MAC_BYTES], void *buf)
{
	u8 mac[RLNC_MAC_BYTES];
	int rc;

	rlnc_super_format(sb, buf);
	rc = hmac_sha256(key, RLNC_MAC_BYTES, buf, rlnc_super_bytes(&sb->geo, sb->n), mac);
	if (!rc)
		rlnc_super_put_mac(buf, mac);
	return rc;
}

/**
 * super_check_mac - whether the owner of the volume wrote a superblock
 * @buf:	bytes that rlnc_super_parse() accepted
 * @bytes:	length of the superblock
 * @key:	from super_mac_key()
 *
 * Return: 0, -EKEYREJECTED, -ENOMEM, or -EIO.
 */
int super_check_mac(const void *buf, size_t bytes, const u8 key[RLNC_MAC_BYTES])
{
	u8 stored[RLNC_MAC_BYTES], mac[RLNC_MAC_BYTES];
	CLEANUP_FREE u8 *copy = malloc(bytes);
	int rc;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, buf, bytes);
	rlnc_super_take_mac(copy, stored);
	rc = hmac_sha256(key, RLNC_MAC_BYTES, copy, bytes, mac);
	if (rc)
		return rc;
	return mac_equal(mac, stored, sizeof(mac)) ? 0 : -EKEYREJECTED;
}
