/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TFTP (RFC 1350, with options of RFC 2347 to 2349), the side that receives one image.
 * No I/O and no memory: who calls has the socket, lets nobody but the one peer of a
 * transfer in, writes what he is told to write and sends what he is told to send.
 *
 * Nothing is sent but as an answer, to a packet that is at least as long: the client is
 * the one that repeats, so that lost packets of either side are made good.
 */
#ifndef HEDGE_PROTO_TFTP_H
#define HEDGE_PROTO_TFTP_H

#include <linux/types.h>

#define TFTP_BLKSIZE_DEFAULT	512u	/* bytes */
#define TFTP_BLKSIZE_MIN	8u
#define TFTP_BLKSIZE_MAX	1468u	/* fills a packet of Ethernet */
#define TFTP_BLKSIZE_RFC	65464u	/* that may be asked for */
#define TFTP_TIMEOUT_DEFAULT	5u	/* seconds */
#define TFTP_TRIES		6u	/* timeouts without a packet, and it is over */
#define TFTP_HEADER		4u
#define TFTP_ANSWER_MAX		128u

enum tftp_opcode {
	TFTP_RRQ = 1,
	TFTP_WRQ,
	TFTP_DATA,
	TFTP_ACK,
	TFTP_ERROR,
	TFTP_OACK,
};

enum tftp_error {
	TFTP_UNDEFINED,
	TFTP_NOT_FOUND,
	TFTP_ACCESS,
	TFTP_FULL,
	TFTP_ILLEGAL,
	TFTP_UNKNOWN_PORT,
	TFTP_EXISTS,
	TFTP_NO_USER,
	TFTP_BAD_OPTION,
};

struct tftp_options {
	bool has_blksize, has_timeout, has_tsize;
	u32 blksize;			/* bytes */
	u32 timeout;			/* seconds, 1..255 */
	u64 tsize;			/* bytes */
};

struct tftp_packet {
	enum tftp_opcode opcode;
	const char *name;		/* of RRQ and WRQ, in the packet */
	bool octet;			/* mode of these */
	struct tftp_options options;	/* of these and OACK */
	u16 number;			/* block of DATA and ACK, code of ERROR */
	const u8 *data;			/* of DATA */
	size_t len;			/* bytes of it */
};

int tftp_parse(const u8 *buf, size_t len, struct tftp_packet *p);

enum tftp_state {
	TFTP_EXPECTED,			/* no packet has come yet */
	TFTP_RECEIVING,
	TFTP_COMPLETE,			/* only the last answer may have to be repeated */
	TFTP_OVER,			/* failed */
};

struct tftp_transfer {
	enum tftp_state state;
	const char *name;		/* that it must be asked by */
	u64 size;			/* bytes that it must have */
	u64 received;			/* bytes */
	u64 blocks;			/* received; the packets have its low 16 bits */
	u32 blksize;
	u32 timeout;			/* seconds */
};

/* What to do about a packet. */
struct tftp_step {
	const u8 *data;			/* NULL: nothing to write */
	size_t len;			/* bytes */
	u64 offset;			/* where they belong */
	u8 answer[TFTP_ANSWER_MAX];
	size_t answer_len;		/* 0: no answer */
};

void tftp_expect(struct tftp_transfer *t, const char *name, u64 size);
void tftp_receive(struct tftp_transfer *t, const u8 *buf, size_t len, struct tftp_step *step);
void tftp_fail(struct tftp_transfer *t, size_t len, enum tftp_error code, const char *text,
	       struct tftp_step *step);

/* Seconds without a packet after which who calls gives it up. */
static inline u32 tftp_patience(const struct tftp_transfer *t)
{
	return TFTP_TRIES * t->timeout;
}

#endif /* HEDGE_PROTO_TFTP_H */
