/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hedge: the private header.  Sections are titled by the file they speak of.
 *
 * A VM is one task: exec'ed by the kernel, it has an mm of its own, in which the guest's
 * memory is mapped, and spends its life in one ioctl of ours.  What runs the guest is
 * called by that task alone, and takes no lock for it; others ask for something with
 * hedge_vm_ask() and wait.
 *
 * Lock order, outermost first:
 *	listen_lock (mutex, udp.c)
 *	 listener.lock, tftp.lock (mutexes), and in the latter staged_lock
 *	 hedge_registry.lock (mutex)
 *	  hedge_vm.lock (spin)
 *	   hedge_console.lock (spin)
 *	 hedge_sandboxes.lock (spin)
 */
#ifndef HEDGE_H
#define HEDGE_H

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "elf/hvt_boot.h"
#include "elf/hvt_core.h"
#include "elf/hvt_image.h"
#include "elf/hvt_snapshot.h"
#include "proto/command.h"
#include "hedge_event.h"
#include "hedge_proc.h"
#include "hvt_abi.h"

#undef pr_fmt
#define pr_fmt(fmt) "hedge: " fmt

struct hedge_vm;
struct kvm_run;
struct seq_file;

/* Where things are in the task's address space. */
#define HEDGE_SCRATCH_ADDR	0x500000ul	/* arguments of KVM's ioctls */
#define HEDGE_SCRATCH_SIZE	0x4000ul
#define HEDGE_RUN_ADDR		0x600000ul
#define HEDGE_GUEST_ADDR	0x10000000000ul	/* guest-physical 0 */

#define HEDGE_REASON_SIZE	160

/* Why a command was refused. */
struct hedge_failure {
	struct hedge_command_error err;	/* .why may point to .text */
	char text[HEDGE_REASON_SIZE];
};

/* --- guestmem.c: the guest's memory ---------------------------------------------- */

struct hedge_guestmem {
	struct file *file;		/* shmem of its own, or a snapshot */
	u64 offset;			/* of guest-physical 0 in the file */
	u64 size;			/* bytes */
	bool copied;			/* on write: the file stays as it is */
	bool mapped;
};

int hedge_guestmem_create(struct hedge_guestmem *mem, u64 size);
void hedge_guestmem_open(struct hedge_guestmem *mem, struct file *file, u64 offset, u64 size);
int hedge_guestmem_fill(struct hedge_guestmem *mem, u64 gpa, const void *data, size_t len);
int hedge_guestmem_map(struct hedge_guestmem *mem, const struct hvt_image *image);
void hedge_guestmem_unmap(struct hedge_guestmem *mem);
void hedge_guestmem_destroy(struct hedge_guestmem *mem);
void hedge_guest_is_outside(struct hedge_vm *vm, u64 gpa, u64 len);
int hedge_guest_read(struct hedge_vm *vm, void *to, u64 gpa, size_t len);
int hedge_guest_write(struct hedge_vm *vm, u64 gpa, const void *from, size_t len);
int hedge_guest_refuse(struct hedge_vm *vm, const char *what, u64 gpa, size_t len);
/* hedge_guest_ptr(), and _get() and _put() for what hypercalls hand over, are below. */

/* --- kvm.c: the one file that speaks with /dev/kvm ------------------------------- */

struct hedge_kvm {
	struct file *vm;
	struct file *vcpu;
	struct page *page[2];		/* that KVM shares with us */
	struct kvm_run *run;		/* the first of them; data of ports is on the second */
	u64 tsc_hz;
	bool fast;			/* hypercalls are served inside KVM_RUN */
};

int hedge_kvm_create(struct hedge_kvm *kvm);
void hedge_kvm_destroy(struct hedge_kvm *kvm);
bool hedge_kvm_wants_keeper(void);
int hedge_kvm_set_memory(struct hedge_kvm *kvm, u64 size);
int hedge_kvm_set_boot_state(struct hedge_kvm *kvm, u64 entry, u64 mem);
int hedge_kvm_run(struct hedge_kvm *kvm);
long hedge_kvm_call(struct file *file, unsigned int cmd, void *arg, size_t size);
long hedge_kvm_call_value(struct file *file, unsigned int cmd, unsigned long value);
long hedge_kvm_privileged_ioctl(struct file *file, unsigned int cmd, void *arg, size_t size);
u32 hedge_kvm_port_value(const struct hedge_kvm *kvm);
int hedge_kvm_settle(struct hedge_kvm *kvm);
int hedge_kvm_save(struct hedge_kvm *kvm, struct hedge_snapshot *head);
int hedge_kvm_restore(struct hedge_kvm *kvm, const struct hedge_snapshot *head);
int hedge_kvm_get_core_regs(struct hedge_kvm *kvm, struct hvt_core_regs *regs);
int hedge_kvm_module_init(void);
void hedge_kvm_module_exit(void);

