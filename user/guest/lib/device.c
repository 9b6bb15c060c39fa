// SPDX-License-Identifier: GPL-2.0-or-later
/* Clocks, blocks, frames.  Each hypercall has its arguments on the stack. */
#include "guest.h"

#define NSEC_PER_SEC	1000000000ull

uint64_t guest_wall_ns(void)
{
	struct hvt_hc_walltime t = { .ns = 0 };

	guest_call(HVT_HC_WALLTIME, guest_address(&t));
	return t.ns;
}

/* A product of 128 bits; the factor is good for 1 part in 2^32. */
uint64_t guest_monotonic_ns(void)
{
	static uint64_t first, factor;
	uint64_t now = guest_tsc();

	if (!factor) {
		first = now;
		factor = (NSEC_PER_SEC << 32) / guest_boot->tsc_hz;
	}
	return (uint64_t)((__uint128_t)(now - first) * factor >> 32);
}

static int block(unsigned int nr, uint64_t handle, uint64_t offset, const void *data, uint64_t len)
{
	struct hvt_hc_block b = {
		.handle = handle,
		.offset = offset,
		.data = guest_address(data),
		.len = len,
		.ret = -1,
	};

	guest_call(nr, guest_address(&b));
	return b.ret;
}

int guest_block_read(uint64_t handle, uint64_t offset, void *data, uint64_t len)
{
	return block(HVT_HC_BLOCK_READ, handle, offset, data, len);
}

int guest_block_write(uint64_t handle, uint64_t offset, const void *data, uint64_t len)
{
	return block(HVT_HC_BLOCK_WRITE, handle, offset, data, len);
}

int guest_net_read(uint64_t handle, void *data, uint64_t *len)
{
	struct hvt_hc_net n = {
		.handle = handle,
		.data = guest_address(data),
		.len = *len,
		.ret = -1,
	};

	guest_call(HVT_HC_NET_READ, guest_address(&n));
	*len = n.len;
	return n.ret;
}

int guest_net_write(uint64_t handle, const void *data, uint64_t len)
{
	struct hvt_hc_net n = {
		.handle = handle,
		.data = guest_address(data),
		.len = len,
		.ret = -1,
	};

	guest_call(HVT_HC_NET_WRITE, guest_address(&n));
	return n.ret;
}

int guest_poll(uint64_t timeout_ns, uint64_t *ready)
{
	struct hvt_hc_poll p = { .timeout_ns = timeout_ns, .ret = -1 };

	guest_call(HVT_HC_POLL, guest_address(&p));
	if (ready)
		*ready = p.ready_set;
	return p.ret;
}
