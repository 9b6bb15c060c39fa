// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of fibers, and what the sanitizers have to know of a switch (the interfaces are
 * those of sanitizer/common_interface_defs.h and sanitizer/tsan_interface.h).
 *
 *	| guard | stack, grows down .......... | object |
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/kernel.h>

#include "fiber.h"
#include "switch.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define WITH_ASAN
#endif
#ifdef __SANITIZE_THREAD__
#define WITH_TSAN
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif
#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#define PAGE		4096u
#define STACK_ALIGN	64u	/* of the object: a cache line, and more than the ABI asks for */

#ifdef WITH_ASAN

/* Pointers on stacks that were mapped here are seen by the search for leaks. */
static void stack_born(struct fiber *f)
{
	__lsan_register_root_region(f->stack, f->size);
}

static void stack_gone(struct fiber *f)
{
	__lsan_unregister_root_region(f->stack, f->size);
}

/* A fiber that ended has left its frames as they were. */
static void stack_clean(struct fiber *f)
{
	__asan_unpoison_memory_region(f->stack, f->size);
}

#define leaving(keep, to)	__sanitizer_start_switch_fiber(keep, (to)->stack, (to)->size)

/* The bounds of the thread's own stack are first heard of when it has been left. */
static void arrived(struct fiber *self)
{
	const void *bottom;
	size_t size;

	__sanitizer_finish_switch_fiber(self->fake, &bottom, &size);
	if (!self->from->stack) {
		self->from->stack = (void *)bottom;
		self->from->size = size;
	}
}

#else

static void stack_born(struct fiber *f) { (void)f; }
static void stack_gone(struct fiber *f) { (void)f; }
static void stack_clean(struct fiber *f) { (void)f; }
#define leaving(keep, to)	((void)(keep), (void)(to))
static void arrived(struct fiber *self) { (void)self; }

#endif

#ifdef WITH_TSAN

/*
 * From here on ThreadSanitizer takes what it sees for the other fiber's, so nothing that it
 * instruments may lie between this and the switch.
 */
#define UNSEEN			__attribute__((__no_sanitize_thread__))
#define shadow_switch(to)	__tsan_switch_to_fiber((to)->shadow, 0)

static void shadow_make(struct fiber *f)
{
	f->shadow = __tsan_create_fiber(0);
}

static void shadow_free(struct fiber *f)
{
	__tsan_destroy_fiber(f->shadow);
}

static void shadow_own(struct fiber *f)
{
	f->shadow = __tsan_get_current_fiber();
}

#else

#define UNSEEN
#define shadow_switch(to)	((void)(to))
static void shadow_make(struct fiber *f) { (void)f; }
static void shadow_free(struct fiber *f) { (void)f; }
static void shadow_own(struct fiber *f) { (void)f; }

#endif

void fiber_pool_init(struct fiber_pool *pool, size_t stack, size_t object)
{
	memset(pool, 0, sizeof(*pool));
	pool->object = ALIGN(object, STACK_ALIGN);
	pool->map = FIBER_GUARD + ALIGN(stack + pool->object, PAGE);
}

static void *map_of(struct fiber *f)
{
	return (char *)f->stack - FIBER_GUARD;
}

static struct fiber *fiber_map(struct fiber_pool *pool)
{
	struct fiber *f;
	char *map;

	map = mmap(NULL, pool->map, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	if (mprotect(map + FIBER_GUARD, pool->map - FIBER_GUARD, PROT_READ | PROT_WRITE)) {
		munmap(map, pool->map);
		return NULL;
	}
	f = (struct fiber *)(map + pool->map - pool->object);
	f->stack = map + FIBER_GUARD;
	f->size = (char *)f - map - FIBER_GUARD;
	stack_born(f);
	return f;
}

static void fiber_unmap(struct fiber_pool *pool, struct fiber *f)
{
	stack_gone(f);
	munmap(map_of(f), pool->map);
}

void fiber_pool_free(struct fiber_pool *pool)
{
	struct fiber *f;

	while ((f = pool->idle)) {
		pool->idle = f->next;
		fiber_unmap(pool, f);
	}
	pool->idle_count = 0;
}

/* The first thing that a fiber does, from switch.c. */
void fiber_main(void *self)
{
	struct fiber *f = self;

	arrived(f);
	f->fn(f->arg);
	__builtin_trap();
}

struct fiber *fiber_get(struct fiber_pool *pool, fiber_fn *fn, void *arg)
{
	struct fiber *f = pool->idle;
	void *stack;
	size_t size;

	if (f) {
		pool->idle = f->next;
		pool->idle_count--;
	} else {
		f = fiber_map(pool);
		if (!f)
			return NULL;
	}
	stack = f->stack;
	size = f->size;
	memset(f, 0, pool->object);
	f->stack = stack;
	f->size = size;
	f->fn = fn;
	f->arg = arg;
	f->sp = context_make(f, f);
	shadow_make(f);
	return f;
}

void fiber_put(struct fiber_pool *pool, struct fiber *f)
{
	shadow_free(f);
	stack_clean(f);
	if (pool->idle_count == FIBER_IDLE_MAX) {
		fiber_unmap(pool, f);
		return;
	}
	f->next = pool->idle;
	pool->idle = f;
	pool->idle_count++;
}

void fiber_thread(struct fiber *fiber)
{
	memset(fiber, 0, sizeof(*fiber));
	shadow_own(fiber);
}

UNSEEN void fiber_switch(struct fiber *from, struct fiber *to)
{
	to->from = from;
	leaving(&from->fake, to);
	shadow_switch(to);
	context_switch(&from->sp, to->sp);
	arrived(from);
}

UNSEEN void fiber_exit(struct fiber *from, struct fiber *to)
{
	to->from = from;
	leaving(NULL, to);
	shadow_switch(to);
	context_switch(&from->sp, to->sp);
	__builtin_unreachable();
}
