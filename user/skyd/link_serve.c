// SPDX-License-Identifier: GPL-2.0-or-later
/* The serving end: a fiber that reads, one for each question that is under way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "io/loop.h"
#include "io/net.h"
#include "link_wire.h"

struct server {
	const struct link_service *service;
	struct link_wire wire;
	struct io_group group;
	struct io_semaphore free;	/* questions that may come yet */
	struct question *first;
	struct question *past;		/* answered and wiped; their fibers are about to end */
	int failed;			/* an answer could not be sent: why */
};

/* One question.  What its message lies in follows. */
struct question {
	struct server *server;
	struct question *next;
	struct io_task *task;
	const struct link_operation *operation;
	struct link_request request;
	u64 id;
	u16 number;
	u32 wait_ms;
	bool cancelled;		/* by the caller: no answer is wanted */
	u32 body;		/* bytes */
	size_t used;		/* bytes of @memory that something was written to */
	size_t scratch_size;
	u8 *memory;
};

void *link_scratch(struct link_request *request, size_t size)
{
	struct question *q = (void *)((u8 *)request - offsetof(struct question, request));

	if (!request->scratch) {
		request->scratch = calloc(1, size ? size : 1);
		q->scratch_size = size;
	}
	return request->scratch;
}

static const struct link_operation *find(const struct link_service *s, u16 number)
{
	unsigned int i;

	for (i = 0; i < s->operations; i++)
		if (s->operation[i].number == number)
			return &s->operation[i];
	return NULL;
}

static size_t round_up(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static void forget(struct question *q)
{
	struct question **at = &q->server->first;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	if (q->request.fd >= 0)
		close(q->request.fd);
	if (q->request.give_fd >= 0)
		close(q->request.give_fd);
	if (q->request.release)
		q->request.release(q->request.scratch);
	link_wipe(q->request.scratch, q->scratch_size);
	explicit_bzero(q->memory, q->used);
	q->next = q->server->past;
	q->server->past = q;
	io_release(&q->server->free, 1);
}

/* The loop writes to ->task when a fiber has ended. */
static void free_past(struct server *s)
{
	struct question **at = &s->past, *q;

	while ((q = *at)) {
		if (q->task) {
			at = &q->next;
			continue;
		}
		*at = q->next;
		free(q);
	}
}

static void answer(struct question *q, int status, const void *give)
{
	struct server *s = q->server;
	u16 flags = status || q->request.give_fd < 0 ? 0 : LINK_FD;
	struct rpc_frame frame = {
		.operation = LINK_ANSWER | flags | q->number, .status = status, .id = q->id,
	};
	u32 max = s->wire.options.body_max;
	void *memory = NULL;
	int len, rc;

	len = link_pack(status ? NULL : q->operation->give, give, frame, -1, max, &memory);
	if (len < 0) {
		frame.status = len;
		frame.operation &= ~LINK_FD;
		len = link_pack(NULL, NULL, frame, -1, max, &memory);
	}
	rc = len < 0 ? len : link_wire_send(&s->wire, memory, len,
					    frame.operation & LINK_FD ? q->request.give_fd : -1);
	link_wipe(memory, len > 0 ? len : 0);
	if (rc && !s->failed) {
		s->failed = rc;
		/* Who reads finds an end. */
		io_shutdown(s->wire.stream->fd, SHUT_RDWR);
	}
}

struct watch {
	struct question *q;
	void *ask, *give;
	int rc;			/* the handler's */
};

static int run_handler(void *arg)
{
	struct watch *w = arg;

	w->rc = w->q->operation->handle(&w->q->request, w->ask, w->give);
	return w->rc;
}

/* The handler as a fiber of its own, so that it alone is cancelled at its deadline. */
static int handle(struct question *q, void *ask, void *give)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct watch w = { q, ask, give, -ECANCELED };
	int rc;

	if (!q->request.deadline)
		return run_handler(&w);
	rc = io_spawn(&group, run_handler, &w, NULL);
	if (!rc)
		rc = io_group_wait_all(&group, q->request.deadline);
	io_group_end(&group);
	/* What was done is done, and told of, though the time has ended meanwhile. */
	return rc < 0 && w.rc < 0 ? rc : w.rc;
}

