/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes between two relays, after a 101: frames.  And what goes before it. */
#ifndef SKYD_RELAY_WIRE_H
#define SKYD_RELAY_WIRE_H

#include <linux/types.h>

#include "base/out.h"
#include "http/head.h"
#include "role.h"

enum relay_type {
	RELAY_DATA = 1,		/* @length bytes follow, at least one */
	RELAY_PING,		/* a sign of life */
	RELAY_AWAY,		/* from who was asked: make another connection */
};

struct relay_frame {
	__u8 type;
	__u8 zero;
	__le16 length;		/* 0 of all but RELAY_DATA */
};

_Static_assert(sizeof(struct relay_frame) == 4, "on the wire");

#define RELAY_DATA_MAX	(16384u - sizeof(struct relay_frame))	/* one record of TLS */

/* Is it one?  @length receives how many bytes follow. */
bool relay_frame_check(const struct relay_frame *frame, size_t *length);

/* --- the head ------------------------------------------------------------------------ */

#define RELAY_HEAD_MAX	4096u

/* @host: what is dialled. */
void relay_ask_write(struct out *o, enum role asker, enum role asked, const char *host);

/* Return: 101 with both roles; else the status that refuses it. */
unsigned int relay_ask_read(const struct http_head *head, enum role *asker, enum role *asked);

/* @text: of a status that refuses. */
void relay_answer_write(struct out *o, unsigned int status, const char *text);

/* Is it a 101 for what was asked? */
bool relay_answer_good(const struct http_head *head);

#endif /* SKYD_RELAY_WIRE_H */
