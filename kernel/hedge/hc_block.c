// SPDX-License-Identifier: GPL-2.0-only
/*
 * BLOCK_WRITE and BLOCK_READ.
 *
 * A request may be as long as memory.  It is done in slices, each of which is paid for by
 * itself, so that neither a limit is overdrawn by more than one, nor has whoever wants
 * something of the VM to wait for the end of it.
 */
#include <linux/sched/signal.h>
#include "hedge.h"

/* What of it is wrong for the guest to hear of, and nothing worse. */
static bool request_is_good(const struct hedge_block *blk, const struct hvt_hc_block *hc)
{
	u64 capacity = hedge_block_capacity(blk);
	u32 size = hedge_block_size(blk);

	return hc->offset <= capacity && hc->len <= capacity - hc->offset &&
	       IS_ALIGNED(hc->offset, size) && IS_ALIGNED(hc->len, size);
}

static struct hedge_block *block_of(struct hedge_vm *vm, u64 handle)
{
	return handle < ARRAY_SIZE(vm->device) ? vm->device[handle].block : NULL;
}

/* The next slice: whole blocks, and where bytes are limited no more than a burst of them. */
static u64 slice_of(const struct hedge_vm *vm, const struct hedge_block *blk)
{
	u64 left = vm->block.len - vm->block_done;
	u64 size = HEDGE_BLOCK_SLICE - vm->block_done % HEDGE_BLOCK_SLICE;
	u64 block = hedge_block_size(blk);

	if (vm->block_bytes.rate)
		size = clamp(round_down(hedge_limits_burst(&vm->block_bytes), block), block, size);
	return min(left, size);
}

/* One operation is HEDGE_BLOCK_SLICE or what is less: its first slice pays for it. */
static int pay(struct hedge_vm *vm, u64 len, bool may_wait)
{
	static struct hedge_bucket paid;

	return hedge_limits_take(vm, vm->block_done % HEDGE_BLOCK_SLICE ? &paid : &vm->block_ops,
				 &vm->block_bytes, len, may_wait);
}

/* Returns as hedge_hc_block(). */
static int transfer(struct hedge_vm *vm, struct hedge_block *blk, bool write, bool may_wait)
{
	const struct hvt_hc_block *hc = &vm->block;
	u64 len;
	int ret;

	while (vm->block_done < hc->len) {
		len = slice_of(vm, blk);
		if (len < hc->len && !may_wait)
			return HEDGE_HC_AGAIN;
		ret = pay(vm, len, may_wait) ?:
		      hedge_block_transfer(vm, blk, hc->offset + vm->block_done,
					   hc->data + vm->block_done, len, write);
		if (ret)
			return ret;
		vm->io.block_bytes[write] += len;
		vm->block_done += len;
		/* Not before a slice is done, so that it ends whoever asks how often. */
		if (vm->block_done < hc->len && signal_pending(current))
			return -ERESTARTSYS;
		cond_resched();
	}
	vm->block_done = 0;
	vm->io.block_ops[write]++;
	return 0;
}

/**
 * hedge_hc_block - move blocks between the guest and a device
 * @vm:		VM of the current task
 * @gpa:	of its struct hvt_hc_block
 * @write:	to the device
 * @may_wait:	the caller is not inside KVM_RUN
 *
 * A buffer that is not in memory, and an error of the device, end the VM; a request that is
 * wrong otherwise does not, wherever its buffer is, and one of no bytes is right.  One that is
 * called again goes on where it was, with what it was asked for at first: by now the
 * guest's structure may have been read over.  In a snapshot that was made meanwhile, it is
 * to be done from the beginning, which comes to the same.
 *
 * Return: 0; HEDGE_HC_AGAIN if it is long, or a limit has to be waited for, and @may_wait
 * is not set; -ERESTARTSYS to be called again; or another -errno, and the VM ends.
 */
int hedge_hc_block(struct hedge_vm *vm, u64 gpa, bool write, bool may_wait)
{
	struct hvt_hc_block *hc = &vm->block;
	struct hedge_block *blk;
	s32 answer = HVT_EINVAL;
	int ret;

	if (!vm->block_done && hedge_guest_get(vm, hc, gpa, sizeof(*hc)))
		return -EFAULT;
	blk = block_of(vm, hc->handle);
	if (blk && request_is_good(blk, hc) && !(write && hedge_block_readonly(blk))) {
		if (!hedge_guest_ptr(vm, hc->data, hc->len))
			return -EFAULT;
		ret = transfer(vm, blk, write, may_wait);
		if (ret)
			return ret;
		answer = HVT_OK;
	} else {
		hedge_vm_count_error(vm, write ? HVT_HC_BLOCK_WRITE : HVT_HC_BLOCK_READ, EINVAL);
	}
	return hedge_guest_put(vm, gpa + offsetof(struct hvt_hc_block, ret), &answer,
				 sizeof(answer));
}
