// SPDX-License-Identifier: GPL-2.0-or-later
/* Packing: structs into bytes. */
#include <errno.h>

#include "rpc_wire.h"

struct writer {
	u8 *p, *end;
	int err;
};

static u8 *take(struct writer *w, size_t n)
{
	u8 *p = w->p;

	if ((size_t)(w->end - p) < n) {
		w->err = -EMSGSIZE;
		return NULL;
	}
	w->p += n;
	return p;
}

static void put(struct writer *w, const void *from, size_t n)
{
	u8 *p = take(w, n);

	if (p && n)
		memcpy(p, from, n);
}

static void put_varint(struct writer *w, u64 v)
{
	u8 bytes[RPC_VARINT_MAX];
	unsigned int n = 0;

	while (v >= 0x80) {
		bytes[n++] = (u8)v | 0x80;
		v >>= 7;
	}
	bytes[n++] = (u8)v;
	put(w, bytes, n);
}

/* The sizes are constants, so that each is one store. */
static void put_number(struct writer *w, const void *from, unsigned int size)
{
	u16 v16;
	u32 v32;
	u64 v64;

	switch (size) {
	case 1:
		put(w, from, 1);
		break;
	case 2:
		memcpy(&v16, from, 2);
		v16 = cpu_to_le16(v16);
		put(w, &v16, 2);
		break;
	case 4:
		memcpy(&v32, from, 4);
		v32 = cpu_to_le32(v32);
		put(w, &v32, 4);
		break;
	default:
		memcpy(&v64, from, 8);
		v64 = cpu_to_le64(v64);
		put(w, &v64, 8);
	}
}

static void put_body(struct writer *w, const struct rpc_schema *schema, const void *message,
		     unsigned int depth);

static void put_bytes(struct writer *w, const struct rpc_field *f, const struct rpc_bytes *b)
{
	if (b->len > f->max) {
		w->err = -EINVAL;
		return;
	}
	put_varint(w, b->len);
	put(w, b->data, b->len);
}

/* The length goes before the element, and its own length depends on it: move it back. */
static void put_element(struct writer *w, const struct rpc_schema *schema, const void *element,
			unsigned int depth)
{
	u8 *start = take(w, 1), *body = w->p;
	u8 bytes[RPC_VARINT_MAX];
	struct writer head = { bytes, bytes + sizeof(bytes), 0 };
	size_t len, n;

	if (!start)
		return;
	put_body(w, schema, element, depth);
	if (w->err)
		return;
	len = w->p - body;
	put_varint(&head, len);
	n = head.p - bytes;
	if (!take(w, n - 1))
		return;
	memmove(start + n, body, len);
	memcpy(start, bytes, n);
}

static void put_list(struct writer *w, const struct rpc_field *f, const void *message,
		     unsigned int depth)
{
	const u8 *element;
	u32 count, i;

	memcpy(&count, rpc_const_at(message, f->count_offset), sizeof(count));
	memcpy(&element, rpc_const_at(message, f->offset), sizeof(element));
	if (count > f->max || !depth) {
		w->err = -EINVAL;
		return;
	}
	put_varint(w, count);
	for (i = 0; !w->err && i < count; i++)
		put_element(w, f->of, element + (size_t)i * f->of->size, depth - 1);
}

static void put_field(struct writer *w, const struct rpc_field *f, const void *message,
		      unsigned int depth)
{
	const void *from = rpc_const_at(message, f->offset);
	u32 v32;
	u64 v64;

	switch (f->type) {
	case RPC_U8:
	case RPC_U16:
	case RPC_U32:
	case RPC_U64:
		put_number(w, from, 1u << f->type);
		break;
	case RPC_VARINT32:
		memcpy(&v32, from, sizeof(v32));
		put_varint(w, v32);
		break;
	case RPC_VARINT64:
		memcpy(&v64, from, sizeof(v64));
		put_varint(w, v64);
		break;
	case RPC_BOOL:
		put(w, *(const bool *)from ? "\1" : "\0", 1);
		break;
	case RPC_FIXED_BYTES:
		put(w, from, f->max);
		break;
	case RPC_BYTE_STRING:
		put_bytes(w, f, from);
		break;
	case RPC_STRUCT_OF:
		if (depth)
			put_element(w, f->of, from, depth - 1);
		else
			w->err = -EINVAL;
		break;
	default:
		put_list(w, f, message, depth);
	}
}

static void put_body(struct writer *w, const struct rpc_schema *schema, const void *message,
		     unsigned int depth)
{
	unsigned int i;

	put_varint(w, schema->fields);
	for (i = 0; !w->err && i < schema->fields; i++)
		put_field(w, &schema->field[i], message, depth);
}

int rpc_encode(const struct rpc_schema *schema, const void *message, void *buf, size_t size)
{
	struct writer w = { buf, (u8 *)buf + (size < RPC_BODY_MAX ? size : RPC_BODY_MAX), 0 };

	put_body(&w, schema, message, RPC_DEPTH_MAX);
	return w.err ? w.err : (int)(w.p - (u8 *)buf);
}

void rpc_frame_encode(void *buf, const struct rpc_frame *frame)
{
	struct rpc_wire_frame wire = {
		.length = cpu_to_le32(frame->body + RPC_FRAME_BYTES - sizeof(wire.length)),
		.operation = cpu_to_le16(frame->operation),
		.status = cpu_to_le16((u16)frame->status),
		.id = cpu_to_le64(frame->id),
	};

	memcpy(buf, &wire, sizeof(wire));
}

int rpc_message(const struct rpc_schema *schema, const void *message, u16 operation, s16 status,
		u64 id, void *buf, size_t size)
{
	struct rpc_frame frame = { .operation = operation, .status = status, .id = id };
	int len;

	if (size < RPC_FRAME_BYTES)
		return -EMSGSIZE;
	len = rpc_encode(schema, message, (u8 *)buf + RPC_FRAME_BYTES, size - RPC_FRAME_BYTES);
	if (len < 0)
		return len;
	frame.body = len;
	rpc_frame_encode(buf, &frame);
	return RPC_FRAME_BYTES + len;
}
