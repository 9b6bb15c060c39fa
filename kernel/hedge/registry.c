// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which VMs there are, and the records of those that were.  A record is kept until a
 * VM of its name is started, or there are too many.
 */
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include "hedge.h"

#define MAX_RECORDS	64

static struct {
	struct mutex lock;		/* protects what follows */
	struct list_head running;	/* hedge_vm.link; each holds a reference */
	struct list_head ended;		/* likewise, the oldest first */
	struct list_head leaving;	/* likewise; until their files are gone */
	u32 records;
	u32 last_id;
	struct hedge_totals past;	/* of those that have ended; .started is of all */
} registry = {
	.lock = __MUTEX_INITIALIZER(registry.lock),
	.running = LIST_HEAD_INIT(registry.running),
	.ended = LIST_HEAD_INIT(registry.ended),
	.leaving = LIST_HEAD_INIT(registry.leaving),
};

static void add_exits(struct hedge_exits *sum, const struct hedge_exits *exits)
{
	u32 i;

	for (i = 0; i < HVT_HC_MAX; i++)
		sum->hypercall[i] += READ_ONCE(exits->hypercall[i]);
	sum->slow += READ_ONCE(exits->slow);
	sum->interrupted += READ_ONCE(exits->interrupted);
}

static struct hedge_vm *find_in(struct list_head *list, const char *name)
{
	struct hedge_vm *vm;

	lockdep_assert_held(&registry.lock);
	list_for_each_entry(vm, list, link)
		if (!strcmp(vm->name, name))
			return vm;
	return NULL;
}

static bool is_listed(const struct hedge_vm *vm)
{
	lockdep_assert_held(&registry.lock);
	return !list_empty(&vm->link) && !vm->leaving;
}

/* Whether it runs or is a record: forget() it without the lock. */
static struct hedge_vm *take(struct hedge_vm *vm)
{
	lockdep_assert_held(&registry.lock);
	if (!vm)
		return NULL;
	list_move(&vm->link, &registry.leaving);
	vm->leaving = true;
	if (vm->recorded)
		registry.records--;
	return vm;
}

/* Waits for those who read its files. */
static void forget(struct hedge_vm *vm)
{
	if (!vm)
		return;
	hedge_proc_remove(vm);
	mutex_lock(&registry.lock);
	list_del_init(&vm->link);
	mutex_unlock(&registry.lock);
	hedge_vm_put(vm);
}

/* Returns -EAGAIN as long as files of that name are there. */
static int try_add(struct hedge_vm *vm)
{
	struct hedge_vm *old;

	mutex_lock(&registry.lock);
	if (find_in(&registry.running, vm->name)) {
		mutex_unlock(&registry.lock);
		return -EEXIST;
	}
	if (find_in(&registry.leaving, vm->name)) {
		mutex_unlock(&registry.lock);
		return -EAGAIN;
	}
	old = take(find_in(&registry.ended, vm->name));
	vm->id = ++registry.last_id;
	registry.past.started++;
	list_add_tail(&hedge_vm_ref(vm)->link, &registry.running);
	mutex_unlock(&registry.lock);
	forget(old);
	return 0;
}

/**
 * hedge_registry_add - a VM is about to run
 * @vm:	gets its number
 *
 * Return: 0; -EEXIST if one of its name runs; or -EINTR if the caller was killed.
 */
