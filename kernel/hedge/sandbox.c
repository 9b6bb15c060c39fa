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
 * Neither the file nor the mm holds the module: it may be unloaded while VMs run, and
 * ends them.  hedge_sandbox_module_exit() waits until each task is dead,
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
#include <linux/module.h>
#include <linux/mutex.h>
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
#include "compat.h"
#include "hedge.h"
#include "stub.h"

extern const char hedge_stub[], hedge_stub_end[];

struct sandbox {
	struct list_head link;		/* in the list of all; sandboxes.lock */
	struct list_head parked;	/* in the pool; likewise */
	struct task_struct *task;	/* with a reference, once there is one */
	struct hedge_vm *vm;		/* what it is to run; holds a reference */
	struct task_struct *from;	/* whose cgroups it joins; while it is made */
	u32 uid, gid;			/* what it runs as */
	struct hedge_kvm kvm;
	bool has_kvm;
	bool booted;			/* and the VM with it */
	bool over;			/* its task has closed it */
	bool for_pool;			/* being made for it; sandboxes.lock */
	bool unwanted;			/* by the pool */
	wait_queue_head_t wait;		/* of a parked one */
	char path[32];			/* what is exec'ed */
};

/*
 * The pool: tasks that have everything but a VM.  Who starts one takes it from there;
 * others are made in their place, a little later: to make one takes more of the host than
 * to start with one, and would be in the way of who starts.
 */
static struct {
	spinlock_t lock;		/* protects what follows */
	struct list_head all;
	struct list_head pool;
	u32 parked;			/* in the pool */
	u32 being_made;			/* for it */
	u32 wanted;			/* in it */
	struct delayed_work fill;
} sandboxes = {
	.lock = __SPIN_LOCK_UNLOCKED(sandboxes.lock),
	.all = LIST_HEAD_INIT(sandboxes.all),
	.pool = LIST_HEAD_INIT(sandboxes.pool),
};

/* Whoever holds it finds no sandbox freed under his hands.  Outside sandboxes.lock. */
static DEFINE_MUTEX(sweep_mutex);

#define REFILL_DELAY	(HZ / 10)
#define POOL_ID		65534		/* user and group of those in the pool: nobody's */

static struct file *stub_file;

/* --- the task's side: one ioctl -------------------------------------------------- */

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

/* What can be done before there is a VM. */
static int prepare(struct sandbox *sb, const char **why)
{
	int ret;

	strscpy(current->comm, "hedge", sizeof(current->comm));
	*why = "the task cannot give up its rights";
	ret = become_harmless();
	if (ret)
		return ret;
	ret = hedge_kvm_create(&sb->kvm);
	*why = ret == -ENOENT || ret == -ENODEV || ret == -ENXIO ?
	       "there is no KVM: is kvm_amd or kvm_intel loaded?" : "KVM cannot make a VM";
	sb->has_kvm = !ret;
	return ret;
}

static void leave_pool_locked(struct sandbox *sb)
{
	lockdep_assert_held(&sandboxes.lock);
	if (sb->for_pool)
		sandboxes.being_made--;
	sb->for_pool = false;
	if (list_empty(&sb->parked))
		return;
	list_del_init(&sb->parked);
	sandboxes.parked--;
}

/* Everything is there but a VM: whoever starts one may take it now. */
static void join_pool(struct sandbox *sb)
{
	spin_lock(&sandboxes.lock);
	leave_pool_locked(sb);
	if (sandboxes.parked < sandboxes.wanted) {
		list_add_tail(&sb->parked, &sandboxes.pool);
		sandboxes.parked++;
	} else {
		sb->unwanted = true;
	}
	spin_unlock(&sandboxes.lock);
}

