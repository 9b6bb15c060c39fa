// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM, by the interface that it has for user space: files and their ioctls, called by
 * the task itself.  What they point to lies on a scratch page of the task.
 *
 * No symbol of kvm.ko is used, so that this module loads without it.
 */
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/kvm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include "compat.h"
#include "hedge.h"

#define MAX_CPUID	128

static bool keep_kvm = true;
module_param(keep_kvm, bool, 0444);
MODULE_PARM_DESC(keep_kvm, "keep KVM in use from the first VM on, so that later ones start faster (default on)");

/* Opens /dev/kvm for tasks that could not. */
static const struct cred *kvm_cred;

/* --- ioctls ---------------------------------------------------------------------- */

static long call(struct file *file, unsigned int cmd, unsigned long arg)
{
	return file->f_op->unlocked_ioctl(file, cmd, arg);
}

/**
 * hedge_kvm_call_value - an ioctl that takes a number
 *
 * Return: what KVM returns.
 */
long hedge_kvm_call_value(struct file *file, unsigned int cmd, unsigned long value)
{
	return call(file, cmd, value);
}

/* The page is the task's own: there was no memory for it, unless the task is being killed. */
static int page_is_missing(void)
{
	return fatal_signal_pending(current) ? -EFAULT : -ENOMEM;
}

/**
 * hedge_kvm_call - an ioctl that takes, or returns, a structure
 * @file:	of KVM's
 * @cmd:	its number says which of both
 * @arg:	the structure
 * @size:	bytes, at most HEDGE_SCRATCH_SIZE
 *
 * Return: what KVM returns.
 */
long hedge_kvm_call(struct file *file, unsigned int cmd, void *arg, size_t size)
{
	void __user *scratch = (void __user *)HEDGE_SCRATCH_ADDR;
	long ret;

	if (WARN_ON_ONCE(size > HEDGE_SCRATCH_SIZE))
		return -E2BIG;
	if ((_IOC_DIR(cmd) & _IOC_WRITE) && copy_to_user(scratch, arg, size))
		return page_is_missing();
	ret = call(file, cmd, HEDGE_SCRATCH_ADDR);
	if (ret >= 0 && (_IOC_DIR(cmd) & _IOC_READ) && copy_from_user(arg, scratch, size))
		return page_is_missing();
	return ret;
}

/**
 * hedge_kvm_privileged_ioctl - an ioctl that the task could not do as what it is
 * @file:	of any driver
 * @cmd:	one that takes, or returns, a structure
 * @arg:	the structure
 * @size:	bytes
 *
 * Return: what the driver returns.
 */
long hedge_kvm_privileged_ioctl(struct file *file, unsigned int cmd, void *arg, size_t size)
{
	const struct cred *old = override_creds(kvm_cred);
	long ret = hedge_kvm_call(file, cmd, arg, size);

	revert_creds(old);
	return ret;
}

/* One that returns a descriptor: the file, which has none any more. */
static struct file *call_file(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct file *made;
	long fd = call(file, cmd, arg);

	if (fd < 0)
		return ERR_PTR(fd);
	made = close_fd_get_file(fd);
	return made ?: ERR_PTR(-EBADF);
}

static struct file *open_dev_kvm(void)
{
	const struct cred *old = override_creds(kvm_cred);
	struct file *file = filp_open("/dev/kvm", O_RDWR | O_CLOEXEC, 0);

