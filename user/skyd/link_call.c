// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The caller's end.  A call has a slot; its id is the slot's number and, above it, how often
 * the slot has been used, so that an answer which comes too late is known as such, and one to
 * what was never asked, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/loop.h"
#include "io/net.h"
#include "link_wire.h"

/* One stream.  Calls that use it, and its reader, keep it. */
struct attachment {
	struct link_wire wire;
	struct io_stream stream;
	struct link *link;
	struct attachment *next;	/* in link->all */
	unsigned int users;
	bool over;
};

struct slot {
	u32 used;		/* how often */
	bool waiting;
	struct attachment *on;
	struct io_event answered;
	struct rpc_frame frame;
	void *body;
	int fd;
	int result;
};

struct link {
	struct io_group *group;
	struct link_options options;
	struct attachment *now;		/* NULL: no stream */
	struct attachment *all;		/* it, and older ones with calls under way */
	struct io_event attached;
	struct io_event gone;		/* no attachment is left */
	unsigned int attachments;
	struct io_semaphore free;	/* slots */
	struct slot slot[];
};

int link_open(struct link **link, const struct link_options *options, struct io_group *group)
{
	struct link_options o = options ? *options : (struct link_options){ 0 };
	u32 calls = o.calls ? o.calls : LINK_CALLS;
	struct link *l;
	u32 i;

	calls = calls > LINK_CALLS_MAX ? LINK_CALLS_MAX : calls;
	l = calloc(1, sizeof(*l) + calls * sizeof(l->slot[0]));
	if (!l)
		return -ENOMEM;
	l->group = group;
	l->options = o;
	l->options.calls = calls;
	io_event_init(&l->attached);
	io_event_init(&l->gone);
	io_event_set(&l->gone);
	io_semaphore_init(&l->free, calls);
	for (i = 0; i < calls; i++)
		io_event_init(&l->slot[i].answered);
	*link = l;
	return 0;
}

static void put_attachment(struct attachment *a)
{
	struct link *l = a->link;
	struct attachment **at = &l->all;

	/* An older one that only its reader is left of: its peer sees an end. */
	if (--a->users == 1 && a != l->now)
		io_shutdown(a->stream.fd, SHUT_RDWR);
	if (a->users)
		return;
	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	link_wire_end(&a->wire);
	io_stream_close(&a->stream);
	free(a);
	if (!--l->attachments)
		io_event_set(&l->gone);
}

static void answered(struct slot *slot, int result)
{
	slot->waiting = false;
	slot->result = result;
	io_event_set(&slot->answered);
}

/* Nothing more comes from it: its calls will have no answer. */
static void give_up(struct attachment *a)
{
	struct link *l = a->link;
	u32 i;

	if (a->over)
		return;
	a->over = true;
	if (l->now == a) {
		l->now = NULL;
		io_event_clear(&l->attached);
	}
	for (i = 0; i < l->options.calls; i++)
		if (l->slot[i].waiting && l->slot[i].on == a)
			answered(&l->slot[i], -ECONNRESET);
	/* The reader is woken by it, if it is not the reader that has found out. */
	io_shutdown(a->stream.fd, SHUT_RDWR);
}

/* Whose answer is it?  *@slot is NULL when nobody waits any more. */
static int find_slot(struct link *l, u64 id, struct slot **slot)
{
	u32 number = (u32)id, used = id >> 32;

	if (number >= l->options.calls || !used || used > l->slot[number].used)
		return -EPROTO;
	*slot = used == l->slot[number].used && l->slot[number].waiting ? &l->slot[number] : NULL;
	return 0;
}

