// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <asm/byteorder.h>
#include <linux/crc32c.h>

#include "repair_note.h"

/* CRC-32C of a note as if its crc field were zero. */
static u32 note_crc(const struct rlnc_disk_repair *d)
{
	static const u8 zero[sizeof(d->crc)];
	size_t at = offsetof(struct rlnc_disk_repair, crc);
	u32 crc = crc32c(~0u, d, at);

	crc = crc32c(crc, zero, sizeof(zero));
	at += sizeof(zero);
	return ~crc32c(crc, (const u8 *)d + at, sizeof(*d) - at);
}

/**
 * repair_note_parse - read a note
 * @buf:	untrusted bytes
 * @len:	how many
 * @note:	filled in
 *
 * Return: 0 or -EINVAL for what is no note, or not a sound one.
 */
int repair_note_parse(const void *buf, size_t len, struct repair_note *note)
{
	struct rlnc_disk_repair d;
	unsigned int i;

	if (len < sizeof(d))
		return -EINVAL;
	memcpy(&d, buf, sizeof(d));
	if (memcmp(d.magic, RLNC_REPAIR_MAGIC, sizeof(d.magic)))
		return -EINVAL;
	if (le32_to_cpu(d.version) != RLNC_REPAIR_VERSION || le32_to_cpu(d.crc) != note_crc(&d))
		return -EINVAL;
	for (i = 0; i < sizeof(d.zero); i++)
		if (d.zero[i])
			return -EINVAL;
	if (le64_to_cpu(d.bytes_done) % RLNC_SECTOR_BYTES)
		return -EINVAL;
	memcpy(note->state, d.state, sizeof(note->state));
	note->bytes_done = le64_to_cpu(d.bytes_done);
	return 0;
}

/**
 * repair_note_format - write a note
 * @note:	what it says
 * @buf:	receives RLNC_REPAIR_BYTES
 */
void repair_note_format(const struct repair_note *note, void *buf)
{
	struct rlnc_disk_repair d = { .version = cpu_to_le32(RLNC_REPAIR_VERSION),
				      .bytes_done = cpu_to_le64(note->bytes_done) };

	memcpy(d.magic, RLNC_REPAIR_MAGIC, sizeof(d.magic));
	memcpy(d.state, note->state, sizeof(d.state));
	d.crc = cpu_to_le32(note_crc(&d));
	memcpy(buf, &d, sizeof(d));
}
