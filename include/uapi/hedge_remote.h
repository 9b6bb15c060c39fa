/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hedge over the network: commands by UDP, images by TFTP.
 *
 * Off until an address and a key are given.  A datagram is one frame: a header, a
 * payload, padding of zero bytes, and a tag, the HMAC-SHA-256 (RFC 2104) of all before it
 * under a key of 32 bytes that both sides have.  The key id says which; a server may know
 * several.  All integers are little endian.
 *
 * Beginning
 * =========
 *
 *   client -> server   HELLO      nonce = N, drawn at random; session and sequence 0
 *   server -> client   CHALLENGE  nonce = N, session = S; sequence 0
 *   client -> server   REQUEST    nonce = N, session = S; sequence 1, 2, ...
 *   server -> client   ANSWER     the three as in the request
 *
 * For a HELLO the server keeps nothing.  S is the first eight bytes of an HMAC, under a
 * secret that it draws when it starts, of struct hedge_session_seed: of the client's
 * address and port, N, the key's id, and the time in ticks of HEDGE_REMOTE_TICK seconds.
 * (Should that be 0, S is 1.)  It makes the session when an authentic REQUEST comes that
 * has the S of this tick or the one before.  This is a proof that the client hears what is
 * sent to its address, and that the request is not a record of an earlier one: that would
 * have another tick.  So a session that was made must be remembered for two ticks at
 * least, whatever else needs the room; where there is none, a new client is not answered.
 *
 * Repetition
 * ==========
 *
 * A server takes each sequence number of a session once, in any order within a window of
 * 64 (as IPsec, RFC 4303 3.4.3 and RFC 6479).  It keeps the last answer: the request with
 * the highest number, come again, gets that answer again and is not carried out again; no
 * answer, as long as it is being carried out.
 * All other repetitions, and numbers behind the window, get none.  A client therefore has
 * one request at a time under way, sends the very same datagram until it is answered or
 * its patience has an end, and takes an answer only if its tag is right and nonce, session
 * and sequence are those of the request.
 *
 * Payload
 * =======
 *
 * Of a REQUEST: one command of hedge_proc.h, but for allow, disallow, listen and unlisten,
 * which are of /proc/monitor alone; or one of these, as what a client would read from
 * files cannot be read here:
 *
 *   put|NAME|SIZE|DIGEST	an image will come by TFTP, from this address: its name, its
 *				bytes, its SHA-256
 *   list|OFFSET		what /proc/monitor has, from that byte on
 *   stats|NAME|OFFSET		what /proc/vmstats/NAME has; of "hedge", the totals
 *
 * Of an ANSWER, result is 0 or a negative errno.  If it is not 0, the payload is the reason
 * as in /proc/vmstats/errors: "FIELD: why".  If it is, it is empty, or the text that was
 * asked for, as much as fits; an empty one is the end.  The answer to put is lines of
 * "key value": "port P", where to send the image, and "path PATH", by which load and
 * start name it once it is there.
 *
 * An answer is never larger than the request.  So clients pad requests with zero bytes,
 * behind the payload, to at least HEDGE_REMOTE_REQUEST_MIN in all; what is shorter is not
 * answered.  Clients should pad to HEDGE_REMOTE_REQUEST_GOOD, which passes every path
 * without being split.
 *
 * Images
 * ======
 *
 * TFTP (RFC 1350) with blksize, timeout and tsize (RFC 2347 to 2349), towards the server
 * only, mode octet.  A put is good for one transfer, which has to begin within
 * HEDGE_REMOTE_PUT_SECONDS and come from the address of the put; its first packet settles
 * the port.  A second put from that address takes the place of the first.  Everything else
 * that comes to a TFTP port gets no answer, not even an error.  Each packet of the server
 * answers one of the client that is at least as long; it repeats nothing by itself, which
 * is left to the client.  The image is under its path only when all SIZE bytes have come
 * and have that DIGEST.  It may be started only if that is on the list of allow, whatever
 * verify= says; a signature does not do.
 *
 * What this protects against
 * ==========================
 *
 * An attacker who reads, drops, delays, repeats, changes and invents datagrams, without
 * the key: can keep commands from arriving and transfers from ending, and no more.  No
 * command of his is carried out, and none twice or in another session.  He gets no answer
 * to what he invents, and so cannot tell that hedge listens; what he repeats is answered,
 * if at all, to the address that it was first sent from, or to which he claims to be for a
 * HELLO that he recorded, with no more bytes than he spent; and makes no state.  What he
 * adds to an image is found by its digest.
 *
 * Not protected: secrecy.  Commands, answers and images can be read on their way; where
 * that matters, put this into WireGuard or IPsec.  Who has the key may do what root may do
 * in /proc/monitor, but for the commands that are not taken; use up the sessions; and fill
 * the staging area.  There is no forward
 * secrecy, as there is no secrecy.  Times are the server's alone: no clocks are compared.
 */
