// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#include "frame.h"

/* Has it what its kind has, and nothing else? */
static bool kind_ok(const struct hedge_frame *f, size_t len)
{
	bool numbered = f->session && f->sequence;

	switch (f->kind) {
	case HEDGE_FRAME_HELLO:
		return !f->session && !f->sequence && !f->length && !f->result &&
		       len >= HEDGE_REMOTE_REQUEST_MIN;
	case HEDGE_FRAME_CHALLENGE:
		return f->session && !f->sequence && !f->length && !f->result;
	case HEDGE_FRAME_REQUEST:
		return numbered && f->length && !f->result && len >= HEDGE_REMOTE_REQUEST_MIN;
	case HEDGE_FRAME_ANSWER:
		return numbered && f->result <= 0;
	}
	return false;
}

/**
 * hedge_frame_parse - take a datagram apart
 * @buf:	it, at any alignment
 * @len:	its bytes
 * @f:		receives what it says; the payload is in @buf
 *
 * The tag, behind hedge_frame_tag(@len) bytes, is for the caller to check, before anything
 * that is said here is believed.
 *
 * Return: 0, or -EBADMSG: no frame of this version.
 */
int hedge_frame_parse(const u8 *buf, size_t len, struct hedge_frame *f)
{
	struct hedge_frame_header h;
	size_t room;

	if (len < HEDGE_REMOTE_FRAME_MIN || len > HEDGE_REMOTE_FRAME_MAX)
		return -EBADMSG;
	memcpy(&h, buf, sizeof(h));
	room = len - HEDGE_REMOTE_FRAME_MIN;
	f->kind = h.kind;
	f->key_id = le32_to_cpu(h.key_id);
	f->result = (s32)le32_to_cpu(h.result);
	f->nonce = le64_to_cpu(h.nonce);
	f->session = le64_to_cpu(h.session);
	f->sequence = le64_to_cpu(h.sequence);
	f->payload = buf + sizeof(h);
	f->length = le16_to_cpu(h.length);
	if (le32_to_cpu(h.magic) != HEDGE_REMOTE_MAGIC || h.version != HEDGE_REMOTE_VERSION)
		return -EBADMSG;
	if (f->length > room || !kind_ok(f, len))
		return -EBADMSG;
	if (memchr_inv(f->payload + f->length, 0, room - f->length))
		return -EBADMSG;
	return 0;
}

/**
 * hedge_frame_build - put a datagram together, but for its tag
 * @buf:	receives it
 * @total:	bytes that it shall have, tag included: room in @buf
 * @f:		what it says; the payload may be in its place already
 *
 * Return: hedge_frame_tag(@total), the bytes that the tag is made of and behind which it
 * belongs; 0 if @total is too small or too large.
 */
size_t hedge_frame_build(u8 *buf, size_t total, const struct hedge_frame *f)
{
	struct hedge_frame_header h = {
		.magic = cpu_to_le32(HEDGE_REMOTE_MAGIC),
		.version = HEDGE_REMOTE_VERSION,
		.kind = f->kind,
		.length = cpu_to_le16(f->length),
		.key_id = cpu_to_le32(f->key_id),
		.result = cpu_to_le32((u32)f->result),
		.nonce = cpu_to_le64(f->nonce),
		.session = cpu_to_le64(f->session),
		.sequence = cpu_to_le64(f->sequence),
	};
	u8 *payload = buf + sizeof(h);

	if (total < HEDGE_REMOTE_FRAME_MIN || total > HEDGE_REMOTE_FRAME_MAX ||
	    f->length > total - HEDGE_REMOTE_FRAME_MIN)
		return 0;
	memcpy(buf, &h, sizeof(h));
	if (f->length)
		memmove(payload, f->payload, f->length);
	memset(payload + f->length, 0, total - HEDGE_REMOTE_FRAME_MIN - f->length);
	return hedge_frame_tag(total);
}

/**
 * hedge_window_take - has this number come before?
 * @w:		what has come; a new number is noted
 * @sequence:	of a datagram whose tag was right
 *
 * As RFC 4303, 3.4.3, with a window of HEDGE_WINDOW.  0 is no number.
 *
 * Return: what it is.
 */
enum hedge_sequence hedge_window_take(struct hedge_window *w, u64 sequence)
{
	u64 behind;

	if (sequence > w->highest) {
		u64 ahead = sequence - w->highest;

		w->seen = ahead < HEDGE_WINDOW ? w->seen << ahead | 1 : 1;
		w->highest = sequence;
		return HEDGE_SEQUENCE_NEW;
	}
	behind = w->highest - sequence;
	if (!sequence || behind >= HEDGE_WINDOW)
		return HEDGE_SEQUENCE_OLD;
	if (!behind)
		return HEDGE_SEQUENCE_LAST;
	if (w->seen >> behind & 1)
		return HEDGE_SEQUENCE_OLD;
	w->seen |= 1ull << behind;
	return HEDGE_SEQUENCE_NEW;
}
