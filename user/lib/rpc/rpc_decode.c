// SPDX-License-Identifier: GPL-2.0-or-later
/* Unpacking: hostile bytes into structs. */
#include <errno.h>

#include "rpc_wire.h"

/* Elements of lists, one after the other. */
struct room {
	u8 *p, *end;
};

struct reader {
	const u8 *p, *end;
	struct room *room;
	int err;
};

static size_t left(const struct reader *r)
{
	return r->end - r->p;
}

static const u8 *get(struct reader *r, size_t n)
{
	const u8 *p = r->p;

	if (left(r) < n) {
		r->err = -EBADMSG;
		return NULL;
	}
	r->p += n;
	return p;
}

/* Up to @max, in its shortest form. */
static u64 get_varint(struct reader *r, u64 max)
{
	u64 v = 0, bits;
	unsigned int shift;

	if (left(r) && r->p[0] < 0x80 && r->p[0] <= max)
		return *r->p++;
	for (shift = 0; shift < 64 && r->p < r->end; shift += 7) {
		bits = *r->p & 0x7f;
		if (bits << shift >> shift != bits)
			break;
		v |= bits << shift;
		if (*r->p++ & 0x80)
			continue;
		if ((!bits && shift) || v > max)
			break;
		return v;
	}
	r->err = -EBADMSG;
	return 0;
}

static void get_number(struct reader *r, void *to, unsigned int size)
{
	const u8 *p = get(r, size);
	u16 v16;
	u32 v32;
	u64 v64;

	if (!p)
		return;
	switch (size) {
	case 1:
		*(u8 *)to = *p;
		break;
	case 2:
		memcpy(&v16, p, 2);
		v16 = le16_to_cpu(v16);
		memcpy(to, &v16, 2);
		break;
	case 4:
		memcpy(&v32, p, 4);
		v32 = le32_to_cpu(v32);
		memcpy(to, &v32, 4);
		break;
	default:
		memcpy(&v64, p, 8);
		v64 = le64_to_cpu(v64);
		memcpy(to, &v64, 8);
	}
}

static void get_bool(struct reader *r, bool *to)
{
	const u8 *p = get(r, 1);

	if (p && *p > 1)
		r->err = -EBADMSG;
	else if (p)
		*to = *p;
}

static void get_bytes(struct reader *r, const struct rpc_field *f, struct rpc_bytes *b)
{
	u32 len = (u32)get_varint(r, f->max);
	const u8 *p = r->err ? NULL : get(r, len);

	if (p)
		*b = (struct rpc_bytes){ p, len };
}

static void get_body(struct reader *r, const struct rpc_schema *schema, void *message,
		     unsigned int depth);

/* What is left of the element behind the fields that are known is skipped. */
static void get_element(struct reader *r, const struct rpc_schema *schema, void *element,
			unsigned int depth)
{
	u32 len = (u32)get_varint(r, RPC_BODY_MAX);
	const u8 *p = r->err ? NULL : get(r, len);
	struct reader inner;

	if (!p)
		return;
	inner = (struct reader){ p, p + len, r->room, 0 };
	get_body(&inner, schema, element, depth);
	r->err = inner.err;
}

/* Each element takes two bytes at least, so that a count cannot ask for much. */
static void get_list(struct reader *r, const struct rpc_field *f, void *message,
		     unsigned int depth)
{
	u32 count = (u32)get_varint(r, f->max), i;
	size_t bytes = (size_t)count * f->of->size;
	u8 *element = r->room->p;

	if (r->err || !count)
		return;
	if (!depth || count > left(r) / 2) {
		r->err = -EBADMSG;
		return;
	}
	if (((bytes + 7) & ~(size_t)7) > (size_t)(r->room->end - element)) {
		r->err = -ENOBUFS;
		return;
	}
	/* The next list begins aligned, as this one does. */
	r->room->p += (bytes + 7) & ~(size_t)7;
	memset(element, 0, bytes);
	memcpy(rpc_at(message, f->count_offset), &count, sizeof(count));
	memcpy(rpc_at(message, f->offset), &element, sizeof(element));
	for (i = 0; !r->err && i < count; i++)
		get_element(r, f->of, element + (size_t)i * f->of->size, depth - 1);
}

static void get_field(struct reader *r, const struct rpc_field *f, void *message,
		      unsigned int depth)
{
	void *to = rpc_at(message, f->offset);
	const u8 *p;
	u32 v32;
	u64 v64;

	switch (f->type) {
	case RPC_U8:
	case RPC_U16:
	case RPC_U32:
	case RPC_U64:
		get_number(r, to, 1u << f->type);
		break;
	case RPC_VARINT32:
		v32 = (u32)get_varint(r, ~(u32)0);
		memcpy(to, &v32, sizeof(v32));
		break;
	case RPC_VARINT64:
		v64 = get_varint(r, ~0ull);
		memcpy(to, &v64, sizeof(v64));
		break;
	case RPC_BOOL:
		get_bool(r, to);
		break;
	case RPC_FIXED_BYTES:
		p = get(r, f->max);
		if (p)
			memcpy(to, p, f->max);
		break;
	case RPC_BYTE_STRING:
		get_bytes(r, f, to);
		break;
	case RPC_STRUCT_OF:
		if (depth)
			get_element(r, f->of, to, depth - 1);
		else
			r->err = -EBADMSG;
		break;
	default:
		get_list(r, f, message, depth);
	}
}

static void get_body(struct reader *r, const struct rpc_schema *schema, void *message,
		     unsigned int depth)
{
	u64 fields = get_varint(r, 0xffff);
	unsigned int i;

	for (i = 0; !r->err && i < fields && i < schema->fields; i++)
		get_field(r, &schema->field[i], message, depth);
	/* Bytes behind the last field belong to fields of a newer version, or to nobody. */
	if (!r->err && fields <= schema->fields && r->p != r->end)
		r->err = -EBADMSG;
	/* And fields of a newer version have at least a byte each. */
	if (!r->err && fields > schema->fields && left(r) < fields - schema->fields)
		r->err = -EBADMSG;
}

int rpc_decode_used(const struct rpc_schema *schema, const void *buf, size_t len, void *message,
		    void *room, size_t room_size, size_t *used)
{
	struct room elements = { room, (u8 *)room + room_size };
	struct reader r = { buf, (const u8 *)buf + len, &elements, 0 };

	*used = 0;
	if (len > RPC_BODY_MAX)
		return -EBADMSG;
	memset(message, 0, schema->size);
	get_body(&r, schema, message, RPC_DEPTH_MAX);
	*used = elements.p - (u8 *)room;
	return r.err;
}

int rpc_decode(const struct rpc_schema *schema, const void *buf, size_t len, void *message,
	       void *room, size_t room_size)
{
	size_t used;

	return rpc_decode_used(schema, buf, len, message, room, room_size, &used);
}

int rpc_frame_decode(const void *buf, size_t len, u32 max, struct rpc_frame *frame)
{
	struct rpc_wire_frame wire;
	u32 length;

	if (len < sizeof(wire))
		return 0;
	memcpy(&wire, buf, sizeof(wire));
	length = le32_to_cpu(wire.length);
	if (length < sizeof(wire) - sizeof(wire.length))
		return -EMSGSIZE;
	*frame = (struct rpc_frame){
		.body = length - (u32)(sizeof(wire) - sizeof(wire.length)),
		.operation = le16_to_cpu(wire.operation), .status = (s16)le16_to_cpu(wire.status),
		.id = le64_to_cpu(wire.id),
	};
	return frame->body > max || frame->body > RPC_BODY_MAX ? -EMSGSIZE : RPC_FRAME_BYTES;
}
