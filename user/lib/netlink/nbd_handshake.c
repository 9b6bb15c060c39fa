// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include <asm/unaligned.h>

#include "nbd_handshake.h"

#define MAGIC_NBD		0x4e42444d41474943ull	/* "NBDMAGIC" */
#define MAGIC_OPT		0x49484156454f5054ull	/* "IHAVEOPT" */
#define MAGIC_REPLY		0x0003e889045565a9ull

#define FLAG_FIXED_NEWSTYLE	1u	/* handshake flags, both directions */
#define FLAG_NO_ZEROES		2u

#define OPT_EXPORT_NAME		1u
#define OPT_STARTTLS		5u
#define OPT_GO			7u

#define REP_ACK			1u
#define REP_INFO		3u
#define REP_ERR			0x80000000u
#define REP_ERR_UNSUP		(REP_ERR | 1)
#define REP_ERR_POLICY		(REP_ERR | 2)
#define REP_ERR_TLS_REQD	(REP_ERR | 5)
#define REP_ERR_UNKNOWN		(REP_ERR | 6)

#define INFO_EXPORT		0u
#define INFO_BLOCK_SIZE		3u

#define GREETING_BYTES		18u
#define REPLY_BYTES		20u
#define EXPORT_BYTES		10u
#define EXPORT_ZEROES		124u

/* Replies before the last one; a server has a handful to say. */
#define MAX_REPLIES		64u

#define TRANS_HAS_FLAGS		1u

static void give_up(struct nbd_handshake *hs, const char *why)
{
	hs->state = NBD_HS_FAILED;
	hs->need = 0;
	hs->out_len = 0;
	hs->why = why;
}

static void expect(struct nbd_handshake *hs, enum nbd_hs_state state, size_t bytes)
{
	hs->state = state;
	hs->need = bytes;
}

static void put(struct nbd_handshake *hs, const void *bytes, size_t len)
{
	memcpy(hs->out + hs->out_len, bytes, len);
	hs->out_len += len;
}

static void put_be16(struct nbd_handshake *hs, uint16_t v)
{
	put_unaligned_be16(v, hs->out + hs->out_len);
	hs->out_len += sizeof(v);
}

static void put_be32(struct nbd_handshake *hs, uint32_t v)
{
	put_unaligned_be32(v, hs->out + hs->out_len);
	hs->out_len += sizeof(v);
}

static void put_be64(struct nbd_handshake *hs, uint64_t v)
{
	put_unaligned_be64(v, hs->out + hs->out_len);
	hs->out_len += sizeof(v);
}

static void put_option(struct nbd_handshake *hs, uint32_t option, uint32_t len)
{
	hs->option = option;
	put_be64(hs, MAGIC_OPT);
	put_be32(hs, option);
	put_be32(hs, len);
}

static void ask_go(struct nbd_handshake *hs)
{
	size_t len = strlen(hs->name);

	put_option(hs, OPT_GO, (uint32_t)(4 + len + 2 + 2));
	put_be32(hs, (uint32_t)len);
	put(hs, hs->name, len);
	put_be16(hs, 1);
	put_be16(hs, INFO_BLOCK_SIZE);
	expect(hs, NBD_HS_REPLY, REPLY_BYTES);
}

static void ask_export_name(struct nbd_handshake *hs)
{
	size_t len = strlen(hs->name);

	put_option(hs, OPT_EXPORT_NAME, (uint32_t)len);
	put(hs, hs->name, len);
	expect(hs, NBD_HS_EXPORT, EXPORT_BYTES + (hs->no_zeroes ? 0 : EXPORT_ZEROES));
}

static void ask_tls(struct nbd_handshake *hs)
{
	put_option(hs, OPT_STARTTLS, 0);
	expect(hs, NBD_HS_REPLY, REPLY_BYTES);
}

static void step_greeting(struct nbd_handshake *hs, const uint8_t *in)
{
	uint16_t flags;

	if (get_unaligned_be64(in) != MAGIC_NBD) {
		give_up(hs, "this is not an NBD server");
		return;
	}
	if (get_unaligned_be64(in + 8) != MAGIC_OPT) {
		give_up(hs, "the server speaks only the obsolete oldstyle negotiation");
		return;
	}
	flags = get_unaligned_be16(in + 16);
	hs->no_zeroes = !!(flags & FLAG_NO_ZEROES);
	/* Flags we do not know must not be echoed; these two we do. */
	put_be32(hs, flags & (FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES));
	if (hs->tls == NBD_TLS_DEMANDED) {
		if (flags & FLAG_FIXED_NEWSTYLE)
			ask_tls(hs);
		else
			give_up(hs, "the server has no TLS");
	} else if (flags & FLAG_FIXED_NEWSTYLE) {
		ask_go(hs);
	} else {
		ask_export_name(hs);
	}
}

static const char *refusal(uint32_t reply)
{
	switch (reply) {
	case REP_ERR_UNKNOWN:
		return "the server has no such export";
	case REP_ERR_POLICY:
		return "the server does not let us use this export";
	case REP_ERR_TLS_REQD:
		return "the server requires TLS within TLS";
	default:
		return "the server refuses the export";
	}
}

static void finish(struct nbd_handshake *hs)
{
	if (!(hs->flags & TRANS_HAS_FLAGS))
		give_up(hs, "the server's transmission flags are not valid");
	else if (!hs->size || hs->size > INT64_MAX)
		give_up(hs, "the export's size is out of range");
	else
		expect(hs, NBD_HS_DONE, 0);
}

static void act_on_tls_reply(struct nbd_handshake *hs)
{
	if (hs->reply == REP_ACK)
		expect(hs, NBD_HS_TLS, 0);
	else if (hs->reply & REP_ERR)
		give_up(hs, "the server has no TLS");
	else
		give_up(hs, "the server's reply is not one to our request");
}

