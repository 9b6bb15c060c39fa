// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VM may take of the host: rates of I/O, processor time, and how long it may
 * run, or be silent.
 *
 * Rates go by the virtual scheduling algorithm (ITU-T I.371, the GCRA): one time stamp
 * says when the next unit is due, and may be ahead of the clock by a burst.
 */
#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include "hedge.h"

#define BURST_NS	(100 * NSEC_PER_MSEC)
#define QUOTA_PERIOD_NS	(100 * NSEC_PER_MSEC)
#define QUOTA_TICK_NS	(5 * NSEC_PER_MSEC)

/* --- rates ----------------------------------------------------------------------- */

/* When @bucket has room again; 0: now. */
static ktime_t due(const struct hedge_bucket *bucket, ktime_t now)
{
	return bucket->rate && bucket->next > now + BURST_NS ? bucket->next - BURST_NS : 0;
}

static void take(struct hedge_bucket *bucket, ktime_t now, u64 units)
{
	if (bucket->rate)
		bucket->next = max(bucket->next, now) +
			       mul_u64_u64_div_u64(units, NSEC_PER_SEC, bucket->rate);
}

/* Sleep, unless somebody wants something of the VM. */
static int sleep_until(struct hedge_vm *vm, ktime_t until)
{
	DEFINE_WAIT(wait);
	int ret = 0;

	prepare_to_wait(&vm->wait, &wait, TASK_INTERRUPTIBLE);
	if (signal_pending(current))
		ret = -ERESTARTSYS;
	else if (schedule_hrtimeout_range(&until, 0, HRTIMER_MODE_ABS))
		ret = -ERESTARTSYS;
	finish_wait(&vm->wait, &wait);
	return ret;
}

/* What may be taken at once of a bucket that has a rate, without being more than is there. */
u64 hedge_limits_burst(const struct hedge_bucket *bucket)
{
	return div_u64(bucket->rate, NSEC_PER_SEC / BURST_NS);
}

/**
 * hedge_limits_wait - one operation of so many bytes, of which at least one is limited
 * @vm:		VM of the current task
 * @ops:	bucket of operations
 * @bytes:	bucket of bytes
 * @len:	bytes
 * @may_wait:	the caller is not inside KVM_RUN
 *
 * Return: 0 when it may be done now; HEDGE_HC_AGAIN if that has to be waited for and
 * @may_wait is not set; -ERESTARTSYS to be asked again.
 */
int hedge_limits_wait(struct hedge_vm *vm, struct hedge_bucket *ops, struct hedge_bucket *bytes,
		      u64 len, bool may_wait)
{
	ktime_t now, until;

	for (;;) {
		now = ktime_get();
		until = max(due(ops, now), due(bytes, now));
		if (!until)
			break;
		if (!may_wait)
			return HEDGE_HC_AGAIN;
		if (sleep_until(vm, until))
			return -ERESTARTSYS;
	}
	take(ops, now, 1);
	take(bytes, now, len);
	return 0;
}

/* --- processor time -------------------------------------------------------------- */

static u64 used_ns(const struct hedge_vm *vm)
{
	return READ_ONCE(vm->task->se.sum_exec_runtime) - vm->quota.used_before;
}

static u64 quota_ns(const struct hedge_vm *vm)
{
	return QUOTA_PERIOD_NS / 100 * vm->limits.cpu_quota;
}

static bool quota_is_used_up(const struct hedge_vm *vm)
{
	return used_ns(vm) >= quota_ns(vm);
}

/* A guest in a loop is fetched out of it when it has had its share. */
static enum hrtimer_restart quota_tick(struct hrtimer *timer)
{
	struct hedge_vm *vm = container_of(timer, struct hedge_vm, quota.timer);

	if (quota_is_used_up(vm) && READ_ONCE(vm->state) == HEDGE_RUNNING) {
		set_tsk_thread_flag(vm->task, TIF_SIGPENDING);
		kick_process(vm->task);
	}
	hrtimer_forward_now(timer, QUOTA_TICK_NS);
	return HRTIMER_RESTART;
}

static void begin_quota(struct hedge_vm *vm)
{
	vm->quota.period_end = ktime_get() + QUOTA_PERIOD_NS;
	vm->quota.used_before = vm->task->se.sum_exec_runtime;
}

