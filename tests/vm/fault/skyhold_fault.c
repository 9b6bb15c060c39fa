// SPDX-License-Identifier: GPL-2.0-only
/*
 * One deliberate fault each, to show that the VM harness reports it.  Never
 * shipped.
 *
 *	insmod skyhold_fault.ko what=NAME
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *what = "none";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "the fault to commit while loading");

static int fault_none(void)
{
	return 0;
}

static int fault_warn(void)
{
	WARN(1, "deliberate warning\n");
	return 0;
}

static int fault_oops(void)
{
	/* An address that no mapping covers, and that the compiler cannot see. */
	WRITE_ONCE(*(int *)(uintptr_t)(strlen(what) + 1), 0);
	return 0;
}

/* A task that nothing will ever wake and no signal reaches. */
static int fault_hung_task(void)
{
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
	return 0;
}

/* A processor that takes no interrupt; with one of them the machine is dead. */
static int fault_dead(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
	return 0;
}

static int fault_refcount(void)
{
	__module_get(THIS_MODULE);
	return 0;
}

static void fault_ctor(void *object)
{
}

/* A cache destroyed with an object in it; a constructor keeps it from merging. */
static int fault_slab(void)
{
	struct kmem_cache *cache = kmem_cache_create("skyhold_fault", 200, 0, 0, fault_ctor);

	if (!cache)
		return -ENOMEM;
	if (!kmem_cache_alloc(cache, GFP_KERNEL))
		return -ENOMEM;
	kmem_cache_destroy(cache);
	return 0;
}

/* The only pointer is scrambled: the scanner must not take it for a reference. */
static unsigned long lost;

static int fault_leak(void)
{
	void *p = kmalloc(300, GFP_KERNEL);

	lost = ~(unsigned long)p;
	return 0;
}

static int fault_out_of_bounds(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[64], 1);
	kfree(p);
	return 0;
}

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static int fault_lock_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
	return 0;
}

static int fault_atomic_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
	return 0;
}

static const struct fault {
	const char *name;
	int (*commit)(void);
} faults[] = {
	{ "none",		fault_none },
	{ "warn",		fault_warn },
	{ "oops",		fault_oops },
	{ "hung-task",		fault_hung_task },
	{ "dead",		fault_dead },
	{ "refcount",		fault_refcount },
	{ "slab",		fault_slab },
	{ "leak",		fault_leak },
	{ "out-of-bounds",	fault_out_of_bounds },
	{ "lock-order",		fault_lock_order },
	{ "atomic-sleep",	fault_atomic_sleep },
};

static int __init fault_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(what, faults[i].name)) {
			pr_info("committing '%s'\n", what);
			return faults[i].commit();
		}
	}
	pr_err("no fault '%s'\n", what);
	return -EINVAL;
}

static void __exit fault_exit(void)
{
}

module_init(fault_init);
module_exit(fault_exit);
MODULE_DESCRIPTION("Deliberate faults for the tests of the VM harness");
MODULE_LICENSE("GPL");
