// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/monitor, /proc/vmcons and /proc/vmstats.  All of it is for who has
 * CAP_SYS_ADMIN in the initial user namespace.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/poll.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include "hedge.h"

static struct proc_dir_entry *consoles_dir, *stats_dir;

static int only_admin(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* --- /proc/monitor ---------------------------------------------------------------- */

static int monitor_show(struct seq_file *m, void *unused)
{
	hedge_registry_show(m);
	return 0;
}

static int monitor_open(struct inode *inode, struct file *file)
{
	return only_admin() ?: single_open(file, monitor_show, NULL);
}

/* What was wrong with the last commands: /proc/vmstats/errors. */
#define KEPT_ERRORS	64

static struct {
	spinlock_t lock;		/* protects the ring */
	u64 count;
	struct {
		uid_t uid;
		char text[HEDGE_REASON_SIZE + 32];
	} ring[KEPT_ERRORS];
} errors = {
	.lock = __SPIN_LOCK_UNLOCKED(errors.lock),
};

static void keep_error(const struct hedge_command_error *err)
{
	uid_t uid = from_kuid_munged(&init_user_ns, current_uid());
	u32 at;

	spin_lock(&errors.lock);
	at = errors.count++ % KEPT_ERRORS;
	errors.ring[at].uid = uid;
	snprintf(errors.ring[at].text, sizeof(errors.ring[at].text), "%s: %s", err->field,
		 err->why);
	spin_unlock(&errors.lock);
	pr_notice("command of uid %u refused: %s: %s\n", uid, err->field, err->why);
}

static int errors_show(struct seq_file *m, void *unused)
{
	u64 i;

	spin_lock(&errors.lock);
	for (i = errors.count > KEPT_ERRORS ? errors.count - KEPT_ERRORS : 0; i < errors.count; i++)
		seq_printf(m, "%llu %u %s\n", i + 1, errors.ring[i % KEPT_ERRORS].uid,
			   errors.ring[i % KEPT_ERRORS].text);
	spin_unlock(&errors.lock);
	return 0;
}

static ssize_t monitor_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct hedge_failure *failure;
	char *line;
	int ret;

	ret = only_admin();
	if (ret)
		return ret;
	if (!len || len > HEDGE_COMMAND_MAX)
		return -EINVAL;
	line = memdup_user_nul(buf, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	failure = kzalloc(sizeof(*failure), GFP_KERNEL);
	ret = failure ? hedge_control(line, len, failure) : -ENOMEM;
	if (ret && failure)
		keep_error(&failure->err);
	kfree(failure);
	kfree(line);
	return ret ?: len;
}

static const struct proc_ops monitor_ops = {
	.proc_open = monitor_open,
	.proc_read = seq_read,
	.proc_write = monitor_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/* --- /proc/vmcons ---------------------------------------------------------------------- */

struct reader {
	struct hedge_vm *vm;
	u64 pos;
	bool told_end;			/* its last read said that there is no more just now */
};

static int console_open(struct inode *inode, struct file *file)
{
	struct reader *reader;

	if (only_admin())
		return -EPERM;
	reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	reader->vm = hedge_vm_ref(pde_data(inode));
	file->private_data = reader;
	return nonseekable_open(inode, file);
}

static int console_release(struct inode *inode, struct file *file)
{
	struct reader *reader = file->private_data;

	hedge_vm_put(reader->vm);
	kfree(reader);
	return 0;
}

/*
 * At the end of what there is a reader is told so, once, and then waits: so cat ends,
 * tail -f shows the last lines and goes on, and a loop of reads follows.
 */
static ssize_t console_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct reader *reader = file->private_data;
	struct hedge_console *con = &reader->vm->console;
	ssize_t done;

	for (;;) {
		done = hedge_console_read(con, &reader->pos, buf, len);
		if (done) {
			reader->told_end = false;
			return done;
		}
		if (!reader->told_end || READ_ONCE(con->ended)) {
			reader->told_end = true;
			return 0;
		}
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(con->wait, hedge_console_has(con, reader->pos)))
			return -ERESTARTSYS;
	}
}

static __poll_t console_poll(struct file *file, poll_table *table)
{
	struct reader *reader = file->private_data;
	struct hedge_console *con = &reader->vm->console;

	poll_wait(file, &con->wait, table);
	return (hedge_console_has(con, reader->pos) ? EPOLLIN | EPOLLRDNORM : 0) |
	       (READ_ONCE(con->ended) ? EPOLLHUP : 0);
}

static const struct proc_ops console_ops = {
	.proc_open = console_open,
	.proc_read = console_read,
	.proc_poll = console_poll,
	.proc_release = console_release,
};