	revert_creds(old);
	if (IS_ERR(file))
		return file;
	if (!file->f_op->unlocked_ioctl ||
	    call(file, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
		filp_close(file, NULL);
		return ERR_PTR(-EPROTO);
	}
	return file;
}

/*
 * The first VM and vCPU of a host cost more than those that follow: the processors are
 * switched to virtualisation, and branches of kvm.ko are patched, on all of them.  An
 * empty VM that stays keeps that from being done and undone with each.  What guests see
 * of the processor does not change meanwhile.  KVM has a thread for it in the cgroups of
 * who makes it, which could not be removed as long: so it is made in the root's.
 */
static struct {
	bool wanted;			/* by who was in others */
	struct mutex lock;		/* protects what follows */
	struct file *vm;
	struct file *vcpu;
	struct kvm_cpuid2 *cpuid;	/* filtered; NULL, or here to stay */
} keeper = {
	.lock = __MUTEX_INITIALIZER(keeper.lock),
};

/* --- what a guest sees of the processor ------------------------------------------ */

/*
 * What a guest may know of: arithmetic, and what CR4 of the ABI lets it use.  Nothing
 * of virtualisation, performance counters, enclaves, memory keys, or KVM itself.
 */
struct cpuid_leaf {
	u32 function;
	u32 index;
	u32 eax, ebx, ecx, edx;		/* bits that are let through */
};

#define BIT_OF(feature)	(1u << ((feature) & 31))

/* Of leaf 1.  There is no local APIC: guests have no interrupts. */
#define BASIC_EDX								\
	(BIT_OF(X86_FEATURE_FPU) | BIT_OF(X86_FEATURE_DE) | BIT_OF(X86_FEATURE_PSE) |	\
	 BIT_OF(X86_FEATURE_TSC) | BIT_OF(X86_FEATURE_MSR) | BIT_OF(X86_FEATURE_PAE) |	\
	 BIT_OF(X86_FEATURE_CX8) | BIT_OF(X86_FEATURE_PGE) | BIT_OF(X86_FEATURE_CMOV) |	\
	 BIT_OF(X86_FEATURE_MMX) | BIT_OF(X86_FEATURE_FXSR))

static const struct cpuid_leaf leaves[] = {
	{ 0x0, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x1, 0, ~0u, 0x0000ff00,
	  BIT_OF(X86_FEATURE_XMM3) | BIT_OF(X86_FEATURE_PCLMULQDQ) |
	  BIT_OF(X86_FEATURE_SSSE3) | BIT_OF(X86_FEATURE_CX16) | BIT_OF(X86_FEATURE_XMM4_1) |
	  BIT_OF(X86_FEATURE_XMM4_2) | BIT_OF(X86_FEATURE_MOVBE) |
	  BIT_OF(X86_FEATURE_POPCNT) | BIT_OF(X86_FEATURE_AES) | BIT_OF(X86_FEATURE_RDRAND),
	  BASIC_EDX | BIT_OF(X86_FEATURE_CLFLUSH) | BIT_OF(X86_FEATURE_XMM) |
	  BIT_OF(X86_FEATURE_XMM2) },
	{ 0x7, 0, 0,
	  BIT_OF(X86_FEATURE_BMI1) | BIT_OF(X86_FEATURE_BMI2) | BIT_OF(X86_FEATURE_ERMS) |
	  BIT_OF(X86_FEATURE_RDSEED) | BIT_OF(X86_FEATURE_ADX) |
	  BIT_OF(X86_FEATURE_CLFLUSHOPT) | BIT_OF(X86_FEATURE_SHA_NI), 0,
	  BIT_OF(X86_FEATURE_FSRM) },
	{ 0x15, 0, ~0u, ~0u, ~0u, 0 },
	{ 0x80000000, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000001, 0, ~0u, 0,
	  BIT_OF(X86_FEATURE_LAHF_LM) | BIT_OF(X86_FEATURE_ABM) | BIT_OF(X86_FEATURE_SSE4A),
	  BIT_OF(X86_FEATURE_SYSCALL) | BIT_OF(X86_FEATURE_NX) | BIT_OF(X86_FEATURE_MMXEXT) |
	  BIT_OF(X86_FEATURE_GBPAGES) | BIT_OF(X86_FEATURE_RDTSCP) | BIT_OF(X86_FEATURE_LM) |
	  /* AMD repeats leaf 1 here. */
	  BASIC_EDX },
	{ 0x80000002, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000003, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000004, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000007, 0, 0, 0, 0, 1u << 8 },	/* the TSC runs at one speed, always */
	{ 0x80000008, 0, 0xffff, 0, 0, 0 },
};

/* Keep, of what KVM offers, what the table lets through. */
static u32 filter_cpuid(struct kvm_cpuid2 *cpuid)
{
	u32 i, j, kept = 0;

	for (i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[i];

		for (j = 0; j < ARRAY_SIZE(leaves); j++)
			if (leaves[j].function == e->function && leaves[j].index == e->index)
				break;
		if (j == ARRAY_SIZE(leaves))
			continue;
		e->eax &= leaves[j].eax;
		e->ebx &= leaves[j].ebx;
		e->ecx &= leaves[j].ecx;
		e->edx &= leaves[j].edx;
		cpuid->entries[kept++] = *e;
	}
	return kept;
}

static struct kvm_cpuid2 *read_cpuid(struct file *dev)
{
	struct kvm_cpuid2 *cpuid = kzalloc(struct_size(cpuid, entries, MAX_CPUID), GFP_KERNEL);
	long ret;