int hedge_registry_add(struct hedge_vm *vm)
{
	int ret;

	while ((ret = try_add(vm)) == -EAGAIN) {
		schedule_timeout_killable(1);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return ret;
}

/**
 * hedge_registry_remove - it has never run, or is not to be remembered
 * @vm:	no task has it
 */
void hedge_registry_remove(struct hedge_vm *vm)
{
	struct hedge_vm *ours;

	mutex_lock(&registry.lock);
	ours = take(is_listed(vm) ? vm : NULL);
	mutex_unlock(&registry.lock);
	forget(ours);
}

/**
 * hedge_registry_ended - it runs no more
 */
void hedge_registry_ended(struct hedge_vm *vm)
{
	struct hedge_vm *old = NULL;

	mutex_lock(&registry.lock);
	if (is_listed(vm)) {
		list_move_tail(&vm->link, &registry.ended);
		vm->recorded = true;
		registry.past.ended++;
		if (vm->status)
			registry.past.failed++;
		add_exits(&registry.past.exits, &vm->exits);
		if (++registry.records > MAX_RECORDS)
			old = take(list_first_entry(&registry.ended, struct hedge_vm, link));
	}
	mutex_unlock(&registry.lock);
	forget(old);
}

/**
 * hedge_registry_find - a VM that runs
 *
 * Return: a VM with a reference, or NULL.
 */
struct hedge_vm *hedge_registry_find(const char *name)
{
	struct hedge_vm *vm;

	mutex_lock(&registry.lock);
	vm = find_in(&registry.running, name);
	if (vm)
		hedge_vm_ref(vm);
	mutex_unlock(&registry.lock);
	return vm;
}

/**
 * hedge_registry_recall - a VM that runs, or the record of one
 *
 * Return: a VM with a reference, or NULL.
 */
struct hedge_vm *hedge_registry_recall(const char *name)
{
	struct hedge_vm *vm;

	mutex_lock(&registry.lock);
	vm = find_in(&registry.running, name) ?: find_in(&registry.ended, name);
	if (vm)
		hedge_vm_ref(vm);
	mutex_unlock(&registry.lock);
	return vm;
}

/*
 * The list of /proc/monitor, of those whose guests run or are paused: one that is starting may
 * never do so.  Its form is that of the first HEDGE.
 */
void hedge_registry_show(struct seq_file *m)
{
	struct hedge_vm *vm;

	seq_puts(m, "ID NAME MODID MODNAME\n");
	mutex_lock(&registry.lock);
	list_for_each_entry(vm, &registry.running, link) {
		enum hedge_state state = READ_ONCE(vm->state);

		if (state == HEDGE_RUNNING || state == HEDGE_PAUSED)
			seq_printf(m, "%u %s %u %s\n", vm->id, vm->name, vm->image->id,
				   vm->image->path);
	}
	mutex_unlock(&registry.lock);
}

/**
 * hedge_registry_each - call a function for each VM that runs
 *
 * It must not wait for any of them.
 */
void hedge_registry_each(void (*fn)(struct hedge_vm *vm, void *arg), void *arg)
{
	struct hedge_vm *vm;

	mutex_lock(&registry.lock);
	list_for_each_entry(vm, &registry.running, link)
		fn(vm, arg);
	mutex_unlock(&registry.lock);
}

/**
 * hedge_registry_totals - what all VMs have done together, now and before
 * @totals:	filled in
 */
void hedge_registry_totals(struct hedge_totals *totals)
{
	struct hedge_vm *vm;

	mutex_lock(&registry.lock);
	*totals = registry.past;
	list_for_each_entry(vm, &registry.running, link) {
		totals->running++;
		totals->memory += vm->mem;
		add_exits(&totals->exits, &vm->exits);
	}
	mutex_unlock(&registry.lock);
}

/* The first VM that runs, with a reference; or NULL. */
static struct hedge_vm *any_running(void)
{
	struct hedge_vm *vm;

	mutex_lock(&registry.lock);
	vm = list_first_entry_or_null(&registry.running, struct hedge_vm, link);
	if (vm)
		hedge_vm_ref(vm);
	mutex_unlock(&registry.lock);
	return vm;
}

/**
 * hedge_registry_exit - stop all that run, and forget all that ran
 *
 * Nothing can be started any more.
 */
void hedge_registry_exit(void)
{
	struct hedge_vm *vm;

	while ((vm = any_running())) {
		hedge_vm_kill(vm, "the module is unloaded");
		wait_for_completion(&vm->ended);
		hedge_vm_put(vm);
	}
	for (;;) {
		mutex_lock(&registry.lock);
		vm = take(list_first_entry_or_null(&registry.ended, struct hedge_vm, link));
		mutex_unlock(&registry.lock);
		if (!vm)
			return;
		forget(vm);
	}
}
