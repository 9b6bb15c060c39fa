// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest prints: a ring that keeps the last of it.  A reader's position counts
 * bytes since the VM began; what it was too slow for is passed over.
 */
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "hedge.h"

#define DEFAULT_KIB	64

/**
 * hedge_console_init - an empty console
 * @kib:	KiB that are kept, rounded up to a power of two; 0: as many as is usual
 *
 * Return: 0 or -ENOMEM.
 */
int hedge_console_init(struct hedge_console *con, u32 kib)
{
	con->size = roundup_pow_of_two(kib ?: DEFAULT_KIB) << 10;
	con->ring = kvmalloc(con->size, GFP_KERNEL_ACCOUNT);
	spin_lock_init(&con->lock);
	init_waitqueue_head(&con->wait);
	return con->ring ? 0 : -ENOMEM;
}

void hedge_console_exit(struct hedge_console *con)
{
	kvfree(con->ring);
}

/**
 * hedge_console_print - add to it
 * @text:	what the guest has printed, any bytes
 * @len:	at most the size of the console
 */
void hedge_console_print(struct hedge_console *con, const char *text, size_t len)
{
	size_t at, first;

	spin_lock(&con->lock);
	at = con->head & (con->size - 1);
	first = min_t(size_t, len, con->size - at);
	memcpy(con->ring + at, text, first);
	memcpy(con->ring, text + first, len - first);
	WRITE_ONCE(con->head, con->head + len);
	spin_unlock(&con->lock);
	if (wq_has_sleeper(&con->wait))
		wake_up_interruptible(&con->wait);
}

/**
 * hedge_console_skip - bytes that were printed and are not kept
 */
void hedge_console_skip(struct hedge_console *con, u64 len)
{
	spin_lock(&con->lock);
	con->head += len;
	con->lost += len;
	spin_unlock(&con->lock);
}

/**
 * hedge_console_end - no more will come
 */
void hedge_console_end(struct hedge_console *con)
{
	WRITE_ONCE(con->ended, true);
	wake_up_interruptible_all(&con->wait);
}

/* Whether a read at @pos has something to tell: more, or that there is no more. */
bool hedge_console_has(struct hedge_console *con, u64 pos)
{
	return READ_ONCE(con->head) > pos || READ_ONCE(con->ended);
}

/* Copy what is at *@pos to @to: how many bytes. */
static size_t take(struct hedge_console *con, u64 *pos, char *to, size_t len)
{
	size_t at, first;

	spin_lock(&con->lock);
	if (con->head - *pos > con->size)
		*pos = con->head - con->size;
	len = min_t(u64, len, con->head - *pos);
	at = *pos & (con->size - 1);
	first = min_t(size_t, len, con->size - at);
	memcpy(to, con->ring + at, first);
	memcpy(to + first, con->ring, len - first);
	spin_unlock(&con->lock);
	return len;
}

/**
 * hedge_console_read - read what there is
 * @pos:	position of the reader; moves on
 * @to:		receives it
 * @len:	bytes that there is room for
 *
 * Return: bytes, 0 when there is nothing now, or -errno.
 */
ssize_t hedge_console_read(struct hedge_console *con, u64 *pos, char __user *to, size_t len)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	ssize_t done;

	if (!page)
		return -ENOMEM;
	done = take(con, pos, page, min_t(size_t, len, PAGE_SIZE));
	if (copy_to_user(to, page, done))
		done = -EFAULT;
	else
		*pos += done;
	free_page((unsigned long)page);
	return done;
}