static int read_answer(struct attachment *a)
{
	struct rpc_frame frame;
	struct slot *slot = NULL;
	void *body = NULL;
	int fd, rc;

	rc = link_wire_frame(&a->wire, &frame, &fd);
	if (rc <= 0)
		return rc ? rc : -ECONNRESET;
	rc = frame.operation & LINK_ANSWER ? find_slot(a->link, frame.id, &slot) : -EPROTO;
	if (!rc && frame.status && frame.body)
		rc = -EPROTO;
	if (!rc) {
		body = malloc(frame.body ? frame.body : 1);
		rc = body ? link_wire_body(&a->wire, body, frame.body) : -ENOMEM;
	}
	/* Its caller may have given up while the body came. */
	if (!rc && find_slot(a->link, frame.id, &slot) == 0 && slot && slot->on == a) {
		slot->frame = frame;
		slot->body = body;
		slot->fd = fd;
		answered(slot, 0);
		return 0;
	}
	link_wipe(body, frame.body);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int reader(void *arg)
{
	struct attachment *a = arg;
	int rc;

	do {
		rc = read_answer(a);
	} while (!rc);
	give_up(a);
	put_attachment(a);
	return rc;
}

void link_attach(struct link *link, int fd)
{
	struct attachment *a = malloc(sizeof(*a)), *old = link->now;

	if (!a) {
		io_close(fd);
		return;
	}
	io_stream_socket(&a->stream, fd);
	link_wire_init(&a->wire, &a->stream, &link->options);
	a->link = link;
	a->users = 1;
	a->over = false;
	a->next = link->all;
	link->all = a;
	link->attachments++;
	io_event_clear(&link->gone);
	if (io_spawn(link->group, reader, a, NULL)) {
		put_attachment(a);
		return;
	}
	link->now = a;
	io_event_set(&link->attached);
	if (old && old->users == 1)
		io_shutdown(old->stream.fd, SHUT_RDWR);
}

bool link_attached(const struct link *link)
{
	return link->now;
}

void link_close(struct link *link)
{
	struct attachment *a;

	if (!link)
		return;
	link->now = NULL;
	for (a = link->all; a; a = a->next)
		give_up(a);
	io_shield();
	io_event_wait(&link->gone, 0);
	io_unshield();
	free(link);
}

void link_answer_free(struct link_answer *answer)
{
	link_wipe(answer->memory, answer->size);
	if (answer->fd >= 0)
		close(answer->fd);
	*answer = LINK_ANSWER_NONE;
}

/* --- a call -------------------------------------------------------------------------- */

static struct slot *take_slot(struct link *l)
{
	u32 i = 0;

	while (l->slot[i].on)
		i++;
	l->slot[i].used++;
	/* Once in four thousand million calls: 0 is never an id's. */
	l->slot[i].used += !l->slot[i].used;
	l->slot[i].body = NULL;
	l->slot[i].fd = -1;
	io_event_clear(&l->slot[i].answered);
	return &l->slot[i];
}

static int send_question(const struct link_call *call, struct slot *slot,
			 u64 id, int64_t deadline)
{
	u16 flags = call->fd >= 0 ? LINK_FD : 0;
	struct rpc_frame frame = { .operation = call->operation | flags, .id = id };
	int64_t wait = deadline ? (deadline - io_now()) / 1000000 + 1 : 0;
	void *memory = NULL;
	int len, rc;

	wait = wait < 0 ? 1 : wait > UINT32_MAX ? 0 : wait;
	len = link_pack(call->ask, call->question, frame, wait, slot->on->wire.options.body_max,
			&memory);
	if (len < 0)
		return len;
	rc = link_wire_send(&slot->on->wire, memory, len, call->fd);
	link_wipe(memory, len);
	if (rc && rc != -EOPNOTSUPP) {
		give_up(slot->on);
		rc = -ECONNRESET;
	}
	return rc;
}

static void send_cancel(struct slot *slot, u64 id)
{
	struct rpc_frame frame = { .operation = LINK_CANCEL, .id = id };
	u8 raw[RPC_FRAME_BYTES];

	rpc_frame_encode(raw, &frame);
	if (!slot->on->over && link_wire_send(&slot->on->wire, raw, sizeof(raw), -1))
		give_up(slot->on);
}

static int unpack(const struct link_call *call, struct slot *slot, struct link_answer *answer)
{
	size_t body = (slot->frame.body + 7) & ~7u, used;
	u8 *memory;
	int rc;

	answer->fd = slot->fd;
	slot->fd = -1;
	if (slot->frame.status || !call->give)
		return slot->frame.status;
	memory = malloc(body + call->room + 1);
	if (!memory)
		return -ENOMEM;
	answer->memory = memory;
	memcpy(memory, slot->body, slot->frame.body);
	rc = rpc_decode_used(call->give, memory, slot->frame.body, call->reply, memory + body,
			     call->room, &used);
	/* What has to be wiped; most of the room is never touched. */
	answer->size = used ? body + used : slot->frame.body;
	return rc;
}

static int with_slot(struct link *l, const struct link_call *call, struct link_answer *answer,
		     int64_t deadline)
{
	struct slot *slot = take_slot(l);
	u64 id = (u64)slot->used << 32 | (u32)(slot - l->slot);
	struct attachment *a = l->now;
	int rc;

	slot->on = a;
	slot->waiting = true;
	a->users++;
	rc = send_question(call, slot, id, deadline);
	if (!rc) {
		rc = io_event_wait(&slot->answered, deadline);
		if (rc && slot->waiting) {
			slot->waiting = false;
			send_cancel(slot, id);
		} else {
			rc = slot->result;
		}
	}
	slot->waiting = false;
	if (!rc)
		rc = unpack(call, slot, answer);
	link_wipe(slot->body, slot->body ? slot->frame.body : 0);
	slot->body = NULL;
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = -1;
	slot->on = NULL;
	put_attachment(a);
	return rc;
}

int link_do(struct link *link, const struct link_call *call, struct link_answer *answer,
	    int64_t deadline)
{
	int rc = io_acquire(&link->free, 1, deadline);

	if (rc)
		return rc;
	/* Woken by an attachment that may be over by the time this runs. */
	while (!rc && !link->now)
		rc = io_event_wait(&link->attached, deadline);
	if (!rc)
		rc = with_slot(link, call, answer, deadline);
	io_release(&link->free, 1);
	return rc;
}
