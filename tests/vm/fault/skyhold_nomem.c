// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail, in one module only.  Never shipped.
 *
 *	insmod skyhold_nomem.ko start=0x... size=... [one_in=N | nth=N] [wait=1] [who=NAME] [seed=N]
 *
 * failslab and fail_page_alloc with a filter on the caller's text, as
 * CONFIG_FAULT_INJECTION_STACKTRACE_FILTER has it, but for the callers nearest to
 * the allocator alone: what a member's driver allocates below submit_bio() is that
 * driver's.  The places are those that ALLOW_ERROR_INJECTION() marks.
 *
 * A request that may reclaim does not fail for want of memory, so only others do;
 * with wait=1 also those that a process named dmsetup makes on its own behalf, or one of the
 * name that is given.  nth is for a test that goes through them one by one: it counts down, and
 * that at which it comes to 0 fails.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#define TRACE_ENTRIES	40
#define NEAR_ENTRIES	8

static unsigned long start;
module_param(start, ulong, 0400);
MODULE_PARM_DESC(start, "where the module's text begins");

static unsigned long size;
module_param(size, ulong, 0400);
MODULE_PARM_DESC(size, "its length in bytes");

static unsigned int one_in;
module_param(one_in, uint, 0600);
MODULE_PARM_DESC(one_in, "one allocation in so many fails; 0: none");

static unsigned int nth;
module_param(nth, uint, 0600);
MODULE_PARM_DESC(nth, "this one from now on fails, and no other; 0: by one_in");

static bool wait;
module_param(wait, bool, 0600);
MODULE_PARM_DESC(wait, "those of who fail even if they may wait");

static char *who = "dmsetup";
module_param(who, charp, 0400);
MODULE_PARM_DESC(who, "name of a process; *: all");

static unsigned int seed = 1;
module_param(seed, uint, 0600);
MODULE_PARM_DESC(seed, "of the sequence");

static unsigned int slabs;
module_param(slabs, uint, 0400);
MODULE_PARM_DESC(slabs, "how many allocations from slabs have failed");

static unsigned int pages;
module_param(pages, uint, 0400);
MODULE_PARM_DESC(pages, "how many allocations of pages have failed");

void skyhold_nomem_return(void);
asm(".pushsection .text\n"
	".type skyhold_nomem_return, @function\n"
	"skyhold_nomem_return:\n"
	"	ret\n"
	"	int3\n"
	".size skyhold_nomem_return, .-skyhold_nomem_return\n"
	".popsection\n");

/* Two processors may draw the same number; that does no harm. */
static bool drawn(void)
{
	unsigned int n = READ_ONCE(one_in);
	u32 next;

	if (!n)
		return false;
	next = next_pseudo_random32(READ_ONCE(seed));
	WRITE_ONCE(seed, next);
	return (next >> 8) % n == 0;
}

/* In a probe, in_task() is false: the breakpoint counts as an NMI.  Who may wait is one. */
static bool may_fail(gfp_t gfp)
{
	if (gfp & __GFP_NOFAIL)
		return false;
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return true;
	return READ_ONCE(wait) && (!strcmp(who, "*") || !strcmp(current->comm, who));
}

/* Is the module among the callers of the function at @at, and near? */
static bool called_by_module(unsigned long at)
{
	unsigned long entry[TRACE_ENTRIES];
	unsigned int i, count, first;
	char name[64];

	count = stack_trace_save(entry, TRACE_ENTRIES, 0);
	for (first = 0; first < count; first++)
		if (entry[first] - at < 16)
			break;
	for (i = first; i < count && i < first + NEAR_ENTRIES; i++) {
		if (entry[i] - start < size)
			return true;
		scnprintf(name, sizeof(name), "%ps", (void *)entry[i]);
		if (strstarts(name, "submit_bio"))
			break;
	}
	return false;
}

/* One that the module makes: is it that one? */
static bool counted(void)
{
	unsigned int n = READ_ONCE(nth);

	if (n)
		WRITE_ONCE(nth, n - 1);
	return n == 1;
}

/* Have the probed function return @value without being run. */
static int decide(struct kprobe *probe, struct pt_regs *regs, gfp_t gfp, unsigned long value,
		  unsigned int *failed)
{
	if ((!READ_ONCE(nth) && !drawn()) || !may_fail(gfp) ||
	    !called_by_module((unsigned long)probe->addr))
		return 0;
	if (READ_ONCE(nth) && !counted())
		return 0;
	WRITE_ONCE(*failed, READ_ONCE(*failed) + 1);
	regs_set_return_value(regs, value);
	instruction_pointer_set(regs, (unsigned long)skyhold_nomem_return);
	return 1;
}

/* should_failslab(cache, gfp) */
static int decide_slab(struct kprobe *probe, struct pt_regs *regs)
{
	return decide(probe, regs, regs_get_kernel_argument(regs, 1), -ENOMEM, &slabs);
}

/* should_fail_alloc_page(gfp, order) */
static int decide_page(struct kprobe *probe, struct pt_regs *regs)
{
	return decide(probe, regs, regs_get_kernel_argument(regs, 0), true, &pages);
}

/* A probe that has one is not made a jump: that would return to where it came from. */
static void afterwards(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe slab = {
	.symbol_name	= "should_failslab",
	.pre_handler	= decide_slab,
	.post_handler	= afterwards,
};

static struct kprobe page = {
	.symbol_name	= "should_fail_alloc_page",
	.pre_handler	= decide_page,
	.post_handler	= afterwards,
};

static int __init nomem_init(void)
{
	int ret;

	if (!start || !size)
		return -EINVAL;
	ret = register_kprobe(&slab);
	if (ret)
		return ret;
	ret = register_kprobe(&page);
	if (ret)
		unregister_kprobe(&slab);
	return ret;
}

static void __exit nomem_exit(void)
{
	unregister_kprobe(&page);
	unregister_kprobe(&slab);
}

module_init(nomem_init);
module_exit(nomem_exit);
MODULE_DESCRIPTION("Failing allocations for the soak test");
MODULE_LICENSE("GPL");
