// SPDX-License-Identifier: GPL-2.0-or-later
/* /dev/kvm: one VM, one processor, and the loop around KVM_RUN. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/kvm.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "elf/hvt_boot.h"
#include "peer.h"

#define CPUID_ENTRIES	256

int peer_kvm_open(struct peer *p, uint64_t *tsc_hz)
{
	int size, khz;

	p->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (p->kvm < 0)
		return fail_errno("/dev/kvm");
	p->vm = ioctl(p->kvm, KVM_CREATE_VM, 0);
	if (p->vm < 0)
		return fail_errno("KVM_CREATE_VM");
	p->vcpu = ioctl(p->vm, KVM_CREATE_VCPU, 0);
	if (p->vcpu < 0)
		return fail_errno("KVM_CREATE_VCPU");
	size = ioctl(p->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	p->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, p->vcpu, 0);
	if (p->run == MAP_FAILED)
		return fail_errno("the processor's page");
	khz = ioctl(p->vcpu, KVM_GET_TSC_KHZ, 0);
	if (khz <= 0)
		return fail_errno("KVM_GET_TSC_KHZ");
	*tsc_hz = khz * 1000ull;
	return 0;
}

static int set_cpuid(struct peer *p)
{
	CLEANUP_FREE struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(cpuid->entries[0]));

	if (!cpuid)
		return fail(ENOMEM, "no memory");
	cpuid->nent = CPUID_ENTRIES;
	if (ioctl(p->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) || ioctl(p->vcpu, KVM_SET_CPUID2, cpuid))
		return fail_errno("KVM_SET_CPUID2");
	return 0;
}

static struct kvm_segment segment(unsigned int selector, unsigned int type)
{
	return (struct kvm_segment){
		.limit = ~0u, .selector = selector, .type = type, .present = 1, .s = 1, .g = 1,
		.l = selector == HVT_SEL_CODE, .db = selector == HVT_SEL_DATA,
	};
}

static int set_registers(struct peer *p)
{
	struct kvm_regs regs = {
		.rip = p->image.entry,
		.rflags = HVT_RFLAGS,
		.rsp = p->mem_size - 8,
		.rdi = HVT_BOOT_BASE,
	};
	struct kvm_sregs sregs = {
		.cr0 = HVT_CR0,
		.cr3 = HVT_CR3,
		.cr4 = HVT_CR4,
		.efer = HVT_EFER,
		.gdt = { .base = HVT_GDT_BASE, .limit = HVT_GDT_LIMIT },
		.cs = segment(HVT_SEL_CODE, 9),
		.tr = { .type = 11, .present = 1 },
		.ldt = { .unusable = 1 },
	};

	sregs.ds = segment(HVT_SEL_DATA, 3);
	sregs.es = sregs.ds;
	sregs.fs = sregs.ds;
	sregs.gs = sregs.ds;
	sregs.ss = sregs.ds;
	if (ioctl(p->vcpu, KVM_SET_SREGS, &sregs) || ioctl(p->vcpu, KVM_SET_REGS, &regs))
		return fail_errno("KVM_SET_SREGS");
	return 0;
}

/* Memory and the processor's state, once the image is loaded. */
int peer_kvm_boot(struct peer *p)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = p->mem_size,
		.userspace_addr = (uintptr_t)p->mem,
	};
	int err;

	if (ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region))
		return fail_errno("KVM_SET_USER_MEMORY_REGION");
	err = set_cpuid(p);
	return err ? err : set_registers(p);
}

static void io(struct peer *p)
{
	const struct kvm_run *run = p->run;
	const uint8_t *data = (const uint8_t *)run + run->io.data_offset;

	if (run->io.direction != KVM_EXIT_IO_OUT || run->io.size != 4 || run->io.count != 1 ||
	    run->io.port < HVT_HC_BASE || run->io.port >= HVT_HC_PORT(HVT_HC_MAX))
		peer_end(p, "port 0x%x, which is no hypercall", run->io.port);
	else
		peer_hypercall(p, run->io.port - HVT_HC_BASE, *(const uint32_t *)data);
}

static void failed(struct peer *p)
{
	struct kvm_regs regs = { 0 };

	if (errno == EINTR || errno == EAGAIN)
		return;
	ioctl(p->vcpu, KVM_GET_REGS, &regs);
	if (errno == EFAULT)
		peer_end(p, "host/guest translation fault at rip 0x%llx",
			 (unsigned long long)regs.rip);
	else
		peer_end(p, "KVM_RUN fails at rip 0x%llx", (unsigned long long)regs.rip);
}

static void other_exit(struct peer *p)
{
	struct kvm_regs regs = { 0 };

	ioctl(p->vcpu, KVM_GET_REGS, &regs);
	if (p->run->exit_reason == KVM_EXIT_SHUTDOWN)
		peer_end(p, "triple fault at rip 0x%llx", (unsigned long long)regs.rip);
	else
		peer_end(p, "exit %u at rip 0x%llx", p->run->exit_reason,
			 (unsigned long long)regs.rip);
}

void peer_kvm_run(struct peer *p)
{
	while (!p->over) {
		if (ioctl(p->vcpu, KVM_RUN, 0) < 0)
			failed(p);
		else if (p->run->exit_reason == KVM_EXIT_IO)
			io(p);
		else
			other_exit(p);
	}
}
