// SPDX-License-Identifier: GPL-2.0-only
/*
 * One VM: made from a command by whoever gave it, handed to a task that runs it, and
 * kept as a record when it has ended.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "hedge.h"

#define ASK_SECONDS	30		/* that a task has to begin with what it is asked for */

/* --- life ------------------------------------------------------------------------ */

/**
 * hedge_vm_create - a VM as a command describes it
 * @cmd:	start
 * @failure:	says what is wrong with it
 *
 * The image is read and checked, and devices are opened, as the caller may.
 *
 * Return: a VM with a reference, or an error.
 */
struct hedge_vm *hedge_vm_create(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	struct hedge_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	int ret;

	if (!vm) {
		hedge_wrong(failure, "NAME", "out of memory", 0);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&vm->ref);
	INIT_LIST_HEAD(&vm->link);
	spin_lock_init(&vm->lock);
	init_completion(&vm->booted);
	init_completion(&vm->ended);
	init_waitqueue_head(&vm->wait);
	vm->began = ktime_get();
	ret = hedge_vm_configure(vm, cmd, failure);
	if (ret) {
		hedge_vm_put(vm);
		return ERR_PTR(ret);
	}
	hedge_vm_phase(vm, HEDGE_BOOT_CHECKED);
	return vm;
}

/* What only a VM that runs needs; the record lives on. */
static void close_devices(struct hedge_vm *vm)
{
	u32 i;

	for (i = 0; i < HVT_MANIFEST_MAX; i++) {
		if (vm->device[i].block)
			hedge_block_close(vm->device[i].block);
		if (vm->device[i].net)
			hedge_net_close(vm->device[i].net);
		vm->device[i].block = NULL;
		vm->device[i].net = NULL;
	}
	vm->networks = 0;
}

/* A record, and a VM that has all of it in memory, costs no copy of the file. */
static void done_with_image(struct hedge_vm *vm)
{
	if (vm->image_is_read)
		hedge_image_done(vm->image);
	vm->image_is_read = false;
}

static void vm_free(struct kref *ref)
{
	struct hedge_vm *vm = container_of(ref, struct hedge_vm, ref);

	WARN_ON_ONCE(vm->kvm || vm->task || !list_empty(&vm->link));
	close_devices(vm);
	hedge_guestmem_destroy(&vm->guestmem);
	hedge_console_exit(&vm->console);
	done_with_image(vm);
	if (vm->image)
		hedge_image_forget(vm->image);
	if (vm->cgroup)
		fput(vm->cgroup);
	if (vm->cred)
		put_cred(vm->cred);
	kfree(vm->manifest);
	kfree_sensitive(vm->cmdline);
	kfree(vm->core);
	kfree(vm);
}

struct hedge_vm *hedge_vm_ref(struct hedge_vm *vm)
{
	kref_get(&vm->ref);
	return vm;
}

/**
 * hedge_vm_put - drop a reference
 */
void hedge_vm_put(struct hedge_vm *vm)
{
	if (vm)
		kref_put(&vm->ref, vm_free);
}

void hedge_vm_phase(struct hedge_vm *vm, enum hedge_boot_phase phase)
{
	vm->phase[phase] = ktime_get();
}

static int connect_networks(struct hedge_vm *vm)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < vm->manifest->entries && !ret; i++)
		if (vm->device[i].net)
			ret = hedge_net_connect(vm->device[i].net, &vm->wait);
	if (ret)
		hedge_vm_die(vm, "network %s cannot be attached: %s", vm->manifest->e[i - 1].name,
			     ret == -EBUSY ? "somebody else has it" : "refused by the TAP");
	return ret;
}

/**
 * hedge_vm_boot - make the current task run a VM
 * @vm:		VM
 * @kvm:	of the task
 *
 * Return: 0, and the next step is hedge_vcpu_loop(); or -errno.  Whatever is returned,
 * hedge_vm_leave() follows in the end.
 */
int hedge_vm_boot(struct hedge_vm *vm, struct hedge_kvm *kvm)
{
	int ret;

	vm->kvm = kvm;
	spin_lock(&vm->lock);
	vm->task = get_task_struct(current);
	spin_unlock(&vm->lock);
	snprintf(current->comm, sizeof(current->comm), "vm:%s", vm->name);
	hedge_meter_start(vm);
	hedge_vm_phase(vm, HEDGE_BOOT_KVM);
	ret = connect_networks(vm);
	if (ret)
		return ret;
	vm->tsc_hz = vm->image->snapshot ? vm->image->snapshot->tsc_hz : kvm->tsc_hz;
	ret = hedge_console_open(&vm->console) ?:
	      (vm->image->snapshot ? hedge_snapshot_load(vm) : hedge_load(vm));
	if (ret) {
		hedge_vm_die(vm, "memory cannot be had: error %d", -ret);
		return ret;
	}
	hedge_vm_phase(vm, HEDGE_BOOT_LOADED);
	ret = hedge_kvm_set_memory(kvm, vm->mem);
	if (!ret && vm->image->snapshot)
		ret = hedge_kvm_restore(kvm, vm->image->snapshot);
	else if (!ret)
		ret = hedge_kvm_set_boot_state(kvm, vm->image->layout.entry, vm->mem);
	if (ret) {
		hedge_vm_die(vm, "KVM refuses memory or registers: error %d", -ret);
		return ret;
	}
	/* A snapshot is its memory. */
	if (!vm->image->snapshot)
		done_with_image(vm);
	hedge_kvm_bus_attach(vm);
	hedge_vm_phase(vm, HEDGE_BOOT_ENTERED);
	hedge_limits_start(vm);
	spin_lock(&vm->lock);
	vm->state = HEDGE_RUNNING;
	spin_unlock(&vm->lock);
	return 0;
}

