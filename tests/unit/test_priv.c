// SPDX-License-Identifier: GPL-2.0-or-later
/* What each role may not do, tried by a process that has given up what the role gives up. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../user/skyd/role_priv.h"

#define MUCH	(1ull << 46)	/* bytes */

static char top[64], secret[96], empty[96];
static int extra;	/* an open descriptor that nobody is meant to have */
static unsigned int told;
static struct sockaddr_un service = { .sun_family = AF_UNIX };	/* of this machine */
static socklen_t service_len = sizeof(service);

static void tell(const char *text)
{
	(void)text;
	told++;
}

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(top, "/tmp/test_priv.XXXXXX");
	assert_non_null(mkdtemp(top));
	chmod(top, 0711);
	snprintf(secret, sizeof(secret), "%s/secret", top);
	snprintf(empty, sizeof(empty), "%s/empty", top);
	assert_int_equal(mkdir(empty, 0755), 0);
	fd = open(secret, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	extra = open("/dev/null", O_RDONLY);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&service, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&service, &service_len), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(secret);
	rmdir(empty);
	rmdir(top);
	return 0;
}

/* In the child, which says with its status which line was wrong. */
static void want(bool ok, int line)
{
	if (ok)
		return;
	dprintf(2, "# line %d, errno %d\n", line, errno);
	_exit(1);
}

#define WANT(cond)	want(cond, __LINE__)
#define REFUSED(call)	WANT((call) == -1 && errno == EPERM)