/* --- kvm_bus.c: hypercalls without leaving KVM_RUN ------------------------------- */

int hedge_kvm_bus_attach(struct hedge_vm *vm);
void hedge_kvm_bus_detach(struct hedge_vm *vm);

/* --- image.c: files that can be started ------------------------------------------ */

struct hedge_image {
	struct kref ref;
	refcount_t readers;		/* references with the right to .data and .snapshot */
	struct list_head link;		/* in the list of those that were loaded */
	u32 id;				/* 0: it was not loaded by name */
	void *data;			/* the whole file, as it was digested */
	size_t size;
	u8 digest[32];			/* SHA-256 */
	struct hvt_image layout;
	struct hedge_snapshot *snapshot;	/* it is one, and has no data; or NULL */
	struct file *snapshot_file;
	u64 charged;			/* bytes of the staging area; 0: it is not from there */
	char path[];
};

#define HEDGE_IMAGE_MAX	(256u << 20)	/* bytes */
#define HEDGE_STAGED_SECONDS	3600

struct hedge_image *hedge_image_alloc(const char *path);
void hedge_image_digest(const u8 *data, size_t size, u8 *digest);
struct hedge_image *hedge_image_get(const char *path, const char **why);
struct hedge_image *hedge_image_ref(struct hedge_image *image);
void hedge_image_put(struct hedge_image *image);
void hedge_image_done(struct hedge_image *image);
void hedge_image_forget(struct hedge_image *image);
int hedge_image_load(const char *path, const char **why);
int hedge_image_unload(const char *path);
void hedge_images_exit(void);

/* --- snapshot.c ------------------------------------------------------------------ */

int hedge_snapshot_to(struct hedge_vm *vm, const char *path, const char **why);
struct hedge_image *hedge_snapshot_open(const char *path, const char **why);
void hedge_snapshot_close(struct hedge_image *image);
int hedge_snapshot_digest(const struct hedge_image *image, u8 *digest);
int hedge_snapshot_load(struct hedge_vm *vm);

/* --- verify.c: who vouches for an image ------------------------------------------ */

int hedge_verify_allow(const u8 *digest);
int hedge_verify_disallow(const u8 *digest);
bool hedge_verify_is_allowed(const u8 *digest);
int hedge_verify(const struct hedge_image *image, enum hedge_verify mode,
		 struct hedge_failure *failure);
void hedge_verify_exit(void);

/* --- loader.c -------------------------------------------------------------------- */

int hedge_load(struct hedge_vm *vm);

/* --- console.c: what a guest prints ---------------------------------------------- */

struct hedge_console {
	spinlock_t lock;		/* protects ring, head, seen and lost */
	wait_queue_head_t *wait;	/* for more, or for the end; who polls may outlive it */
	char *ring;			/* NULL till the VM has its task */
	u32 size;			/* bytes; a power of two */
	u64 head;			/* bytes ever printed */
	u64 seen;			/* of those, up to where somebody has read */
	u64 lost;			/* of those, not kept long enough for anybody to read */
	bool ended;			/* there will be no more */
	struct mutex readers_lock;	/* protects the list */
	struct list_head readers;	/* hedge_console_reader.link */
	bool is_read;			/* the list is not empty */
	struct work_struct notify;	/* tells those who watch the file */
};

/* An open file of it. */
struct hedge_console_reader {
	struct list_head link;
	struct file *file;
	struct hedge_vm *vm;
	bool told_end;			/* its last read said that there is no more just now */
};

