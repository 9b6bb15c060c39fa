// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#include "log.h"

/* Bytes that a change of @count seals takes in a record. */
size_t rlnc_log_entry_bytes(u32 kind, u32 count)
{
	return sizeof(struct rlnc_log_entry) + count * sizeof(struct rlnc_seal) +
	       (kind == RLNC_LOG_PACK ? sizeof(__le64) : 0);
}

/* The owner of the first sector, in a change of a pack that rlnc_log_next() gave. */
u64 rlnc_log_owner(const struct rlnc_log_entry *entry)
{
	return le64_to_cpu(*(const __le64 *)&entry->seal[le16_to_cpu(entry->count)]);
}

static bool ptr_ok(const struct rlnc_log_entry *e, const struct rlnc_log_limits *limits)
{
	if (le64_to_cpu(e->index) >= limits->generations)
		return false;
	return e->birth || !(e->count || e->first || e->slot);
}

static bool pack_ok(const struct rlnc_log_entry *e, const struct rlnc_log_limits *limits)
{
	u64 number = le64_to_cpu(e->index), owner = rlnc_log_owner(e);
	u32 count = le16_to_cpu(e->count), at;

	if (number < limits->pack_tail || number - limits->pack_tail >= limits->packs)
		return false;
	if (!e->birth || !count)
		return false;
	return div_u64_rem(owner, limits->seals, &at) < limits->generations &&
	       count <= limits->seals - at;
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
	u32 first, count, kind;

	if (*at == len)
		return 0;
	if (len - *at < sizeof(*e))
		return -EBADMSG;
	first = le16_to_cpu(e->first);
	count = le16_to_cpu(e->count);
	kind = le32_to_cpu(e->kind);
	if (kind >= RLNC_LOG_KINDS)
		return -EBADMSG;
	if (first > limits->seals || count > limits->seals - first)
		return -EBADMSG;
	if (len - *at < rlnc_log_entry_bytes(kind, count))
		return -EBADMSG;
	if (e->birth && le64_to_cpu(e->birth) <= limits->epoch)
		return -EBADMSG;
	if (e->birth && le64_to_cpu(e->slot) >= limits->slots)
		return -EBADMSG;
	if (kind == RLNC_LOG_PACK ? !pack_ok(e, limits) : !ptr_ok(e, limits))
		return -EBADMSG;
	*at += rlnc_log_entry_bytes(kind, count);
	*entry = e;
	return 1;
}

/* The head of a change, if there is room for the whole of it. */
static struct rlnc_log_entry *append(u8 *buf, size_t room, u32 kind, u64 index,
				     const struct rlnc_ptr *ptr, u32 first, u32 count)
{
	struct rlnc_log_entry *e = (void *)buf;

	if (rlnc_log_entry_bytes(kind, count) > room)
		return NULL;
	e->index = cpu_to_le64(index);
	e->slot = ptr->birth ? ptr->slot : 0;
	e->birth = ptr->birth;
	e->first = cpu_to_le16(first);
	e->count = cpu_to_le16(count);
	e->kind = cpu_to_le32(kind);
	return e;
}

/**
 * rlnc_log_append - write a changed pointer behind other changes
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
	struct rlnc_log_entry *e;

	if (!ptr->birth) {
		first = 0;
		count = 0;
	}
	e = append(buf, room, RLNC_LOG_PTR, index, ptr, first, count);
	if (!e)
		return 0;
	memcpy(e->seal, &ptr->seal[first], count * sizeof(struct rlnc_seal));
	return rlnc_log_entry_bytes(RLNC_LOG_PTR, count);
}

/**
 * rlnc_log_append_pack - write down that a pack was given sectors
 * @buf:	where
 * @room:	bytes left there
 * @number:	of the pack
 * @ptr:	its pointer, with the seals of these sectors
 * @geo:	shape of the volume
 * @position:	first position that was filled
 * @count:	how many, at least 1
 * @owner:	of the first
 *
 * Return: bytes taken, or 0 when there is not enough room.
 */
size_t rlnc_log_append_pack(u8 *buf, size_t room, u64 number, const struct rlnc_ptr *ptr,
			    const struct rlnc_geometry *geo, u32 position, u32 count,
			    u64 owner)
{
	struct rlnc_log_entry *e;
	u32 i;

	e = append(buf, room, RLNC_LOG_PACK, number, ptr, position, count);
	if (!e)
		return 0;
	for (i = 0; i < count; i++)
		e->seal[i] = ptr->seal[rlnc_pack_sector(geo, position + i)];
	*(__le64 *)&e->seal[count] = cpu_to_le64(owner);
	return rlnc_log_entry_bytes(RLNC_LOG_PACK, count);
}
