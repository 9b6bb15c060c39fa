// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <seccomp.h>

#include "base/cleanup.h"
#include "priv.h"

#define SYS(name)	SCMP_SYS(name)

/* Memory, time, threads, and what is open already. */
static const int always[] = {
	SYS(read), SYS(write), SYS(readv), SYS(writev), SYS(pread64), SYS(pwrite64), SYS(pwritev2),
	SYS(close),
	SYS(lseek), SYS(fstat), SYS(fstatfs), SYS(newfstatat), SYS(ftruncate), SYS(fcntl), SYS(dup),
	SYS(pipe2),
	SYS(munmap), SYS(mremap), SYS(madvise), SYS(brk), SYS(mlock), SYS(munlock),
	SYS(futex), SYS(set_robust_list), SYS(rseq), SYS(sched_yield), SYS(sched_getaffinity),
	SYS(set_tid_address), SYS(getcpu), SYS(membarrier),
	SYS(rt_sigaction), SYS(rt_sigprocmask), SYS(rt_sigreturn), SYS(sigaltstack),
	SYS(restart_syscall), SYS(exit), SYS(exit_group),
	SYS(getpid), SYS(gettid), SYS(getuid), SYS(geteuid), SYS(getgid), SYS(getegid),
	SYS(getrandom), SYS(clock_gettime), SYS(clock_getres), SYS(clock_nanosleep),
	SYS(nanosleep), SYS(gettimeofday), SYS(time), SYS(getrusage), SYS(times), SYS(sysinfo),
	SYS(uname), SYS(poll), SYS(ppoll), SYS(select), SYS(pselect6), SYS(epoll_create1),
	SYS(epoll_ctl), SYS(epoll_wait), SYS(epoll_pwait), SYS(epoll_pwait2), SYS(eventfd2),
	SYS(timerfd_create), SYS(timerfd_settime), SYS(signalfd4),
	SYS(recvfrom), SYS(recvmsg), SYS(recvmmsg), SYS(sendto), SYS(sendmsg), SYS(sendmmsg),
	SYS(shutdown), SYS(getsockopt), SYS(getsockname), SYS(getpeername),
};

static const int accepts[] = { SYS(accept), SYS(accept4), SYS(setsockopt) };

static const int connects[] = { SYS(connect), SYS(setsockopt) };

static const int files[] = {
	SYS(open), SYS(openat), SYS(openat2), SYS(access), SYS(faccessat), SYS(faccessat2),
	SYS(stat), SYS(lstat), SYS(statx), SYS(statfs), SYS(fstatfs), SYS(readlink),
	SYS(readlinkat), SYS(getdents64), SYS(getcwd), SYS(unlink), SYS(unlinkat), SYS(rename),
	SYS(renameat), SYS(renameat2), SYS(link), SYS(linkat), SYS(mkdir), SYS(mkdirat),
	SYS(rmdir), SYS(fsync), SYS(fdatasync), SYS(syncfs), SYS(sync_file_range), SYS(ftruncate),
	SYS(fallocate), SYS(fadvise64), SYS(flock), SYS(fchmod), SYS(umask), SYS(utimensat),
	SYS(copy_file_range), SYS(sendfile), SYS(splice),
};

static const int uring[] = {
	SYS(io_uring_setup), SYS(io_uring_enter), SYS(io_uring_register),
};

static int allow_all(scmp_filter_ctx ctx, const int *call, size_t count)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < count; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call[i], 0);
	return rc;
}

#define ALLOW(ctx, list)	allow_all(ctx, list, sizeof(list) / sizeof((list)[0]))

/* A thread is fine, a process is not. */
static int allow_threads(scmp_filter_ctx ctx)
{
	const uint64_t flags = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
	int rc;

	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(clone), 1,
			      SCMP_A0(SCMP_CMP_MASKED_EQ, flags, flags));
	/* Its flags are in memory, where no filter looks; the C library then uses the other. */
	return rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SYS(clone3), 0);
}

/* No memory becomes code any more; names of threads are harmless. */
static int allow_some(scmp_filter_ctx ctx)
{
	int rc;

	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(mprotect), 1,
			      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!rc)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(mmap), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!rc)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(prctl), 1,
				      SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	/* Reading one's own limits: pid 0, and no new ones. */
	if (!rc)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(prlimit64), 2,
				      SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	return rc;
}

/* TCP; AF_UNIX would be a way to other services of this machine. */
static int allow_sockets(scmp_filter_ctx ctx)
{
	int rc;

	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(socket), 2,
			      SCMP_A0(SCMP_CMP_EQ, AF_INET),
			      SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
	return rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(socket), 2,
					  SCMP_A0(SCMP_CMP_EQ, AF_INET6),
					  SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
}

/* Each way to change a file is refused. */
static int allow_reading(scmp_filter_ctx ctx)
{
	const uint64_t changes = O_ACCMODE | O_CREAT | O_TRUNC;

	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(openat), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, changes, O_RDONLY));
}

/* Name servers; and what getaddrinfo(3) reads. */
static int allow_names(scmp_filter_ctx ctx)
{
	static const int families[] = { AF_INET, AF_INET6 };
	unsigned int i;
	int rc = allow_reading(ctx);

	for (i = 0; !rc && i < sizeof(families) / sizeof(families[0]); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(socket), 2,
				      SCMP_A0(SCMP_CMP_EQ, families[i]),
				      SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_DGRAM));
	if (!rc)
		rc = ALLOW(ctx, connects);
	return rc ? rc : allow_sockets(ctx);
}

static int allow_local(scmp_filter_ctx ctx)
{
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(connect), 0);

	return rc ? rc : seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(socket), 2,
					  SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
					  SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
}

/* What is connected already cannot be connected to anything else; datagrams could. */
static int allow_pairs(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(socketpair), 2,
				SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
				SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
}

static int refuse_uring(scmp_filter_ctx ctx)
{
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SYS(io_uring_setup), 0);
}

static int add_rules(scmp_filter_ctx ctx, unsigned int allow)
{
	/* abort() may end this process, and nobody may end another. */
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SYS(tgkill), 1,
				  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));

	if (!rc)
		rc = ALLOW(ctx, always);
	if (!rc)
		rc = allow_threads(ctx);
	if (!rc)
		rc = allow_some(ctx);
	if (!rc && allow & PRIV_ACCEPT)
		rc = ALLOW(ctx, accepts);
	if (!rc && allow & PRIV_CONNECT)
		rc = ALLOW(ctx, connects);
	if (!rc && allow & PRIV_CONNECT)
		rc = allow_sockets(ctx);
	if (!rc && allow & PRIV_NAMES)
		rc = allow_names(ctx);
	if (!rc && allow & PRIV_READ)
		rc = allow_reading(ctx);
	if (!rc && allow & PRIV_LOCAL)
		rc = allow_local(ctx);
	if (!rc && allow & PRIV_PAIR)
		rc = allow_pairs(ctx);
	if (!rc && allow & PRIV_FILES)
		rc = ALLOW(ctx, files);
	if (!rc)
		rc = allow & PRIV_URING ? ALLOW(ctx, uring) : refuse_uring(ctx);
	return rc;
}

int priv_filter(unsigned int allow)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (!ctx)
		return -ENOMEM;
	rc = add_rules(ctx, allow);
	/* Of other architectures' calls, none at all. */
	if (!rc)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc;
}