#ifndef _UAPI_HEDGE_REMOTE_H
#define _UAPI_HEDGE_REMOTE_H

#include <linux/types.h>

#define HEDGE_REMOTE_PORT		5364	/* UDP, unless another is given */
#define HEDGE_REMOTE_MAGIC		0x47444548u	/* "HEDG" */
#define HEDGE_REMOTE_VERSION		1

#define HEDGE_REMOTE_KEY_BYTES		32
#define HEDGE_REMOTE_TAG_BYTES		32
#define HEDGE_REMOTE_PAYLOAD_MAX	16384	/* a command of hedge.h */
#define HEDGE_REMOTE_REQUEST_MIN	512	/* bytes of a HELLO or REQUEST, tag included */
#define HEDGE_REMOTE_REQUEST_GOOD	1200
#define HEDGE_REMOTE_IMAGE_MAX		(1ull << 30)	/* bytes */

#define HEDGE_REMOTE_TICK		30	/* seconds */
#define HEDGE_REMOTE_PUT_SECONDS	60

enum hedge_frame_kind {
	HEDGE_FRAME_HELLO = 1,
	HEDGE_FRAME_CHALLENGE,
	HEDGE_FRAME_REQUEST,
	HEDGE_FRAME_ANSWER,
};

struct hedge_frame_header {
	__le32 magic;
	__u8 version;
	__u8 kind;			/* enum hedge_frame_kind */
	__le16 length;			/* bytes of payload */
	__le32 key_id;
	__le32 result;			/* of an ANSWER: 0 or a negative errno; else 0 */
	__le64 nonce;
	__le64 session;
	__le64 sequence;
};

#define HEDGE_REMOTE_FRAME_MIN	(sizeof(struct hedge_frame_header) + HEDGE_REMOTE_TAG_BYTES)
#define HEDGE_REMOTE_FRAME_MAX	(HEDGE_REMOTE_FRAME_MIN + HEDGE_REMOTE_PAYLOAD_MAX)

/* What the server makes a session's number of. */
struct hedge_session_seed {
	__u8 address[16];		/* IPv4: ::ffff:a.b.c.d */
	__le64 nonce;
	__le64 tick;
	__le32 key_id;
	__le16 port;
	__le16 reserved;		/* 0 */
};

#define HEDGE_REMOTE_ASSERT(cond)	_Static_assert(cond, #cond)
HEDGE_REMOTE_ASSERT(sizeof(struct hedge_frame_header) == 40);
HEDGE_REMOTE_ASSERT(sizeof(struct hedge_session_seed) == 40);
HEDGE_REMOTE_ASSERT(__builtin_offsetof(struct hedge_frame_header, nonce) == 16);
HEDGE_REMOTE_ASSERT(__builtin_offsetof(struct hedge_session_seed, port) == 36);

#endif /* _UAPI_HEDGE_REMOTE_H */
