// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile sequences of datagrams to a server with few sessions, from a few peers.
 *
 * The input is a sequence of: a byte of options, a length of one byte, that many bytes of a
 * frame.  So that inputs come further, options have it padded to the length that a request
 * must have, its MAC put right, and nonce and session of the last challenge filled in.  No
 * answer is larger than what was asked with, and where no MAC can be had there is none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <asm/byteorder.h>

#include "proto/server.h"

#define SESSIONS	3
#define KEY_ID		0

#define FORGED		1
#define OTHER_PEER	2
#define KNOWN_SESSION	4
#define LONG_WAIT	8
#define ANSWER_LATER	16
#define NO_MAC		32
#define SHORT		64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool broken;
static int answers;

static void require(int condition)
{
	if (!condition)
		abort();
}

/* A MAC for this purpose only: it depends on the key and on each byte and its place. */
static int mac(const struct hedge_server *s, enum hedge_server_key key, const void *data,
	       size_t len, u8 tag[HEDGE_REMOTE_TAG_BYTES])
{
	u64 h = 0xcbf29ce484222325ull ^ key;
	const u8 *p = data;
	size_t i;

	(void)s;
	if (broken)
		return -EIO;
	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	for (i = 0; i < HEDGE_REMOTE_TAG_BYTES; i++)
		tag[i] = h >> i % 8 * 8;
	return 0;
}

static bool equal(const void *a, const void *b, size_t len)
{
	return !memcmp(a, b, len);
}

static void drop(u8 *answer)
{
	answers--;
	free(answer);
}

struct state {
	struct hedge_session session[SESSIONS];
	struct hedge_server server;
	u64 tick, challenge, nonce;
	struct hedge_received waiting;	/* a request that is being carried out */
	bool waits;
};

static void answer(struct state *st, const struct hedge_received *rx)
{
	u8 *out = malloc(rx->size);
	size_t len;

	require(!!out);
	answers++;
	len = hedge_server_answer(&st->server, rx, -ENOENT, "NAME: there is none", 19, out);
	require(len <= rx->size);
	if (!len)
		drop(out);
}

static void remember_challenge(struct state *st, const struct hedge_received *rx)
{
	struct hedge_frame f;

	if (hedge_frame_parse(rx->send, rx->send_len, &f) || f.kind != HEDGE_FRAME_CHALLENGE)
		return;
	st->challenge = f.session;
	st->nonce = f.nonce;
}

/* Return: a datagram of *@len bytes, with one more behind it. */
static u8 *build(const struct state *st, unsigned int options, const u8 *data, size_t *len)
{
	size_t given = *len;
	struct hedge_frame_header *header;
	u8 *buf;

	if (!(options & SHORT))
		*len = HEDGE_REMOTE_REQUEST_MIN + given % 64;
	buf = calloc(1, *len + sizeof(*header));
	require(!!buf);
	if (given)
		memcpy(buf, data, given);
	header = (struct hedge_frame_header *)buf;
	if (options & KNOWN_SESSION) {
		header->session = cpu_to_le64(st->challenge);
		header->nonce = cpu_to_le64(st->nonce);
	}
	if (!(options & FORGED) && *len >= HEDGE_REMOTE_FRAME_MIN)
		mac(&st->server, HEDGE_KEY_SHARED, buf, *len - HEDGE_REMOTE_TAG_BYTES,
		    buf + *len - HEDGE_REMOTE_TAG_BYTES);
	return buf;
}

static void datagram(struct state *st, unsigned int options, const u8 *data, size_t len)
{
	struct hedge_peer from = { .address = { [10] = 0xff, 0xff, 10, 0, 0, 1 }, .port = 99 };
	struct hedge_received rx = { 0 };
	u8 *buf = build(st, options, data, &len);
	enum hedge_server_step step;

	from.port += options & OTHER_PEER ? 1 : 0;
	broken = options & NO_MAC;
	step = hedge_server_receive(&st->server, &from, st->tick, buf, len, &rx);
	require(step == HEDGE_STEP_NOTHING || !broken);
	broken = false;
	if (step == HEDGE_STEP_SEND) {
		require(rx.send && rx.send_len && rx.send_len <= len);
		remember_challenge(st, &rx);
	} else if (step == HEDGE_STEP_CARRY_OUT) {
		require(rx.session && rx.session->busy && rx.size == len);
		require(rx.frame.payload >= buf);
		require(rx.frame.payload + rx.frame.length <= buf + len);
		if (options & ANSWER_LATER && !st->waits) {
			st->waiting = rx;
			st->waits = true;
		} else {
			answer(st, &rx);
		}
	}
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state st = { .tick = 1000 };

	st.server = (struct hedge_server){
		.key_id = KEY_ID, .sessions = SESSIONS, .session = st.session, .mac = mac,
		.equal = equal, .free = drop,
	};
	while (size > 2) {
		unsigned int options = data[0];
		size_t len = data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		st.tick += options & LONG_WAIT ? 1000 : 1;
		hedge_server_expire(&st.server, st.tick);
		datagram(&st, options, data, len);
		if (st.waits && !(options & ANSWER_LATER)) {
			answer(&st, &st.waiting);
			st.waits = false;
		}
		data += len;
		size -= len;
	}
	if (st.waits)
		answer(&st, &st.waiting);
	hedge_server_forget(&st.server);
	require(!answers);
	return 0;
}
