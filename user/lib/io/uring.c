// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The back end for everywhere else.  A call is one entry of the submission queue; all that the
 * fibers began in one turn goes to the kernel with the system call that waits for completions.
 * Deadlines are the loop's own, so that a call that ends in time costs nothing more; one that
 * does not is cancelled by its address.  That name cannot hit a later call of the same fiber:
 * the queue is worked through in order, and a cancellation looks only at what was begun.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <liburing.h>

#include "internal.h"

#define ENTRIES		256u
#define COMPLETIONS	4096u
#define LEN_MAX		(1u << 30)
#define NOBODY		NULL	/* user data of what no fiber waits for */

struct uring_state {
	struct io_uring ring;
	uint64_t woken;		/* what was read of the loop's eventfd */
};

/* The user data of the reading of the eventfd; no call has this address. */
static char wake_name;

/*
 * The best that the kernel has.  Completions are worked on when the loop asks (6.1), at least
 * not by interrupting it (5.19); in any case one bad entry does not hold up the rest (5.18).
 */
static const unsigned int setups[] = {
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
};

/* What the calls need; what came with all of these, or before them, is not asked for. */
static const int needed[] = {
	IORING_OP_ACCEPT, IORING_OP_CONNECT, IORING_OP_SEND, IORING_OP_RECV, IORING_OP_STATX,
	IORING_OP_RENAMEAT, IORING_OP_UNLINKAT, IORING_OP_MKDIRAT, IORING_OP_LINKAT,
	IORING_OP_FALLOCATE, IORING_OP_ASYNC_CANCEL,
};

#define FEATURES	(IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP)

/* --- the submission queue -------------------------------------------------------------------- */

/* A free entry; NULL: the kernel takes none now, for want of memory. */
static struct io_uring_sqe *entry(struct uring_state *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->ring);

	if (!sqe) {
		io_uring_submit(&s->ring);
		sqe = io_uring_get_sqe(&s->ring);
	}
	return sqe;
}

static uint32_t some(size_t len)
{
	return min_t(size_t, len, LEN_MAX);
}

static void prepare(struct io_uring_sqe *sqe, const struct io_op *op)
{
	switch (op->code) {
	case IO_ACCEPT:
		return io_uring_prep_accept(sqe, op->fd, op->buf, op->buf2, SOCK_CLOEXEC);
	case IO_CONNECT:
		return io_uring_prep_connect(sqe, op->fd, op->buf, op->len);
	case IO_RECV:
		return io_uring_prep_recv(sqe, op->fd, op->buf, some(op->len), op->flags);
	case IO_SEND:
		return io_uring_prep_send(sqe, op->fd, op->buf, some(op->len), op->flags);
	case IO_RECVMSG:
		return io_uring_prep_recvmsg(sqe, op->fd, op->buf, op->flags);
	case IO_SENDMSG:
		return io_uring_prep_sendmsg(sqe, op->fd, op->buf, op->flags);
	case IO_POLL:
		return io_uring_prep_poll_add(sqe, op->fd, POLLIN | POLLRDHUP);
	case IO_OPENAT:
		return io_uring_prep_openat(sqe, op->fd, op->buf, op->flags, op->mode);
	case IO_PREAD:
		return io_uring_prep_read(sqe, op->fd, op->buf, some(op->len), op->offset);
	case IO_PWRITE:
		io_uring_prep_write(sqe, op->fd, op->buf, some(op->len), op->offset);
		sqe->rw_flags = op->flags;
		return;
	case IO_FSYNC:
		return io_uring_prep_fsync(sqe, op->fd, op->flags ? IORING_FSYNC_DATASYNC : 0);
	case IO_FALLOCATE:
		return io_uring_prep_fallocate(sqe, op->fd, op->mode, op->offset, op->len);
	case IO_RENAMEAT:
		return io_uring_prep_renameat(sqe, op->fd, op->buf, op->fd2, op->buf2, op->flags);
	case IO_UNLINKAT:
		return io_uring_prep_unlinkat(sqe, op->fd, op->buf, op->flags);
	case IO_LINKAT:
		return io_uring_prep_linkat(sqe, op->fd, op->buf, op->fd2, op->buf2, op->flags);
	case IO_MKDIRAT:
		return io_uring_prep_mkdirat(sqe, op->fd, op->buf, op->mode);
	case IO_STATX:
		return io_uring_prep_statx(sqe, op->fd, op->buf, op->flags, op->mode, op->buf2);
	case IO_CLOSE:
		return io_uring_prep_close(sqe, op->fd);
	case IO_CODES:
		break;
	}
	MUST(false);
}

