// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's memory: a file of shmem, mapped in the task's address space so that
 * guest-physical 0 is at HEDGE_GUEST_ADDR.  Each segment of the image has a mapping of
 * its own, with the rights that the image gives it: KVM goes by them, and a guest that
 * writes where it may not ends.
 *
 * Here is the one way to what a guest points to.
 */
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/uaccess.h>
#include "hedge.h"

/**
 * hedge_guestmem_create - memory of zeros
 * @mem:	filled in
 * @size:	bytes, a multiple of 2 MiB
 *
 * Pages come when they are first touched, and are charged to who touches them.
 *
 * Return: 0 or -errno.
 */
int hedge_guestmem_create(struct hedge_guestmem *mem, u64 size)
{
	struct file *file = shmem_file_setup("hedge-guest", size, VM_NORESERVE);

	/* It says so of an inode that there is no memory for. */
	if (IS_ERR(file))
		return PTR_ERR(file) == -ENOSPC ? -ENOMEM : PTR_ERR(file);
	*mem = (struct hedge_guestmem){ .file = file, .size = size };
	return 0;
}

/**
 * hedge_guestmem_open - memory as it is in a file, which stays as it is
 * @mem:	filled in
 * @file:	opened for reading
 * @offset:	of guest-physical 0, a multiple of the page size
 * @size:	bytes, all of them in the file
 */
void hedge_guestmem_open(struct hedge_guestmem *mem, struct file *file, u64 offset, u64 size)
{
	*mem = (struct hedge_guestmem){
		.file = get_file(file),
		.offset = offset,
		.size = size,
		.copied = true,
	};
}

void hedge_guestmem_destroy(struct hedge_guestmem *mem)
{
	if (mem->file)
		fput(mem->file);
	mem->file = NULL;
}

/**
 * hedge_guestmem_fill - write to memory before there is a guest
 * @mem:	memory
 * @gpa:	guest-physical; all of it must be in memory
 * @data:	what is written there
 * @len:	bytes
 *
 * Return: 0 or -errno.
 */
int hedge_guestmem_fill(struct hedge_guestmem *mem, u64 gpa, const void *data, size_t len)
{
	loff_t pos = gpa;
	ssize_t done;

	while (len) {
		if (fatal_signal_pending(current))
			return -EINTR;
		done = kernel_write(mem->file, data, min_t(size_t, len, 1 << 20), &pos);
		if (done <= 0)
			return done ?: -ENOMEM;
		data += done;
		len -= done;
	}
	return 0;
}

static int map_range(struct hedge_guestmem *mem, u64 start, u64 end, unsigned long prot)
{
	unsigned long addr;

	if (start == end)
		return 0;
	addr = vm_mmap(mem->file, HEDGE_GUEST_ADDR + start, end - start, prot,
		       (mem->copied ? MAP_PRIVATE : MAP_SHARED) | MAP_NORESERVE |
		       MAP_FIXED_NOREPLACE, mem->offset + start);
	return IS_ERR_VALUE(addr) ? (int)addr : 0;
}

/* No instruction of ours is ever fetched from there. */
static unsigned long host_prot(u32 prot)
{
	return prot & HVT_PROT_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
}

/* What is to be mapped next, and all of it alike. */
struct stretch {
	u64 start;
	u64 end;
	unsigned long prot;
};

/* It goes on to @end with these rights; with others it is mapped, and begins anew. */
static int extend(struct hedge_guestmem *mem, struct stretch *r, u64 end, unsigned long prot)
{
	int ret = 0;

	if (end == r->end)
		return 0;
	if (prot != r->prot) {
		ret = map_range(mem, r->start, r->end, r->prot);
		r->start = r->end;
		r->prot = prot;
	}
	r->end = end;
	return ret;
}

/**
 * hedge_guestmem_map - map memory into the task's address space
 * @mem:	memory
 * @image:	says who may write where
 *
 * Return: 0 or -errno.
 */
int hedge_guestmem_map(struct hedge_guestmem *mem, const struct hvt_image *image)
{
	struct stretch r = { .prot = PROT_READ | PROT_WRITE };
	int ret = 0;
	u32 i;

	mem->mapped = true;
	for (i = 0; i < image->segments && !ret; i++) {
		const struct hvt_segment *seg = &image->segment[i];

		ret = extend(mem, &r, seg->start, PROT_READ | PROT_WRITE) ?:
		      extend(mem, &r, seg->end, host_prot(seg->prot));
	}
	return ret ?: extend(mem, &r, mem->size, PROT_READ | PROT_WRITE) ?:
		      map_range(mem, r.start, r.end, r.prot);
}

/* From the current task, which may have mapped it; with its mm all mappings have gone. */
void hedge_guestmem_unmap(struct hedge_guestmem *mem)
{
	if (mem->mapped && current->mm)
		vm_munmap(HEDGE_GUEST_ADDR, mem->size);
	mem->mapped = false;
}

/* --- what a guest points to ------------------------------------------------------ */

/* Not in memory: the VM ends. */
void hedge_guest_is_outside(struct hedge_vm *vm, u64 gpa, u64 len)
{
	hedge_vm_die(vm, "%llu bytes at %#llx are not in its memory of %llu", len, gpa,
		     vm->guestmem.size);
}

/*
 * In memory, but not to be read or written: the VM ends.  Returns -EFAULT.  Who is being
 * killed gets no pages any more, which is no fault of the guest's.
 */
int hedge_guest_refuse(struct hedge_vm *vm, const char *what, u64 gpa, size_t len)
{
	if (fatal_signal_pending(current))
		return -EFAULT;
	hedge_vm_die(vm, "host/guest translation fault: %zu bytes at %#llx cannot be %s", len, gpa,
		     what);
	return -EFAULT;
}

/**
 * hedge_guest_read - copy something from the guest, once
 * @vm:		VM, of the current task
 * @to:		receives it
 * @gpa:	guest-physical, from the guest
 * @len:	bytes
 *
 * Return: 0, or -EFAULT, and the VM ends.
 */
int hedge_guest_read(struct hedge_vm *vm, void *to, u64 gpa, size_t len)
{
	void __user *from = hedge_guest_ptr(vm, gpa, len);

	if (!from)
		return -EFAULT;
	return copy_from_user(to, from, len) ? hedge_guest_refuse(vm, "read", gpa, len) : 0;
}

/**
 * hedge_guest_write - copy something to the guest
 * @vm:		VM, of the current task
 * @gpa:	guest-physical, from the guest
 * @from:	what
 * @len:	bytes
 *
 * Return: 0, or -EFAULT, and the VM ends.
 */
int hedge_guest_write(struct hedge_vm *vm, u64 gpa, const void *from, size_t len)
{
	void __user *to = hedge_guest_ptr(vm, gpa, len);

	if (!to)
		return -EFAULT;
	return copy_to_user(to, from, len) ? hedge_guest_refuse(vm, "written", gpa, len) : 0;
}
