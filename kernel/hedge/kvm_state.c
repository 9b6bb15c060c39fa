// SPDX-License-Identifier: GPL-2.0-only
/* The state of a vCPU, saved to a snapshot and set from one. */
#include <linux/kvm.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/fpu/types.h>
#include <asm/msr-index.h>
#include "hedge.h"

static_assert(sizeof(struct kvm_regs) == sizeof_field(struct hedge_snapshot, regs));
static_assert(sizeof(struct kvm_sregs) == sizeof_field(struct hedge_snapshot, sregs));
static_assert(sizeof(struct kvm_fpu) == sizeof_field(struct hedge_snapshot, fpu));
static_assert(sizeof(struct kvm_vcpu_events) == sizeof_field(struct hedge_snapshot, events));

/* What a guest may have changed and neither SREGS nor FPU has. */
static const u32 msr_list[] = {
	MSR_STAR, MSR_LSTAR, MSR_SYSCALL_MASK, MSR_KERNEL_GS_BASE, MSR_TSC_AUX,
};

struct msr_buffer {
	struct kvm_msrs head;
	struct kvm_msr_entry entry[HEDGE_SNAPSHOT_MSRS + 1];
};

/**
 * hedge_kvm_settle - finish the instruction that has left KVM_RUN
 *
 * Return: 0 or -errno.
 */
int hedge_kvm_settle(struct hedge_kvm *kvm)
{
	long ret;

	WRITE_ONCE(kvm->run->immediate_exit, 1);
	/* Not hedge_kvm_run(): it comes back before the guest could call anybody. */
	ret = hedge_kvm_call_value(kvm->vcpu, KVM_RUN, 0);
	WRITE_ONCE(kvm->run->immediate_exit, 0);
	return ret == -EINTR ? 0 : ret ?: -EIO;
}

/* Those that this processor does not have are left out. */
static int save_msrs(struct hedge_kvm *kvm, struct hedge_snapshot *head)
{
	struct msr_buffer msrs;
	long ret;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(msr_list); i++) {
		msrs = (struct msr_buffer){ .head.nmsrs = 1, .entry[0].index = msr_list[i] };
		ret = hedge_kvm_call(kvm->vcpu, KVM_GET_MSRS, &msrs, sizeof(msrs));
		if (ret < 0)
			return ret;
		if (!ret)
			continue;
		head->msr[head->msrs++] = (struct hedge_snapshot_msr){
			.index = msr_list[i],
			.value = msrs.entry[0].data,
		};
	}
	return 0;
}

static int save_clock(struct hedge_kvm *kvm, struct hedge_snapshot *head)
{
	struct msr_buffer msrs = { .head.nmsrs = 1, .entry[0].index = MSR_IA32_TSC };
	long ret = hedge_kvm_call(kvm->vcpu, KVM_GET_MSRS, &msrs, sizeof(msrs));

	head->tsc = msrs.entry[0].data;
	head->time_ns = ktime_get_real_ns();
	return ret == 1 ? 0 : ret < 0 ? ret : -EIO;
}

static_assert(sizeof(struct kvm_xsave) <= HEDGE_SCRATCH_SIZE);

/*
 * KVM_GET_FPU knows neither MXCSR nor which registers are as they were at first; what a
 * guest can have of the others is none.
 */
static int save_fpu(struct hedge_kvm *kvm, struct kvm_fpu *fpu)
{
	struct kvm_xsave *xsave = kvmalloc(sizeof(*xsave), GFP_KERNEL);
	const struct fxregs_state *fx = (void *)xsave;
	long ret;

	if (!xsave)
		return -ENOMEM;
	ret = hedge_kvm_call(kvm->vcpu, KVM_GET_XSAVE, xsave, sizeof(*xsave));
	if (!ret) {
		*fpu = (struct kvm_fpu){
			.fcw = fx->cwd, .fsw = fx->swd, .ftwx = fx->twd, .last_opcode = fx->fop,
			.last_ip = fx->rip, .last_dp = fx->rdp, .mxcsr = fx->mxcsr,
		};
		memcpy(fpu->fpr, fx->st_space, sizeof(fpu->fpr));
		memcpy(fpu->xmm, fx->xmm_space, sizeof(fpu->xmm));
	}
	kvfree(xsave);
	return ret;
}

