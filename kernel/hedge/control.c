// SPDX-License-Identifier: GPL-2.0-only
/* The commands: each is carried out when its write returns, or fails and says why. */
#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/slab.h>
#include "hedge.h"

#define BOOT_SECONDS	60		/* that a VM has to begin */

/* Say what is wrong with a command; returns @ret. */
int hedge_wrong(struct hedge_failure *failure, const char *field, const char *why, int ret)
{
	failure->err.field = field;
	failure->err.why = why;
	return ret;
}

static int do_load(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	failure->err.field = "PATH";
	return hedge_image_load(cmd->path, &failure->err.why);
}

static int do_unload(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	int ret = hedge_image_unload(cmd->path);

	return ret ? hedge_wrong(failure, "PATH", "no image was loaded from there", ret) : 0;
}

/* It gets no task.  Others know of it, and may wait for its end already. */
static void never_runs(struct hedge_vm *vm, const char *why)
{
	spin_lock(&vm->lock);
	vm->status = 1;
	strscpy(vm->reason, why, sizeof(vm->reason));
	spin_unlock(&vm->lock);
	hedge_vm_finish(vm);
}

/* The VM is in the registry: have it run, and wait until it does. */
static int run(struct hedge_vm *vm, struct hedge_failure *failure)
{
	long left;
	int ret;

	vm->starter = current;
	hedge_event(HEDGE_EVENT_STARTED, vm, NULL);
	ret = hedge_sandbox_start(vm);
	/* Its task is where it is to be, and a record is of no cgroup. */
	if (vm->cgroup)
		fput(vm->cgroup);
	vm->cgroup = NULL;
	if (ret) {
		never_runs(vm, "no task can be made for it");
		return hedge_wrong(failure, "NAME", "no task can be made for it", ret);
	}
	left = wait_for_completion_killable_timeout(&vm->booted, BOOT_SECONDS * HZ);
	if (left <= 0) {
		hedge_vm_kill(vm, "it was not waited for");
		wait_for_completion_killable_timeout(&vm->ended, BOOT_SECONDS * HZ);
		return left ? hedge_wrong(failure, "NAME", "interrupted", -EINTR) :
			      hedge_wrong(failure, "NAME", "its task does not begin: was it stopped?",
					  -ETIMEDOUT);
	}
	if (!vm->boot_error)
		return 0;
	wait_for_completion(&vm->ended);
	/* The record is about to go. */
	strscpy(failure->text, vm->reason, sizeof(failure->text));
	return hedge_wrong(failure, "NAME", failure->text, vm->boot_error);
}

/* Set: nothing is started. */
static bool draining;

static int do_start(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	struct hedge_vm *vm;
	int ret;

	if (READ_ONCE(draining))
		return hedge_wrong(failure, "COMMAND", "this host is being drained", -EBUSY);
	if (cmd->cpu != HEDGE_CPU_ANY && (cmd->cpu >= nr_cpu_ids || !cpu_online(cmd->cpu)))
		return hedge_wrong(failure, "CPU", "there is no such processor", -ENXIO);
	vm = hedge_vm_create(cmd, failure);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	ret = hedge_registry_add(vm);
	if (ret) {
		hedge_vm_put(vm);
		return hedge_wrong(failure, "NAME", ret == -EINTR ? "interrupted" :
				   "a VM of this name runs", ret);
	}
	ret = hedge_proc_add(vm);
	if (ret) {
		hedge_wrong(failure, "NAME", "out of memory", 0);
		never_runs(vm, "out of memory");
	} else {
		ret = run(vm, failure);
	}
	if (ret)
		hedge_registry_remove(vm);
	hedge_vm_put(vm);
	return ret;
}

static struct hedge_vm *find(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	struct hedge_vm *vm = hedge_registry_find(cmd->name);

	if (!vm)
		hedge_wrong(failure, "NAME", "no VM of this name runs", 0);
	return vm;
}

static int do_stop(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	struct hedge_vm *vm = find(cmd, failure);
	int ret;

	if (!vm)
		return -ESRCH;
	ret = hedge_vm_stop(vm);
	hedge_vm_put(vm);
	return ret ? hedge_wrong(failure, "NAME", "interrupted", ret) : 0;
}

