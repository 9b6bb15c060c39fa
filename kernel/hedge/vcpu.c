// SPDX-License-Identifier: GPL-2.0-only
/* The life of a guest, seen from its task: run it, do what it asks for, again. */
#include <linux/freezer.h>
#include <linux/kvm.h>
#include <linux/sched/signal.h>
#include "hedge.h"

/*
 * TIF_SIGPENDING may be set without a signal, to get here.  What is left when it is
 * worked out anew is a real one.
 */
static bool signal_is_real(void)
{
	/* A task's own does not go away. */
	struct sighand_struct *sighand = rcu_dereference_protected(current->sighand, true);

	spin_lock_irq(&sighand->siglock);
	recalc_sigpending();
	spin_unlock_irq(&sighand->siglock);
	return signal_pending(current);
}

static void set_state(struct hedge_vm *vm, enum hedge_state state)
{
	spin_lock(&vm->lock);
	vm->state = state;
	spin_unlock(&vm->lock);
	wake_up_all(&vm->wait);
}

static void stand_still(struct hedge_vm *vm)
{
	/* It comes here again when it has answered a request. */
	if (vm->state != HEDGE_PAUSED)
		hedge_event(HEDGE_EVENT_PAUSED, vm, NULL);
	set_state(vm, HEDGE_PAUSED);
	wait_event_interruptible(vm->wait, !READ_ONCE(vm->pause) || READ_ONCE(vm->request));
}

/* Wherever it was when it was resumed: standing still, or on the way from there and back. */
static void go_on(struct hedge_vm *vm)
{
	if (vm->state != HEDGE_PAUSED)
		return;
	hedge_event(HEDGE_EVENT_RESUMED, vm, NULL);
	set_state(vm, HEDGE_RUNNING);
}

/*
 * Before each KVM_RUN: what others want.
 *
 * Return: 0 to go on, -EINTR to end, -ERESTARTSYS for a signal that the kernel handles
 * on the way to user space, from where the task comes back.
 */
static int attend(struct hedge_vm *vm)
{
	for (;;) {
		if (vm->dying)
			return -EINTR;
		if (READ_ONCE(vm->killed)) {
			hedge_vm_was_killed(vm);
			return -EINTR;
		}
		if (signal_pending(current) && signal_is_real()) {
			if (!fatal_signal_pending(current))
				return -ERESTARTSYS;
			hedge_vm_was_killed(vm);
			return -EINTR;
		}
		hedge_vm_answer(vm);
		if (READ_ONCE(vm->pause)) {
			stand_still(vm);
			continue;
		}
		go_on(vm);
		if (!hedge_limits_attend(vm))
			return 0;
	}
}

/* An OUT that was not served inside KVM_RUN. */
static void slow_hypercall(struct hedge_vm *vm)
{
	const struct kvm_run *run = vm->kvm->run;
	u32 nr = run->io.port - HVT_HC_BASE;

	vm->exits.slow++;
	if (run->io.direction != KVM_EXIT_IO_OUT || run->io.size != sizeof(u32) ||
	    run->io.count != 1) {
		hedge_vm_die(vm, "no hypercall: port %#x, %s of %u x %u bytes", run->io.port,
			     run->io.direction == KVM_EXIT_IO_OUT ? "write" : "read",
			     run->io.count, run->io.size);
		return;
	}
	vm->unanswered = hedge_hypercall(vm, nr, hedge_kvm_port_value(vm->kvm), true) ==
			 -ERESTARTSYS;
}

static void handle_exit(struct hedge_vm *vm)
{
	const struct kvm_run *run = vm->kvm->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		slow_hypercall(vm);
		return;
	case KVM_EXIT_INTR:
		vm->exits.interrupted++;
		return;
	case KVM_EXIT_HLT:
		hedge_vm_die(vm, "halted without interrupts");
		return;
	case KVM_EXIT_SHUTDOWN:
		hedge_vm_die(vm, "triple fault");
		return;
	case KVM_EXIT_MMIO:
		hedge_vm_die(vm, "%s beyond memory, at %#llx",
			     run->mmio.is_write ? "write" : "read", run->mmio.phys_addr);
		return;
	case KVM_EXIT_SET_TPR:
		hedge_vm_die(vm, "there is no APIC: its task priority (CR8) was set");
		return;
	case KVM_EXIT_FAIL_ENTRY:
		hedge_vm_die(vm, "the processor refuses to enter the guest: %#llx",
			     run->fail_entry.hardware_entry_failure_reason);
		return;
	case KVM_EXIT_INTERNAL_ERROR:
		hedge_vm_die(vm, "KVM cannot go on with it: suberror %u",
			     run->internal.suberror);
		return;
	default:
		hedge_vm_die(vm, "unexpected exit %u from KVM", run->exit_reason);
	}
}

/**
 * hedge_vcpu_loop - run a guest until it ends
 * @vm:	VM of the current task, booted
 *
 * Return: 0 when it has ended, and the VM has status and reason; -ERESTARTSYS to be
 * called again once a signal has been handled.
 */
int hedge_vcpu_loop(struct hedge_vm *vm)
{
	int ret;

	for (;;) {
		ret = attend(vm);
		if (ret)
			return ret == -ERESTARTSYS ? ret : 0;
		if (vm->unanswered) {
			slow_hypercall(vm);
			continue;
		}
		ret = hedge_kvm_run(vm->kvm);
		/* Who has died inside KVM_RUN may have left it for the same hypercall. */
		if (vm->dying || fatal_signal_pending(current))
			continue;
		if (!ret)
			handle_exit(vm);
		else if (ret == -EINTR)
			vm->exits.interrupted++;
		else if (ret == -EFAULT)
			hedge_vm_die(vm, "host/guest translation fault");
		else if (ret == -ENOMEM)
			hedge_vm_die(vm, "the host is out of memory");
		else
			hedge_vm_die(vm, "KVM_RUN fails: error %d", -ret);
	}
}
