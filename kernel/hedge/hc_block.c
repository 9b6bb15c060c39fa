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
	return handle < vm->manifest->entries ? vm->device[handle].block : NULL;
}

static s32 block_do(struct hedge_vm *vm, const struct hvt_hc_block *hc, bool write)
{
	struct hedge_block *blk = block_of(vm, hc->handle);

	if (!blk || !request_is_good(blk, hc))
		return HVT_EINVAL;
	if (write && hedge_block_readonly(blk))
		return HVT_EINVAL;
	return hedge_block_transfer(vm, blk, hc->offset, hc->data, hc->len, write);
}

/**
 * hedge_hc_block - move blocks between the guest and a device
 * @vm:		VM of the current task
 * @gpa:	of its struct hvt_hc_block
 * @write:	to the device
 *
 * A buffer that is not in memory, and an error of the device, end the VM.
 *
 * Return: 0 or -errno.
 */
int hedge_hc_block(struct hedge_vm *vm, u64 gpa, bool write)
{
	struct hvt_hc_block hc;
	s32 ret;

	if (hedge_guest_read(vm, &hc, gpa, sizeof(hc)) || !hedge_guest_ptr(vm, hc.data, hc.len))
		return -EFAULT;
	ret = block_do(vm, &hc, write);
	if (ret < 0)
		return ret;
	return hedge_guest_write(vm, gpa + offsetof(struct hvt_hc_block, ret), &ret, sizeof(ret));
}