static int do_pause(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	struct hedge_vm *vm = find(cmd, failure);
	int ret;

	if (!vm)
		return -ESRCH;
	ret = hedge_vm_pause(vm, cmd->verb == HEDGE_PAUSE);
	hedge_vm_put(vm);
	if (ret == -EALREADY)
		hedge_wrong(failure, "NAME", cmd->verb == HEDGE_PAUSE ? "it is paused" :
									"it is not paused", 0);
	else if (ret)
		hedge_wrong(failure, "NAME", ret == -EINTR ? "interrupted" :
			    ret == -EBUSY ? "somebody else wants the contrary" :
			    ret == -ETIMEDOUT ? "it does not answer: is its task stopped?" :
						"it does not run", 0);
	return ret;
}

static int do_dump(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	struct hedge_vm *vm = find(cmd, failure);
	int ret;

	if (!vm)
		return -ESRCH;
	failure->err.field = "PATH";
	ret = cmd->verb == HEDGE_DUMP ? hedge_dump_to(vm, cmd->path, &failure->err.why) :
					hedge_snapshot_to(vm, cmd->path, &failure->err.why);
	if (!ret)
		hedge_event(cmd->verb == HEDGE_DUMP ? HEDGE_EVENT_DUMPED : HEDGE_EVENT_SNAPSHOT, vm,
			    cmd->path);
	hedge_vm_put(vm);
	return ret;
}

static int do_pool(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	hedge_sandbox_pool(cmd->count);
	return 0;
}

static int do_allow(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	int ret = hedge_verify_allow(cmd->digest);

	return ret ? hedge_wrong(failure, "DIGEST", ret == -ENOSPC ? "the list is full" :
				 "out of memory", ret) : 0;
}

static int do_disallow(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	int ret = hedge_verify_disallow(cmd->digest);

	return ret ? hedge_wrong(failure, "DIGEST", "it is not allowed", ret) : 0;
}

static int do_drain(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	WRITE_ONCE(draining, cmd->verb == HEDGE_DRAIN);
	return 0;
}

typedef int (*verb_fn)(const struct hedge_command *cmd, struct hedge_failure *failure);

static const verb_fn verbs[] = {
	[HEDGE_LOAD] = do_load,
	[HEDGE_UNLOAD] = do_unload,
	[HEDGE_START] = do_start,
	[HEDGE_STOP] = do_stop,
	[HEDGE_PAUSE] = do_pause,
	[HEDGE_RESUME] = do_pause,
	[HEDGE_DUMP] = do_dump,
	[HEDGE_SNAPSHOT] = do_dump,
	[HEDGE_RESTORE] = do_start,
	[HEDGE_POOL] = do_pool,
	[HEDGE_DRAIN] = do_drain,
	[HEDGE_UNDRAIN] = do_drain,
	[HEDGE_ALLOW] = do_allow,
	[HEDGE_DISALLOW] = do_disallow,
	[HEDGE_LISTEN] = hedge_remote_listen,
	[HEDGE_UNLISTEN] = hedge_remote_listen,
};

/* Who may run, and who is listened to, is not decided by those who are. */
static int refuse_from_afar(const struct hedge_command *cmd, struct hedge_failure *failure)
{
	switch (cmd->verb) {
	case HEDGE_ALLOW:
	case HEDGE_DISALLOW:
		return hedge_wrong(failure, "COMMAND",
				   "the list of digests is of this machine alone, by /proc/monitor",
				   -EPERM);
	case HEDGE_LISTEN:
	case HEDGE_UNLISTEN:
		return hedge_wrong(failure, "COMMAND", "only on this machine itself", -EPERM);
	default:
		return 0;
	}
}

/**
 * hedge_control - carry out a command
 * @line:	what was written; cut into words
 * @len:	bytes, without the NUL that follows
 * @far:	another machine asks for it
 * @failure:	says what is wrong, if anything is
 *
 * Return: 0 or -errno.
 */
int hedge_control(char *line, size_t len, bool far, struct hedge_failure *failure)
{
	struct hedge_command *cmd = kzalloc(sizeof(*cmd), GFP_KERNEL);
	int ret;

	if (!cmd)
		return hedge_wrong(failure, "COMMAND", "out of memory", -ENOMEM);
	ret = hedge_command_parse(line, len, cmd, &failure->err);
	if (!ret && far)
		ret = refuse_from_afar(cmd, failure);
	if (!ret)
		ret = verbs[cmd->verb](cmd, failure);
	kfree(cmd);
	return ret;
}