/* A reply and all of its payload are here. */
static void act_on_reply(struct nbd_handshake *hs)
{
	if (hs->option == OPT_STARTTLS) {
		act_on_tls_reply(hs);
	} else if (hs->reply == REP_ERR_TLS_REQD && !hs->secured) {
		ask_tls(hs);
	} else if (hs->reply == REP_ERR_UNSUP) {
		/* The server has no NBD_OPT_GO; the old option has no error reply. */
		hs->have_export = 0;
		ask_export_name(hs);
	} else if (hs->reply & REP_ERR) {
		give_up(hs, refusal(hs->reply));
	} else if (hs->reply == REP_ACK) {
		if (hs->have_export)
			finish(hs);
		else
			give_up(hs, "the server did not say how large the export is");
	} else {
		expect(hs, NBD_HS_REPLY, REPLY_BYTES);
	}
}

static void step_reply(struct nbd_handshake *hs, const uint8_t *in)
{
	if (get_unaligned_be64(in) != MAGIC_REPLY ||
	    get_unaligned_be32(in + 8) != hs->option) {
		give_up(hs, "the server's reply is not one to our request");
		return;
	}
	hs->reply = get_unaligned_be32(in + 12);
	hs->payload = get_unaligned_be32(in + 16);
	if (++hs->replies > MAX_REPLIES)
		give_up(hs, "the server never comes to an end");
	else if (hs->payload > NBD_HS_IN_MAX)
		give_up(hs, "the server's reply is absurdly long");
	else if (!(hs->reply & REP_ERR) && hs->reply != REP_ACK && hs->reply != REP_INFO)
		give_up(hs, "the server's reply is of an unknown type");
	else if (hs->reply == REP_ACK && hs->payload)
		give_up(hs, "the server's acknowledgment has a payload");
	else if (hs->payload)
		expect(hs, NBD_HS_PAYLOAD, hs->payload);
	else if (hs->reply == REP_INFO)
		give_up(hs, "the server's information is empty");
	else
		act_on_reply(hs);
}

/* What a person may see of a server's error text. */
static void keep_words(struct nbd_handshake *hs, const uint8_t *in)
{
	size_t i, len = hs->payload;

	if (len > sizeof(hs->server_says) - 1)
		len = sizeof(hs->server_says) - 1;
	for (i = 0; i < len; i++)
		hs->server_says[i] = in[i] >= 0x20 && in[i] < 0x7f ? (char)in[i] : '?';
	hs->server_says[len] = 0;
}

static void take_info(struct nbd_handshake *hs, const uint8_t *in)
{
	uint16_t type;

	if (hs->payload < 2) {
		give_up(hs, "the server's information is too short");
		return;
	}
	type = get_unaligned_be16(in);
	if (type == INFO_EXPORT) {
		if (hs->payload != 12) {
			give_up(hs, "the server's export information has a wrong length");
			return;
		}
		hs->size = get_unaligned_be64(in + 2);
		hs->flags = get_unaligned_be16(in + 10);
		hs->have_export = 1;
	} else if (type == INFO_BLOCK_SIZE) {
		if (hs->payload != 14) {
			give_up(hs, "the server's block size has a wrong length");
			return;
		}
		hs->min_block = get_unaligned_be32(in + 2);
		if (!hs->min_block || (hs->min_block & (hs->min_block - 1)) ||
		    hs->min_block > 65536)
			give_up(hs, "the server's block size is out of range");
	}
}

static void step_payload(struct nbd_handshake *hs, const uint8_t *in)
{
	if (hs->reply & REP_ERR)
		keep_words(hs, in);
	else if (hs->option == OPT_GO)
		take_info(hs, in);
	if (hs->state != NBD_HS_FAILED)
		act_on_reply(hs);
}

static void step_export(struct nbd_handshake *hs, const uint8_t *in)
{
	hs->size = get_unaligned_be64(in);
	hs->flags = get_unaligned_be16(in + 8);
	finish(hs);
}

/**
 * nbd_handshake_start - begin a negotiation
 * @hs:		filled in
 * @export_name: at most NBD_EXPORT_MAX bytes; kept by reference
 * @tls:	whether the server may go on without it
 */
void nbd_handshake_start(struct nbd_handshake *hs, const char *export_name, enum nbd_tls tls)
{
	memset(hs, 0, sizeof(*hs));
	hs->name = export_name;
	hs->tls = tls;
	hs->min_block = 1;
	if (strlen(export_name) > NBD_EXPORT_MAX)
		give_up(hs, "the export's name is too long");
	else
		expect(hs, NBD_HS_GREETING, GREETING_BYTES);
}

/**
 * nbd_handshake_secured - go on within TLS
 * @hs:		in NBD_HS_TLS
 *
 * What was said before could have been said by anyone, and is forgotten.
 */
void nbd_handshake_secured(struct nbd_handshake *hs)
{
	hs->secured = 1;
	hs->have_export = 0;
	hs->min_block = 1;
	*hs->server_says = 0;
	hs->out_len = 0;
	ask_go(hs);
}

/**
 * nbd_handshake_step - take what the server sent
 * @hs:		not done and not failed; what it had to send is sent
 * @in:		exactly @hs->need bytes
 */
void nbd_handshake_step(struct nbd_handshake *hs, const uint8_t *in)
{
	hs->out_len = 0;
	switch (hs->state) {
	case NBD_HS_GREETING:
		step_greeting(hs, in);
		break;
	case NBD_HS_REPLY:
		step_reply(hs, in);
		break;
	case NBD_HS_PAYLOAD:
		step_payload(hs, in);
		break;
	case NBD_HS_EXPORT:
		step_export(hs, in);
		break;
	default:
		break;
	}
}
