/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guest ABI of Solo5's "hvt" target, version 2, on x86_64.
 *
 * A guest is an ELF executable with two notes: one says which ABI it was built for,
 * the other is its manifest, the devices that it wants.  It starts in long mode on one
 * processor without interrupts, with a pointer to struct hvt_boot_info in its first
 * argument, and speaks to the monitor by hypercalls: a 32-bit OUT of the
 * guest-physical address of a struct hvt_hc_* to HVT_HC_PORT(number).
 *
 * Addresses are guest-physical, which is what the guest sees: memory is mapped to
 * itself.  All integers are little endian.
 */
#ifndef _UAPI_HVT_ABI_H
#define _UAPI_HVT_ABI_H

#include <linux/types.h>

#define HVT_ABI_TARGET		1		/* hvt */
#define HVT_ABI_VERSION		2

/* --- memory ------------------------------------------------------------------ */

#define HVT_PAGE_SIZE		0x1000u
#define HVT_PAGE_2M		0x200000u
#define HVT_MEM_MIN		0x200000ull	/* bytes; memory is a multiple of it */
#define HVT_MEM_MAX		0x100000000ull

#define HVT_GDT_BASE		0x1000u
#define HVT_PML4_BASE		0x2000u
#define HVT_PDPT_BASE		0x3000u
#define HVT_PD_BASE		0x4000u		/* four pages, for 4 GiB */
#define HVT_PT0_BASE		0x8000u		/* the first 2 MiB, in pages of 4 KiB */
#define HVT_BOOT_BASE		0x10000u	/* boot info, manifest, command line */
#define HVT_GUEST_MIN		0x100000u	/* where images may begin */

/* --- notes -------------------------------------------------------------------- */

#define HVT_NOTE_NAME		"Solo5"
#define HVT_NOTE_NAME_SIZE	6u		/* with its NUL; padded to 8 */
#define HVT_NOTE_HEADER_SIZE	20u
#define HVT_NOTE_ABI		0x31494241u	/* "ABI1" */
#define HVT_NOTE_MANIFEST	0x3154464du	/* "MFT1" */
#define HVT_MANIFEST_OFFSET	24u		/* from the beginning of the note */

struct hvt_note_abi {
	__u32 target;
	__u32 version;
	__u32 reserved0;
	__u32 reserved1;
};

#define HVT_MANIFEST_VERSION	1
#define HVT_MANIFEST_MAX	64u		/* entries */
#define HVT_MANIFEST_MAX_SIZE	6876u		/* bytes that the note may say it has */
#define HVT_NAME_SIZE		68u		/* with its NUL */

enum hvt_device_type {
	HVT_DEVICE_BLOCK = 1,
	HVT_DEVICE_NET = 2,
	HVT_DEVICE_RESERVED_FIRST = 1 << 30,	/* entry 0, without a name */
};

struct hvt_manifest_entry {
	char name[HVT_NAME_SIZE];
	__u32 type;			/* enum hvt_device_type */
	union {
		struct {
			__u64 capacity;		/* bytes */
			__u16 block_size;	/* bytes */
		} block;
		struct {
			__u8 mac[6];
			__u16 mtu;		/* bytes, without the Ethernet header */
		} net;
		__u8 raw[16];
	} u;
	__u64 reserved;			/* 0: where the reference monitor has a descriptor */
	__u8 attached;			/* 0 in the file */
	__u8 pad[7];
};

struct hvt_manifest {
	__u32 version;
	__u32 entries;
	struct hvt_manifest_entry e[];
};

/* --- boot ---------------------------------------------------------------------- */

#define HVT_CMDLINE_SIZE	8192u		/* with its NUL */

struct hvt_boot_info {
	__u64 mem_size;			/* bytes */
	__u64 kernel_end;		/* end of what was loaded */
	__u64 tsc_hz;
	__u64 cmdline;			/* address of a string */
	__u64 mft;			/* address of struct hvt_manifest */
	__u32 host_features;		/* none are defined */
	__u32 guest_features;
	__u64 net_ring;
};

/* --- hypercalls ------------------------------------------------------------------ */

#define HVT_HC_BASE		0x500u
#define HVT_HC_PORT(nr)		(HVT_HC_BASE + (nr))

enum hvt_hypercall {
	HVT_HC_WALLTIME = 1,
	HVT_HC_PUTS,
	HVT_HC_POLL,
	HVT_HC_BLOCK_WRITE,
	HVT_HC_BLOCK_READ,
	HVT_HC_NET_WRITE,
	HVT_HC_NET_READ,
	HVT_HC_HALT,
	HVT_HC_MAX,
};

enum hvt_result {
	HVT_OK,
	HVT_AGAIN,			/* nothing there: come again */
	HVT_EINVAL,
	HVT_EUNSPEC,
};

struct hvt_hc_walltime {
	__u64 ns;			/* out: since 1970 */
};

struct hvt_hc_puts {
	__u64 data;
	__u64 len;
};

struct hvt_hc_poll {
	__u64 timeout_ns;
	__u64 ready_set;		/* out: a bit for each handle */
	__s32 ret;			/* out: how many are ready */
	__u32 pad;
};

struct hvt_hc_block {
	__u64 handle;			/* index in the manifest */
	__u64 offset;			/* bytes */
	__u64 data;
	__u64 len;			/* bytes, a multiple of the block size */
	__s32 ret;			/* out: enum hvt_result */
	__u32 pad;
};

struct hvt_hc_net {
	__u64 handle;
	__u64 data;
	__u64 len;			/* in; of a read also out */
	__s32 ret;			/* out: enum hvt_result */
	__u32 pad;
};

struct hvt_hc_halt {
	__u64 cookie;			/* of HVT_EXIT_ABORT: address of struct hvt_trap */
	__s32 status;
	__u32 pad;
};

#define HVT_EXIT_ABORT		255

/* What an exception has left, for the core. */
struct hvt_trap {
	__u64 cr2;
	__u64 ec;
	__u64 rip;
	__u64 cs;
	__u64 rflags;
	__u64 rsp;
	__u64 ss;
};

#define HVT_ASSERT(cond)	_Static_assert(cond, #cond)
HVT_ASSERT(sizeof(struct hvt_manifest_entry) == 104);
HVT_ASSERT(__builtin_offsetof(struct hvt_manifest_entry, attached) == 96);
HVT_ASSERT(__builtin_offsetof(struct hvt_manifest_entry, u.block.block_size) == 80);
HVT_ASSERT(__builtin_offsetof(struct hvt_manifest_entry, u.net.mtu) == 78);
HVT_ASSERT(sizeof(struct hvt_manifest) == 8);
HVT_ASSERT(sizeof(struct hvt_boot_info) == 56);
HVT_ASSERT(__builtin_offsetof(struct hvt_hc_poll, ret) == 16);
HVT_ASSERT(__builtin_offsetof(struct hvt_hc_block, ret) == 32);
HVT_ASSERT(__builtin_offsetof(struct hvt_hc_net, ret) == 24);
HVT_ASSERT(__builtin_offsetof(struct hvt_hc_halt, status) == 8);
HVT_ASSERT(sizeof(struct hvt_trap) == 56);

#endif /* _UAPI_HVT_ABI_H */
