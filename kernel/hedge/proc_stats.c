// SPDX-License-Identifier: GPL-2.0-only
/* /proc/vmstats: what each VM has done, and all of them together. */
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include "hedge.h"

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

static const char *const hypercall_words[HVT_HC_MAX] = {
	[HVT_HC_WALLTIME] = "walltime",
	[HVT_HC_PUTS] = "puts",
	[HVT_HC_POLL] = "poll",
	[HVT_HC_BLOCK_WRITE] = "block_write",
	[HVT_HC_BLOCK_READ] = "block_read",
	[HVT_HC_NET_WRITE] = "net_write",
	[HVT_HC_NET_READ] = "net_read",
	[HVT_HC_HALT] = "halt",
};

static void show_exits(struct seq_file *m, const struct hedge_exits *exits)
{
	u32 i;

	for (i = 1; i < HVT_HC_MAX; i++)
		seq_printf(m, "hypercall_%s %llu\n", hypercall_words[i],
			   READ_ONCE(exits->hypercall[i]));
	seq_printf(m, "exits_slow %llu\n", READ_ONCE(exits->slow));
	seq_printf(m, "exits_interrupted %llu\n", READ_ONCE(exits->interrupted));
}

static void show_errors(struct seq_file *m, const struct hedge_errors *errors)
{
	u32 last = READ_ONCE(errors->last);

	seq_printf(m, "errors %llu\n", READ_ONCE(errors->count));
	if (last)
		seq_printf(m, "last_error %s: error %u\n", hypercall_words[last >> 16],
			   last & 0xffff);
}

static void show_io(struct seq_file *m, const struct hedge_io *io)
{
	static const char *const words[] = { "read", "write" };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		seq_printf(m, "block_%s_ops %llu\nblock_%s_bytes %llu\n", words[i],
			   READ_ONCE(io->block_ops[i]), words[i], READ_ONCE(io->block_bytes[i]));
	for (i = 0; i < ARRAY_SIZE(words); i++)
		seq_printf(m, "net_%s_packets %llu\nnet_%s_bytes %llu\n", words[i],
			   READ_ONCE(io->net_ops[i]), words[i], READ_ONCE(io->net_bytes[i]));
}

static void show_usage(struct seq_file *m, struct hedge_vm *vm)
{
	struct hedge_usage u;

	hedge_meter_read(vm, &u);
	seq_printf(m, "cpu_us %llu\nguest_cpu_us %llu\nhost_cpu_us %llu\n",
		   u.cpu_ns / NSEC_PER_USEC, u.guest_ns / NSEC_PER_USEC,
		   (u.cpu_ns - u.guest_ns) / NSEC_PER_USEC);
	seq_printf(m, "resident_bytes %llu\nmemory_mib_ms %llu\n", u.resident, u.memory_mib_ms);
}

int hedge_stats_show(struct seq_file *m, void *unused)
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
	show_usage(m, vm);
	show_exits(m, &vm->exits);
	show_io(m, &vm->io);
	show_errors(m, &vm->errors);
	seq_printf(m, "console_bytes %llu\nconsole_lost %llu\n", READ_ONCE(vm->console.head),
		   READ_ONCE(vm->console.lost));
	if (state == HEDGE_ENDED)
		seq_printf(m, "exit_status %d\nreason %s\n", status, *reason ? reason : "exit");
	return 0;
}

static int stats_open(struct inode *inode, struct file *file)
{
	return hedge_only_admin() ?: single_open(file, hedge_stats_show, pde_data(inode));
}