/* Returns 0 with a VM; -ERESTARTSYS to be called again; or another -errno: it may go. */
static int wait_for_vm(struct sandbox *sb)
{
	const char *why;
	int ret = sb->has_kvm ? 0 : prepare(sb, &why);

	if (ret) {
		pr_warn_ratelimited("no sandbox for the pool: %s: error %d\n", why, ret);
		return ret == -ERESTARTSYS ? -EINTR : ret;
	}
	if (sb->for_pool)
		join_pool(sb);
	ret = wait_event_interruptible(sb->wait, READ_ONCE(sb->vm) || READ_ONCE(sb->unwanted));
	return ret ?: READ_ONCE(sb->vm) ? 0 : -ECANCELED;
}

static int boot(struct sandbox *sb)
{
	struct hedge_vm *vm = sb->vm;
	const char *why;
	int ret;

	hedge_vm_phase(vm, HEDGE_BOOT_TASK);
	ret = sb->has_kvm ? 0 : prepare(sb, &why);
	if (ret)
		return fail_boot(vm, ret, why);
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
	struct hedge_vm *vm;

	spin_lock(&sandboxes.lock);
	leave_pool_locked(sb);
	sb->unwanted = true;
	vm = sb->vm;
	sb->vm = NULL;
	spin_unlock(&sandboxes.lock);
	if (!vm) {
		hedge_kvm_destroy(&sb->kvm);
		return;
	}
	if (sb->booted)
		hedge_vm_was_killed(vm);
	else
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

	if (cmd != HEDGE_STUB_RUN || current != sb->task)
		return -ENOTTY;
	if (!READ_ONCE(sb->vm))
		ret = wait_for_vm(sb);
	if (!ret && !sb->booted)
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

/*
 * However the task ends, its files are closed: it may have died outside of the ioctl, and
 * then has no mm any more.  Others may have the file open still, and close theirs.
 */
static int sandbox_flush(struct file *file, fl_owner_t id)
{
	struct sandbox *sb = file->private_data;

	if (current == sb->task)
		let_go(sb);
	return 0;
}

static int sandbox_release(struct inode *inode, struct file *file)
{
	struct sandbox *sb = file->private_data;

	WRITE_ONCE(sb->over, true);
	return 0;
}

static const struct file_operations sandbox_fops = {
	.unlocked_ioctl = sandbox_ioctl,
	.flush = sandbox_flush,
	.release = sandbox_release,
	.llseek = noop_llseek,
};

/* --- exec ------------------------------------------------------------------------ */

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
	/* From here on the sandbox is taken care of when that is closed. */
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
	ret = setup_arg_pages(bprm, STACK_TOP, EXSTACK_DISABLE_X);
	/* It says so of a stack that there is no memory for. */
	if (ret == -EFAULT)
		ret = -ENOMEM;
	ret = ret ?: map_stub(bprm) ?: give_descriptor(sb);
	if (ret)
		return ret;
	finalize_exec(bprm);
	start_thread(regs, HEDGE_STUB_WHERE + HEDGE_STUB_ENTRY, bprm->p);
	regs->r12 = sb->uid;
	regs->r13 = sb->gid;
	return 0;
}

/* Whoever execs something is in load_binary() for a moment; an mm does not point here. */
static struct linux_binfmt sandbox_binfmt = {
	.module = THIS_MODULE,
	.load_binary = load_binary,
};

/* --- making one ------------------------------------------------------------------ */

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

/*
 * Who moves a task between cgroups waits for a grace period of RCU: so it is not asked
 * for where the task is there already.
 */
static int join_cgroups_of(struct task_struct *from, struct task_struct *task)
{
	return hedge_same_cgroups(from, task) ? 0 : cgroup_attach_task_all(from, task);
}

