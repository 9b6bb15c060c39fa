// SPDX-License-Identifier: GPL-2.0-only
/* Cores of guests: ELF, sparse; on demand, and of a guest that aborts. */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include "hedge.h"

#define CHUNK	(64u << 10)

struct dump {
	struct file *file;
	void *buf;			/* CHUNK bytes */
};

static int write_all(struct file *file, const void *data, size_t len, loff_t pos)
{
	ssize_t done = kernel_write(file, data, len, &pos);

	return done == len ? 0 : done < 0 ? (int)done : -ENOSPC;
}

static bool give_up(const struct hedge_request *req)
{
	return fatal_signal_pending(current) || (req && READ_ONCE(req->cancelled));
}

/* The bytes of memory from @pos to @end, which are in memory's file. */
static int write_extent(struct hedge_vm *vm, struct dump *dump, loff_t pos, loff_t end,
			const struct hedge_request *req)
{
	while (pos < end) {
		loff_t at = pos;
		ssize_t len = kernel_read(vm->guestmem.file, dump->buf,
					  min_t(u64, end - pos, CHUNK), &at);
		int ret;

		if (len <= 0)
			return len ?: -EIO;
		ret = write_all(dump->file, dump->buf, len, HVT_CORE_HEAD_SIZE + pos);
		if (ret)
			return ret;
		if (give_up(req))
			return -EINTR;
		pos += len;
		cond_resched();
	}
	return 0;
}

/* What was never touched is a hole in memory's file, and becomes one in the core. */
static int write_memory(struct hedge_vm *vm, struct dump *dump, const struct hedge_request *req)
{
	loff_t size = vm->guestmem.size, pos = 0, end;
	int ret;

	for (;;) {
		pos = vfs_llseek(vm->guestmem.file, pos, SEEK_DATA);
		if (pos == -ENXIO)
			return vfs_truncate(&dump->file->f_path, HVT_CORE_HEAD_SIZE + size);
		end = pos < 0 ? pos : vfs_llseek(vm->guestmem.file, pos, SEEK_HOLE);
		if (end < 0)
			return end;
		ret = write_extent(vm, dump, pos, end, req);
		if (ret)
			return ret;
		pos = end;
	}
}

static int write_head(struct hedge_vm *vm, struct dump *dump)
{
	struct hvt_core_regs regs;
	int ret = hedge_kvm_get_core_regs(vm->kvm, &regs);

	if (ret)
		return ret;
	memset(dump->buf, 0, HVT_CORE_HEAD_SIZE);
	hvt_core_head(dump->buf, vm->mem, &regs);
	return write_all(dump->file, dump->buf, HVT_CORE_HEAD_SIZE, 0);
}

static int write_core(struct hedge_vm *vm, struct file *file, const struct hedge_request *req)
{
	struct dump dump = { .file = file, .buf = kvmalloc(CHUNK, GFP_KERNEL) };
	int ret;

	if (!dump.buf)
		return -ENOMEM;
	ret = write_head(vm, &dump) ?: write_memory(vm, &dump, req);
	kvfree(dump.buf);
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
	return write_core(vm, req->arg, req);
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
	struct hedge_request req = { .fn = answer_dump };
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
		       ret == -ESRCH ? "the VM has ended" : "interrupted";
	if (!ret && req.ret) {
		*why = "the core cannot be written";
		ret = req.ret;
	}
	filp_close(file, NULL);
	return ret;
}

/**
 * hedge_dump_abort - write the core of a guest that aborts, if one is wanted
 * @vm:	VM of the current task
 */
void hedge_dump_abort(struct hedge_vm *vm)
{
	const struct cred *old;
	struct file *file;
	int ret;

	if (!vm->core)
		return;
	old = override_creds(vm->cred);
	file = create_file(vm->core);
	ret = IS_ERR(file) ? PTR_ERR(file) : write_core(vm, file, NULL);
	if (!IS_ERR(file))
		filp_close(file, NULL);
	revert_creds(old);
	if (ret)
		pr_warn("VM %s: no core at %s: error %d\n", vm->name, vm->core, ret);
}