const struct proc_ops hedge_stats_ops = {
	.proc_open = stats_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/* --- all of them ----------------------------------------------------------------- */

int hedge_totals_show(struct seq_file *m, void *unused)
{
	struct hedge_totals t;

	hedge_registry_totals(&t);
	seq_printf(m, "vms_running %llu\nvms_started %llu\nvms_ended %llu\nvms_failed %llu\n",
		   t.running, t.started, t.ended, t.failed);
	seq_printf(m, "memory_bytes %llu\npool_ready %u\n", t.memory, hedge_sandbox_parked());
	show_exits(m, &t.exits);
	return 0;
}

static int totals_open(struct inode *inode, struct file *file)
{
	return hedge_only_admin() ?: single_open(file, hedge_totals_show, NULL);
}

const struct proc_ops hedge_totals_ops = {
	.proc_open = totals_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/* --- Prometheus: text format 0.0.4 ----------------------------------------------- */

static void metric_head(struct seq_file *m, const char *name, const char *type, const char *help)
{
	seq_printf(m, "# HELP hedge_%s %s\n# TYPE hedge_%s %s\n", name, help, name, type);
}

static void metric_up(struct hedge_vm *vm, void *m)
{
	seq_printf(m, "hedge_vm_up_seconds{vm=\"%s\"} %lld\n", vm->name,
		   ktime_ms_delta(ktime_get(), vm->began) / MSEC_PER_SEC);
}

static void metric_memory(struct hedge_vm *vm, void *m)
{
	seq_printf(m, "hedge_vm_memory_bytes{vm=\"%s\"} %llu\n", vm->name, vm->mem);
}

static void metric_cpu(struct hedge_vm *vm, void *m)
{
	struct hedge_usage u;

	hedge_meter_read(vm, &u);
	seq_printf(m, "hedge_vm_cpu_seconds_total{vm=\"%s\"} %llu.%06llu\n", vm->name,
		   u.cpu_ns / NSEC_PER_SEC, u.cpu_ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

static void metric_io(struct hedge_vm *vm, void *m)
{
	seq_printf(m, "hedge_vm_io_bytes_total{vm=\"%s\",device=\"block\",way=\"read\"} %llu\n"
		   "hedge_vm_io_bytes_total{vm=\"%s\",device=\"block\",way=\"write\"} %llu\n"
		   "hedge_vm_io_bytes_total{vm=\"%s\",device=\"net\",way=\"read\"} %llu\n"
		   "hedge_vm_io_bytes_total{vm=\"%s\",device=\"net\",way=\"write\"} %llu\n",
		   vm->name, READ_ONCE(vm->io.block_bytes[0]),
		   vm->name, READ_ONCE(vm->io.block_bytes[1]),
		   vm->name, READ_ONCE(vm->io.net_bytes[0]),
		   vm->name, READ_ONCE(vm->io.net_bytes[1]));
}

static void metric_hypercalls(struct hedge_vm *vm, void *m)
{
	u32 i;

	for (i = 1; i < HVT_HC_MAX; i++)
		seq_printf(m, "hedge_vm_hypercalls_total{vm=\"%s\",hypercall=\"%s\"} %llu\n",
			   vm->name, hypercall_words[i], READ_ONCE(vm->exits.hypercall[i]));
}

static int metrics_show(struct seq_file *m, void *unused)
{
	struct hedge_totals t;

	hedge_registry_totals(&t);
	metric_head(m, "vms_running", "gauge", "VMs that run.");
	seq_printf(m, "hedge_vms_running %llu\n", t.running);
	metric_head(m, "vms_started_total", "counter", "VMs that were started.");
	seq_printf(m, "hedge_vms_started_total %llu\n", t.started);
	metric_head(m, "vms_failed_total", "counter", "VMs that ended with another status than 0.");
	seq_printf(m, "hedge_vms_failed_total %llu\n", t.failed);
	metric_head(m, "vm_up_seconds", "gauge", "Time since the VM was started.");
	hedge_registry_each(metric_up, m);
	metric_head(m, "vm_memory_bytes", "gauge", "Memory of the guest.");
	hedge_registry_each(metric_memory, m);
	metric_head(m, "vm_cpu_seconds_total", "counter", "Processor time of the VM's task.");
	hedge_registry_each(metric_cpu, m);
	metric_head(m, "vm_io_bytes_total", "counter", "Bytes that devices have moved.");
	hedge_registry_each(metric_io, m);
	metric_head(m, "vm_hypercalls_total", "counter", "Hypercalls that were served.");
	hedge_registry_each(metric_hypercalls, m);
	return 0;
}

static int metrics_open(struct inode *inode, struct file *file)
{
	return hedge_only_admin() ?: single_open(file, metrics_show, NULL);
}

const struct proc_ops hedge_metrics_ops = {
	.proc_open = metrics_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};
