/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room know of each other; nobody else includes this. */
#ifndef SKY_IO_INTERNAL_H
#define SKY_IO_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kernel.h>

#include "fiber.h"
#include "group.h"
#include "list.h"
#include "loop.h"
#include "node.h"
#include "work.h"

/* What a caller, or this room, has got wrong, and what nothing can be made good after. */
#define MUST(cond)	((cond) ? (void)0 : io_broken(__FILE__, __LINE__, #cond))

/* loop.c */

void io_broken(const char *file, int line, const char *what) __attribute__((__noreturn__));

/*
 * What a suspended fiber waits for.  It lies on the fiber's stack.
 *
 * It ends by one io_complete().  When the deadline passes or the fiber is cancelled, ->cancel
 * is called, and again every ASK_AGAIN_NS as long as that has not helped: it sees to it that
 * io_complete() comes soon, with -ECANCELED if nothing was done, and may itself call it.
 */
struct io_wait {
	struct io_task *task;			/* while it is suspended */
	void (*cancel)(struct io_wait *wait);
};

struct io_task {
	struct fiber fiber;		/* first: it is what the pool allocates */
	struct io_loop *loop;
	struct io_group *group;		/* NULL: the loop's first fiber */
	struct io_node sibling;		/* in group->children */
	struct io_node ready;		/* in loop->ready, when it could go on */
	struct io_task **handle;	/* the parent's, or NULL */
	io_fn *fn;
	void *arg;
	struct io_wait *wait;		/* NULL: it is not suspended */
	unsigned int timer;		/* its place in loop->timers, from 1; 0: none */
	int result;			/* of the last wait, or of fn */
	int why;			/* the wait was cut short: -ETIMEDOUT or -ECANCELED */
	unsigned int shield;		/* depth of io_shield() */
	bool cancelled;
};

struct io_loop {
	struct fiber fiber;		/* the thread's own */
	struct fiber_pool fibers;
	struct io_task *current;	/* NULL: the loop itself runs */
	struct io_task *ended;		/* its stack is in use until the loop runs */
	struct io_task *first;		/* the fiber of io_loop_run() */
	struct io_node ready;
	unsigned int tasks;
	unsigned int switches;		/* since the back end was last asked */
	unsigned int at_once;		/* calls in a row that did not suspend */
	int64_t now;			/* when the back end was last asked */

	struct io_timers {
		struct io_timer {
			int64_t when;
			struct io_task *task;
		} *heap;
		unsigned int count;
		unsigned int room;	/* at least one for each task */
	} timers;

	const struct io_backend *backend;
	void *state;			/* the back end's */

	/* What other threads touch. */
	int wake_fd;			/* eventfd: ends the back end's wait */
	atomic_bool stop;
	atomic_bool posted;		/* there is something in the list */
	pthread_mutex_t lock;		/* protects the three below; none is taken under it */
	struct io_post *posts;
	struct io_post **posts_end;
	bool asleep;			/* who posts has to write to wake_fd */
};

/* Fails without memory.  The first fiber of a loop has no group. */
int io_task_make(struct io_loop *loop, struct io_group *group, io_fn *fn, void *arg,
		 struct io_task **task);

/* The running fiber; there has to be one. */
struct io_task *io_task_self(void);

/* 0, or why a wait may not begin: -ECANCELED, -ETIMEDOUT. */
int io_may_wait(struct io_task *task, int64_t deadline);

/*
 * Suspend the running fiber until io_complete(): what that says, or -ETIMEDOUT or -ECANCELED
 * if it says that the wait was cut short.
 */
int io_suspend(struct io_wait *wait, int64_t deadline);
void io_complete(struct io_wait *wait, int result);

/* group.c: a child has ended. */
void io_group_child_ended(struct io_task *task);

/* post.c */

/* Run what was posted. */
void io_posts_run(struct io_loop *loop);

/* The loop is about to sleep; false: something has been posted meanwhile. */
bool io_fall_asleep(struct io_loop *loop);
void io_wake_up(struct io_loop *loop);

/* timer.c: a heap of the deadlines of suspended fibers, the earliest first. */

int io_timers_reserve(struct io_timers *t, unsigned int tasks);
void io_timers_set(struct io_timers *t, struct io_task *task, int64_t when);
void io_timers_drop(struct io_timers *t, struct io_task *task);

/* work.c */

/* One function on its way through a pool, and back to the loop. */
struct io_job {
	struct io_node node;
	struct io_pool *pool;
	struct io_loop *loop;
	io_fn *fn;
	void *arg;
	int result;
	struct io_wait *wait;		/* completed with result */
	struct io_post done;
	bool begun;			/* by a thread; the pool's lock */
};

void io_job_start(struct io_pool *pool, struct io_job *job);

/* Return: true if it had not begun, and never will. */
bool io_job_remove(struct io_job *job);

/* call.c */

enum io_code {
	/* On sockets: wait for readiness. */
	IO_ACCEPT, IO_CONNECT, IO_RECV, IO_SEND, IO_RECVMSG, IO_SENDMSG, IO_POLL,
	/* On files: block. */
	IO_OPENAT, IO_PREAD, IO_PWRITE, IO_FSYNC, IO_FALLOCATE, IO_RENAMEAT, IO_UNLINKAT,
	IO_LINKAT, IO_MKDIRAT, IO_STATX, IO_CLOSE,
	IO_CODES
};

/* One system call.  Which fields count follows from the code; see plain.c. */
struct io_op {
	struct io_wait wait;
	enum io_code code;
	int fd;
	int fd2;
	unsigned int flags;
	unsigned int mode;
	void *buf;			/* or the path, the address, the message */
	void *buf2;
	size_t len;
	uint64_t offset;

	/* epoll's. */
	bool polling;			/* it has been tried, and is waited for now */
	struct io_node node;
	struct io_job job;
};

/* Make the call: its result, like the kernel's, -ETIMEDOUT or -ECANCELED. */
int io_call(struct io_op *op, int64_t deadline);

/* plain.c: the same calls as the C library makes them, on the thread that asks. */

#define IO_NOT_READY	(-4096)		/* beyond all errnos: wait for io_plain_events() */

/* Does not block for what waits for readiness; blocks for what files do. */
int io_plain_call(struct io_op *op);

static inline bool io_op_blocks(const struct io_op *op)
{
	return op->code >= IO_OPENAT && op->code <= IO_STATX;
}

/* EPOLLIN or EPOLLOUT. */
uint32_t io_plain_events(const struct io_op *op);

/* Was it asked not to wait? */
bool io_op_dontwait(const struct io_op *op);

/* Back ends. */

struct io_backend {
	const char *name;

	/* Everything that it needs, so that the rest cannot fail: 0 or -errno. */
	int (*open)(struct io_loop *loop);
	void (*close)(struct io_loop *loop);

	/* Begin; true if it has ended with *@result, false if io_complete() will follow. */
	bool (*start)(struct io_loop *loop, struct io_op *op, int *result);

	/* For io_wait. */
	void (*cancel)(struct io_wait *wait);

	/*
	 * Send off what was begun and complete what has ended.  Waits until something has,
	 * or for @ns (0: not at all, less: for ever), or for loop->wake_fd.
	 */
	void (*wait)(struct io_loop *loop, int64_t ns);
};

extern const struct io_backend io_uring_backend;
extern const struct io_backend io_epoll_backend;

#endif /* SKY_IO_INTERNAL_H */
