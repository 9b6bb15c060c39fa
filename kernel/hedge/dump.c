// SPDX-License-Identifier: GPL-2.0-only
/* Cores of guests: ELF, sparse; on demand, and of a guest that aborts. */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "hedge.h"

#define CHUNK	(64u << 10)

struct dump {
	struct file *file;
	u64 at;				/* where memory begins in it */
	const struct hedge_request *req;	/* NULL: nobody waits for it */
	void *buf;			/* CHUNK bytes */
};

/**
 * hedge_dump_write - write all of it, or fail
 *
 * Return: 0 or -errno.
 */
int hedge_dump_write(struct file *file, const void *data, size_t len, loff_t pos)
{
	ssize_t done = kernel_write(file, data, len, &pos);

	return done == len ? 0 : done < 0 ? (int)done : -ENOSPC;
}

static bool give_up(const struct dump *dump)
{
	return fatal_signal_pending(current) || (dump->req && READ_ONCE(dump->req->cancelled));
}

/* The bytes of memory from @pos to @end; zeros become holes. */
static int write_extent(struct dump *dump, loff_t pos, loff_t end)
{
	while (pos < end) {
		size_t len = min_t(u64, end - pos, CHUNK);
		int ret;

		if (copy_from_user(dump->buf, (void __user *)(HEDGE_GUEST_ADDR + pos), len))
			return -EFAULT;
		ret = memchr_inv(dump->buf, 0, len) ?
		      hedge_dump_write(dump->file, dump->buf, len, dump->at + pos) : 0;
		if (ret)
			return ret;
		if (give_up(dump))
			return -EINTR;
		pos += len;
		cond_resched();
	}
	return 0;
}

/* What was never touched is a hole in memory's file: it is not even looked at. */
static int write_extents(struct hedge_vm *vm, struct dump *dump)
{
	const struct hedge_guestmem *mem = &vm->guestmem;
	loff_t pos = 0, end;
	int ret;

	if (mem->copied)
		return write_extent(dump, 0, mem->size);
	for (;;) {
		pos = vfs_llseek(mem->file, pos, SEEK_DATA);
		if (pos == -ENXIO)
			return 0;
		end = pos < 0 ? pos : vfs_llseek(mem->file, pos, SEEK_HOLE);
		if (end < 0)
			return end;
		ret = write_extent(dump, pos, end);
		if (ret)
			return ret;
		pos = end;
	}
}

/**
 * hedge_dump_memory - write a guest's memory to a file
 * @vm:		VM of the current task
 * @file:	empty, opened for writing
 * @at:		bytes, where memory begins in it
 * @req:	what it is done for, which may be cancelled; or NULL
 *
 * Return: 0 or -errno.
 */
int hedge_dump_memory(struct hedge_vm *vm, struct file *file, u64 at,
		      const struct hedge_request *req)
{
	struct dump dump = {
		.file = file,
		.at = at,
		.req = req,
		.buf = kvmalloc(CHUNK, GFP_KERNEL),
	};
	int ret;

	if (!dump.buf)
		return -ENOMEM;
	ret = write_extents(vm, &dump) ?: vfs_truncate(&file->f_path, at + vm->guestmem.size);
	kvfree(dump.buf);
	return ret;
}

/* With @trap the registers are those of where the exception was. */
static int write_core(struct hedge_vm *vm, struct file *file, const struct hedge_request *req,
		      const struct hvt_trap *trap)
{
	struct hvt_core_regs regs;
	void *head;
	int ret;

	ret = hedge_vm_settle(vm) ?: hedge_kvm_get_core_regs(vm->kvm, &regs);
	if (ret)
		return ret;
	if (trap) {
		regs.rip = trap->rip;
		regs.cs = trap->cs;
		regs.rflags = trap->rflags;
		regs.rsp = trap->rsp;
		regs.ss = trap->ss;
	}
	head = kvzalloc(HVT_CORE_HEAD_SIZE, GFP_KERNEL);
	if (!head)
		return -ENOMEM;
	hvt_core_head(head, vm->mem, &regs);
	ret = hedge_dump_write(file, head, HVT_CORE_HEAD_SIZE, 0) ?:
	      hedge_dump_memory(vm, file, HVT_CORE_HEAD_SIZE, req);
	kvfree(head);
	return ret;
}

/* It must not be there, so that nobody can be made to write over something. */
static struct file *create_file(const char *path)
{
	return filp_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_LARGEFILE | O_CLOEXEC,
			 0600);
}

static int answer_dump(struct hedge_vm *vm, struct hedge_request *req)
{
	return write_core(vm, req->arg, req, NULL);
}

/**
 * hedge_dump_ask - have a VM write something to a new file
 * @vm:		VM
 * @path:	of a file that is not there
 * @answer:	what the VM's task does; the file is its .arg
 * @why:	says what is wrong
 *
 * Return: 0 or -errno.
 */
int hedge_dump_ask(struct hedge_vm *vm, const char *path,
		   int (*answer)(struct hedge_vm *vm, struct hedge_request *req),
		   const char **why)
{
	struct hedge_request req = { .fn = answer };
	struct file *file = create_file(path);
	int ret;

	if (IS_ERR(file)) {
		*why = PTR_ERR(file) == -EEXIST ? "the file is there already" :
						  "the file cannot be made";
		return PTR_ERR(file);
	}
	req.arg = file;
	ret = hedge_vm_ask(vm, &req);
	if (ret)
		*why = ret == -EBUSY ? "something else is being asked of the VM" :
		       ret == -ESRCH ? "the VM has ended" :
		       ret == -ETIMEDOUT ? "the VM does not answer: is its task stopped?" :
					   "interrupted";
	if (!ret && req.ret) {
		*why = req.ret == -ENOSPC ? "no space is left for the file" :
					    "the file cannot be written";
		ret = req.ret;
	}
	filp_close(file, NULL);
	return ret;
}

/**
 * hedge_dump_to - write a core of a VM that runs, and goes on
 * @vm:		VM
 * @path:	of a file that is not there
 * @why:	says what is wrong
 *
 * Return: 0 or -errno.
 */
int hedge_dump_to(struct hedge_vm *vm, const char *path, const char **why)
{
	return hedge_dump_ask(vm, path, answer_dump, why);
}

/**
 * hedge_dump_abort - write the core of a guest that aborts, if one is wanted
 * @vm:	VM of the current task
 * @trap:	where it had an exception; NULL: it had none
 */
void hedge_dump_abort(struct hedge_vm *vm, const struct hvt_trap *trap)
{
	const struct cred *old;
	struct file *file;
	int ret;

	if (!vm->core)
		return;
	old = override_creds(vm->cred);
	file = create_file(vm->core);
	ret = IS_ERR(file) ? PTR_ERR(file) : write_core(vm, file, NULL, trap);
	if (!IS_ERR(file))
		filp_close(file, NULL);
	revert_creds(old);
	if (ret)
		pr_warn("VM %s: no core at %s: error %d\n", vm->name, vm->core, ret);
}
