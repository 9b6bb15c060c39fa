// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile superblocks.  The CRC is made right first, since a fuzzer would
 * never get past it; what parses is written again and must be the same.
 */
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>

#include "disk/super.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_round_trip(const struct rlnc_super *sb, const u8 *buf, size_t bytes)
{
	const struct rlnc_disk_super *d = (const struct rlnc_disk_super *)buf;
	u8 *again = malloc(bytes);

	require(sb->mode == RLNC_DISK_SYSTEMATIC || sb->mode == RLNC_DISK_DENSE);
	require(again && rlnc_super_bytes(&sb->geo, sb->n) == bytes);
	rlnc_super_format(sb, again);
	rlnc_super_put_mac(again, d->mac);
	require(!memcmp(again, buf, bytes));
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rlnc_super sb;
	struct rlnc_disk_super *d;
	u8 mac[RLNC_MAC_BYTES];
	u8 *buf = malloc(size);
	u32 bytes;

	require(buf || !size);
	if (size)
		memcpy(buf, data, size);
	if (size >= RLNC_SECTOR_BYTES) {
		d = (struct rlnc_disk_super *)buf;
		bytes = rlnc_super_peek_bytes(buf);
		if (bytes && bytes <= size) {
			memcpy(mac, d->mac, sizeof(mac));
			d->crc = 0;
			rlnc_super_put_mac(buf, mac);
		}
	}
	if (rlnc_super_parse(buf, size, &sb) == RLNC_SUPER_OK)
		check_round_trip(&sb, buf, rlnc_super_peek_bytes(buf));
	free(buf);
	return 0;
}