/* Tell who waits for the start how it went, once. */
void hedge_vm_booted(struct hedge_vm *vm, int error)
{
	if (completion_done(&vm->booted))
		return;
	vm->boot_error = error;
	if (!error)
		hedge_event(HEDGE_EVENT_BOOTED, vm, NULL);
	complete_all(&vm->booted);
}

/* There will be no answer. */
static void refuse_request(struct hedge_vm *vm)
{
	struct hedge_request *req;

	spin_lock(&vm->lock);
	req = vm->request;
	vm->request = NULL;
	spin_unlock(&vm->lock);
	if (!req)
		return;
	req->ret = -ESRCH;
	complete(&req->done);
}

/**
 * hedge_vm_leave - the current task has run it, and gives back what it has of it
 * @vm:	VM
 */
void hedge_vm_leave(struct hedge_vm *vm)
{
	struct task_struct *task;

	hedge_limits_stop(vm);
	hedge_meter_stop(vm);
	if (vm->kvm)
		hedge_kvm_bus_detach(vm);
	hedge_guestmem_unmap(&vm->guestmem);
	hedge_guestmem_destroy(&vm->guestmem);
	vm->kvm = NULL;
	done_with_image(vm);
	close_devices(vm);
	spin_lock(&vm->lock);
	task = vm->task;
	vm->task = NULL;
	spin_unlock(&vm->lock);
	refuse_request(vm);
	if (task)
		put_task_struct(task);
}

/**
 * hedge_vm_finish - from a VM to a record
 * @vm:	VM; nothing runs it any more
 */
void hedge_vm_finish(struct hedge_vm *vm)
{
	spin_lock(&vm->lock);
	vm->state = HEDGE_ENDED;
	vm->finished = ktime_get();
	spin_unlock(&vm->lock);
	wake_up_all(&vm->wait);
	hedge_console_end(&vm->console);
	hedge_event(HEDGE_EVENT_ENDED, vm, NULL);
	hedge_registry_ended(vm);
	complete_all(&vm->ended);
}

/* --- what is asked of it --------------------------------------------------------- */

/**
 * hedge_vm_die - no more of this guest
 * @vm:		VM of the current task
 * @fmt:	the reason, for its record
 *
 * The loop ends it, soon: KVM_RUN is left as if there was a signal.
 */
void hedge_vm_die(struct hedge_vm *vm, const char *fmt, ...)
{
	va_list ap;

	if (vm->dying)
		return;
	spin_lock(&vm->lock);
	va_start(ap, fmt);
	vscnprintf(vm->reason, sizeof(vm->reason), fmt, ap);
	va_end(ap);
	vm->status = 1;
	spin_unlock(&vm->lock);
	vm->dying = true;
	set_thread_flag(TIF_SIGPENDING);
}

/**
 * hedge_vm_count_error - a hypercall could not be done, and the VM goes on
 * @vm:		VM of the current task
 * @nr:		the hypercall
 * @error:	errno
 */
void hedge_vm_count_error(struct hedge_vm *vm, u32 nr, int error)
{
	WRITE_ONCE(vm->errors.count, vm->errors.count + 1);
	WRITE_ONCE(vm->errors.last, nr << 16 | error);
}

/* Take back what its task has not begun with. */
static bool withdraw(struct hedge_vm *vm, struct hedge_request *req)
{
	bool ours;

	spin_lock(&vm->lock);
	ours = vm->request == req && !req->begun;
	if (ours)
		vm->request = NULL;
	spin_unlock(&vm->lock);
	return ours;
}

/**
 * hedge_vm_ask - have the VM's task do something, and wait for it
 * @vm:		VM
 * @req:	with .fn and .arg; .ret is what it has returned
 *
 * Return: 0 when it was done; -ESRCH when the VM has ended; -EBUSY when something else
 * is being asked of it; -ETIMEDOUT when it does not get to it, being stopped, or waiting
 * for a disk; -EINTR when the caller was killed.
 */
