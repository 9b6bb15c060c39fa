// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two directions, a fiber for each.  Each side sends something at least once a ping; who hears
 * nothing for three takes the peer for gone, as after a power cut no packet says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <asm/byteorder.h>

#include "io/file.h"
#include "io/net.h"
#include "relay_private.h"

#define PINGS		3
#define LINGER_MS	2000	/* for the peer to end after us */
#define IN_BYTES	32768u

_Static_assert(RELAY_HEAD_MAX <= IN_BYTES, "what came with a head has room");

static int send_frame(struct relay_pump *p, enum relay_type type, char *frame, size_t length)
{
	struct relay_frame head = { .type = type, .length = cpu_to_le16(length) };
	int rc;

	memcpy(frame, &head, sizeof(head));
	rc = io_acquire(&p->sending, 1, 0);
	if (rc)
		return rc;
	rc = io_stream_send(p->far, frame, sizeof(head) + length, false, 0);
	io_release(&p->sending, 1);
	p->sent = io_now();
	return rc;
}

static int send_empty(struct relay_pump *p, enum relay_type type)
{
	char frame[sizeof(struct relay_frame)];

	return send_frame(p, type, frame, 0);
}

static int send_away(void *arg)
{
	send_empty(arg, RELAY_AWAY);
	return 0;
}

/* A fiber of the pump's own, which ends with it. */
void relay_pump_away(struct relay_pump *p)
{
	if (!p->over)
		io_spawn(p->group, send_away, p, NULL);
}

static int pass_to_far(struct relay_pump *p, char *out)
{
	ssize_t n;

	for (;;) {
		n = io_recv(p->near, out + sizeof(struct relay_frame), RELAY_DATA_MAX, 0,
			    p->sent + p->ping);
		if (p->until && time(NULL) >= p->until) {
			p->expired = true;
			return -EKEYEXPIRED;
		}
		if (n == -ETIMEDOUT)
			n = send_empty(p, RELAY_PING);
		else if (n > 0)
			n = send_frame(p, RELAY_DATA, out, n);
		else
			return n;
		if (n)
			return n;
	}
}

static int to_far(void *arg)
{
	struct relay_pump *p = arg;
	char *out = malloc(sizeof(struct relay_frame) + RELAY_DATA_MAX);
	int rc = out ? pass_to_far(p, out) : -ENOMEM;

	p->over = true;
	if (out)
		explicit_bzero(out, sizeof(struct relay_frame) + RELAY_DATA_MAX);
	free(out);
	/* In order, so that the peer passes on what it still has; or at once. */
	if (rc != 0 || io_stream_shutdown(p->far, io_after_ms(LINGER_MS)))
		io_shutdown(p->far->fd, SHUT_RDWR);
	return 0;
}

/* Return: 1; 0 at an end that the peer has signed; -errno. */
static int receive(struct relay_pump *p)
{
	ssize_t n;

	if (p->at) {
		memmove(p->in, p->in + p->at, p->end - p->at);
		p->end -= p->at;
		p->at = 0;
	}
	n = io_stream_recv(p->far, p->in + p->end, IN_BYTES - p->end,
			   p->over ? io_after_ms(LINGER_MS) : io_now() + PINGS * p->ping);
	if (n > 0)
		p->end += n;
	return n > 0 ? 1 : n;
}

/* Return: 1; 0: more is needed; -EPROTO. */
static int take_frame(struct relay_pump *p)
{
	struct relay_frame frame;

	if (p->end - p->at < sizeof(frame))
		return 0;
	memcpy(&frame, p->in + p->at, sizeof(frame));
	p->at += sizeof(frame);
	if (!relay_frame_check(&frame, &p->left))
		return -EPROTO;
	if (frame.type == RELAY_AWAY && p->away)
		p->away(p);
	return 1;
}

/* What has come, to the role.  One that has gone takes nothing, and that is no error here. */
static int pass_to_near(struct relay_pump *p)
{
	int rc = 1;

	while (rc > 0) {
		size_t n = p->end - p->at < p->left ? p->end - p->at : p->left;

		if (n && !p->over && io_send(p->near, p->in + p->at, n, 0, 0))
			io_shutdown(p->near, SHUT_RDWR);
		explicit_bzero(p->in + p->at, n);
		p->at += n;
		p->left -= n;
		rc = p->left ? 0 : take_frame(p);
	}
	return rc;
}

static int from_far(struct relay_pump *p)
{
	int rc;

	if (p->early_len)
		memcpy(p->in, p->early, p->early_len);
	p->end = p->early_len;
	do {
		rc = pass_to_near(p);
		if (!rc)
			rc = receive(p);
	} while (rc > 0);
	return rc;
}

int relay_pump(struct relay_pump *p)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	int rc;

	io_semaphore_init(&p->sending, 1);
	p->group = &group;
	p->sent = io_now();
	p->over = false;
	p->expired = false;
	p->at = 0;
	p->left = 0;
	p->in = malloc(IN_BYTES);
	rc = p->in ? io_spawn(&group, to_far, p, NULL) : -ENOMEM;
	if (!rc)
		rc = from_far(p);
	/* A role that has ended first was heard to its end; what its peer does then is nothing. */
	if (p->expired)
		rc = -EKEYEXPIRED;
	else if (p->over && rc != -ECANCELED)
		rc = 0;
	if (rc)
		io_shutdown(p->far->fd, SHUT_RDWR);
	io_shutdown(p->near, SHUT_RDWR);
	io_group_drain(&group, io_after_ms(LINGER_MS));
	io_group_end(&group);
	if (p->in)
		explicit_bzero(p->in, IN_BYTES);
	free(p->in);
	return rc;
}
