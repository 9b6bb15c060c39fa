// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#include "log.h"

/* Bytes that a change of @count seals takes in a record. */
size_t rlnc_log_entry_bytes(u32 count)
{
	return sizeof(struct rlnc_log_entry) + count * sizeof(struct rlnc_seal);
}

/**
 * rlnc_log_next - the next change in a record's contents
 * @buf:	contents, 8-byte aligned
 * @len:	bytes of contents
 * @at:		where it begins; moved behind it
 * @limits:	what it may refer to
 * @entry:	receives the change, inside @buf
 *
 * Return: 1 with a change, 0 at the end, -EBADMSG when a rule is broken.
 */
int rlnc_log_next(const u8 *buf, size_t len, size_t *at,
		  const struct rlnc_log_limits *limits,
		  const struct rlnc_log_entry **entry)
{
	const struct rlnc_log_entry *e = (const void *)(buf + *at);
	u32 first, count;

	if (*at == len)
		return 0;
	if (len - *at < sizeof(*e))
		return -EBADMSG;
	first = le16_to_cpu(e->first);
	count = le16_to_cpu(e->count);
	if (e->zero)
		return -EBADMSG;
	if (le64_to_cpu(e->index) >= limits->generations)
		return -EBADMSG;
	if (first > limits->seals || count > limits->seals - first)
		return -EBADMSG;
	if (len - *at < rlnc_log_entry_bytes(count))
		return -EBADMSG;
	if (!e->birth && (count || first || e->slot))
		return -EBADMSG;
	if (e->birth && le64_to_cpu(e->birth) <= limits->epoch)
		return -EBADMSG;
	if (e->birth && le64_to_cpu(e->slot) >= limits->slots)
		return -EBADMSG;
	*at += rlnc_log_entry_bytes(count);
	*entry = e;
	return 1;
}

/**
 * rlnc_log_append - write a change behind others
 * @buf:	where
 * @room:	bytes left there
 * @index:	generation
 * @ptr:	its new pointer; birth 0 unmaps it
 * @first:	first seal that changed
 * @count:	how many
 *
 * Return: bytes taken, or 0 when there is not enough room.
 */
size_t rlnc_log_append(u8 *buf, size_t room, u64 index, const struct rlnc_ptr *ptr,
		       u32 first, u32 count)
{
	struct rlnc_log_entry *e = (void *)buf;
	size_t bytes;

	if (!ptr->birth) {
		first = 0;
		count = 0;
	}
	bytes = rlnc_log_entry_bytes(count);
	if (bytes > room)
		return 0;
	e->index = cpu_to_le64(index);
	e->slot = ptr->birth ? ptr->slot : 0;
	e->birth = ptr->birth;
	e->first = cpu_to_le16(first);
	e->count = cpu_to_le16(count);
	e->zero = 0;
	memcpy(e->seal, &ptr->seal[first], count * sizeof(struct rlnc_seal));
	return bytes;
}
