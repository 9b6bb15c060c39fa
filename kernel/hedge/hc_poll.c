// SPDX-License-Identifier: GPL-2.0-only
/* POLL: wait until a network has something, or a time has passed. */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>
#include "hedge.h"

/* A bit for each network that has something to be read. */
static u64 ready_set(struct hedge_vm *vm)
{
	u64 set = 0, left;

	for (left = vm->networks; left; left &= left - 1)
		if (hedge_net_ready(vm->device[__ffs64(left)].net))
			set |= left & -left;
	return set;
}

/*
 * Sleep until there is something to be read, or it is late.  Returns -ERESTARTSYS when
 * somebody wants something of the VM.
 */
static int wait_for_one(struct hedge_vm *vm, ktime_t until, u64 *set)
{
	DEFINE_WAIT(wait);
	int ret = 0;

	for (;;) {
		prepare_to_wait(&vm->wait, &wait, TASK_INTERRUPTIBLE);
		*set = ready_set(vm);
		if (*set)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (!schedule_hrtimeout_range(&until, 0, HRTIMER_MODE_ABS))
			break;
	}
	finish_wait(&vm->wait, &wait);
	return ret;
}

/**
 * hedge_hc_poll - wait for networks
 * @vm:		VM of the current task
 * @gpa:	of its struct hvt_hc_poll
 * @may_wait:	the caller is not inside KVM_RUN
 *
 * Return: 0; HEDGE_HC_AGAIN if there is something to wait for and @may_wait is not set;
 * -ERESTARTSYS to be called again; or another -errno, and the VM ends.
 */
int hedge_hc_poll(struct hedge_vm *vm, u64 gpa, bool may_wait)
{
	struct hvt_hc_poll hc;

	if (hedge_guest_get(vm, &hc, gpa, sizeof(hc)))
		return -EFAULT;
	hc.ready_set = ready_set(vm);
	if (!hc.ready_set && hc.timeout_ns) {
		if (!may_wait)
			return HEDGE_HC_AGAIN;
		if (!vm->poll_until)
			vm->poll_until = ktime_add_safe(ktime_get(),
							min_t(u64, hc.timeout_ns, KTIME_MAX));
		if (wait_for_one(vm, vm->poll_until, &hc.ready_set))
			return -ERESTARTSYS;
	}
	/* It may have been set by a call that was interrupted, and has been done again. */
	vm->poll_until = 0;
	hc.ret = hweight64(hc.ready_set);
	return hedge_guest_put(vm, gpa + offsetof(struct hvt_hc_poll, ready_set),
				 &hc.ready_set, sizeof(hc) -
				 offsetof(struct hvt_hc_poll, ready_set) - sizeof(hc.pad));
}