/* It is charged to whoever starts the VM, and runs where that one says. */
static int adopt(struct sandbox *sb, const struct hedge_vm *vm)
{
	int ret = join_cgroups_of(vm->starter, sb->task);
	pid_t nr = task_pid_vnr(sb->task);
	char pid[16];
	loff_t pos = 0;
	ssize_t done;

	/* In some PID namespaces it has none, and 0 would be who writes it. */
	if (!ret && vm->cgroup && !nr)
		ret = -ENOENT;
	if (!ret && vm->cgroup) {
		snprintf(pid, sizeof(pid), "%d\n", nr);
		done = kernel_write(vm->cgroup, pid, strlen(pid), &pos);
		ret = done < 0 ? done : 0;
	}
	if (!ret && vm->cpu != HEDGE_CPU_ANY)
		ret = set_cpus_allowed_ptr(sb->task, cpumask_of(vm->cpu));
	return ret;
}

/* In the new task, before it execs. */
static int init_task_of(struct subprocess_info *info, struct cred *cred)
{
	struct sandbox *sb = info->data;

	spin_lock(&sandboxes.lock);
	sb->task = get_task_struct(current);
	spin_unlock(&sandboxes.lock);
	return (sb->vm ? adopt(sb, sb->vm) : sb->from ? join_cgroups_of(sb->from, current) : 0) ?:
	       open_stub(sb);
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

	mutex_lock(&sweep_mutex);
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
	mutex_unlock(&sweep_mutex);
	return left;
}

static int exec(struct sandbox *sb)
{
	char name[] = "hedge", *argv[] = { name, NULL }, *envp[] = { NULL };
	struct subprocess_info *info;

	/* Only the task itself can know; an empty one would be taken for none. */
	strscpy(sb->path, "/proc/self/fd", sizeof(sb->path));
	info = call_usermodehelper_setup(sb->path, argv, envp, GFP_KERNEL, init_task_of, NULL, sb);
	return info ? call_usermodehelper_exec(info, UMH_WAIT_EXEC) : -ENOMEM;
}

/* One more: to run @vm, or for the pool, and in the cgroups of @from, if that is given. */
static int make(struct hedge_vm *vm, struct task_struct *from, u32 uid, u32 gid)
{
	struct sandbox *sb = kzalloc(sizeof(*sb), GFP_KERNEL);
	int ret;

	if (!sb)
		return -ENOMEM;
	INIT_LIST_HEAD(&sb->parked);
	init_waitqueue_head(&sb->wait);
	sb->from = from;
	sb->uid = uid;
	sb->gid = gid;
	sb->for_pool = !vm;
	sb->vm = vm ? hedge_vm_ref(vm) : NULL;
	spin_lock(&sandboxes.lock);
	sandboxes.being_made += sb->for_pool;
	list_add_tail(&sb->link, &sandboxes.all);
	spin_unlock(&sandboxes.lock);
	ret = exec(sb);
	if (!ret)
		return 0;
	spin_lock(&sandboxes.lock);
	leave_pool_locked(sb);
	spin_unlock(&sandboxes.lock);
	hedge_vm_put(vm);
	drop(sb);
	return ret;
}

static struct sandbox *take_parked(void)
{
	struct sandbox *sb;

	lockdep_assert_held(&sandboxes.lock);
	sb = list_first_entry_or_null(&sandboxes.pool, struct sandbox, parked);
	if (sb)
		leave_pool_locked(sb);
	return sb;
}

/*
 * Give the VM to one that is ready.  Its task may be killed at any time: as long as
 * there is no VM in it, nothing is lost but a sandbox.
 */
static int start_parked(struct hedge_vm *vm)
{
	struct sandbox *sb;
	int ret;

	if (vm->uid != POOL_ID || vm->gid != POOL_ID)
		return -ENOENT;
	mutex_lock(&sweep_mutex);
	spin_lock(&sandboxes.lock);
	sb = take_parked();
	spin_unlock(&sandboxes.lock);
	if (!sb) {
		mutex_unlock(&sweep_mutex);
		return -ENOENT;
	}
	ret = adopt(sb, vm);
	spin_lock(&sandboxes.lock);
	if (!ret && sb->unwanted)
		ret = -ENOENT;			/* killed meanwhile */
	if (ret)
		sb->unwanted = true;
	else
		sb->vm = hedge_vm_ref(vm);
	wake_up(&sb->wait);
	spin_unlock(&sandboxes.lock);
	mutex_unlock(&sweep_mutex);
	return ret;
}