int hedge_console_init(struct hedge_console *con, u32 kib);
int hedge_console_open(struct hedge_console *con);
void hedge_console_exit(struct hedge_console *con);
void hedge_console_print(struct hedge_console *con, const char *text, size_t len);
void hedge_console_skip(struct hedge_console *con, u64 len);
void hedge_console_end(struct hedge_console *con);
ssize_t hedge_console_read(struct hedge_console *con, loff_t *pos, char __user *to, size_t len);
bool hedge_console_has(struct hedge_console *con, u64 pos);
void hedge_console_set_size(struct hedge_console *con, struct file *file);
void hedge_console_add(struct hedge_console *con, struct hedge_console_reader *reader);
void hedge_console_remove(struct hedge_console *con, struct hedge_console_reader *reader);

/* --- devices --------------------------------------------------------------------- */

struct hedge_block;
struct hedge_net;

struct hedge_device {
	enum hvt_device_type type;	/* 0: the manifest has nothing at this index */
	struct hedge_block *block;
	struct hedge_net *net;
};

/* blk_dev.c */
#define HEDGE_BLOCK_SLICE	(256u << 10)	/* bytes: of a long request, at a time */

struct hedge_block *hedge_block_open(const char *path, u32 block_size, bool readonly,
				     const char **why);
void hedge_block_close(struct hedge_block *blk);
u64 hedge_block_capacity(const struct hedge_block *blk);
u32 hedge_block_size(const struct hedge_block *blk);
bool hedge_block_readonly(const struct hedge_block *blk);
int hedge_block_transfer(struct hedge_vm *vm, struct hedge_block *blk, u64 offset, u64 gpa,
			 u64 len, bool write);
int hedge_block_module_init(void);
void hedge_block_module_exit(void);

/* net_tap.c */
struct hedge_net *hedge_net_open(const char *ifname, const u8 *mac, const char *vm,
				 const char *device, const char **why);
void hedge_net_close(struct hedge_net *net);
void hedge_net_describe(const struct hedge_net *net, struct hvt_manifest_entry *e);
int hedge_net_connect(struct hedge_net *net, wait_queue_head_t *wait);
bool hedge_net_ready(struct hedge_net *net);
bool hedge_net_fits(const struct hedge_net *net, u64 len);
ssize_t hedge_net_read(struct hedge_vm *vm, struct hedge_net *net, u64 gpa, u64 len);
ssize_t hedge_net_write(struct hedge_vm *vm, struct hedge_net *net, u64 gpa, u64 len);

/* --- vm.c, vm_config.c: one VM, from its command to its record ------------------- */

enum hedge_state {
	HEDGE_STARTING,
	HEDGE_RUNNING,
	HEDGE_PAUSED,
	HEDGE_ENDED,
};

enum hedge_boot_phase {
	HEDGE_BOOT_CHECKED,		/* command and image; devices are open */
	HEDGE_BOOT_TASK,		/* the task is there */
	HEDGE_BOOT_KVM,			/* and has its VM and vCPU */
	HEDGE_BOOT_LOADED,		/* the image is in memory */
	HEDGE_BOOT_ENTERED,		/* the first instruction follows */
	HEDGE_BOOT_PHASES,
};

struct hedge_exits {
	u64 hypercall[HVT_HC_MAX];
	u64 slow;			/* hypercalls that left KVM_RUN */
	u64 interrupted;
};

/* Of devices: operations that were done, and their bytes; [1] is writes. */
struct hedge_io {
	u64 block_ops[2];
	u64 block_bytes[2];
	u64 net_ops[2];
	u64 net_bytes[2];
};

/* Hypercalls that were answered with an error, or packets that the host did not take. */
struct hedge_errors {
	u64 count;
	u32 last;			/* the hypercall << 16 | errno */
};

struct hedge_usage {
	u64 cpu_ns;			/* of the task, the guest's included */
	u64 guest_ns;
	u64 resident;			/* bytes, just now */
	u64 memory_mib_ms;		/* what was allotted, times how long */
};

struct hedge_totals {
	u64 started;
	u64 ended;
	u64 failed;			/* of those that have ended: status is not 0 */
	u64 running;
	u64 memory;			/* bytes, of those that run */
	struct hedge_exits exits;
};

/* limits.c: a rate, in units a second; 0 is none. */
struct hedge_bucket {
	u64 rate;
	ktime_t next;			/* when the next unit is due */
};

