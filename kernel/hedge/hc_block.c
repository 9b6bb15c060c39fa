// SPDX-License-Identifier: GPL-2.0-only
/* BLOCK_WRITE and BLOCK_READ. */
#include "hedge.h"

/* What of it is wrong for the guest to hear of, and nothing worse. */
static bool request_is_good(const struct hedge_block *blk, const struct hvt_hc_block *hc)
{
	u64 capacity = hedge_block_capacity(blk);
	u32 size = hedge_block_size(blk);

	return hc->offset < capacity && hc->len && hc->len <= capacity - hc->offset &&
	       IS_ALIGNED(hc->offset, size) && IS_ALIGNED(hc->len, size);
}

static struct hedge_block *block_of(struct hedge_vm *vm, u64 handle)
{
	return handle < ARRAY_SIZE(vm->device) ? vm->device[handle].block : NULL;
}

/**
 * hedge_hc_block - move blocks between the guest and a device
 * @vm:		VM of the current task
 * @gpa:	of its struct hvt_hc_block
 * @write:	to the device
 * @may_wait:	the caller is not inside KVM_RUN
 *
 * A buffer that is not in memory, and an error of the device, end the VM.
 *
 * Return: 0; HEDGE_HC_AGAIN if a limit has to be waited for and @may_wait is not set;
 * -ERESTARTSYS to be called again; or another -errno, and the VM ends.
 */
int hedge_hc_block(struct hedge_vm *vm, u64 gpa, bool write, bool may_wait)
{
	struct hedge_block *blk;
	struct hvt_hc_block hc;
	s32 answer = HVT_EINVAL;
	int ret;

	if (hedge_guest_get(vm, &hc, gpa, sizeof(hc)) || !hedge_guest_ptr(vm, hc.data, hc.len))
		return -EFAULT;
	blk = block_of(vm, hc.handle);
	if (blk && request_is_good(blk, &hc) && !(write && hedge_block_readonly(blk))) {
		ret = hedge_limits_take(vm, &vm->block_ops, &vm->block_bytes, hc.len, may_wait);
		if (ret)
			return ret;
		ret = hedge_block_transfer(vm, blk, hc.offset, hc.data, hc.len, write);
		if (ret)
			return ret;
		vm->io.block_ops[write]++;
		vm->io.block_bytes[write] += hc.len;
		answer = HVT_OK;
	}
	return hedge_guest_put(vm, gpa + offsetof(struct hvt_hc_block, ret), &answer,
				 sizeof(answer));
}