/**
 * hedge_sandbox_start - have a task run a VM
 * @vm:	VM, of the registry
 *
 * Return: 0, and hedge_vm.booted tells more; or -errno, and there is no task.
 */
int hedge_sandbox_start(struct hedge_vm *vm)
{
	int ret;

	ret = start_parked(vm);
	/* Also when there was none: those that have died are forgotten, and others made. */
	schedule_delayed_work(&sandboxes.fill, REFILL_DELAY);
	return ret == -ENOENT ? make(vm, NULL, vm->uid, vm->gid) : ret;
}

/**
 * hedge_sandbox_kill - end the task that was given a VM, whether it has begun with it or not
 * @vm:	VM; NULL: each task that there is
 */
void hedge_sandbox_kill(const struct hedge_vm *vm)
{
	struct sandbox *sb;

	spin_lock(&sandboxes.lock);
	list_for_each_entry(sb, &sandboxes.all, link)
		if (sb->task && (!vm || sb->vm == vm))
			send_sig(SIGKILL, sb->task, 1);
	spin_unlock(&sandboxes.lock);
}

/*
 * Make the pool as large as is wanted; @from waits for that, or is NULL.  Each is tried once:
 * those that die as soon as they are there would be made for ever.
 */
static void fill_pool(struct task_struct *from)
{
	u32 tries = READ_ONCE(sandboxes.wanted);
	struct sandbox *sb;
	bool few;

	sweep();
	for (;;) {
		spin_lock(&sandboxes.lock);
		few = sandboxes.parked + sandboxes.being_made < sandboxes.wanted;
		sb = !few && sandboxes.parked > sandboxes.wanted ? take_parked() : NULL;
		if (sb) {
			sb->unwanted = true;
			wake_up(&sb->wait);
		}
		spin_unlock(&sandboxes.lock);
		if (!few && !sb)
			return;
		if (few && (!tries-- || fatal_signal_pending(current)))
			return;
		if (few && make(NULL, from, POOL_ID, POOL_ID)) {
			pr_warn("no task can be made for the pool\n");
			return;
		}
	}
}

/* Nobody waits for it, so that there is nobody whose cgroups could be counted on. */
static void refill_pool(struct work_struct *work)
{
	fill_pool(NULL);
	/* One that is not for the pool, either, is told so when it has come to KVM. */
	if (hedge_kvm_wants_keeper() && make(NULL, NULL, POOL_ID, POOL_ID))
		pr_warn_ratelimited("no task can be made that keeps KVM in use\n");
}

/**
 * hedge_sandbox_pool - keep so many tasks ready
 * @count:	tasks
 *
 * They are in the cgroups of the caller, who may start VMs with them most quickly; those
 * that take their place are not.  Returns when they have been asked for; they are there
 * soon.
 */
void hedge_sandbox_pool(u32 count)
{
	spin_lock(&sandboxes.lock);
	sandboxes.wanted = count;
	spin_unlock(&sandboxes.lock);
	fill_pool(current);
}

/* How many are ready. */
u32 hedge_sandbox_parked(void)
{
	return READ_ONCE(sandboxes.parked);
}

/* --- module ---------------------------------------------------------------------- */

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
	INIT_DELAYED_WORK(&sandboxes.fill, refill_pool);
	insert_binfmt(&sandbox_binfmt);
	return 0;
}

/* All VMs have ended. */
void hedge_sandbox_module_exit(void)
{
	hedge_sandbox_pool(0);
	cancel_delayed_work_sync(&sandboxes.fill);
	/* Who was stopped does not hear that he is not wanted. */
	hedge_sandbox_kill(NULL);
	while (sweep())
		usleep_range(1000, 2000);
	unregister_binfmt(&sandbox_binfmt);
	fput(stub_file);
}
