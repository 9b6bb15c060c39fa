// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sandboxes: tasks that the kernel execs to run a VM, each in an mm of its own, as
 * nobody, with a seccomp filter, and no program but the stub.
 *
 * A usermode helper execs a file that is ours (the stub, with a mark at its beginning);
 * our load_binary() knows the task, maps the stub, and gives it descriptor 0: the
 * sandbox.  Its one ioctl is where the VM runs.  The task is an ordinary one in all
 * else: it is scheduled, charged, stopped and killed as any process.
 *
 * A bare kernel thread would not do: the kernel keeps no FPU state for those.
 *
 * Neither the file nor the binary format holds the module: it may be unloaded while
 * VMs run, and ends them.  hedge_sandbox_module_exit() waits until each task is dead,
 * and with it the last instruction of ours that it ran.
 */
#include <linux/anon_inodes.h>
#include <linux/binfmts.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fdtable.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/securebits.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/umh.h>
#include <linux/ptrace.h>
#include <asm/elf.h>
#include "hedge.h"
#include "stub.h"

extern const char hedge_stub[], hedge_stub_end[];

struct sandbox {
	struct list_head link;		/* in the list of all; sandboxes.lock */
	struct task_struct *task;	/* with a reference, once there is one */
	struct hedge_vm *vm;		/* what it is to run; holds a reference */
	struct hedge_kvm kvm;
	bool booted;			/* and the VM with it */
	bool over;			/* its task has closed it */
	char path[32];			/* what is exec'ed */
};

static struct {
	spinlock_t lock;
	struct list_head all;
} sandboxes = {
	.lock = __SPIN_LOCK_UNLOCKED(sandboxes.lock),
	.all = LIST_HEAD_INIT(sandboxes.all),
};

static struct file *stub_file;

/* --- the task's side: one ioctl ---------------------------------------------------- */

/* Whoever waits for the start is told why there is none. */
static int fail_boot(struct hedge_vm *vm, int error, const char *why)
{
	hedge_vm_die(vm, "%s", why);
	hedge_vm_booted(vm, error);
	return error;
}

/* The stub has given up its user; what root could still win back goes here. */
static int become_harmless(void)
{
	struct cred *cred;

	if (uid_eq(current_uid(), GLOBAL_ROOT_UID))
		return -EPERM;
	cred = prepare_creds();
	if (!cred)
		return -ENOMEM;
	cred->cap_permitted = CAP_EMPTY_SET;
	cred->cap_effective = CAP_EMPTY_SET;
	cred->cap_inheritable = CAP_EMPTY_SET;
	cred->cap_bset = CAP_EMPTY_SET;
	cred->cap_ambient = CAP_EMPTY_SET;
	cred->securebits = SECURE_ALL_BITS | SECURE_ALL_LOCKS;
	return commit_creds(cred);
}

static int boot(struct sandbox *sb)
{
	struct hedge_vm *vm = sb->vm;
	int ret;

	hedge_vm_phase(vm, HEDGE_BOOT_TASK);
	if (become_harmless())
		return fail_boot(vm, -EPERM, "the task cannot give up its rights");
	ret = hedge_kvm_create(&sb->kvm);
	if (ret == -ENOENT || ret == -ENODEV || ret == -ENXIO)
		return fail_boot(vm, ret, "there is no KVM: is kvm_amd or kvm_intel loaded?");
	if (ret)
		return fail_boot(vm, ret, "KVM cannot make a VM");
	ret = hedge_vm_boot(vm, &sb->kvm);
	if (ret)
		return fail_boot(vm, ret, "the VM cannot be set up");
	sb->booted = true;
	hedge_vm_booted(vm, 0);
	return 0;
}

/* The VM, if there was one, is a record from here on. */
static void let_go(struct sandbox *sb)
{
	struct hedge_vm *vm = sb->vm;

	if (!vm)
		return;
	sb->vm = NULL;
	if (!sb->booted)
		hedge_vm_die(vm, "killed before it ran");
	hedge_vm_leave(vm);
	hedge_kvm_destroy(&sb->kvm);
	hedge_vm_booted(vm, -EINTR);
	hedge_vm_finish(vm);
	hedge_vm_put(vm);
}

static long sandbox_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct sandbox *sb = file->private_data;
	long status = 1;
	int ret = 0;

	if (cmd != HEDGE_STUB_RUN || current != sb->task || !sb->vm)
		return -ENOTTY;
	if (!sb->booted)
		ret = boot(sb);
	if (!ret)
		ret = hedge_vcpu_loop(sb->vm);
	if (ret == -ERESTARTSYS)
		return ret;
	if (!ret)
		status = sb->vm->status;
	let_go(sb);
	return status;
}

/* However the task ends, its files are closed. */
static int sandbox_release(struct inode *inode, struct file *file)
{
	struct sandbox *sb = file->private_data;

	let_go(sb);
	WRITE_ONCE(sb->over, true);
	return 0;
}

static const struct file_operations sandbox_fops = {
	.unlocked_ioctl = sandbox_ioctl,
	.release = sandbox_release,
	.llseek = noop_llseek,
};

/* --- exec --------------------------------------------------------------------------- */

static struct sandbox *sandbox_of_current(void)
{
	struct sandbox *sb, *found = NULL;

	spin_lock(&sandboxes.lock);
	list_for_each_entry(sb, &sandboxes.all, link)
		if (sb->task == current && !sb->over) {
			found = sb;
			break;
		}
	spin_unlock(&sandboxes.lock);
	return found;
}

static int map_stub(struct linux_binprm *bprm)
{
	unsigned long addr = vm_mmap(bprm->file, HEDGE_STUB_WHERE, PAGE_SIZE,
				     PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE, 0);

	return IS_ERR_VALUE(addr) ? (int)addr : 0;
}