static int serve_question(void *arg)
{
	struct question *q = arg;
	const struct link_service *s = q->server->service;
	const struct link_operation *op = q->operation;
	u8 *ask = NULL, *give = NULL, *room;
	int rc = op ? 0 : -EOPNOTSUPP;
	size_t used;

	if (!rc) {
		ask = q->memory + round_up(q->body);
		give = ask + round_up(op->ask ? op->ask->size : 0);
		room = give + round_up(op->give ? op->give->size : 0);
		memset(give, 0, room - give);
		q->used = room - q->memory;
		if (op->ask) {
			rc = rpc_decode_used(op->ask, q->memory, q->body, ask, room, op->room,
					     &used);
			q->used += used;
		} else if (q->body) {
			rc = -EBADMSG;
		}
	}
	if (!rc && !(op->peers & 1u << s->peer))
		rc = -EACCES;
	if (!rc && s->admit)
		rc = s->admit(&q->request, op);
	if (!rc)
		rc = handle(q, ask, give);
	if (s->told && op)
		s->told(&q->request, op, rc == -EBADMSG || rc == -ENOBUFS ? NULL : ask, rc);
	rc = rc > 0 ? 0 : rc < INT16_MIN ? -EIO : rc;
	if (!q->cancelled && !q->server->failed) {
		io_shield();
		answer(q, rc, give);
		io_unshield();
	}
	forget(q);
	return 0;
}

static void cancel(struct server *s, u64 id)
{
	struct question *q;

	for (q = s->first; q; q = q->next) {
		if (q->id != id)
			continue;
		q->cancelled = true;
		io_cancel(q->task);
		return;
	}
}

static int read_wait(struct link_wire *wire, struct question *q)
{
	__le32 wait;
	int rc = link_wire_body(wire, &wait, sizeof(wait));

	q->wait_ms = le32_to_cpu(wait);
	if (!rc && q->wait_ms)
		q->request.deadline = io_after_ms(q->wait_ms);
	return rc;
}

static int take_question(struct server *s, const struct rpc_frame *frame, int fd)
{
	u16 number = frame->operation & LINK_OPERATION;
	const struct link_operation *op = find(s->service, number);
	u32 body = frame->body - LINK_WAIT_BYTES;
	size_t size = sizeof(struct question) + 16 + round_up(body);
	struct question *q;
	int rc;

	if (op)
		size += round_up(op->ask ? op->ask->size : 0) +
			round_up(op->give ? op->give->size : 0) + op->room;
	/* The room of an operation is for its largest question: most of it is never touched. */
	q = malloc(size);
	if (!q) {
		if (fd >= 0)
			close(fd);
		return -ENOMEM;
	}
	memset(q, 0, sizeof(*q));
	q->used = body;
	q->server = s;
	q->operation = op;
	q->number = number;
	q->id = frame->id;
	q->body = body;
	q->memory = (u8 *)round_up((uintptr_t)(q + 1));
	q->request = (struct link_request){
		.ctx = s->service->ctx, .peer = s->service->peer, .fd = fd, .give_fd = -1,
		.host = s->service->host,
	};
	q->next = s->first;
	s->first = q;
	rc = read_wait(&s->wire, q);
	if (!rc)
		rc = link_wire_body(&s->wire, q->memory, body);
	if (!rc)
		rc = io_spawn(&s->group, serve_question, q, &q->task);
	if (rc)
		forget(q);
	return rc;
}

static bool known(const struct server *s, u64 id)
{
	const struct question *q;

	for (q = s->first; q; q = q->next)
		if (q->id == id)
			return true;
	return false;
}

/* Return: 1; 0 at the end; -errno. */
static int next_frame(struct server *s)
{
	struct rpc_frame frame;
	bool taken = false;
	int fd, rc;

	rc = link_wire_frame(&s->wire, &frame, &fd);
	if (rc <= 0)
		return rc;
	if (frame.operation == LINK_CANCEL && !frame.body && !frame.status) {
		cancel(s, frame.id);
		return 1;
	}
	rc = -EPROTO;
	if (!(frame.operation & LINK_ANSWER) && !frame.status &&
	    frame.body >= LINK_WAIT_BYTES && !known(s, frame.id)) {
		rc = io_acquire(&s->free, 1, 0);
		taken = !rc;
	}
	if (taken)
		rc = take_question(s, &frame, fd);
	else if (fd >= 0)
		close(fd);
	return rc ? rc : s->failed ? s->failed : 1;
}

int link_serve(const struct link_service *service, struct io_stream *stream)
{
	struct server *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	s->service = service;
	io_group_init(&s->group);
	link_wire_init(&s->wire, stream, &service->options);
	io_semaphore_init(&s->free, s->wire.options.calls);
	do {
		free_past(s);
		rc = next_frame(s);
	} while (rc > 0);
	if (!rc && service->finish && *service->finish)
		io_group_drain(&s->group, 0);
	/* Nobody is there to take an answer. */
	if (!s->failed)
		s->failed = -ECONNRESET;
	io_group_end(&s->group);
	free_past(s);
	link_wire_end(&s->wire);
	free(s);
	return rc;
}
