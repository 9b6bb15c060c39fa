// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#include "server.h"

/* So many whole ticks after its last request nobody can make a session again. */
#define SESSION_TICKS	2

static bool same_peer(const struct hedge_peer *a, const struct hedge_peer *b)
{
	return a->port == b->port && !memcmp(a->address, b->address, sizeof(a->address));
}

/* The number that a session would have that was begun in this tick; 0: there is none. */
static u64 number_at(const struct hedge_server *s, const struct hedge_peer *from, u64 nonce,
		     u64 tick)
{
	struct hedge_session_seed seed = {
		.nonce = cpu_to_le64(nonce), .tick = cpu_to_le64(tick),
		.key_id = cpu_to_le32(s->key_id), .port = cpu_to_le16(from->port),
	};
	u8 tag[HEDGE_REMOTE_TAG_BYTES];
	__le64 number;

	memcpy(seed.address, from->address, sizeof(seed.address));
	if (s->mac(s, HEDGE_KEY_SECRET, &seed, sizeof(seed), tag))
		return 0;
	memcpy(&number, tag, sizeof(number));
	return le64_to_cpu(number) ?: 1;
}

static bool authentic(const struct hedge_server *s, const u8 *buf, size_t len)
{
	size_t at = hedge_frame_tag(len);
	u8 tag[HEDGE_REMOTE_TAG_BYTES];

	return !s->mac(s, HEDGE_KEY_SHARED, buf, at, tag) && s->equal(tag, buf + at, sizeof(tag));
}

/* Put a frame and its tag together; returns its bytes, or 0. */
static size_t build(const struct hedge_server *s, u8 *out, const struct hedge_frame *f)
{
	size_t total = HEDGE_REMOTE_FRAME_MIN + f->length, at = hedge_frame_build(out, total, f);

	return at && !s->mac(s, HEDGE_KEY_SHARED, out, at, out + at) ? total : 0;
}

/* The challenge takes the place of the HELLO, which is larger: nothing is kept. */
static enum hedge_server_step on_hello(const struct hedge_server *s,
				       const struct hedge_peer *from, u64 tick, u8 *buf,
				       struct hedge_received *rx)
{
	struct hedge_frame f = {
		.kind = HEDGE_FRAME_CHALLENGE, .key_id = s->key_id, .nonce = rx->frame.nonce,
		.session = number_at(s, from, rx->frame.nonce, tick),
	};

	rx->send = buf;
	rx->send_len = f.session ? build(s, buf, &f) : 0;
	return rx->send_len ? HEDGE_STEP_SEND : HEDGE_STEP_NOTHING;
}

static struct hedge_session *find(struct hedge_server *s, const struct hedge_peer *from,
				  const struct hedge_frame *f)
{
	u32 i;

	for (i = 0; i < s->sessions; i++) {
		struct hedge_session *n = &s->session[i];

		if (n->number == f->session && n->nonce == f->nonce && same_peer(&n->peer, from))
			return n;
	}
	return NULL;
}

static void forget(struct hedge_server *s, struct hedge_session *n)
{
	if (n->answer)
		s->free(n->answer);
	memset(n, 0, sizeof(*n));
}

static bool is_over(const struct hedge_session *n, u64 tick)
{
	return !n->busy && tick > n->used + SESSION_TICKS;
}

/* A session for who has its number; NULL: he has not, or there is no room. */
static struct hedge_session *make(struct hedge_server *s, const struct hedge_peer *from,
				  u64 tick, const struct hedge_frame *f)
{
	u32 i;

	if (f->session != number_at(s, from, f->nonce, tick) &&
	    (!tick || f->session != number_at(s, from, f->nonce, tick - 1)))
		return NULL;
	for (i = 0; i < s->sessions; i++) {
		struct hedge_session *n = &s->session[i];

		if (n->number && !is_over(n, tick))
			continue;
		forget(s, n);
		n->number = f->session;
		n->nonce = f->nonce;
		n->peer = *from;
		return n;
	}
	return NULL;
}

