// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/unaligned.h>
#include "tftp.h"

/* --- packets ------------------------------------------------------------------------ */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* Words of the protocol are of any case (RFC 1350, 2347). */
static bool is(const char *word, const char *text)
{
	while (*text && lower(*word) == *text) {
		word++;
		text++;
	}
	return !*word && !*text;
}

/* The next string of a packet, its NUL included in it; NULL: there is no whole one. */
static const char *next_string(const u8 *buf, size_t len, size_t *at)
{
	const char *text = (const char *)buf + *at;
	const u8 *end = *at < len ? memchr(buf + *at, 0, len - *at) : NULL;

	if (!end)
		return NULL;
	*at = end + 1 - buf;
	return text;
}

/* Decimal digits, and nothing else, up to @max. */
static bool number(const char *text, u64 min, u64 max, u64 *value)
{
	u64 v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		u32 digit = (u8)*text - '0';

		if (digit > 9 || v > (~0ull - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*value = v;
	return v >= min && v <= max;
}

static bool take_option(struct tftp_options *o, const char *name, const char *value)
{
	bool *has;
	u64 v;

	if (is(name, "blksize")) {
		has = &o->has_blksize;
		if (!number(value, TFTP_BLKSIZE_MIN, TFTP_BLKSIZE_RFC, &v))
			return false;
		o->blksize = v;
	} else if (is(name, "timeout")) {
		has = &o->has_timeout;
		if (!number(value, 1, 255, &v))
			return false;
		o->timeout = v;
	} else if (is(name, "tsize")) {
		has = &o->has_tsize;
		if (!number(value, 0, ~0ull, &o->tsize))
			return false;
	} else {
		return true;
	}
	if (*has)
		return false;
	*has = true;
	return true;
}

/* Names and values up to the end; RFC 2347 lets each option come once. */
static int parse_options(const u8 *buf, size_t len, size_t at, struct tftp_packet *p)
{
	const char *name, *value;

	while (at < len) {
		name = next_string(buf, len, &at);
		value = name ? next_string(buf, len, &at) : NULL;
		if (!value || !*name || !take_option(&p->options, name, value))
			return -EBADMSG;
	}
	return 0;
}

static int parse_request(const u8 *buf, size_t len, struct tftp_packet *p)
{
	size_t at = 2;
	const char *mode;

	p->name = next_string(buf, len, &at);
	mode = p->name ? next_string(buf, len, &at) : NULL;
	if (!mode || !*p->name)
		return -EBADMSG;
	p->octet = is(mode, "octet");
	return parse_options(buf, len, at, p);
}

/**
 * tftp_parse - take a packet apart
 * @buf:	it
 * @len:	its bytes
 * @p:		receives what it says; strings and data are in @buf
 *
 * Options that are not known are passed over.
 *
 * Return: 0 or -EBADMSG.
 */
int tftp_parse(const u8 *buf, size_t len, struct tftp_packet *p)
{
	memset(p, 0, sizeof(*p));
	if (len < TFTP_HEADER)
		return -EBADMSG;
	p->opcode = get_unaligned_be16(buf);
	p->number = get_unaligned_be16(buf + 2);
	switch (p->opcode) {
	case TFTP_RRQ:
	case TFTP_WRQ:
		return parse_request(buf, len, p);
	case TFTP_DATA:
		p->data = buf + TFTP_HEADER;
		p->len = len - TFTP_HEADER;
		return 0;
	case TFTP_ACK:
		return len == TFTP_HEADER ? 0 : -EBADMSG;
	case TFTP_ERROR:
		return 0;
	case TFTP_OACK:
		return parse_options(buf, len, 2, p);
	}
	return -EBADMSG;
}

/* --- answers ------------------------------------------------------------------------- */

static void answer_ack(struct tftp_step *step, u64 blocks)
{
	put_unaligned_be16(TFTP_ACK, step->answer);
	put_unaligned_be16(blocks, step->answer + 2);
	step->answer_len = TFTP_HEADER;
}

static void add_string(struct tftp_step *step, const char *text)
{
	size_t len = strlen(text) + 1;

	memcpy(step->answer + step->answer_len, text, len);
	step->answer_len += len;
}

static void add_option(struct tftp_step *step, const char *name, u64 value)
{
	char digits[21], *p = &digits[sizeof(digits) - 1];

	*p = 0;
	do {
		u64 tenth = value / 10;

		*--p = '0' + (value - tenth * 10);
		value = tenth;
	} while (value);
	add_string(step, name);
	add_string(step, p);
}

/*
 * The options that were asked for, and no others: their names as long as they came, their
 * values no larger and so no longer.  Hence it is not longer than the request.
 */
static void answer_options(struct tftp_step *step, const struct tftp_transfer *t,
			   const struct tftp_options *o)
{
	BUILD_BUG_ON(2 + sizeof("blksize65464") + sizeof("timeout255") + sizeof("tsize") + 22 >
		     TFTP_ANSWER_MAX);
	put_unaligned_be16(TFTP_OACK, step->answer);
	step->answer_len = 2;
	if (o->has_blksize)
		add_option(step, "blksize", t->blksize);
	if (o->has_timeout)
		add_option(step, "timeout", t->timeout);
	if (o->has_tsize)
		add_option(step, "tsize", t->size);
}

/**
 * tftp_fail - end a transfer with an error
 * @t:		is over after this
 * @len:	bytes of the packet that this answers; the text is cut to that length, and
 *		where not even the code has room there is no answer
 * @code:	of the protocol
 * @text:	for people
 * @step:	receives the answer; nothing is to be written
 */
void tftp_fail(struct tftp_transfer *t, size_t len, enum tftp_error code, const char *text,
	       struct tftp_step *step)
{
	size_t most = min_t(size_t, len, TFTP_ANSWER_MAX), bytes;

	t->state = TFTP_OVER;
	memset(step, 0, sizeof(*step));
	if (most <= TFTP_HEADER)
		return;
	bytes = min_t(size_t, strlen(text), most - TFTP_HEADER - 1);
	put_unaligned_be16(TFTP_ERROR, step->answer);
	put_unaligned_be16(code, step->answer + 2);
	memcpy(step->answer + TFTP_HEADER, text, bytes);
	step->answer[TFTP_HEADER + bytes] = 0;
	step->answer_len = TFTP_HEADER + bytes + 1;
}

/* --- a transfer -------------------------------------------------------------------------- */

/**
 * tftp_expect - an image will come
 * @t:		made ready
 * @name:	by which it must be asked; kept by reference
 * @size:	bytes that it must have
 */
void tftp_expect(struct tftp_transfer *t, const char *name, u64 size)
{
	*t = (struct tftp_transfer){
		.state = TFTP_EXPECTED, .name = name, .size = size,
		.blksize = TFTP_BLKSIZE_DEFAULT, .timeout = TFTP_TIMEOUT_DEFAULT,
	};
}

static void on_request(struct tftp_transfer *t, const struct tftp_packet *p, size_t len,
		       struct tftp_step *step)
{
	const struct tftp_options *o = &p->options;

	/* Of another file: nothing was announced under that name. */
	if (strcmp(p->name, t->name))
		return;
	if (!p->octet) {
		tftp_fail(t, len, TFTP_ILLEGAL, "mode octet only", step);
		return;
	}
	if (o->has_tsize && o->tsize != t->size) {
		tftp_fail(t, len, TFTP_UNDEFINED, "not the size that was announced", step);
		return;
	}
	/* Again, as long as no block has come, it is the same: the answer was lost. */
	t->state = TFTP_RECEIVING;
	t->blksize = o->has_blksize ? min(o->blksize, TFTP_BLKSIZE_MAX) : TFTP_BLKSIZE_DEFAULT;
	t->timeout = o->has_timeout ? o->timeout : TFTP_TIMEOUT_DEFAULT;
	if (o->has_blksize || o->has_timeout || o->has_tsize)
		answer_options(step, t, o);
	else
		answer_ack(step, 0);
}

static void on_data(struct tftp_transfer *t, const struct tftp_packet *p, size_t len,
		    struct tftp_step *step)
{
	bool last = p->len < t->blksize;

	if (t->blocks && p->number == (u16)t->blocks) {
		/* Our answer was lost; an older block is only late, and needs none. */
		answer_ack(step, t->blocks);
		return;
	}
	if (t->state == TFTP_COMPLETE || p->number != (u16)(t->blocks + 1))
		return;
	if (p->len > t->blksize)
		tftp_fail(t, len, TFTP_ILLEGAL, "block too large", step);
	else if (p->len > t->size - t->received)
		tftp_fail(t, len, TFTP_FULL, "more than was announced", step);
	else if (last && p->len < t->size - t->received)
		tftp_fail(t, len, TFTP_UNDEFINED, "less than was announced", step);
	if (t->state == TFTP_OVER)
		return;
	step->data = p->data;
	step->len = p->len;
	step->offset = t->received;
	t->received += p->len;
	t->blocks++;
	if (last)
		t->state = TFTP_COMPLETE;
	answer_ack(step, t->blocks);
}

/**
 * tftp_receive - a packet of the peer
 * @t:		changed
 * @buf:	the packet
 * @len:	its bytes
 * @step:	receives what to do: first to write, then to answer.  What cannot be written
 *		is answered by tftp_fail() instead.
 *
 * An answer has at most @len bytes.  In TFTP_COMPLETE all bytes have come; @t is to be kept
 * for tftp_patience() seconds then, since the last answer may be lost.
 */
void tftp_receive(struct tftp_transfer *t, const u8 *buf, size_t len, struct tftp_step *step)
{
	struct tftp_packet p;

	memset(step, 0, sizeof(*step));
	if (t->state == TFTP_OVER || tftp_parse(buf, len, &p))
		return;
	if (p.opcode == TFTP_WRQ && !t->blocks)
		on_request(t, &p, len, step);
	else if (p.opcode == TFTP_DATA && t->state != TFTP_EXPECTED)
		on_data(t, &p, len, step);
	else if (p.opcode == TFTP_ERROR && t->state == TFTP_RECEIVING)
		t->state = TFTP_OVER;
}