int hedge_vm_ask(struct hedge_vm *vm, struct hedge_request *req)
{
	int ret = 0;
	long left;

	init_completion(&req->done);
	req->cred = current_cred();
	spin_lock(&vm->lock);
	if (!vm->task || vm->state == HEDGE_STARTING)
		ret = -ESRCH;
	else if (vm->request)
		ret = -EBUSY;
	else
		vm->request = req;
	spin_unlock(&vm->lock);
	if (ret)
		return ret;
	hedge_vm_kick(vm);
	left = wait_for_completion_killable_timeout(&req->done, ASK_SECONDS * HZ);
	if (left <= 0 && withdraw(vm, req))
		return left ? -EINTR : -ETIMEDOUT;
	/* It has begun, and has our file and credentials: its end is waited for. */
	if (left < 0 || (!left && wait_for_completion_killable(&req->done))) {
		WRITE_ONCE(req->cancelled, true);
		wait_for_completion(&req->done);
		return -EINTR;
	}
	return req->ret == -ESRCH ? -ESRCH : 0;
}

/**
 * hedge_vm_settle - have the vCPU where it would be before its next instruction
 * @vm:	VM of the current task, between two KVM_RUNs
 *
 * What has left KVM_RUN for a hypercall is at that instruction still, until it is
 * entered again.  One that is to be done again stays there.
 *
 * Return: 0 or -errno.
 */
int hedge_vm_settle(struct hedge_vm *vm)
{
	return vm->unanswered ? 0 : hedge_kvm_settle(vm->kvm);
}

/**
 * hedge_vm_answer - do what was asked for
 * @vm:	VM of the current task, between two KVM_RUNs
 */
void hedge_vm_answer(struct hedge_vm *vm)
{
	struct hedge_request *req;
	const struct cred *old;

	if (!READ_ONCE(vm->request))
		return;
	spin_lock(&vm->lock);
	req = vm->request;
	if (req)
		req->begun = true;
	spin_unlock(&vm->lock);
	if (!req)
		return;
	old = override_creds(req->cred);
	req->ret = READ_ONCE(req->cancelled) ? -EINTR : req->fn(vm, req);
	revert_creds(old);
	spin_lock(&vm->lock);
	vm->request = NULL;
	spin_unlock(&vm->lock);
	complete(&req->done);
}

/**
 * hedge_vm_kick - have the task look at what is asked of it
 */
void hedge_vm_kick(struct hedge_vm *vm)
{
	spin_lock(&vm->lock);
	if (vm->task) {
		set_tsk_thread_flag(vm->task, TIF_SIGPENDING);
		kick_process(vm->task);
	}
	spin_unlock(&vm->lock);
	wake_up_all(&vm->wait);
}

/**
 * hedge_vm_kill - end it now, whatever it does
 * @vm:		VM; .ended tells when it has
 * @why:	for its record
 */
void hedge_vm_kill(struct hedge_vm *vm, const char *why)
{
	spin_lock(&vm->lock);
	vm->killed = why;
	spin_unlock(&vm->lock);
	hedge_sandbox_kill(vm);
}

/**
 * hedge_vm_was_killed - its record says so, unless the guest has ended by itself
 * @vm:	VM of the current task
 */
void hedge_vm_was_killed(struct hedge_vm *vm)
{
	spin_lock(&vm->lock);
	if (!vm->dying) {
		strscpy(vm->reason, vm->killed ?: "killed", sizeof(vm->reason));
		vm->status = 128 + SIGKILL;
	}
	spin_unlock(&vm->lock);
}

/**
 * hedge_vm_stop - end it, and wait until it has
 * @vm:	VM
 *
 * Return: 0, or -EINTR if the caller was interrupted meanwhile.
 */
int hedge_vm_stop(struct hedge_vm *vm)
{
	hedge_vm_kill(vm, "stopped");
	return wait_for_completion_killable(&vm->ended) ? -EINTR : 0;
}

/**
 * hedge_vm_pause - let it stand still, or go on
 * @vm:		VM
 * @pause:	which of both
 *
 * Return: 0; -EALREADY if it is so already; -ESRCH if it has ended; -EBUSY if somebody
 * else wants the contrary; -ETIMEDOUT, and it will do so when it gets to it; -EINTR.
 */
int hedge_vm_pause(struct hedge_vm *vm, bool pause)
{
	enum hedge_state want = pause ? HEDGE_PAUSED : HEDGE_RUNNING;
	int ret = 0;
	long left;

	spin_lock(&vm->lock);
	if (vm->state == HEDGE_ENDED || vm->state == HEDGE_STARTING)
		ret = -ESRCH;
	else if (vm->pause == pause)
		ret = -EALREADY;
	else
		vm->pause = pause;
	spin_unlock(&vm->lock);
	if (ret)
		return ret;
	hedge_vm_kick(vm);
	left = wait_event_killable_timeout(vm->wait, READ_ONCE(vm->state) == want ||
					   READ_ONCE(vm->state) == HEDGE_ENDED ||
					   READ_ONCE(vm->pause) != pause, ASK_SECONDS * HZ);
	if (left <= 0)
		return left ? -EINTR : -ETIMEDOUT;
	if (READ_ONCE(vm->state) == HEDGE_ENDED)
		return -ESRCH;
	return READ_ONCE(vm->state) == want || READ_ONCE(vm->pause) == pause ? 0 : -EBUSY;
}