/* --- /proc/vmstats ------------------------------------------------------------------------ */

static const char *state_word(enum hedge_state state)
{
	static const char *const words[] = {
		[HEDGE_STARTING] = "starting",
		[HEDGE_RUNNING] = "running",
		[HEDGE_PAUSED] = "paused",
		[HEDGE_ENDED] = "ended",
	};

	return words[state];
}

static void show_phases(struct seq_file *m, const struct hedge_vm *vm)
{
	static const char *const words[HEDGE_BOOT_PHASES] = {
		[HEDGE_BOOT_CHECKED] = "checked",
		[HEDGE_BOOT_TASK] = "task",
		[HEDGE_BOOT_KVM] = "kvm",
		[HEDGE_BOOT_LOADED] = "loaded",
		[HEDGE_BOOT_ENTERED] = "entered",
	};
	u32 i;

	for (i = 0; i < HEDGE_BOOT_PHASES; i++)
		if (vm->phase[i])
			seq_printf(m, "boot_%s_us %lld\n", words[i],
				   ktime_us_delta(vm->phase[i], vm->began));
}

static void show_exits(struct seq_file *m, const struct hedge_exits *exits)
{
	static const char *const words[HVT_HC_MAX] = {
		[HVT_HC_WALLTIME] = "walltime",
		[HVT_HC_PUTS] = "puts",
		[HVT_HC_POLL] = "poll",
		[HVT_HC_BLOCK_WRITE] = "block_write",
		[HVT_HC_BLOCK_READ] = "block_read",
		[HVT_HC_NET_WRITE] = "net_write",
		[HVT_HC_NET_READ] = "net_read",
		[HVT_HC_HALT] = "halt",
	};
	u32 i;

	for (i = 1; i < HVT_HC_MAX; i++)
		seq_printf(m, "hypercall_%s %llu\n", words[i], READ_ONCE(exits->hypercall[i]));
	seq_printf(m, "exits_slow %llu\n", READ_ONCE(exits->slow));
	seq_printf(m, "exits_interrupted %llu\n", READ_ONCE(exits->interrupted));
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct hedge_vm *vm = m->private;
	enum hedge_state state;
	int status;
	char reason[HEDGE_REASON_SIZE];
	pid_t pid;

	spin_lock(&vm->lock);
	state = vm->state;
	status = vm->status;
	strscpy(reason, vm->reason, sizeof(reason));
	pid = vm->task ? task_pid_nr(vm->task) : 0;
	spin_unlock(&vm->lock);
	seq_printf(m, "id %u\nname %s\nimage %s\nstate %s\n", vm->id, vm->name, vm->image->path,
		   state_word(state));
	seq_printf(m, "digest %*phN\nmemory_bytes %llu\n", (int)sizeof(vm->image->digest),
		   vm->image->digest, vm->mem);
	if (pid)
		seq_printf(m, "pid %d\n", pid);
	show_phases(m, vm);
	seq_printf(m, "up_us %lld\n",
		   ktime_us_delta(state == HEDGE_ENDED ? vm->finished : ktime_get(), vm->began));
	show_exits(m, &vm->exits);
	seq_printf(m, "console_bytes %llu\nconsole_lost %llu\n", READ_ONCE(vm->console.head),
		   READ_ONCE(vm->console.lost));
	if (state == HEDGE_ENDED)
		seq_printf(m, "exit_status %d\nreason %s\n", status, *reason ? reason : "exit");
	return 0;
}

static int stats_open(struct inode *inode, struct file *file)
{
	return only_admin() ?: single_open(file, stats_show, pde_data(inode));
}

static const struct proc_ops stats_ops = {
	.proc_open = stats_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int errors_open(struct inode *inode, struct file *file)
{
	return only_admin() ?: single_open_size(file, errors_show, NULL, KEPT_ERRORS * 256);
}

static const struct proc_ops errors_ops = {
	.proc_open = errors_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/* --- life -------------------------------------------------------------------------------------- */

/**
 * hedge_proc_add - the files of a VM
 *
 * Return: 0 or -ENOMEM.
 */
int hedge_proc_add(struct hedge_vm *vm)
{
	char name[16];

	snprintf(name, sizeof(name), "vm%u", vm->id);
	vm->proc_console = proc_create_data(name, 0400, consoles_dir, &console_ops, vm);
	vm->proc_stats = proc_create_data(vm->name, 0400, stats_dir, &stats_ops, vm);
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
	    proc_create("errors", 0400, stats_dir, &errors_ops) &&
	    proc_create("monitor", 0600, NULL, &monitor_ops))
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