/* @local: with AF_UNIX. */
static void everybody(bool local, bool root, pid_t parent)
{
	struct rlimit limit;
	static char *const none[] = { NULL };
	int fd;

	REFUSED(execve("/bin/true", none, none));
	REFUSED(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
	REFUSED(syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0));
	REFUSED(kill(parent, 0));
	REFUSED(fork());
	REFUSED(setresuid(0, 0, 0));
	REFUSED(unshare(0));
	REFUSED(mount("none", "/", "tmpfs", 0, NULL));
	REFUSED(chroot("/"));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	WANT(local ? fd >= 0 : fd == -1 && errno == EPERM);
	if (fd >= 0)
		close(fd);
	REFUSED(socket(AF_UNIX, SOCK_DGRAM, 0));
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
	REFUSED(socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
	REFUSED(bind(0, NULL, 0));
	REFUSED(listen(0, 1));
	REFUSED(syscall(SYS_bpf, 0, NULL, 0));
	REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	limit = (struct rlimit){ 1, 1 };
	REFUSED(setrlimit(RLIMIT_CORE, &limit));
	WANT(!getrlimit(RLIMIT_CORE, &limit) && !limit.rlim_max);
	WANT(fcntl(extra, F_GETFD) == -1 && errno == EBADF);
	REFUSED(mprotect((void *)((uintptr_t)everybody & ~4095ul), 4096, PROT_READ | PROT_EXEC));
	WANT(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	     MAP_FAILED && errno == EPERM);
	WANT(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
	if (root)
		WANT(getuid() == 65534 && getgid() == 65534);
}

/* Streams alone: a datagram socket of a pair could be connected elsewhere. */
static void pairs(bool allowed)
{
	int pair[2];

	REFUSED(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	REFUSED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	REFUSED(socketpair(AF_TIPC, SOCK_STREAM, 0, pair));
	if (!allowed) {
		REFUSED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
		return;
	}
	WANT(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	WANT(connect(pair[0], (struct sockaddr *)&service, service_len) == -1 && errno == EISCONN);
	close(pair[1]);
	WANT(connect(pair[0], (struct sockaddr *)&service, service_len) == -1 && errno == EISCONN);
	close(pair[0]);
}

/* UDP. */
static void one_family(int family, bool names)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	WANT(names ? fd >= 0 || errno == EAFNOSUPPORT : fd == -1 && errno == EPERM);
	if (fd >= 0)
		close(fd);
}

/* It reads what everybody may read, and changes nothing, its own included. */
static void only_names(void)
{
	struct addrinfo *list;
	struct stat st;
	int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC);

	WANT(fd >= 0 && !fstat(fd, &st));
	close(fd);
	WANT(!getaddrinfo("localhost", "1", NULL, &list));
	freeaddrinfo(list);
	REFUSED(open("/dev/null", O_WRONLY));
	REFUSED(open("/dev/null", O_RDWR));
	REFUSED(open("/dev/null", O_RDONLY | O_TRUNC));
	REFUSED(open("/tmp/skyd-test", O_RDONLY | O_CREAT, 0600));
	REFUSED(unlink(secret));
	REFUSED(mkdir("/tmp/skyd-test", 0700));
	REFUSED(rename(secret, secret));
	REFUSED(chmod(secret, 0644));
	REFUSED(accept(0, NULL, NULL));
}

static void one_role(enum role role, bool io_uring, const char *tpm)
{
	bool root = !getuid();
	struct priv p;
	struct config config = {
		.gateway_user = "nobody", .backend_user = "nobody", .vault_user = "nobody",
		.edge_user = "nobody", .link_user = "nobody", .resolver_user = "nobody",
		.attest_user = "nobody", .attest_tpm = (char *)tpm,
		.workload_user = "nobody", .attest_verifier_user = "nobody",
		.chroot = empty, .io_uring = io_uring,
	};
	pid_t parent = getpid(), pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		bool net, files, uring, names, local;
		int fd;

		role_priv(role, &config, &p);
		net = p.allow & PRIV_CONNECT;
		files = p.allow & PRIV_FILES;
		uring = p.allow & PRIV_URING;
		names = p.allow & PRIV_NAMES;
		/* What the table of the documentation says. */
		WANT(net == (role == ROLE_GATEWAY || role == ROLE_BACKEND || role == ROLE_RELAY));
		WANT(files == (role != ROLE_GATEWAY && role != ROLE_RELAY &&
			       role != ROLE_RESOLVER && role != ROLE_ATTESTER &&
			       role != ROLE_RUNNER && role != ROLE_VERIFIER));
		WANT(!!(p.allow & PRIV_READ) == (role == ROLE_VERIFIER));
		WANT(names == (role == ROLE_RESOLVER));
		WANT(uring == (io_uring && (role == ROLE_GATEWAY || role == ROLE_EDGE)));
		WANT(!!(p.allow & PRIV_ACCEPT) == (role != ROLE_VAULT && role != ROLE_RESOLVER &&
						   role != ROLE_ATTESTER && role != ROLE_RUNNER &&
						   role != ROLE_VERIFIER));
		WANT(!p.capabilities);
		/* A sanitizer's own memory is more than any role's. */
		WANT((role == ROLE_RUNNER) == (p.memory != 0));
		p.memory = p.memory ? MUCH : 0;
		WANT(!priv_drop(&p, tell));
		local = role == ROLE_ATTESTER && strncmp(tpm, "device:", 7);
		everybody(local, root, parent);
		pairs(role == ROLE_GATEWAY);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		WANT(net || names ? fd >= 0 : fd == -1 && errno == EPERM);
		if (fd >= 0)
			close(fd);
		one_family(AF_INET, names);
		one_family(AF_INET6, names);
		fd = open(secret, O_RDONLY);
		WANT((files || names || role == ROLE_VERIFIER) && !root ? fd >= 0 : fd == -1);
		if (names)
			only_names();
		WANT(open("/etc/passwd", O_WRONLY) == -1 || !root);
		WANT(open("/etc/skyd-test", O_WRONLY | O_CREAT, 0600) == -1 || files);
		fd = syscall(SYS_io_uring_setup, 1, NULL);
		WANT(fd == -1 && (uring ? errno != EPERM : errno == ENOSYS));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("%s: status %x", role_name(role), status);
}

static void test_roles(void **state)
{
	enum role role;

	(void)state;
	for (role = ROLE_GATEWAY; role < ROLES; role++) {
		one_role(role, true, "device:/dev/tpmrm0");
		one_role(role, false, "device:/dev/tpmrm0");
	}
	/* A TPM that is a program is connected to for each command. */
	one_role(ROLE_ATTESTER, true, "swtpm:path=/tmp/s");
}

static uint64_t capabilities_of(const char *which)
{
	char line[128];
	unsigned long long set = ~0ull;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, which, strlen(which)))
			set = strtoull(line + strlen(which), NULL, 16);
	if (f)
		fclose(f);
	return set;
}