static int give_descriptor(struct sandbox *sb)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = fd == HEDGE_STUB_FD ? anon_inode_getfile("hedge", &sandbox_fops, sb, O_RDWR) :
				     ERR_PTR(-EMFILE);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	/* From here on its release() takes care of the sandbox. */
	fd_install(fd, file);
	return 0;
}

static int load_binary(struct linux_binprm *bprm)
{
	struct pt_regs *regs = current_pt_regs();
	struct sandbox *sb;
	int ret;

	if (memcmp(bprm->buf, HEDGE_STUB_MARK, sizeof(HEDGE_STUB_MARK) - 1))
		return -ENOEXEC;
	sb = sandbox_of_current();
	if (!sb)
		return -ENOEXEC;
	ret = begin_new_exec(bprm);
	if (ret)
		return ret;
	setup_new_exec(bprm);
	task_set_no_new_privs(current);
	ret = setup_arg_pages(bprm, STACK_TOP, EXSTACK_DISABLE_X) ?:
	      map_stub(bprm) ?:
	      give_descriptor(sb);
	if (ret)
		return ret;
	finalize_exec(bprm);
	start_thread(regs, HEDGE_STUB_WHERE + HEDGE_STUB_ENTRY, bprm->p);
	regs->r12 = sb->vm->uid;
	regs->r13 = sb->vm->gid;
	return 0;
}

static struct linux_binfmt sandbox_binfmt = {
	/* No module: see above. */
	.load_binary = load_binary,
};

/* --- making one --------------------------------------------------------------------------- */

/* What is exec'ed has no name of its own: it is reached by a descriptor. */
static int open_stub(struct sandbox *sb)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0)
		return fd;
	fd_install(fd, get_file(stub_file));
	snprintf(sb->path, sizeof(sb->path), "/proc/self/fd/%d", fd);
	return 0;
}

/* In the new task, before it execs. */
static int init_task_of(struct subprocess_info *info, struct cred *cred)
{
	struct sandbox *sb = info->data;
	struct hedge_vm *vm = sb->vm;
	int ret;

	spin_lock(&sandboxes.lock);
	sb->task = get_task_struct(current);
	spin_unlock(&sandboxes.lock);
	ret = cgroup_attach_task_all(vm->starter, current);
	if (!ret && vm->cpu != HEDGE_CPU_ANY)
		ret = set_cpus_allowed_ptr(current, cpumask_of(vm->cpu));
	return ret ?: open_stub(sb);
}

static void drop(struct sandbox *sb)
{
	spin_lock(&sandboxes.lock);
	list_del(&sb->link);
	spin_unlock(&sandboxes.lock);
	if (sb->task)
		put_task_struct(sb->task);
	kfree(sb);
}

/* Forget those whose tasks are dead; returns how many are not. */
static u32 sweep(void)
{
	struct sandbox *sb, *next;
	LIST_HEAD(dead);
	u32 left = 0;

	spin_lock(&sandboxes.lock);
	list_for_each_entry_safe(sb, next, &sandboxes.all, link) {
		if (READ_ONCE(sb->over) && READ_ONCE(sb->task->exit_state))
			list_move(&sb->link, &dead);
		else
			left++;
	}
	spin_unlock(&sandboxes.lock);
	list_for_each_entry_safe(sb, next, &dead, link)
		drop(sb);
	return left;
}

static int exec(struct sandbox *sb)
{
	static char *argv[] = { "hedge", NULL }, *envp[] = { NULL };
	struct subprocess_info *info;

	/* Only the task itself can know; an empty one would be taken for none. */
	strscpy(sb->path, "/proc/self/fd", sizeof(sb->path));
	info = call_usermodehelper_setup(sb->path, argv, envp, GFP_KERNEL, init_task_of, NULL, sb);
	return info ? call_usermodehelper_exec(info, UMH_WAIT_EXEC) : -ENOMEM;
}

/**
 * hedge_sandbox_start - have a task run a VM
 * @vm:	VM, of the registry
 *
 * Return: 0, and hedge_vm.booted tells more; or -errno, and there is no task.
 */
int hedge_sandbox_start(struct hedge_vm *vm)
{
	struct sandbox *sb = kzalloc(sizeof(*sb), GFP_KERNEL);
	int ret;

	if (!sb)
		return -ENOMEM;
	sweep();
	sb->vm = hedge_vm_ref(vm);
	spin_lock(&sandboxes.lock);
	list_add_tail(&sb->link, &sandboxes.all);
	spin_unlock(&sandboxes.lock);
	ret = exec(sb);
	if (ret) {
		hedge_vm_put(vm);
		drop(sb);
	}
	return ret;
}

/* --- module ------------------------------------------------------------------------------------ */

int hedge_sandbox_module_init(void)
{
	loff_t pos = 0;
	ssize_t done;

	stub_file = shmem_file_setup("hedge-stub", PAGE_SIZE, 0);
	if (IS_ERR(stub_file))
		return PTR_ERR(stub_file);
	done = kernel_write(stub_file, hedge_stub, hedge_stub_end - hedge_stub, &pos);
	if (done != hedge_stub_end - hedge_stub) {
		fput(stub_file);
		return done < 0 ? done : -EIO;
	}
	/* Whoever may not read what he runs cannot be traced by others of his uid. */
	file_inode(stub_file)->i_mode = S_IFREG | 0111;
	insert_binfmt(&sandbox_binfmt);
	return 0;
}

/* All VMs have ended. */
void hedge_sandbox_module_exit(void)
{
	while (sweep())
		msleep(1);
	unregister_binfmt(&sandbox_binfmt);
	fput(stub_file);
}
