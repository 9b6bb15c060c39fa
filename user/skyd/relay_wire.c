// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include <asm/byteorder.h>

#include "relay_wire.h"

#define PROTOCOL	"skyd-link/1"
#define PATH		"/link/"

bool relay_frame_check(const struct relay_frame *frame, size_t *length)
{
	*length = le16_to_cpu(frame->length);
	if (frame->zero)
		return false;
	if (frame->type == RELAY_DATA)
		return *length && *length <= RELAY_DATA_MAX;
	return (frame->type == RELAY_PING || frame->type == RELAY_AWAY) && !*length;
}

static void write_upgrade(struct out *o)
{
	out_text(o, "Connection: Upgrade\r\nUpgrade: " PROTOCOL "\r\n");
}

void relay_ask_write(struct out *o, enum role asker, enum role asked, const char *host)
{
	out_text(o, "GET " PATH);
	out_text(o, role_name(asked));
	out_text(o, " HTTP/1.1\r\nHost: ");
	out_text(o, host);
	out_text(o, "\r\n");
	write_upgrade(o);
	out_text(o, "Skyd-Role: ");
	out_text(o, role_name(asker));
	out_text(o, "\r\n\r\n");
}

static bool read_role(struct str name, enum role *role)
{
	for (*role = ROLE_GATEWAY; *role < ROLES; ++*role)
		if (role_is_far(*role) && str_equal(name, str_of(role_name(*role))))
			return true;
	return false;
}

static bool upgrades(const struct http_head *head)
{
	struct str connection, upgrade;

	return http_find(head, STR("Connection"), &connection) &&
	       http_has_token(connection, STR("upgrade")) &&
	       http_find(head, STR("Upgrade"), &upgrade) && str_equal(upgrade, STR(PROTOCOL));
}

unsigned int relay_ask_read(const struct http_head *head, enum role *asker, enum role *asked)
{
	struct str target = http_str(head, head->target), role;

	if (!str_equal(http_str(head, head->method), STR("GET")) || head->has_length ||
	    head->chunked)
		return 405;
	if (!str_starts(target, STR(PATH)) || !read_role(str_skip(target, sizeof(PATH) - 1), asked))
		return 404;
	if (!upgrades(head))
		return 426;
	if (!http_find(head, STR("Skyd-Role"), &role) || !read_role(role, asker))
		return 400;
	/* Edges are asked by URLs. */
	return role_asks(*asker, *asked) && *asked != ROLE_EDGE ? 101 : 403;
}

void relay_answer_write(struct out *o, unsigned int status, const char *text)
{
	http_write_status(o, status);
	if (status == 101 || status == 426)
		write_upgrade(o);
	if (status != 101) {
		out_text(o, status == 426 ? "" : "Connection: close\r\n");
		out_text(o, "Content-Type: text/plain\r\nContent-Length: ");
		out_number(o, strlen(text) + 1);
		out_text(o, "\r\n");
	}
	out_text(o, "\r\n");
	if (status != 101) {
		out_text(o, text);
		out_text(o, "\n");
	}
}

bool relay_answer_good(const struct http_head *head)
{
	return head->status == 101 && upgrades(head);
}