struct hedge_quota {
	struct hrtimer timer;
	ktime_t period_end;
	u64 used_before;		/* ns that the task had run when the period began */
};

struct hedge_watch {
	struct delayed_work work;
	u64 calls;			/* hypercalls that had been seen ... */
	ktime_t since;			/* ... since then */
};

struct hedge_vm {
	struct kref ref;
	struct list_head link;		/* of the registry, under its lock, as these two */
	bool recorded;			/* it has ended and is remembered */
	bool leaving;			/* its files are being removed */
	u32 id;
	char name[HEDGE_NAME_MAX + 1];
	struct hedge_image *image;
	bool image_is_read;		/* its contents are still needed */
	char *cmdline;
	u32 cpu;
	u64 mem;			/* bytes */
	u64 tsc_hz;			/* of the guest's clock */
	struct hedge_limits limits;
	u32 uid;			/* that the task runs as */
	u32 gid;
	struct task_struct *starter;	/* whose cgroups it is charged to; while it starts */
	struct file *cgroup;		/* cgroup.procs of another one; NULL: none */
	const struct cred *cred;	/* of who started it, for the files of its core */
	char *core;			/* path; NULL: none is wanted */

	/* The task's own. */
	struct hedge_kvm *kvm;
	struct hedge_guestmem guestmem;
	struct hvt_manifest *manifest;	/* as the guest gets it */
	u32 manifest_size;
	struct hedge_device device[HVT_MANIFEST_MAX];
	u64 networks;			/* a bit for each of them that is one */
	struct hedge_exits exits;
	struct hedge_io io;
	struct hedge_errors errors;
	struct hedge_usage usage_before;	/* of the task, when it got the VM */
	struct hedge_bucket block_ops, block_bytes, net_ops, net_bytes;
	struct hedge_quota quota;
	struct hedge_watch watch;
	bool limited;			/* timers run */
	bool in_hypercall;
	bool dying;			/* .reason says why; no more of the guest may run */
	bool unanswered;		/* its hypercall was interrupted and is to be done again */
	ktime_t poll_until;		/* of an unanswered POLL; 0 for none */
	struct hvt_hc_block block;	/* a BLOCK_READ or _WRITE, as it was asked for ... */
	u64 block_done;			/* ... and bytes of an unanswered one that are done */

	spinlock_t lock;		/* protects what follows */
	enum hedge_state state;
	struct task_struct *task;	/* while it runs, with a reference */
	int status;			/* what the guest ended with, or 1 */
	char reason[HEDGE_REASON_SIZE];	/* why it ended */
	struct hedge_usage usage;	/* of the task, which is gone */
	const char *killed;		/* why it is killed; NULL: not by us */
	bool pause;
	struct hedge_request *request;	/* to be done by the task; NULL: nothing */

	int boot_error;			/* valid when .booted is */
	struct completion booted;
	struct completion ended;
	wait_queue_head_t wait;		/* of the task: packets, and what others ask of it */
	ktime_t began;
	ktime_t phase[HEDGE_BOOT_PHASES];
	ktime_t finished;

	struct hedge_console console;
	struct proc_dir_entry *proc_console;
	struct proc_dir_entry *proc_stats;
};

struct hedge_vm *hedge_vm_create(const struct hedge_command *cmd, struct hedge_failure *failure);
int hedge_vm_configure(struct hedge_vm *vm, const struct hedge_command *cmd,
		       struct hedge_failure *failure);
struct hedge_vm *hedge_vm_ref(struct hedge_vm *vm);
void hedge_vm_put(struct hedge_vm *vm);
int hedge_vm_boot(struct hedge_vm *vm, struct hedge_kvm *kvm);
void hedge_vm_booted(struct hedge_vm *vm, int error);
void hedge_vm_leave(struct hedge_vm *vm);
void hedge_vm_finish(struct hedge_vm *vm);
void hedge_vm_phase(struct hedge_vm *vm, enum hedge_boot_phase phase);
__printf(2, 3) void hedge_vm_die(struct hedge_vm *vm, const char *fmt, ...);
void hedge_vm_count_error(struct hedge_vm *vm, u32 nr, int error);
void hedge_vm_kill(struct hedge_vm *vm, const char *why);
void hedge_vm_was_killed(struct hedge_vm *vm);
int hedge_vm_stop(struct hedge_vm *vm);
int hedge_vm_pause(struct hedge_vm *vm, bool pause);
void hedge_vm_kick(struct hedge_vm *vm);