	if (!cpuid)
		return ERR_PTR(-ENOMEM);
	cpuid->nent = MAX_CPUID;
	ret = hedge_kvm_call(dev, KVM_GET_SUPPORTED_CPUID, cpuid,
			     struct_size(cpuid, entries, MAX_CPUID));
	if (ret) {
		kfree(cpuid);
		return ERR_PTR(ret);
	}
	cpuid->nent = filter_cpuid(cpuid);
	return cpuid;
}

static int set_cpuid(struct hedge_kvm *kvm, struct file *dev)
{
	/* With what it points to: see make_keeper(). */
	struct kvm_cpuid2 *kept = smp_load_acquire(&keeper.cpuid);
	struct kvm_cpuid2 *cpuid = kept ?: read_cpuid(dev);
	long ret;

	if (IS_ERR(cpuid))
		return PTR_ERR(cpuid);
	ret = hedge_kvm_call(kvm->vcpu, KVM_SET_CPUID2, cpuid,
			     struct_size(cpuid, entries, cpuid->nent));
	if (!kept)
		kfree(cpuid);
	return ret;
}

/* The registers that a guest may have: those for its own thread pointers and calls. */
#define FILTER_BASE	MSR_EFER		/* 0xc0000080 */
#define FILTER_COUNT	0x90

static int set_msr_filter(struct hedge_kvm *kvm)
{
	static const u32 allowed[] = {
		MSR_STAR, MSR_LSTAR, MSR_SYSCALL_MASK, MSR_FS_BASE, MSR_GS_BASE,
		MSR_KERNEL_GS_BASE, MSR_TSC_AUX,
	};
	u8 bitmap[FILTER_COUNT / 8] = { 0 };
	void __user *where = (void __user *)(HEDGE_SCRATCH_ADDR + HEDGE_SCRATCH_SIZE / 2);
	struct kvm_msr_filter filter = { .flags = KVM_MSR_FILTER_DEFAULT_DENY };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++) {
		u32 bit = allowed[i] - FILTER_BASE;

		bitmap[bit / 8] |= 1 << bit % 8;
	}
	if (copy_to_user(where, bitmap, sizeof(bitmap)))
		return page_is_missing();
	filter.ranges[0] = (struct kvm_msr_filter_range){
		.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
		.base = FILTER_BASE,
		.nmsrs = FILTER_COUNT,
		.bitmap = (__force u8 *)where,
	};
	return hedge_kvm_call(kvm->vm, KVM_X86_SET_MSR_FILTER, &filter, sizeof(filter));
}

/* --- life ------------------------------------------------------------------------ */

