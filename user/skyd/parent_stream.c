// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams between roles, and with relays, which stand for roles of other machines. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edge.h"
#include "io/hand.h"
#include "parent_private.h"
#include "role_run.h"

/* One that does not listen any more is about to be reaped. */
static int send_message(struct process *p, struct control message, int fd)
{
	struct control_buffer b;

	control_out(&b, message, fd);
	return sendmsg(p->control, &b.msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int parent_say(struct process *p, enum control_type type, const struct place *about, int fd)
{
	struct control message = { .type = type, .role = ROLE_PARENT };

	if (about)
		message = (struct control){
			.type = type, .role = about->role, .number = about->number,
		};
	return send_message(p, message, fd);
}

/* A stream between one that asks and one that answers. */
static void connect_two(struct process *asks, struct process *answers)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return;
	if (!parent_say(answers, CONTROL_SERVE, asks->place, pair[0]))
		parent_say(asks, CONTROL_CALL, answers->place, pair[1]);
	close(pair[0]);
	close(pair[1]);
}

/*
 * Not where its URL is another address than the one that it listens at: whatever is there is meant
 * to be passed.  Nor with a certificate: what was to be TLS stays so.
 */
void parent_name_near(const struct parent *p, struct process *process)
{
	const struct config *c = p->config;
	char host[EDGE_TEXT_MAX], url[EDGE_TEXT_MAX];
	const struct config_edge *edge = NULL;
	unsigned int i;

	for (i = 0; i < c->edges && process->place->role == ROLE_EDGE; i++)
		if (!strcmp(process->place->name + strlen("edge "), c->edge[i].name))
			edge = &c->edge[i];
	if (!edge || edge_address(edge, host, url) || strncmp(url, "http://", 7) ||
	    strcmp(host, edge->listen) || strlen(host) >= ROLE_HOST)
		return;
	strcpy(process->near, host);
}

/* What an edge is handed a gateway's connections by. */
static void connect_near(struct process *gateway, struct process *edge)
{
	struct control message = {
		.type = CONTROL_NEAR, .role = ROLE_EDGE, .number = edge->place->number,
	};
	int pair[2];

	if (!*edge->near || io_hand_pair(pair))
		return;
	memcpy(message.host, edge->near, sizeof(message.host));
	if (!parent_say(edge, CONTROL_NEAR, gateway->place, pair[0]))
		send_message(gateway, message, pair[1]);
	close(pair[0]);
	close(pair[1]);
}

/* Does one ask the other?  A relay does for others, of other machines. */
static bool asks(const struct process *one, const struct process *other)
{
	return role_asks(one->place->role, other->place->role);
}

/*
 * Who still serves what was begun before a reload asks the new ones from now on: so the old ones
 * that it asked may end, and an edge's folder is with whom it asks.
 */
void parent_connect(struct parent *p, struct process *process)
{
	unsigned int i;

	for (i = 0; i < PROCESSES; i++) {
		struct process *other = &p->process[i];

		if (!other->pid || !other->ready || other == process)
			continue;
		if (asks(other, process))
			connect_two(other, process);
		else if (asks(process, other) && other == other->place->now)
			connect_two(process, other);
		else if (other->place->role == ROLE_GATEWAY && process->place->role == ROLE_EDGE)
			connect_near(other, process);
		else if (process->place->role == ROLE_GATEWAY && other->place->role == ROLE_EDGE &&
			 other == other->place->now)
			connect_near(process, other);
		else if (process->place->role == ROLE_RELAY)
			parent_say(process, CONTROL_ASK, other->place, -1);
		else if (other->place->role == ROLE_RELAY)
			parent_say(other, CONTROL_ASK, process->place, -1);
	}
}

/* Is it whom the relay's message is about? */
static bool is_meant(const struct place *place, const struct control *m)
{
	if (!place->wanted || !place->now || !place->now->ready || place->now->leaving)
		return false;
	if (m->type == CONTROL_CALL)
		return place->number == m->number && role_asks(place->role, m->role);
	return place->role == m->number && role_asks(m->role, place->role);
}

void parent_join(struct parent *p, struct process *relay, const struct control *m)
{
	struct process *here = NULL;
	int pair[2] = { -1, -1 };
	unsigned int i;

	for (i = 0; i < p->places && !p->stopping; i++)
		if (is_meant(&p->place[i], m))
			here = p->place[i].now;
	if (here && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		here = NULL;
	if (here && send_message(here, *m, pair[0])) {
		close(pair[1]);
		pair[1] = -1;
	}
	/* Answers are counted: without one, all that follow would go to the wrong. */
	if (send_message(relay, *m, pair[1]))
		kill(relay->pid, SIGKILL);
	if (pair[0] >= 0)
		close(pair[0]);
	if (pair[1] >= 0)
		close(pair[1]);
}