/*
 * Something that only the VM's own task can do, between two KVM_RUNs.  It looks at
 * .cancelled now and then when it is long.
 */
struct hedge_request {
	int (*fn)(struct hedge_vm *vm, struct hedge_request *req);
	void *arg;
	const struct cred *cred;	/* of who asks, and waits */
	bool begun;			/* hedge_vm.lock; until then it can be taken back */
	bool cancelled;
	int ret;
	struct completion done;
};

int hedge_vm_settle(struct hedge_vm *vm);
int hedge_vm_ask(struct hedge_vm *vm, struct hedge_request *req);
void hedge_vm_answer(struct hedge_vm *vm);

/* --- guestmem.c, on the way of each hypercall: no call, and no page of code besides - */

/**
 * hedge_guest_ptr - where something in the guest's memory is
 * @vm:		VM, of the current task
 * @gpa:	guest-physical, from the guest
 * @len:	bytes, from the guest
 *
 * What is not in memory ends the VM.  The last byte of memory cannot be pointed to:
 * so the ABI has it.
 *
 * Return: a pointer for copy_from_user() and its like, or NULL.
 */
static inline void __user *hedge_guest_ptr(struct hedge_vm *vm, u64 gpa, u64 len)
{
	u64 mem = vm->guestmem.size;

	if (likely(gpa < mem && len < mem - gpa))
		return (void __user *)(HEDGE_GUEST_ADDR + gpa);
	hedge_guest_is_outside(vm, gpa, len);
	return NULL;
}

/**
 * hedge_guest_get - hedge_guest_read() of a structure
 * @vm:		VM, of the current task
 * @to:		receives it
 * @gpa:	guest-physical, from the guest
 * @len:	its size: constant, a multiple of 8
 *
 * Return: 0, or -EFAULT, and the VM ends.
 */