static int map_run(struct hedge_kvm *kvm, struct file *dev)
{
	long size = call(dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	unsigned long addr;
	long ret;

	if (size < (long)(ARRAY_SIZE(kvm->page) * PAGE_SIZE))
		return size < 0 ? size : -EPROTO;
	size = ARRAY_SIZE(kvm->page) * PAGE_SIZE;
	addr = vm_mmap(kvm->vcpu, HEDGE_RUN_ADDR, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED_NOREPLACE, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	ret = get_user_pages_fast(addr, ARRAY_SIZE(kvm->page), FOLL_WRITE, kvm->page);
	/* The pages are ours to hold; a mapping would hold the vCPU beyond its end. */
	vm_munmap(addr, size);
	if (ret != ARRAY_SIZE(kvm->page))
		return ret < 0 ? ret : -EFAULT;
	kvm->run = page_address(kvm->page[0]);
	return 0;
}

static int create_vcpu(struct hedge_kvm *kvm, struct file *dev)
{
	long khz;
	int ret;

	kvm->vcpu = call_file(kvm->vm, KVM_CREATE_VCPU, 0);
	if (IS_ERR(kvm->vcpu)) {
		ret = PTR_ERR(kvm->vcpu);
		kvm->vcpu = NULL;
		return ret;
	}
	if (check_tsc_unstable())
		pr_warn_once("the TSC of this host is unstable, so guests' clocks are\n");
	khz = call(kvm->vcpu, KVM_GET_TSC_KHZ, 0);
	if (khz <= 0)
		return khz ?: -EPROTO;
	kvm->tsc_hz = (u64)khz * 1000;
	return map_run(kvm, dev) ?: set_cpuid(kvm, dev);
}

/* Not to have one costs time, and nothing else. */
static void make_keeper(struct file *dev)
{
	if (!READ_ONCE(keep_kvm) || READ_ONCE(keeper.vcpu))
		return;
	if (!hedge_same_cgroups(&init_task, current)) {
		WRITE_ONCE(keeper.wanted, true);
		return;
	}
	if (!mutex_trylock(&keeper.lock))
		return;
	if (!keeper.vm) {
		keeper.vm = call_file(dev, KVM_CREATE_VM, 0);
		keeper.vcpu = IS_ERR(keeper.vm) ? NULL : call_file(keeper.vm, KVM_CREATE_VCPU, 0);
		if (IS_ERR_OR_NULL(keeper.vcpu))
			keeper.vcpu = NULL;
		if (IS_ERR(keeper.vm))
			keeper.vm = NULL;
	}
	if (keeper.vcpu && !keeper.cpuid) {
		struct kvm_cpuid2 *cpuid = read_cpuid(dev);

		if (!IS_ERR(cpuid))
			/* It is complete for who sees it, in set_cpuid(). */
			smp_store_release(&keeper.cpuid, cpuid);
	}
	mutex_unlock(&keeper.lock);
}

/* Whether a task in the root's cgroups should come to hedge_kvm_create(): told once. */
bool hedge_kvm_wants_keeper(void)
{
	return xchg(&keeper.wanted, false) && !READ_ONCE(keeper.vcpu);
}

static struct kvm_segment segment(u16 selector, u8 type)
{
	bool system = type == 11;		/* a busy TSS */

	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.s = !system,
		.l = selector == HVT_SEL_CODE,
		.db = selector == HVT_SEL_DATA,
		.g = !system,
	};
}

static int set_boot_sregs(struct hedge_kvm *kvm)
{
	struct kvm_sregs sregs;
	long ret;

	ret = hedge_kvm_call(kvm->vcpu, KVM_GET_SREGS, &sregs, sizeof(sregs));
	if (ret)
		return ret;
	sregs.cr0 = HVT_CR0;
	sregs.cr3 = HVT_CR3;
	sregs.cr4 = HVT_CR4;
	sregs.efer = HVT_EFER;
	/* A vCPU is made with the base of an APIC that is enabled, even if it has none. */
	sregs.apic_base = 0;
	sregs.gdt.base = HVT_GDT_BASE;
	sregs.gdt.limit = HVT_GDT_LIMIT;
	sregs.idt.base = 0;
	sregs.idt.limit = 0;
	sregs.cs = segment(HVT_SEL_CODE, 9);
	sregs.ds = segment(HVT_SEL_DATA, 3);
	sregs.es = sregs.ds;
	sregs.fs = sregs.ds;
	sregs.gs = sregs.ds;
	sregs.ss = sregs.ds;
	sregs.tr = segment(0, 11);
	sregs.ldt = (struct kvm_segment){ .unusable = 1 };
	return hedge_kvm_call(kvm->vcpu, KVM_SET_SREGS, &sregs, sizeof(sregs));
}

static int create(struct hedge_kvm *kvm, struct file *dev)
{
	int ret;

	kvm->vm = call_file(dev, KVM_CREATE_VM, 0);
	if (IS_ERR(kvm->vm)) {
		ret = PTR_ERR(kvm->vm);
		kvm->vm = NULL;
		return ret;
	}
	return create_vcpu(kvm, dev) ?: set_msr_filter(kvm) ?: set_boot_sregs(kvm);
}

/**
 * hedge_kvm_create - a VM of KVM's with one vCPU, of the current task
 * @kvm:	zeros; hedge_kvm_destroy() it, whatever is returned
 *
 * Return: 0; -ENOENT or -ENODEV where there is no KVM; or another -errno.
 */
int hedge_kvm_create(struct hedge_kvm *kvm)
{
	unsigned long addr;
	struct file *dev;
	int ret;

	addr = vm_mmap(NULL, HEDGE_SCRATCH_ADDR, HEDGE_SCRATCH_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	dev = open_dev_kvm();
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	make_keeper(dev);
	ret = create(kvm, dev);
	filp_close(dev, NULL);
	return ret;
}

/**
 * hedge_kvm_destroy - give everything back
 *
 * KVM itself lets go when the task returns from its system call.
 */
void hedge_kvm_destroy(struct hedge_kvm *kvm)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kvm->page); i++)
		if (kvm->page[i])
			put_page(kvm->page[i]);
	if (kvm->vcpu)
		filp_close(kvm->vcpu, NULL);
	if (kvm->vm)
		filp_close(kvm->vm, NULL);
	*kvm = (struct hedge_kvm){ .vm = NULL };
}

