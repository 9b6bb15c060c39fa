/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stackful coroutines: a stack of its own for each, and a switch between two of them that
 * keeps what the ABI says a call keeps, and no more.  Who runs when is not known here; that
 * is loop.h's.
 *
 * A fiber runs on the thread that made it and on no other: compilers keep the address of
 * thread-local variables over a call.
 */
#ifndef SKY_IO_FIBER_H
#define SKY_IO_FIBER_H

#include <stddef.h>

/*
 * Below each stack lies memory that cannot be touched.  A function whose frame is greater than
 * this could step over it.
 */
#define FIBER_GUARD	(64u << 10)

/* Stacks that have been let go of and are kept for the next fiber. */
#define FIBER_IDLE_MAX	128u

typedef void fiber_fn(void *arg);

struct fiber {
	void *sp;		/* where it stopped; what it has to keep lies there */
	void *stack;		/* lowest byte; NULL: a thread's own, not known yet */
	size_t size;		/* of the stack, in bytes */
	struct fiber *from;	/* who switched to it last */
	struct fiber *next;	/* idle list of its pool */
	fiber_fn *fn;
	void *arg;
	void *fake;		/* AddressSanitizer's: frames kept to find their late use */
	void *shadow;		/* ThreadSanitizer's name of this fiber */
};

/* Where a thread's fibers come from.  Not locked: one thread, one pool. */
struct fiber_pool {
	size_t map;		/* bytes of one mapping: guard, stack, object */
	size_t object;		/* bytes at the top that begin with struct fiber */
	struct fiber *idle;
	unsigned int idle_count;
};

/**
 * fiber_pool_init - make an empty pool
 * @pool:	receives it
 * @stack:	usable bytes of each stack; rounded up to pages.  Memory is used as it is
 *		touched, so this may be generous
 * @object:	bytes of a struct of the caller that begins with struct fiber; it is zeroed
 *		memory on the fiber's own mapping
 */
void fiber_pool_init(struct fiber_pool *pool, size_t stack, size_t object);

/* Give all memory back.  No fiber of the pool may be left. */
void fiber_pool_free(struct fiber_pool *pool);

/**
 * fiber_get - make a fiber; it does not run yet
 * @fn:		what it runs; must not return, but end with fiber_exit()
 *
 * It starts with the floating-point control words of the caller.
 *
 * Return: the fiber, or NULL without memory.
 */
struct fiber *fiber_get(struct fiber_pool *pool, fiber_fn *fn, void *arg);

/* Take back a fiber that has ended, or that never ran. */
void fiber_put(struct fiber_pool *pool, struct fiber *fiber);

/**
 * fiber_thread - describe the stack that the caller is on, so that it can be switched from
 * @fiber:	receives it; used by this thread only
 */
void fiber_thread(struct fiber *fiber);

/**
 * fiber_switch - stop here and go on there
 * @from:	the fiber that is running
 * @to:		another one; it returns from its own fiber_switch(), or starts
 *
 * Returns when something switches to @from.
 */
void fiber_switch(struct fiber *from, struct fiber *to);

/**
 * fiber_exit - the same, for good
 *
 * Memory of @from is in use until @to runs, so it is for @to to call fiber_put().
 */
void fiber_exit(struct fiber *from, struct fiber *to) __attribute__((__noreturn__));

#endif /* SKY_IO_FIBER_H */