static __always_inline int hedge_guest_get(struct hedge_vm *vm, void *to, u64 gpa, size_t len)
{
	const u64 __user *from = hedge_guest_ptr(vm, gpa, len);
	u64 *words = to;
	size_t i;

	BUILD_BUG_ON(!__builtin_constant_p(len) || len % sizeof(u64));
	if (!from)
		return -EFAULT;
	if (!user_read_access_begin(from, len))
		return hedge_guest_refuse(vm, "read", gpa, len);
	for (i = 0; i < len / sizeof(u64); i++)
		unsafe_get_user(words[i], from + i, fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return hedge_guest_refuse(vm, "read", gpa, len);
}

/**
 * hedge_guest_put - hedge_guest_write() of an answer
 * @vm:		VM, of the current task
 * @gpa:	guest-physical, from the guest
 * @from:	what
 * @len:	its size: constant
 *
 * Return: 0, or -EFAULT, and the VM ends.
 */
static __always_inline int hedge_guest_put(struct hedge_vm *vm, u64 gpa, const void *from,
					   size_t len)
{
	void __user *to = hedge_guest_ptr(vm, gpa, len);

	BUILD_BUG_ON(!__builtin_constant_p(len));
	if (!to)
		return -EFAULT;
	if (!user_write_access_begin(to, len))
		return hedge_guest_refuse(vm, "written", gpa, len);
	unsafe_copy_to_user(to, from, len, fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return hedge_guest_refuse(vm, "written", gpa, len);
}

/* --- limits.c -------------------------------------------------------------------- */

u64 hedge_limits_burst(const struct hedge_bucket *bucket);
int hedge_limits_wait(struct hedge_vm *vm, struct hedge_bucket *ops, struct hedge_bucket *bytes,
		      u64 len, bool may_wait);

/* hedge_limits_wait(), for what has no limit as well. */
static inline int hedge_limits_take(struct hedge_vm *vm, struct hedge_bucket *ops,
				    struct hedge_bucket *bytes, u64 len, bool may_wait)
{
	return ops->rate || bytes->rate ? hedge_limits_wait(vm, ops, bytes, len, may_wait) : 0;
}

int hedge_limits_attend(struct hedge_vm *vm);
void hedge_limits_start(struct hedge_vm *vm);
void hedge_limits_stop(struct hedge_vm *vm);

/* --- meter.c --------------------------------------------------------------------- */

void hedge_meter_start(struct hedge_vm *vm);
void hedge_meter_stop(struct hedge_vm *vm);
void hedge_meter_read(struct hedge_vm *vm, struct hedge_usage *usage);

/* --- dump.c: cores --------------------------------------------------------------- */

int hedge_dump_write(struct file *file, const void *data, size_t len, loff_t pos);
int hedge_dump_memory(struct hedge_vm *vm, struct file *file, u64 at,
		      const struct hedge_request *req);
int hedge_dump_ask(struct hedge_vm *vm, const char *path,
		   int (*answer)(struct hedge_vm *vm, struct hedge_request *req),
		   const char **why);
int hedge_dump_to(struct hedge_vm *vm, const char *path, const char **why);
void hedge_dump_abort(struct hedge_vm *vm, const struct hvt_trap *trap);

/* --- registry.c: which VMs there are --------------------------------------------- */

int hedge_registry_add(struct hedge_vm *vm);
void hedge_registry_remove(struct hedge_vm *vm);
void hedge_registry_ended(struct hedge_vm *vm);
struct hedge_vm *hedge_registry_find(const char *name);
struct hedge_vm *hedge_registry_recall(const char *name);
void hedge_registry_show(struct seq_file *m);
void hedge_registry_each(void (*fn)(struct hedge_vm *vm, void *arg), void *arg);
void hedge_registry_totals(struct hedge_totals *totals);
void hedge_registry_exit(void);

/* --- vcpu.c, hypercall.c: running a guest ---------------------------------------- */

#define HEDGE_HC_AGAIN	1	/* it has to be done where it can be waited for */

int hedge_vcpu_loop(struct hedge_vm *vm);
int hedge_hypercall(struct hedge_vm *vm, u32 nr, u32 gpa, bool may_wait);
int hedge_hc_poll(struct hedge_vm *vm, u64 gpa, bool may_wait);
int hedge_hc_block(struct hedge_vm *vm, u64 gpa, bool write, bool may_wait);
int hedge_hc_net(struct hedge_vm *vm, u64 gpa, bool write, bool may_wait);

/* --- sandbox.c: tasks that the kernel execs -------------------------------------- */

int hedge_sandbox_start(struct hedge_vm *vm);
void hedge_sandbox_kill(const struct hedge_vm *vm);
void hedge_sandbox_pool(u32 count);
u32 hedge_sandbox_parked(void);
int hedge_sandbox_module_init(void);
void hedge_sandbox_module_exit(void);

/* --- staging.c: images that were put here ---------------------------------------- */

int hedge_staging_charge(u64 size);
void hedge_staging_uncharge(u64 size);
int hedge_staging_add(const char *name, void *data, size_t size, const u8 *digest,
		      const char **why);
bool hedge_staging_has(const char *path);
struct hedge_image *hedge_staging_get(const char *path, const char **why);
int hedge_staging_remove(const char *path);
void hedge_staging_expire(bool all);

/* --- udp.c: commands of other machines ------------------------------------------- */

int hedge_remote_listen(const struct hedge_command *cmd, struct hedge_failure *failure);
void hedge_remote_exit(void);

/* --- netlink.c: what happens is told --------------------------------------------- */

void hedge_event(enum hedge_event_kind kind, const struct hedge_vm *vm, const char *text);
int hedge_netlink_init(void);
void hedge_netlink_exit(void);

/* --- control.c, proc*.c ---------------------------------------------------------- */

int hedge_wrong(struct hedge_failure *failure, const char *field, const char *why, int ret);
int hedge_control(char *line, size_t len, bool far, struct hedge_failure *failure);
extern const struct proc_ops hedge_monitor_ops, hedge_errors_ops, hedge_console_ops,
			     hedge_stats_ops, hedge_totals_ops, hedge_metrics_ops;

int hedge_stats_show(struct seq_file *m, void *unused);
int hedge_totals_show(struct seq_file *m, void *unused);
int hedge_only_admin(void);
int hedge_proc_init(void);
void hedge_proc_close(void);
void hedge_proc_exit(void);
int hedge_proc_add(struct hedge_vm *vm);
void hedge_proc_remove(struct hedge_vm *vm);

#endif /* HEDGE_H */