/**
 * hedge_kvm_set_memory - what is mapped at HEDGE_GUEST_ADDR is guest-physical 0
 * @size:	bytes
 *
 * Return: 0 or -errno.
 */
int hedge_kvm_set_memory(struct hedge_kvm *kvm, u64 size)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = size,
		.userspace_addr = HEDGE_GUEST_ADDR,
	};

	return hedge_kvm_call(kvm->vm, KVM_SET_USER_MEMORY_REGION, &region, sizeof(region));
}

/**
 * hedge_kvm_set_boot_state - registers as the guest finds them
 * @entry:	of the image
 * @mem:	bytes of memory
 *
 * Those that are the same for each have been set when the vCPU was made.
 *
 * Return: 0 or -errno.
 */
int hedge_kvm_set_boot_state(struct hedge_kvm *kvm, u64 entry, u64 mem)
{
	struct kvm_regs regs = {
		.rip = entry,
		.rflags = HVT_RFLAGS,
		.rsp = mem - 8,
		.rdi = HVT_BOOT_BASE,
	};

	return hedge_kvm_call(kvm->vcpu, KVM_SET_REGS, &regs, sizeof(regs));
}

/**
 * hedge_kvm_run - let the guest run until it needs us
 *
 * Return: 0, and kvm->run says why; -EINTR; -EFAULT when it writes where it may not;
 * or another -errno.
 */
int hedge_kvm_run(struct hedge_kvm *kvm)
{
	/* Not by call(): of all that KVM is asked, only this calls us (kvm_bus.c). */
	return kvm->vcpu->f_op->unlocked_ioctl(kvm->vcpu, KVM_RUN, 0);
}

/**
 * hedge_kvm_port_value - what the guest has written to a port
 * @kvm:	that has left KVM_RUN for it, with 4 bytes
 */
u32 hedge_kvm_port_value(const struct hedge_kvm *kvm)
{
	u64 offset = kvm->run->io.data_offset;

	if (offset / PAGE_SIZE >= ARRAY_SIZE(kvm->page))
		return 0;
	return *(u32 *)(page_address(kvm->page[offset / PAGE_SIZE]) + offset % PAGE_SIZE);
}

/**
 * hedge_kvm_get_core_regs - registers, for a core
 *
 * Return: 0 or -errno.
 */
int hedge_kvm_get_core_regs(struct hedge_kvm *kvm, struct hvt_core_regs *r)
{
	struct kvm_sregs s;
	struct kvm_regs g;
	long ret;

	ret = hedge_kvm_call(kvm->vcpu, KVM_GET_REGS, &g, sizeof(g)) ?:
	      hedge_kvm_call(kvm->vcpu, KVM_GET_SREGS, &s, sizeof(s));
	if (ret)
		return ret;
	*r = (struct hvt_core_regs){
		.r15 = g.r15, .r14 = g.r14, .r13 = g.r13, .r12 = g.r12, .rbp = g.rbp,
		.rbx = g.rbx, .r11 = g.r11, .r10 = g.r10, .r9 = g.r9, .r8 = g.r8,
		.rax = g.rax, .rcx = g.rcx, .rdx = g.rdx, .rsi = g.rsi, .rdi = g.rdi,
		.orig_rax = ~0ull, .rip = g.rip, .cs = s.cs.selector, .rflags = g.rflags,
		.rsp = g.rsp, .ss = s.ss.selector, .fs_base = s.fs.base, .gs_base = s.gs.base,
		.ds = s.ds.selector, .es = s.es.selector, .fs = s.fs.selector,
		.gs = s.gs.selector,
	};
	return 0;
}

int hedge_kvm_module_init(void)
{
	kvm_cred = prepare_kernel_cred(NULL);
	return kvm_cred ? 0 : -ENOMEM;
}

/* No task of ours is left. */
void hedge_kvm_module_exit(void)
{
	kfree(keeper.cpuid);
	if (keeper.vcpu)
		filp_close(keeper.vcpu, NULL);
	if (keeper.vm)
		filp_close(keeper.vm, NULL);
	put_cred(kvm_cred);
}