static enum hedge_server_step on_request(struct hedge_server *s, const struct hedge_peer *from,
					 u64 tick, struct hedge_received *rx)
{
	struct hedge_session *n = find(s, from, &rx->frame) ?: make(s, from, tick, &rx->frame);

	/* As long as it is busy no number is taken: the client sends it again. */
	if (!n || n->busy)
		return HEDGE_STEP_NOTHING;
	switch (hedge_window_take(&n->window, rx->frame.sequence)) {
	case HEDGE_SEQUENCE_OLD:
		return HEDGE_STEP_NOTHING;
	case HEDGE_SEQUENCE_LAST:
		if (n->answered != rx->frame.sequence || !n->answer || n->answer_len > rx->size)
			return HEDGE_STEP_NOTHING;
		rx->send = n->answer;
		rx->send_len = n->answer_len;
		return HEDGE_STEP_SEND;
	case HEDGE_SEQUENCE_NEW:
		break;
	}
	n->busy = true;
	n->used = tick;
	rx->session = n;
	return HEDGE_STEP_CARRY_OUT;
}

/**
 * hedge_server_receive - what to do about a datagram
 * @s:		changed only by who has the key
 * @from:	where it says it comes from
 * @tick:	time, in units of HEDGE_REMOTE_TICK seconds; never goes back
 * @buf:	the datagram; a challenge takes its place
 * @len:	its bytes
 * @rx:		receives what belongs to the step
 *
 * What is not authentic costs at most one MAC, changes nothing, and is not answered.
 *
 * Return: the step.
 */
enum hedge_server_step hedge_server_receive(struct hedge_server *s, const struct hedge_peer *from,
					    u64 tick, u8 *buf, size_t len,
					    struct hedge_received *rx)
{
	memset(rx, 0, sizeof(*rx));
	rx->size = len;
	if (hedge_frame_parse(buf, len, &rx->frame) || rx->frame.key_id != s->key_id)
		return HEDGE_STEP_NOTHING;
	/* What servers say, said to a server, is a reflection. */
	if (rx->frame.kind != HEDGE_FRAME_HELLO && rx->frame.kind != HEDGE_FRAME_REQUEST)
		return HEDGE_STEP_NOTHING;
	if (!authentic(s, buf, len))
		return HEDGE_STEP_NOTHING;
	return rx->frame.kind == HEDGE_FRAME_HELLO ? on_hello(s, from, tick, buf, rx) :
						     on_request(s, from, tick, rx);
}

/**
 * hedge_server_answer - a request has been carried out
 * @s:		server
 * @rx:		of its HEDGE_STEP_CARRY_OUT; the payload is not looked at
 * @result:	0 or -errno
 * @text:	payload of the answer; what has no room is cut off
 * @len:	its bytes
 * @out:	receives the answer; has room for rx->size bytes, and is the session's from here
 *		on, to be .free()d when it is not needed any more
 *
 * Return: its bytes, to be sent before the next call; 0: it cannot be made.
 */
size_t hedge_server_answer(struct hedge_server *s, const struct hedge_received *rx, s32 result,
			   const char *text, size_t len, u8 *out)
{
	struct hedge_session *n = rx->session;
	struct hedge_frame f = rx->frame;

	f.kind = HEDGE_FRAME_ANSWER;
	f.result = result;
	f.payload = (const u8 *)text;
	f.length = min_t(size_t, len, rx->size - HEDGE_REMOTE_FRAME_MIN);
	if (n->answer)
		s->free(n->answer);
	n->busy = false;
	n->answer = out;
	n->answer_len = build(s, out, &f);
	n->answered = n->answer_len ? f.sequence : 0;
	return n->answer_len;
}

/**
 * hedge_server_expire - forget sessions that nobody has used for long
 * @s:		server
 * @tick:	time
 */
void hedge_server_expire(struct hedge_server *s, u64 tick)
{
	u32 i;

	for (i = 0; i < s->sessions; i++)
		if (s->session[i].number && is_over(&s->session[i], tick))
			forget(s, &s->session[i]);
}

/**
 * hedge_server_forget - forget all sessions; nothing is being carried out
 */
void hedge_server_forget(struct hedge_server *s)
{
	u32 i;

	for (i = 0; i < s->sessions; i++)
		forget(s, &s->session[i]);
}
