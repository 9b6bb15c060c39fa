// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is refused to who starts programs, and so to each of them: whatever reaches the kernel
 * itself, or processes that are no children.  A list of what may be done would have to know every
 * program that anybody runs in a container.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>

#include <seccomp.h>

#include "priv.h"

#define SYS(name)	SCMP_SYS(name)

static const int denied[] = {
	/* Another kernel, or more of it. */
	SYS(kexec_load), SYS(kexec_file_load), SYS(init_module), SYS(finit_module),
	SYS(delete_module), SYS(bpf), SYS(perf_event_open), SYS(reboot),
	/* Memory of others, and ways to stop them in the middle. */
	SYS(ptrace), SYS(process_vm_readv), SYS(process_vm_writev), SYS(process_madvise),
	SYS(pidfd_getfd), SYS(kcmp), SYS(userfaultfd),
	/* Keys of whoever has started this. */
	SYS(keyctl), SYS(add_key), SYS(request_key),
	/* Files behind the back of mounts, and namespaces of others. */
	SYS(open_by_handle_at), SYS(setns), SYS(fanotify_init), SYS(quotactl), SYS(quotactl_fd),
	/* The machine. */
	SYS(iopl), SYS(ioperm), SYS(swapon), SYS(swapoff), SYS(settimeofday), SYS(clock_settime),
	SYS(adjtimex), SYS(clock_adjtime), SYS(acct), SYS(syslog), SYS(vhangup),
	SYS(lookup_dcookie), SYS(nfsservctl), SYS(uselib), SYS(ustat), SYS(sysfs), SYS(_sysctl),
};

/* Calls that no filter sees: libraries then know another way. */
static const int unknown[] = {
	SYS(io_uring_setup), SYS(io_uring_enter), SYS(io_uring_register),
};

static int refuse_all(scmp_filter_ctx ctx, unsigned int err, const int *call, size_t count)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < count; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(err), call[i], 0);
	return rc;
}

#define REFUSE(ctx, err, list)	refuse_all(ctx, err, list, sizeof(list) / sizeof((list)[0]))

/* Nodes of devices; pipes and sockets are harmless. */
static int refuse_devices(scmp_filter_ctx ctx)
{
	static const uint64_t kinds[] = { S_IFBLK, S_IFCHR };
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SYS(mknod), 1,
				      SCMP_A1(SCMP_CMP_MASKED_EQ, S_IFMT, kinds[i]));
		if (!rc)
			rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SYS(mknodat), 1,
					      SCMP_A2(SCMP_CMP_MASKED_EQ, S_IFMT, kinds[i]));
	}
	return rc;
}

/* What programs of this machine's other kinds call is refused by the same list. */
static int add_kinds(scmp_filter_ctx ctx)
{
#ifdef __x86_64__
	int rc = seccomp_arch_add(ctx, SCMP_ARCH_X86);

	return rc && rc != -EEXIST ? rc : seccomp_arch_add(ctx, SCMP_ARCH_X32);
#else
	(void)ctx;
	return 0;
#endif
}

int priv_deny(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (!ctx)
		return -ENOMEM;
	rc = add_kinds(ctx);
	if (!rc)
		rc = REFUSE(ctx, EPERM, denied);
	if (!rc)
		rc = REFUSE(ctx, ENOSYS, unknown);
	if (!rc)
		rc = refuse_devices(ctx);
	if (!rc)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}