static bool uring_start(struct io_loop *loop, struct io_op *op, int *result)
{
	struct io_uring_sqe *sqe = entry(loop->state);

	if (sqe) {
		prepare(sqe, op);
		io_uring_sqe_set_data(sqe, op);
		return false;
	}
	/* That one may not fail for want of memory. */
	*result = op->code == IO_CLOSE ? io_plain_call(op) : -ENOMEM;
	return true;
}

static void uring_cancel(struct io_wait *wait)
{
	struct io_op *op = container_of(wait, struct io_op, wait);
	struct io_uring_sqe *sqe = entry(op->wait.task->loop->state);

	/* If there is none, the loop asks again. */
	if (!sqe)
		return;
	io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
	io_uring_sqe_set_data(sqe, NOBODY);
}

static void read_wakes(struct io_loop *loop)
{
	struct uring_state *s = loop->state;
	struct io_uring_sqe *sqe = entry(s);

	MUST(sqe);
	io_uring_prep_read(sqe, loop->wake_fd, &s->woken, sizeof(s->woken), 0);
	io_uring_sqe_set_data(sqe, &wake_name);
}

/* --- the completion queue -------------------------------------------------------------------- */

/*
 * A connection wakes one of those who wait for it at a socket, in whatever process.  If that is one
 * whose wait is being cut short, nobody else hears of it before the next one comes.  So who has
 * stopped waiting looks once more, and goes only when nobody is there.
 */
static bool leaves_somebody(const struct io_op *op, int result)
{
	struct pollfd p = { .fd = op->fd, .events = POLLIN };

	return op->code == IO_ACCEPT && result == -ECANCELED && poll(&p, 1, 0) > 0;
}

static void completed(struct io_loop *loop, void *data, int result)
{
	struct io_op *op = data;

	if (data == NOBODY)
		return;
	if (data == &wake_name) {
		read_wakes(loop);
		return;
	}
	/* If it is another who lets him in, the loop asks for the end again. */
	if (leaves_somebody(op, result) && !uring_start(loop, op, &result))
		return;
	/* What it is ready for is not asked. */
	if (op->code == IO_POLL && result > 0)
		result = 0;
	io_complete(&op->wait, result);
}

static void uring_wait(struct io_loop *loop, int64_t ns)
{
	struct __kernel_timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	struct uring_state *s = loop->state;
	struct io_uring_cqe *cqe;
	unsigned int head, seen = 0;
	int rc;

	if (ns)
		rc = io_uring_submit_and_wait_timeout(&s->ring, &cqe, 1, ns < 0 ? NULL : &ts, NULL);
	else
		rc = io_uring_submit_and_get_events(&s->ring);
	/*
	 * A time that is over, a signal, no room or memory for more: what has been completed is
	 * there to be taken all the same, and what was not submitted still stands.  Any other
	 * error means that completions are lost for good.
	 */
	MUST(rc >= 0 || rc == -ETIME || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY ||
	     rc == -ENOMEM);
	io_uring_for_each_cqe(&s->ring, head, cqe) {
		completed(loop, io_uring_cqe_get_data(cqe), cqe->res);
		seen++;
	}
	io_uring_cq_advance(&s->ring, seen);
}

/* --- opening --------------------------------------------------------------------------------- */

static int set_up(struct io_uring *ring)
{
	struct io_uring_params p;
	size_t i;
	int rc = -EINVAL;

	for (i = 0; i < ARRAY_SIZE(setups) && rc == -EINVAL; i++) {
		p = (struct io_uring_params){
			.flags = setups[i] | IORING_SETUP_CQSIZE,
			.cq_entries = COMPLETIONS,
		};
		rc = io_uring_queue_init_params(ENTRIES, ring, &p);
	}
	return rc == -EINVAL ? -EOPNOTSUPP : rc;
}

static bool has_all(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool all = probe && (ring->features & FEATURES) == FEATURES;
	size_t i;

	for (i = 0; all && i < ARRAY_SIZE(needed); i++)
		all = io_uring_opcode_supported(probe, needed[i]);
	if (probe)
		io_uring_free_probe(probe);
	return all;
}

static int uring_open(struct io_loop *loop)
{
	struct uring_state *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	rc = set_up(&s->ring);
	if (rc) {
		free(s);
		return rc;
	}
	if (!has_all(&s->ring)) {
		io_uring_queue_exit(&s->ring);
		free(s);
		return -EOPNOTSUPP;
	}
	/* One look-up less for each system call, if the kernel can (5.18). */
	io_uring_register_ring_fd(&s->ring);
	loop->state = s;
	read_wakes(loop);
	return 0;
}

static void uring_close(struct io_loop *loop)
{
	struct uring_state *s = loop->state;

	io_uring_queue_exit(&s->ring);
	free(s);
}

const struct io_backend io_uring_backend = {
	.name = "uring",
	.open = uring_open,
	.close = uring_close,
	.start = uring_start,
	.cancel = uring_cancel,
	.wait = uring_wait,
};
