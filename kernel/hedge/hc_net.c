// SPDX-License-Identifier: GPL-2.0-only
/* NET_WRITE and NET_READ. */
#include "hedge.h"

static struct hedge_net *net_of(struct hedge_vm *vm, u64 handle)
{
	return handle < ARRAY_SIZE(vm->device) ? vm->device[handle].net : NULL;
}

/* Returns the answer, or -errno and the VM ends; @len becomes what was read. */
static s32 net_do(struct hedge_vm *vm, struct hedge_net *net, const struct hvt_hc_net *hc,
		  bool write, u64 *len)
{
	ssize_t done;

	/* So it is with a descriptor: no packet is taken from it. */
	if (!write && !hc->len)
		return HVT_AGAIN;
	if (write)
		done = hedge_net_write(vm, net, hc->data, hc->len);
	else
		done = hedge_net_read(vm, net, hc->data, hc->len);
	if (done == -EAGAIN)
		return HVT_AGAIN;
	if (done == -EINVAL || done == -EMSGSIZE)
		return HVT_EINVAL;
	if (done < 0)
		return done;
	*len = done;
	vm->io.net_ops[write]++;
	vm->io.net_bytes[write] += done;
	return HVT_OK;
}

/**
 * hedge_hc_net - send or receive one packet
 * @vm:		VM of the current task
 * @gpa:	of its struct hvt_hc_net
 * @write:	send it
 * @may_wait:	the caller is not inside KVM_RUN
 *
 * Return: 0; HEDGE_HC_AGAIN if a limit has to be waited for and @may_wait is not set;
 * -ERESTARTSYS to be called again; or another -errno, and the VM ends.
 */
int hedge_hc_net(struct hedge_vm *vm, u64 gpa, bool write, bool may_wait)
{
	struct hedge_net *net;
	struct hvt_hc_net hc;
	s32 ret = 0;

	if (hedge_guest_get(vm, &hc, gpa, sizeof(hc)))
		return -EFAULT;
	net = net_of(vm, hc.handle);
	if (net && !hedge_guest_ptr(vm, hc.data, hc.len))
		return -EFAULT;
	/*
	 * What comes in was paid for by whoever sent it; what goes out waits for its turn.
	 * What no packet can be is refused, and costs nothing.
	 */
	if (write && net && hedge_net_fits(net, hc.len))
		ret = hedge_limits_take(vm, &vm->net_ops, &vm->net_bytes, hc.len, may_wait);
	if (ret)
		return ret;
	ret = net ? net_do(vm, net, &hc, write, &hc.len) : HVT_EINVAL;
	if (ret < 0)
		return ret;
	if (ret == HVT_EINVAL)
		hedge_vm_count_error(vm, write ? HVT_HC_NET_WRITE : HVT_HC_NET_READ, EINVAL);
	if (!write && ret == HVT_OK &&
	    hedge_guest_put(vm, gpa + offsetof(struct hvt_hc_net, len), &hc.len,
			    sizeof(hc.len)))
		return -EFAULT;
	return hedge_guest_put(vm, gpa + offsetof(struct hvt_hc_net, ret), &ret, sizeof(ret));
}
