// SPDX-License-Identifier: GPL-2.0-only
/* /proc/vmcons/vmID: the console of a VM. */
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include "hedge.h"

static int console_open(struct inode *inode, struct file *file)
{
	struct hedge_console_reader *reader;
	struct hedge_vm *vm = pde_data(inode);

	if (hedge_only_admin())
		return -EPERM;
	reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	reader->file = file;
	reader->vm = hedge_vm_ref(vm);
	file->private_data = reader;
	hedge_console_add(&vm->console, reader);
	return 0;
}

static int console_release(struct inode *inode, struct file *file)
{
	struct hedge_console_reader *reader = file->private_data;

	hedge_console_remove(&reader->vm->console, reader);
	hedge_vm_put(reader->vm);
	kfree(reader);
	return 0;
}

static loff_t console_lseek(struct file *file, loff_t offset, int whence)
{
	struct hedge_console_reader *reader = file->private_data;

	return fixed_size_llseek(file, offset, whence, READ_ONCE(reader->vm->console.head));
}

/*
 * At the end of what there is a reader is told so, once, and then waits: so cat ends,
 * tail -f shows the last lines and goes on, and a loop of reads follows.
 */
static ssize_t console_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct hedge_console_reader *reader = file->private_data;
	struct hedge_console *con = &reader->vm->console;
	ssize_t done;

	for (;;) {
		done = hedge_console_read(con, pos, buf, len);
		if (done) {
			if (*pos > i_size_read(file_inode(file)))
				hedge_console_set_size(con, file);
			reader->told_end = false;
			return done;
		}
		if (!reader->told_end || READ_ONCE(con->ended)) {
			reader->told_end = true;
			return 0;
		}
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(*con->wait, hedge_console_has(con, *pos)))
			return -ERESTARTSYS;
	}
}

/* EPOLLPRI at its end is for select(2) of exceptions: EPOLLHUP does not wake it. */
static __poll_t console_poll(struct file *file, poll_table *table)
{
	struct hedge_console_reader *reader = file->private_data;
	struct hedge_console *con = &reader->vm->console;

	poll_wait(file, con->wait, table);
	return (hedge_console_has(con, file->f_pos) ? EPOLLIN | EPOLLRDNORM : 0) |
	       (READ_ONCE(con->ended) ? EPOLLHUP | EPOLLPRI : 0);
}

const struct proc_ops hedge_console_ops = {
	.proc_open = console_open,
	.proc_read = console_read,
	.proc_poll = console_poll,
	.proc_lseek = console_lseek,
	.proc_release = console_release,
};
