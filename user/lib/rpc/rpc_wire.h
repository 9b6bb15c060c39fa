/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What packing and unpacking share. */
#ifndef SKY_RPC_WIRE_H
#define SKY_RPC_WIRE_H

#include <string.h>

#include <asm/byteorder.h>

#include "rpc.h"

struct rpc_wire_frame {
	__le32 length;		/* of what follows it */
	__le16 operation;
	__le16 status;
	__le64 id;
};

_Static_assert(sizeof(struct rpc_wire_frame) == RPC_FRAME_BYTES, "a frame is 16 bytes");

/* Lists within lists; deeper schemas do not exist. */
#define RPC_DEPTH_MAX	4

#define RPC_VARINT_MAX	10

static inline void *rpc_at(void *message, u16 offset)
{
	return (u8 *)message + offset;
}

static inline const void *rpc_const_at(const void *message, u16 offset)
{
	return (const u8 *)message + offset;
}

#endif /* SKY_RPC_WIRE_H */
