// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls.  They are served in the guest's task, mostly from inside KVM_RUN; what
 * has to wait for others asks to be called again from outside.
 */
#include <linux/ktime.h>
#include "hedge.h"

static int hc_walltime(struct hedge_vm *vm, u64 gpa)
{
	struct hvt_hc_walltime hc = { .ns = ktime_get_real_ns() };

	return hedge_guest_put(vm, gpa, &hc, sizeof(hc));
}

static int hc_puts(struct hedge_vm *vm, u64 gpa)
{
	struct hvt_hc_puts hc;
	char text[256];
	u64 skip;

	if (hedge_guest_get(vm, &hc, gpa, sizeof(hc)) || !hedge_guest_ptr(vm, hc.data, hc.len))
		return -EFAULT;
	/* Of what is more than the console holds, the end is kept. */
	skip = hc.len - min_t(u64, hc.len, vm->console.size);
	if (skip)
		hedge_console_skip(&vm->console, skip);
	hc.data += skip;
	hc.len -= skip;
	while (hc.len) {
		size_t len = min_t(u64, hc.len, sizeof(text));

		if (hedge_guest_read(vm, text, hc.data, len))
			return -EFAULT;
		hedge_console_print(&vm->console, text, len);
		hc.data += len;
		hc.len -= len;
	}
	return 0;
}

/* The guest ends: returns -errno. */
static int hc_halt(struct hedge_vm *vm, u64 gpa)
{
	struct hvt_trap trap, *trapped = NULL;
	struct hvt_hc_halt hc;

	if (hedge_guest_get(vm, &hc, gpa, sizeof(hc)))
		return -EFAULT;
	if (hc.status == HVT_EXIT_ABORT && hc.cookie) {
		if (hedge_guest_read(vm, &trap, hc.cookie, sizeof(trap)))
			return -EFAULT;
		trapped = &trap;
		hedge_vm_die(vm, "abort at rip %#llx, error code %#llx, cr2 %#llx, rsp %#llx",
			     trap.rip, trap.ec, trap.cr2, trap.rsp);
	} else {
		hedge_vm_die(vm, hc.status ? "exit" : "");
	}
	if (hc.status == HVT_EXIT_ABORT)
		hedge_dump_abort(vm, trapped);
	spin_lock(&vm->lock);
	vm->status = hc.status & 0xff;
	spin_unlock(&vm->lock);
	return -EINTR;
}

static int dispatch(struct hedge_vm *vm, u32 nr, u32 gpa, bool may_wait)
{
	switch (nr) {
	case HVT_HC_WALLTIME:
		return hc_walltime(vm, gpa);
	case HVT_HC_PUTS:
		return hc_puts(vm, gpa);
	case HVT_HC_POLL:
		return hedge_hc_poll(vm, gpa, may_wait);
	case HVT_HC_BLOCK_WRITE:
	case HVT_HC_BLOCK_READ:
		return hedge_hc_block(vm, gpa, nr == HVT_HC_BLOCK_WRITE, may_wait);
	case HVT_HC_NET_WRITE:
	case HVT_HC_NET_READ:
		return hedge_hc_net(vm, gpa, nr == HVT_HC_NET_WRITE, may_wait);
	case HVT_HC_HALT:
		return may_wait ? hc_halt(vm, gpa) : HEDGE_HC_AGAIN;
	default:
		hedge_vm_die(vm, "no hypercall: number %u", nr);
		return -EINVAL;
	}
}

/**
 * hedge_hypercall - do what the guest asks for
 * @vm:		VM of the current task
 * @nr:		which
 * @gpa:	of its structure
 * @may_wait:	the caller is not inside KVM_RUN
 *
 * Return: 0 when it is done; HEDGE_HC_AGAIN if it has to be called with @may_wait; or
 * -errno, and the VM ends.
 */
int hedge_hypercall(struct hedge_vm *vm, u32 nr, u32 gpa, bool may_wait)
{
	int ret;

	/* It may wait, for a disk inside KVM_RUN, too: the watchdog has patience then. */
	WRITE_ONCE(vm->in_hypercall, true);
	ret = dispatch(vm, nr, gpa, may_wait);
	/* One that is to be done again has not ended. */
	WRITE_ONCE(vm->in_hypercall, ret == HEDGE_HC_AGAIN || ret == -ERESTARTSYS);
	if (nr && nr < HVT_HC_MAX && ret != HEDGE_HC_AGAIN && ret != -ERESTARTSYS)
		vm->exits.hypercall[nr]++;
	return ret;
}
