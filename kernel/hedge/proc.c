// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/monitor, /proc/vmcons and /proc/vmstats: which files there are.  All of it is
 * for who has CAP_SYS_ADMIN in the initial user namespace.
 */
#include <linux/capability.h>
#include <linux/proc_fs.h>
#include "hedge.h"

static struct proc_dir_entry *consoles_dir, *stats_dir;

int hedge_only_admin(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/**
 * hedge_proc_add - the files of a VM
 *
 * Return: 0 or -ENOMEM.
 */
int hedge_proc_add(struct hedge_vm *vm)
{
	char name[16];

	snprintf(name, sizeof(name), "vm%u", vm->id);
	vm->proc_console = proc_create_data(name, 0400, consoles_dir, &hedge_console_ops, vm);
	vm->proc_stats = proc_create_data(vm->name, 0400, stats_dir, &hedge_stats_ops, vm);
	return vm->proc_console && vm->proc_stats ? 0 : -ENOMEM;
}

/**
 * hedge_proc_remove - they go, and who reads them is sent away
 */
void hedge_proc_remove(struct hedge_vm *vm)
{
	hedge_console_end(&vm->console);
	proc_remove(vm->proc_console);
	proc_remove(vm->proc_stats);
	vm->proc_console = NULL;
	vm->proc_stats = NULL;
}

int hedge_proc_init(void)
{
	consoles_dir = proc_mkdir_mode("vmcons", 0500, NULL);
	stats_dir = proc_mkdir_mode("vmstats", 0500, NULL);
	if (consoles_dir && stats_dir &&
	    proc_create("errors", 0400, stats_dir, &hedge_errors_ops) &&
	    proc_create("hedge", 0400, stats_dir, &hedge_totals_ops) &&
	    proc_create("metrics", 0400, stats_dir, &hedge_metrics_ops) &&
	    proc_create("monitor", 0600, NULL, &hedge_monitor_ops))
		return 0;
	hedge_proc_exit();
	return -ENOMEM;
}

/* The way in goes first. */
void hedge_proc_close(void)
{
	remove_proc_entry("monitor", NULL);
}

void hedge_proc_exit(void)
{
	proc_remove(stats_dir);
	proc_remove(consoles_dir);
}
