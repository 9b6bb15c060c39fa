// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile sets of key slots.  The CRC is made right first; what parses is within
 * its limits and is written again to the same bytes, but for the MAC.
 */
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/crc32c.h>

#include "volume/keyslot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct keyslot_set *set, const u8 *buf, size_t size)
{
	static u8 again[KEYSLOT_SET_MAX], key_bytes[RLNC_VOLUME_KEY_BYTES];
	const struct secret key = { .data = key_bytes, .len = sizeof(key_bytes) };
	const size_t slots = sizeof(struct rlnc_disk_keyslots);
	size_t bytes = keyslot_format(set, &key, again);
	u32 i;

	require(bytes && bytes <= size && set->count <= RLNC_KEYSLOTS);
	require(!memcmp(again + slots, buf + slots, bytes - slots));
	for (i = 0; i < set->count; i++)
		require(set->slot[i].type != RLNC_KEYSLOT_PASSPHRASE ||
			argon_cost_ok(&set->slot[i].cost));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyslot_set set;
	struct rlnc_disk_keyslots *d;
	u8 *buf = malloc(size);

	require(buf || !size);
	if (size)
		memcpy(buf, data, size);
	if (size >= RLNC_KEYSLOT_BLOCK) {
		d = (struct rlnc_disk_keyslots *)buf;
		if (le32_to_cpu(d->bytes) <= size) {
			d->crc = 0;
			d->crc = cpu_to_le32(~crc32c(~0u, buf, le32_to_cpu(d->bytes)));
		}
	}
	if (keyslot_parse(buf, size, &set) == KEYSLOT_OK)
		check(&set, buf, size);
	free(buf);
	return 0;
}