/* What none of its programs needs, tried with its capabilities or without any. */
static void no_starter_may(void)
{
	struct iovec nothing = { NULL, 0 };
	char path[128];

	REFUSED(syscall(SYS_kexec_load, 0, 0, NULL, 0));
	REFUSED(syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 0));
	REFUSED(syscall(SYS_init_module, NULL, 0, ""));
	REFUSED(syscall(SYS_finit_module, -1, "", 0));
	REFUSED(syscall(SYS_delete_module, "none", 0));
	REFUSED(syscall(SYS_bpf, 0, NULL, 0));
	REFUSED(syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0));
	REFUSED(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
	REFUSED(syscall(SYS_process_vm_readv, getppid(), &nothing, 1, &nothing, 1, 0));
	REFUSED(syscall(SYS_process_vm_writev, getppid(), &nothing, 1, &nothing, 1, 0));
	REFUSED(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	REFUSED(syscall(SYS_add_key, "user", "a", "b", 1, -1));
	REFUSED(syscall(SYS_request_key, "user", "a", NULL, 0));
	REFUSED(syscall(SYS_open_by_handle_at, -1, NULL, 0));
	REFUSED(setns(-1, 0));
	REFUSED(syscall(SYS_userfaultfd, 0));
	REFUSED(syscall(SYS_reboot, 0, 0, 0, NULL));
	REFUSED(syscall(SYS_iopl, 3));
	REFUSED(syscall(SYS_syslog, 0, NULL, 0));
	REFUSED(syscall(SYS_settimeofday, NULL, NULL));
	snprintf(path, sizeof(path), "%s/node", empty);
	REFUSED(mknod(path, S_IFBLK | 0600, 0x100));
	REFUSED(mknod(path, S_IFCHR | 0600, 0x100));
	REFUSED(mknodat(AT_FDCWD, path, S_IFBLK | 0600, 0x100));
	WANT(!mknod(path, S_IFIFO | 0600, 0) && !unlink(path));
	WANT(syscall(SYS_io_uring_setup, 1, NULL) == -1 && errno == ENOSYS);
}

/* What it mounts, nobody else sees. */
static void mounts_alone(void)
{
	struct stat before, after;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", getppid());
	WANT(!stat("/proc/self/ns/mnt", &before) && !stat(path, &after));
	WANT(before.st_ino != after.st_ino);
	WANT(!mount("none", empty, "tmpfs", 0, NULL));
	snprintf(path, sizeof(path), "/proc/%d/root%.40s", getppid(), empty);
	WANT(!stat(empty, &before) && !stat(path, &after) && before.st_dev != after.st_dev);
	WANT(!umount(empty));
}

#define NOTHING_LEFT	\
	"! grep -E 'Cap(Prm|Eff|Bnd):.*[1-9a-f]|Seccomp:.*[01]' /proc/self/status"

static void starter_child(void)
{
	struct rlimit limit;
	struct priv p;
	uint64_t had;
	int fd = dup(2);
	bool root = !getuid();

	starter_priv(&p);
	had = capabilities_of("CapPrm:");
	WANT(p.allow == PRIV_RUN && !p.root && p.capabilities && p.memory);
	p.memory = MUCH;
	WANT(!priv_drop(&p, tell));
	WANT(fcntl(fd, F_GETFD) == -1);
	WANT(!prctl(PR_GET_DUMPABLE) && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	WANT(!getrlimit(RLIMIT_CORE, &limit) && !limit.rlim_max);
	WANT(!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur == p.files);
	WANT(!getrlimit(RLIMIT_DATA, &limit) && limit.rlim_cur == p.memory);
	WANT(getuid() == (root ? 0 : getuid()));
	WANT(capabilities_of("CapEff:") == (had & p.capabilities));
	WANT(!root || !(capabilities_of("CapBnd:") & ~p.capabilities));
	no_starter_may();
	if (!root)
		_exit(0);
	mounts_alone();
	/* A program has what it is given, of that, and the limits of whoever has started skyd. */
	WANT(!priv_bound(0) && !priv_lift());
	WANT(!getrlimit(RLIMIT_DATA, &limit) && limit.rlim_cur == limit.rlim_max);
	WANT(!capabilities_of("CapBnd:"));
	execl("/bin/sh", "sh", "-c", NOTHING_LEFT, NULL);
	_exit(1);
}

/* It starts programs, and has what that takes; there is nobody else's, and nobody traces it. */
static void test_starter(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (!pid)
		starter_child();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Neither a user that is not there nor a folder that is not is passed over. */
static void test_missing(void **state)
{
	const struct priv bad[] = {
		{ .user = "no-such-user-here" },
		{ .user = "nobody", .root = "/nowhere/at/all" },
	};
	size_t i;

	(void)state;
	if (getuid())
		skip();
	for (i = 0; i < 2; i++) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(priv_drop(&bad[i], tell) == -ENOENT ? 0 : 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* What is meant to stay open does, wherever its number lies. */
static void test_descriptors(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		const int keep[] = { 40, 7, 41 };
		const struct priv p = { .keep = keep, .keep_count = 3 };
		int fd;

		for (fd = 5; fd < 50; fd++)
			WANT(dup2(0, fd) == fd);
		WANT(!priv_drop(&p, tell));
		for (fd = 0; fd < 60; fd++)
			WANT((fcntl(fd, F_GETFD) != -1) ==
			     (fd <= 2 || fd == 7 || fd == 40 || fd == 41));
		/* No user was named, and it has no capability all the same. */
		REFUSED(open(secret, O_RDONLY));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_starter),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