/* KVM refuses bits of MXCSR that the processor does not have. */
static int restore_fpu(struct hedge_kvm *kvm, const struct kvm_fpu *fpu)
{
	struct kvm_xsave *xsave = kvzalloc(sizeof(*xsave), GFP_KERNEL);
	struct xregs_state *state = (void *)xsave;
	struct fxregs_state *fx = (void *)xsave;
	long ret;

	if (!xsave)
		return -ENOMEM;
	fx->cwd = fpu->fcw;
	fx->swd = fpu->fsw;
	fx->twd = fpu->ftwx;
	fx->fop = fpu->last_opcode;
	fx->rip = fpu->last_ip;
	fx->rdp = fpu->last_dp;
	fx->mxcsr = fpu->mxcsr;
	memcpy(fx->st_space, fpu->fpr, sizeof(fpu->fpr));
	memcpy(fx->xmm_space, fpu->xmm, sizeof(fpu->xmm));
	state->header.xfeatures = XFEATURE_MASK_FPSSE;
	ret = hedge_kvm_call(kvm->vcpu, KVM_SET_XSAVE, xsave, sizeof(*xsave));
	kvfree(xsave);
	return ret;
}

/**
 * hedge_kvm_save - what the vCPU is
 * @kvm:	that has been settled
 * @head:	gets registers and clock
 *
 * Return: 0 or -errno.
 */
int hedge_kvm_save(struct hedge_kvm *kvm, struct hedge_snapshot *head)
{
	return hedge_kvm_call(kvm->vcpu, KVM_GET_REGS, head->regs, sizeof(head->regs)) ?:
	       hedge_kvm_call(kvm->vcpu, KVM_GET_SREGS, head->sregs, sizeof(head->sregs)) ?:
	       save_fpu(kvm, (struct kvm_fpu *)head->fpu) ?:
	       hedge_kvm_call(kvm->vcpu, KVM_GET_VCPU_EVENTS, head->events,
			      sizeof(head->events)) ?:
	       save_msrs(kvm, head) ?:
	       save_clock(kvm, head);
}

static bool msr_is_known(u32 index)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(msr_list); i++)
		if (msr_list[i] == index)
			return true;
	return false;
}

static int restore_msrs(struct hedge_kvm *kvm, const struct hedge_snapshot *head)
{
	struct msr_buffer msrs = { .head.nmsrs = head->msrs + 1 };
	long ret;
	u32 i;

	for (i = 0; i < head->msrs; i++) {
		if (!msr_is_known(head->msr[i].index))
			return -EINVAL;
		msrs.entry[i].index = head->msr[i].index;
		msrs.entry[i].data = head->msr[i].value;
	}
	msrs.entry[i].index = MSR_IA32_TSC;
	msrs.entry[i].data = hvt_snapshot_clock(head, ktime_get_real_ns());
	ret = hedge_kvm_call(kvm->vcpu, KVM_SET_MSRS, &msrs, sizeof(msrs));
	return ret == msrs.head.nmsrs ? 0 : ret < 0 ? ret : -EINVAL;
}

/* At another speed only where the processor can scale its clock. */
static int restore_speed(struct hedge_kvm *kvm, const struct hedge_snapshot *head)
{
	u64 khz = div_u64(head->tsc_hz, 1000);

	if (head->tsc_hz == kvm->tsc_hz)
		return 0;
	if (khz > U32_MAX)
		return -EINVAL;
	return hedge_kvm_call_value(kvm->vcpu, KVM_SET_TSC_KHZ, khz);
}

/**
 * hedge_kvm_restore - make the vCPU what it was
 * @kvm:	with memory
 * @head:	that was found good
 *
 * Return: 0, -EINVAL for registers that no processor has, or another -errno.
 */
int hedge_kvm_restore(struct hedge_kvm *kvm, const struct hedge_snapshot *head)
{
	struct hedge_snapshot *copy = kvmalloc(sizeof(*copy), GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	*copy = *head;
	/* As at a start: see set_boot_sregs(). */
	((struct kvm_sregs *)copy->sregs)->apic_base = 0;
	ret = restore_speed(kvm, head) ?:
	      hedge_kvm_call(kvm->vcpu, KVM_SET_SREGS, copy->sregs, sizeof(copy->sregs)) ?:
	      restore_msrs(kvm, head) ?:
	      hedge_kvm_call(kvm->vcpu, KVM_SET_REGS, copy->regs, sizeof(copy->regs)) ?:
	      restore_fpu(kvm, (struct kvm_fpu *)copy->fpu) ?:
	      hedge_kvm_call(kvm->vcpu, KVM_SET_VCPU_EVENTS, copy->events,
			     sizeof(copy->events));
	kvfree(copy);
	return ret;
}
