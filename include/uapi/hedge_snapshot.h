/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A snapshot of a guest, in a file:
 *
 *	struct hedge_snapshot, padded with zeros to HEDGE_SNAPSHOT_HEAD_SIZE
 *	memory, from guest-physical 0; what was never touched is a hole
 *
 * It holds what the guest had in memory, secrets included.  All integers are little
 * endian; state of the vCPU is as the KVM API has it (Documentation/virt/kvm/api.rst).
 */
#ifndef _UAPI_HEDGE_SNAPSHOT_H
#define _UAPI_HEDGE_SNAPSHOT_H

#include <linux/types.h>

#include "hvt_abi.h"

#define HEDGE_SNAPSHOT_MAGIC		"hedgesnp"
#define HEDGE_SNAPSHOT_VERSION		1
#define HEDGE_SNAPSHOT_HEAD_SIZE	0x4000u
#define HEDGE_SNAPSHOT_SEGMENTS		32u
#define HEDGE_SNAPSHOT_MSRS		8u

struct hedge_snapshot_segment {
	__u64 start;			/* guest-physical, multiples of 4 KiB, ascending */
	__u64 end;
	__u32 prot;			/* enum hvt_prot */
	__u32 reserved;
};

struct hedge_snapshot_msr {
	__u32 index;
	__u32 reserved;
	__u64 value;
};

struct hedge_snapshot {
	__u8 magic[8];
	__u32 version;
	__u32 segments;
	__u64 mem_size;			/* bytes */
	__u64 tsc_hz;
	__u64 tsc;			/* what the guest's clock showed ... */
	__u64 time_ns;			/* ... at that time, since 1970 */
	__u8 image_digest[32];		/* SHA-256 of the image that it was started from */
	__u8 regs[144];			/* struct kvm_regs */
	__u8 sregs[312];		/* struct kvm_sregs */
	__u8 fpu[416];			/* struct kvm_fpu */
	__u8 events[64];		/* struct kvm_vcpu_events */
	__u32 msrs;
	__u32 manifest_size;		/* bytes */
	struct hedge_snapshot_msr msr[HEDGE_SNAPSHOT_MSRS];
	struct hedge_snapshot_segment segment[HEDGE_SNAPSHOT_SEGMENTS];
	__u8 manifest[HVT_MANIFEST_MAX_SIZE];	/* as the guest has it, with nothing attached */
	__u8 reserved[4];
};

HVT_ASSERT(sizeof(struct hedge_snapshot) % 8 == 0);
HVT_ASSERT(sizeof(struct hedge_snapshot) <= HEDGE_SNAPSHOT_HEAD_SIZE);

#endif /* _UAPI_HEDGE_SNAPSHOT_H */
