// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How other threads reach a loop.  One system call wakes it, and is made only when it sleeps:
 * it says so under the lock, after it has seen that nothing was posted.
 */
#include <errno.h>
#include <unistd.h>

#include "internal.h"

static void wake(struct io_loop *loop)
{
	static const uint64_t one = 1;

	MUST(write(loop->wake_fd, &one, sizeof(one)) == sizeof(one));
}

void io_loop_stop(struct io_loop *loop)
{
	int saved = errno;

	atomic_store(&loop->stop, true);
	wake(loop);
	errno = saved;
}

void io_post(struct io_loop *loop, struct io_post *post)
{
	bool asleep;

	post->next = NULL;
	pthread_mutex_lock(&loop->lock);
	*loop->posts_end = post;
	loop->posts_end = &post->next;
	atomic_store_explicit(&loop->posted, true, memory_order_relaxed);
	asleep = loop->asleep;
	loop->asleep = false;
	/* Under the lock: once it is free, the loop may be closed by who waited for this. */
	if (asleep)
		wake(loop);
	pthread_mutex_unlock(&loop->lock);
}

void io_posts_run(struct io_loop *loop)
{
	struct io_post *post, *next;

	if (!atomic_load_explicit(&loop->posted, memory_order_relaxed))
		return;
	pthread_mutex_lock(&loop->lock);
	post = loop->posts;
	loop->posts = NULL;
	loop->posts_end = &loop->posts;
	atomic_store_explicit(&loop->posted, false, memory_order_relaxed);
	pthread_mutex_unlock(&loop->lock);
	for (; post; post = next) {
		next = post->next;
		post->fn(post);
	}
}

bool io_fall_asleep(struct io_loop *loop)
{
	bool idle;

	pthread_mutex_lock(&loop->lock);
	idle = !loop->posts;
	loop->asleep = idle;
	pthread_mutex_unlock(&loop->lock);
	return idle;
}

void io_wake_up(struct io_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->asleep = false;
	pthread_mutex_unlock(&loop->lock);
}
