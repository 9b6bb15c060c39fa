// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720, B.4), four
 * bits at a time: what is summed here are superblocks, not data.
 */
#include <linux/crc32c.h>

static const u32 nibble[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
	0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

u32 crc32c(u32 crc, const void *address, unsigned int length)
{
	const u8 *p = address;

	while (length--) {
		crc ^= *p++;
		crc = nibble[crc & 15] ^ (crc >> 4);
		crc = nibble[crc & 15] ^ (crc >> 4);
	}
	return crc;
}
