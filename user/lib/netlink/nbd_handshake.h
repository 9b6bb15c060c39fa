/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of NBD's fixed newstyle negotiation as a machine without
 * I/O (NBD protocol, doc/proto.md): it says what to send and how many bytes
 * it needs next.  Everything a server sends is hostile.
 *
 *	nbd_handshake_start(&hs, name, tls)
 *	while (hs.state != NBD_HS_DONE && hs.state != NBD_HS_FAILED)
 *		if (hs.state == NBD_HS_TLS)
 *			begin TLS on the connection; nbd_handshake_secured(&hs)
 *		send hs.out[0..hs.out_len); read exactly hs.need bytes;
 *		nbd_handshake_step(&hs, bytes)
 */
#ifndef SKY_NETLINK_NBD_HANDSHAKE_H
#define SKY_NETLINK_NBD_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

#include "nbd_url.h"

#define NBD_HS_IN_MAX	8192	/* the longest piece that is read at once */
#define NBD_HS_OUT_MAX	(NBD_EXPORT_MAX + 64)

enum nbd_hs_state {
	NBD_HS_GREETING,	/* magics and flags of the server */
	NBD_HS_REPLY,		/* head of a reply to our option */
	NBD_HS_PAYLOAD,		/* what the head announced */
	NBD_HS_TLS,		/* both sides begin TLS now, nothing is to be read */
	NBD_HS_EXPORT,		/* size and flags after NBD_OPT_EXPORT_NAME */
	NBD_HS_DONE,
	NBD_HS_FAILED,
};

enum nbd_tls {
	NBD_TLS_IF_ASKED,	/* where the server does not go on without it */
	NBD_TLS_DEMANDED,	/* by us */
};

struct nbd_handshake {
	enum nbd_hs_state state;
	size_t need;			/* bytes to read before the next step */
	uint8_t out[NBD_HS_OUT_MAX];	/* bytes to send before reading */
	size_t out_len;
	const char *why;		/* after NBD_HS_FAILED: a static string */
	char server_says[128];		/* the server's own words, printable; or "" */

	uint64_t size;			/* bytes of the export */
	uint16_t flags;			/* NBD_FLAG_* transmission flags */
	uint32_t min_block;		/* bytes; 1 unless the server said otherwise */

	/* private */
	const char *name;
	enum nbd_tls tls;
	uint32_t option;		/* the one that is being answered */
	int secured;
	int no_zeroes;
	int have_export;
	uint32_t reply;
	uint32_t payload;
	unsigned int replies;
};

void nbd_handshake_start(struct nbd_handshake *hs, const char *export_name, enum nbd_tls tls);
void nbd_handshake_secured(struct nbd_handshake *hs);
void nbd_handshake_step(struct nbd_handshake *hs, const uint8_t *in);

#endif /* SKY_NETLINK_NBD_HANDSHAKE_H */
