// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VM has used.  Processor time is the scheduler's, to the nanosecond; how much of
 * it was the guest's is what the kernel's accounting has found at its ticks, so that no
 * clock is read on the way of a hypercall.
 */
#include <linux/math64.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include "hedge.h"

static u64 resident(struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	u64 bytes;

	if (!mm)
		return 0;
	bytes = (u64)get_mm_rss(mm) << PAGE_SHIFT;
	mmput_async(mm);		/* it may be the last, and the registry be locked */
	return bytes;
}

static void read_task(const struct task_struct *task, struct hedge_usage *usage)
{
	usage->cpu_ns = READ_ONCE(task->se.sum_exec_runtime);
	usage->guest_ns = min(READ_ONCE(task->gtime), usage->cpu_ns);
}

/* What it was when the VM came to the task is not the VM's. */
void hedge_meter_start(struct hedge_vm *vm)
{
	read_task(current, &vm->usage_before);
}

/**
 * hedge_meter_stop - keep what the task has used, which will be gone
 * @vm:	VM of the current task
 */
void hedge_meter_stop(struct hedge_vm *vm)
{
	spin_lock(&vm->lock);
	read_task(current, &vm->usage);
	spin_unlock(&vm->lock);
}

/**
 * hedge_meter_read - what a VM has used so far
 * @vm:		VM, or its record
 * @usage:	filled in
 */
void hedge_meter_read(struct hedge_vm *vm, struct hedge_usage *usage)
{
	struct task_struct *task;
	ktime_t end, began = vm->phase[HEDGE_BOOT_ENTERED];

	spin_lock(&vm->lock);
	task = vm->task ? get_task_struct(vm->task) : NULL;
	*usage = vm->usage;
	end = vm->state == HEDGE_ENDED ? vm->finished : ktime_get();
	spin_unlock(&vm->lock);
	if (task) {
		read_task(task, usage);
		usage->resident = resident(task);
		put_task_struct(task);
	}
	usage->cpu_ns -= min(usage->cpu_ns, vm->usage_before.cpu_ns);
	usage->guest_ns -= min(usage->guest_ns, vm->usage_before.guest_ns);
	/* The two are read one after the other, and of different clocks. */
	usage->guest_ns = min(usage->guest_ns, usage->cpu_ns);
	usage->memory_mib_ms = began ? (vm->mem >> 20) * (u64)ktime_ms_delta(end, began) : 0;
}
