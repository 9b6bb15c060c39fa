// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest prints: a ring that keeps the last of it.  A reader's position counts
 * bytes since the VM began; what it was too slow for is passed over.  To who watches the
 * file it is one that grows: so tail -f works.
 */
#include <linux/delay.h>
#include <linux/fsnotify.h>
#include <linux/log2.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "hedge.h"

#define DEFAULT_KIB	64
#define LEAVE_US	1000
#define LEAVE_TRIES	200u

/**
 * hedge_console_set_size - the file is as long as what was printed
 * @file:	one that is open
 *
 * It only grows: tail takes a file that is shorter than what it has read for another one,
 * and begins again.
 */
void hedge_console_set_size(struct hedge_console *con, struct file *file)
{
	struct inode *inode = file_inode(file);

	inode_lock(inode);
	i_size_write(inode, READ_ONCE(con->head));
	inode->i_mtime = current_time(inode);
	inode_unlock(inode);
}

static void notify(struct work_struct *work)
{
	struct hedge_console *con = container_of(work, struct hedge_console, notify);
	struct hedge_console_reader *reader;

	mutex_lock(&con->readers_lock);
	list_for_each_entry(reader, &con->readers, link) {
		hedge_console_set_size(con, reader->file);
		fsnotify_modify(reader->file);
	}
	mutex_unlock(&con->readers_lock);
}

/**
 * hedge_console_add - a file is opened
 * @reader:	with .file
 */
void hedge_console_add(struct hedge_console *con, struct hedge_console_reader *reader)
{
	mutex_lock(&con->readers_lock);
	list_add(&reader->link, &con->readers);
	WRITE_ONCE(con->is_read, true);
	hedge_console_set_size(con, reader->file);
	mutex_unlock(&con->readers_lock);
}

/**
 * hedge_console_remove - it is closed
 */
void hedge_console_remove(struct hedge_console *con, struct hedge_console_reader *reader)
{
	mutex_lock(&con->readers_lock);
	list_del(&reader->link);
	WRITE_ONCE(con->is_read, !list_empty(&con->readers));
	mutex_unlock(&con->readers_lock);
}

/**
 * hedge_console_init - an empty console, that nothing is printed to yet
 * @kib:	KiB that are kept, rounded up to a power of two; 0: as many as is usual
 *
 * Return: 0 or -ENOMEM; hedge_console_exit() follows in either case.
 */
int hedge_console_init(struct hedge_console *con, u32 kib)
{
	con->size = roundup_pow_of_two(kib ?: DEFAULT_KIB) << 10;
	spin_lock_init(&con->lock);
	mutex_init(&con->readers_lock);
	INIT_LIST_HEAD(&con->readers);
	INIT_WORK(&con->notify, notify);
	con->wait = kmalloc(sizeof(*con->wait), GFP_KERNEL);
	if (!con->wait)
		return -ENOMEM;
	init_waitqueue_head(con->wait);
	return 0;
}

/**
 * hedge_console_open - from now on it can be printed to
 *
 * By the VM's task: what is kept is charged to the cgroup of that.
 *
 * Return: 0 or -ENOMEM.
 */
int hedge_console_open(struct hedge_console *con)
{
	con->ring = kvmalloc(con->size, GFP_KERNEL_ACCOUNT);
	return con->ring ? 0 : -ENOMEM;
}

/* Who has just left may hold its lock: that is over, then. */
static bool is_waited_in(wait_queue_head_t *wait)
{
	bool is;

	spin_lock_irq(&wait->lock);
	is = !list_empty(&wait->head);
	spin_unlock_irq(&wait->lock);
	return is;
}

/*
 * A file of procfs stays open when what it was of is gone, and who polls it is in the queue till
 * then: epoll, io_uring and aio leave it when they are told so, poll(2) and select(2) when they
 * have been woken, by any event that they may wait for.
 */
static void free_wait(wait_queue_head_t *wait)
{
	const __poll_t all = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLERR | EPOLLHUP | POLLFREE;
	unsigned int tries;

	for (tries = 0; is_waited_in(wait); tries++) {
		if (tries == LEAVE_TRIES) {
			pr_warn_once("who polls a console does not let go of it\n");
			return;
		}
		__wake_up(wait, TASK_NORMAL, 0, poll_to_key(all));
		if (tries)
			fsleep(LEAVE_US);
	}
	kvfree_rcu(wait);
}

/**
 * hedge_console_exit - free what it has
 * @con:	of hedge_console_init(); its files are gone
 */
void hedge_console_exit(struct hedge_console *con)
{
	if (!con->wait)
		return;
	cancel_work_sync(&con->notify);
	free_wait(con->wait);
	kvfree(con->ring);
}

/* The ring is to have @len more: what of the oldest nobody has read is lost. */
static void advance(struct hedge_console *con, u64 len)
{
	u64 kept = con->head > con->size ? con->head - con->size : 0;
	u64 head = con->head + len;
	u64 first = max(kept, con->seen);

	lockdep_assert_held(&con->lock);
	if (head > con->size && head - con->size > first)
		con->lost += head - con->size - first;
	WRITE_ONCE(con->head, head);
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
	advance(con, len);
	spin_unlock(&con->lock);
	if (wq_has_sleeper(con->wait))
		wake_up_interruptible(con->wait);
	if (READ_ONCE(con->is_read))
		schedule_work(&con->notify);
}

/**
 * hedge_console_skip - bytes that were printed and are not kept
 */
void hedge_console_skip(struct hedge_console *con, u64 len)
{
	spin_lock(&con->lock);
	advance(con, len);
	spin_unlock(&con->lock);
}

/**
 * hedge_console_end - no more will come
 */
void hedge_console_end(struct hedge_console *con)
{
	WRITE_ONCE(con->ended, true);
	wake_up_interruptible_all(con->wait);
	if (READ_ONCE(con->is_read))
		schedule_work(&con->notify);
}

/* Whether a read at @pos has something to tell: more, or that there is no more. */
bool hedge_console_has(struct hedge_console *con, u64 pos)
{
	return READ_ONCE(con->head) > pos || READ_ONCE(con->ended);
}

/* Copy what is at *@pos to @to: how many bytes. */
static size_t take(struct hedge_console *con, loff_t *pos, char *to, size_t len)
{
	size_t at, first;

	spin_lock(&con->lock);
	if (con->head > *pos + con->size)
		*pos = con->head - con->size;
	len = con->head > *pos ? min_t(u64, len, con->head - *pos) : 0;
	if (len) {
		at = *pos & (con->size - 1);
		first = min_t(size_t, len, con->size - at);
		memcpy(to, con->ring + at, first);
		memcpy(to + first, con->ring, len - first);
		con->seen = max_t(u64, con->seen, *pos + len);
	}
	spin_unlock(&con->lock);
	return len;
}

/**
 * hedge_console_read - read what there is
 * @pos:	position of the reader; moves on
 * @to:		receives it
 * @len:	bytes that there is room for
 *
 * As of a file, what is there and has room is read at once: programs that look for the
 * last lines count on it.
 *
 * Return: bytes, 0 when there is nothing now, or -errno.
 */
ssize_t hedge_console_read(struct hedge_console *con, loff_t *pos, char __user *to, size_t len)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	size_t done = 0, part;

	if (!page)
		return -ENOMEM;
	while (done < len) {
		part = take(con, pos, page, min_t(size_t, len - done, PAGE_SIZE));
		if (!part)
			break;
		if (copy_to_user(to + done, page, part)) {
			free_page((unsigned long)page);
			return -EFAULT;
		}
		*pos += part;
		done += part;
	}
	free_page((unsigned long)page);
	return done;
}