/*
 * Each period that is over has paid for its share.  What was used beyond that, as a guest is
 * fetched out of a loop by a tick only, is owed; what was not used is lost.
 */
static void begin_period(struct hedge_vm *vm, ktime_t now)
{
	u64 periods = 1 + div64_u64(now - vm->quota.period_end, QUOTA_PERIOD_NS);

	vm->quota.used_before += min(used_ns(vm), periods * quota_ns(vm));
	vm->quota.period_end += periods * QUOTA_PERIOD_NS;
}

/**
 * hedge_limits_attend - wait while the VM has had its share of the processor
 * @vm:	VM of the current task, between two KVM_RUNs
 *
 * Return: 0, or -ERESTARTSYS when somebody wants something of the VM.
 */
int hedge_limits_attend(struct hedge_vm *vm)
{
	ktime_t now;

	if (!vm->limits.cpu_quota)
		return 0;
	for (;;) {
		now = ktime_get();
		if (now >= vm->quota.period_end)
			begin_period(vm, now);
		if (!quota_is_used_up(vm))
			return 0;
		if (sleep_until(vm, vm->quota.period_end))
			return -ERESTARTSYS;
	}
}

/* --- time ------------------------------------------------------------------------ */

static u64 hypercalls(const struct hedge_vm *vm)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < HVT_HC_MAX; i++)
		sum += READ_ONCE(vm->exits.hypercall[i]);
	return sum;
}

static const char *overdue(struct hedge_vm *vm, ktime_t now)
{
	u64 calls = hypercalls(vm);

	if (vm->limits.max_runtime &&
	    now >= vm->phase[HEDGE_BOOT_ENTERED] + (u64)vm->limits.max_runtime * NSEC_PER_SEC)
		return "max_runtime is over";
	/* Who stands still, or waits in a hypercall, is not silent. */
	if (calls != vm->watch.calls || READ_ONCE(vm->state) == HEDGE_PAUSED ||
	    READ_ONCE(vm->in_hypercall)) {
		vm->watch.calls = calls;
		vm->watch.since = now;
	}
	if (vm->limits.watchdog &&
	    now >= vm->watch.since + (u64)vm->limits.watchdog * NSEC_PER_SEC)
		return "watchdog: no hypercall for too long";
	return NULL;
}

static void watch(struct work_struct *work)
{
	struct hedge_vm *vm = container_of(work, struct hedge_vm, watch.work.work);
	const char *why = overdue(vm, ktime_get());

	if (why)
		hedge_vm_kill(vm, why);
	else
		schedule_delayed_work(&vm->watch.work, HZ / 4);
}

/**
 * hedge_limits_start - from now on, limits hold
 * @vm:	VM of the current task, about to enter the guest
 */
void hedge_limits_start(struct hedge_vm *vm)
{
	vm->block_ops.rate = vm->limits.block_iops;
	vm->block_bytes.rate = (u64)vm->limits.block_kbps << 10;
	vm->net_ops.rate = vm->limits.net_pps;
	vm->net_bytes.rate = (u64)vm->limits.net_kbps << 10;
	if (vm->limits.cpu_quota) {
		begin_quota(vm);
		hrtimer_init(&vm->quota.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
		vm->quota.timer.function = quota_tick;
		hrtimer_start(&vm->quota.timer, QUOTA_TICK_NS, HRTIMER_MODE_REL);
	}
	if (vm->limits.watchdog || vm->limits.max_runtime) {
		vm->watch.since = ktime_get();
		INIT_DELAYED_WORK(&vm->watch.work, watch);
		schedule_delayed_work(&vm->watch.work, HZ / 4);
	}
	vm->limited = true;
}

/**
 * hedge_limits_stop - no timer of it runs any more
 * @vm:	VM of the current task, which still holds it
 */
void hedge_limits_stop(struct hedge_vm *vm)
{
	if (!vm->limited)
		return;
	if (vm->limits.cpu_quota)
		hrtimer_cancel(&vm->quota.timer);
	if (vm->limits.watchdog || vm->limits.max_runtime)
		cancel_delayed_work_sync(&vm->watch.work);
	vm->limited = false;
}
