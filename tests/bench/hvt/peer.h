/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A monitor of the hvt ABI in user space, as plain as can be: one thread, one processor,
 * a system call for each exit.  What hedge is measured beside, and what shows that a
 * guest is right before hedge is judged by it.
 */
#ifndef BENCH_HVT_PEER_H
#define BENCH_HVT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/hvt_image.h"

#define MIB	(1ull << 20)

/* Status of a VM that was ended, not by itself. */
#define PEER_ENDED	1

struct peer_device {
	uint32_t type;			/* once attached: enum hvt_device_type */
	int fd;				/* -1: none */
	bool readonly;
	uint32_t block_size;		/* bytes; 0: 512 */
	uint64_t capacity;		/* bytes */
	bool has_mac;
	uint8_t mac[6];
};

struct kvm_run;

struct peer {
	uint8_t *mem;			/* the guest's address 0 */
	uint64_t mem_size;
	struct hvt_image image;
	const char *core;		/* where a core goes, or NULL */
	struct peer_device device[HVT_MANIFEST_MAX];
	int kvm, vm, vcpu;
	struct kvm_run *run;
	bool over;
	int status;			/* when it is over */
};

/* devices.c; all return 0 or a negative errno, with a message */
int peer_open_block(struct peer_device *d, const char *path);
int peer_open_tap(struct peer_device *d, const char *name, struct hvt_manifest_entry *e);
int peer_attach(struct peer *p, struct hvt_manifest *m, unsigned int handle);

/* guest.c */
int peer_load(struct peer *p, const void *file, const struct hvt_manifest *m, const char *cmdline,
	      uint64_t tsc_hz);
const void *peer_in(struct peer *p, uint64_t gpa, uint64_t len);
void *peer_out(struct peer *p, uint64_t gpa, uint64_t len);
__attribute__((__format__(__printf__, 2, 3))) void peer_end(struct peer *p, const char *why, ...);

/* hypercall.c */
void peer_hypercall(struct peer *p, unsigned int nr, uint64_t gpa);

/* kvm.c */
int peer_kvm_open(struct peer *p, uint64_t *tsc_hz);
int peer_kvm_boot(struct peer *p);
void peer_kvm_run(struct peer *p);

#endif /* BENCH_HVT_PEER_H */
