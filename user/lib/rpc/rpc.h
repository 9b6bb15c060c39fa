/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between roles: packed, binary, the same over a socket and in a test.
 * Pure functions over the caller's buffers: no allocation, no I/O, no state.
 *
 * A message is a C struct, and a const table of fields says how it is packed:
 *
 *	struct head_object { u64 bucket; struct rpc_bytes name; bool latest; };
 *
 *	static const struct rpc_field head_object_fields[] = {
 *		RPC_FIELD(RPC_VARINT64, struct head_object, bucket),
 *		RPC_BYTES(struct head_object, name, 1024),
 *		RPC_FIELD(RPC_BOOL, struct head_object, latest),
 *	};
 *	static const struct rpc_schema head_object =
 *		RPC_SCHEMA("head-object", struct head_object, head_object_fields);
 *
 * On the wire, little endian throughout:
 *
 *	frame	u32 length (of all that follows), u16 operation, s16 status, u64 id
 *	body	varint count of fields, then the fields in the order of the table
 *
 *	RPC_U8..U64	1, 2, 4, 8 bytes
 *	RPC_VARINT32/64	7 bits a byte, low ones first, the high bit: more follows;
 *			no longer than it must be
 *	RPC_BOOL	1 byte, 0 or 1
 *	RPC_FIXED	size bytes, as in an id
 *	RPC_BYTES	varint length, bytes; not copied: decoded ones point into the buffer
 *	RPC_LIST	varint count, then each element as a body of its own, a varint of
 *			its length before it
 *	RPC_STRUCT	a struct that lies in the struct: as an element of a list
 *
 * Versions.  A table only grows, at its end.  An older body has fewer fields: the
 * rest of the struct stays zero.  A newer one has more: what the reader does not
 * know is skipped, since the length says where a body ends.  A change that an old
 * reader must not miss is a new operation.
 *
 * Decoding takes hostile bytes: every length is checked against what is left,
 * every count against the schema's limit, and what is not the shortest form of a
 * number, or not 0 or 1, is refused.  So each message has one encoding.
 */
#ifndef SKY_RPC_RPC_H
#define SKY_RPC_RPC_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

struct rpc_bytes {
	const void *data;
	u32 len;
};

enum rpc_type {
	RPC_U8, RPC_U16, RPC_U32, RPC_U64, RPC_VARINT32, RPC_VARINT64, RPC_BOOL,
	RPC_FIXED_BYTES, RPC_BYTE_STRING, RPC_LIST_OF, RPC_STRUCT_OF,
};

struct rpc_schema;

struct rpc_field {
	u8 type;
	u16 offset;		/* in the struct */
	u16 count_offset;	/* lists: of the u32 that counts the elements */
	u32 max;		/* bytes, or elements */
	const struct rpc_schema *of;	/* lists: the element; structs */
};

struct rpc_schema {
	const char *name;
	const struct rpc_field *field;
	u16 fields;
	u16 size;		/* of the struct */
};

#define RPC_FIELD(t, s, f) \
	{ .type = (t), .offset = offsetof(s, f), .max = sizeof(((s *)NULL)->f) }
#define RPC_FIXED(s, f) \
	{ .type = RPC_FIXED_BYTES, .offset = offsetof(s, f), .max = sizeof(((s *)NULL)->f) }
#define RPC_BYTES(s, f, limit) \
	{ .type = RPC_BYTE_STRING, .offset = offsetof(s, f), .max = (limit) }
/* A pointer to const elements, and the u32 that counts them. */
#define RPC_LIST(s, f, n, limit, element) \
	{ .type = RPC_LIST_OF, .offset = offsetof(s, f), .count_offset = offsetof(s, n), \
	  .max = (limit), .of = (element) }
#define RPC_STRUCT(s, f, schema) \
	{ .type = RPC_STRUCT_OF, .offset = offsetof(s, f), .max = sizeof(((s *)NULL)->f), \
	  .of = (schema) }
#define RPC_SCHEMA(title, s, table) \
	{ .name = (title), .field = (table), .fields = sizeof(table) / sizeof((table)[0]), \
	  .size = sizeof(s) }

/* --- frames ---------------------------------------------------------------- */

#define RPC_FRAME_BYTES	16
#define RPC_BODY_MAX	(16u << 20)

struct rpc_frame {
	u32 body;		/* bytes that follow the frame */
	u16 operation;
	s16 status;		/* 0, or a negative error; in answers */
	u64 id;			/* of the request, given back in its answer */
};

/*
 * Return: RPC_FRAME_BYTES; 0: @len is less than that, read on; -EMSGSIZE: the body
 * is longer than @max (at most RPC_BODY_MAX), or the length is less than a frame's.
 */
int rpc_frame_decode(const void *buf, size_t len, u32 max, struct rpc_frame *frame);
/* @buf has room for RPC_FRAME_BYTES. */
void rpc_frame_encode(void *buf, const struct rpc_frame *frame);

/* --- bodies ------------------------------------------------------------------ */

/*
 * Pack @message into @buf.
 * Return: its bytes; -EMSGSIZE: more than @size; -EINVAL: a field is longer than
 * its limit.
 */
int rpc_encode(const struct rpc_schema *schema, const void *message, void *buf, size_t size);

/*
 * Unpack @len bytes into @message, all of which is written.  Byte strings point
 * into @buf; elements of lists are put into @room (aligned to 8; its content need
 * not be anything), which must outlive the message as @buf must.
 * Return: 0; -EBADMSG: not an encoding of this schema; -ENOBUFS: @room_size is
 * too small.  At an error @message is without meaning.
 */
int rpc_decode(const struct rpc_schema *schema, const void *buf, size_t len, void *message,
	       void *room, size_t room_size);

/* The same; @used: so many bytes of @room have been written, whatever is returned. */
int rpc_decode_used(const struct rpc_schema *schema, const void *buf, size_t len, void *message,
		    void *room, size_t room_size, size_t *used);

/* A frame and its body in one.  Return: bytes, or as rpc_encode(). */
int rpc_message(const struct rpc_schema *schema, const void *message, u16 operation, s16 status,
		u64 id, void *buf, size_t size);

#endif /* SKY_RPC_RPC_H */
