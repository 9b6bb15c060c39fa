// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "priv.h"

#define CAPABILITIES	64

static bool kept(const struct priv *p, unsigned int fd)
{
	size_t i;

	for (i = 0; i < p->keep_count; i++)
		if (p->keep[i] == (int)fd)
			return true;
	return fd <= 2;
}

/* Each gap between those that stay. */
static int close_others(const struct priv *p)
{
	unsigned int from = 3, most = 3, fd;
	size_t i;

	for (i = 0; i < p->keep_count; i++)
		if (p->keep[i] >= (int)most)
			most = p->keep[i] + 1;
	for (fd = 3; fd < most; fd++) {
		if (!kept(p, fd))
			continue;
		if (fd > from && syscall(SYS_close_range, from, fd - 1, 0))
			return -errno;
		from = fd + 1;
	}
	return syscall(SYS_close_range, from, ~0u, 0) ? -errno : 0;
}

/* More than an ordinary user may have is not worth failing for. */
static int limit(int which, rlim_t most, bool soft)
{
	struct rlimit now;

	if (getrlimit(which, &now))
		return -errno;
	if (soft && most > now.rlim_max)
		most = now.rlim_max;
	now = (struct rlimit){ most, soft ? now.rlim_max : most };
	return setrlimit(which, &now) && errno != EPERM ? -errno : 0;
}

static int limits(const struct priv *p)
{
	const struct rlimit none = { 0, 0 };
	const bool soft = p->allow & PRIV_RUN;
	int rc = 0;

	umask(077);
	if (setrlimit(RLIMIT_CORE, &none))
		return -errno;
	if (p->files)
		rc = limit(RLIMIT_NOFILE, p->files, soft);
	if (!rc && p->memory)
		rc = limit(RLIMIT_DATA, p->memory, soft);
	return rc;
}

int priv_lift(void)
{
	static const int which[] = { RLIMIT_NOFILE, RLIMIT_DATA };
	struct rlimit now;
	unsigned int i;

	for (i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
		if (getrlimit(which[i], &now))
			return -errno;
		now.rlim_cur = now.rlim_max;
		if (setrlimit(which[i], &now))
			return -errno;
	}
	return 0;
}

static int lock_in(const char *folder)
{
	if (chdir(folder) || chroot(".") || chdir("/"))
		return -errno;
	return 0;
}

static int become(const struct passwd *user)
{
	if (setgroups(0, NULL))
		return -errno;
	if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid))
		return -errno;
	return setresuid(user->pw_uid, user->pw_uid, user->pw_uid) ? -errno : 0;
}

/* What no program that is run could get again; needs a capability itself. */
static int cut_bounding_set(uint64_t keep)
{
	int i;

	for (i = 0; i < CAPABILITIES; i++)
		if (!(keep & PRIV_CAP(i)) && prctl(PR_CAPBSET_READ, i, 0, 0, 0) > 0 &&
		    prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
			return -errno;
	return 0;
}

/* Of @keep what it has. */
static int cut_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int i;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	    syscall(SYS_capget, &head, data))
		return -errno;
	for (i = 0; i < 2; i++) {
		data[i].permitted &= keep >> 32 * i;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

int priv_bound(uint64_t capabilities)
{
	return cut_bounding_set(capabilities);
}

/* What others mount is seen; what is mounted here is seen by nobody else. */
static int own_mounts(void)
{
	return unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) ? -errno :
											   0;
}

/* It stays root.  In each program it gives up what that does not need. */
static int drop_for_starting(const struct priv *p, priv_tell_fn *tell)
{
	int rc = 0;

	if (geteuid())
		tell("not started by root: containers and microVMs cannot be started");
	else
		rc = setgroups(0, NULL) ? -errno : own_mounts();
	if (!rc && !geteuid())
		rc = cut_bounding_set(p->capabilities);
	if (!rc)
		rc = cut_capabilities(p->capabilities);
	if (rc)
		return rc;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return priv_deny();
}

/* While it is root, what only root can do. */
static int drop_root(const struct priv *p, priv_tell_fn *tell)
{
	struct passwd *user = NULL;
	int rc = 0;

	if (p->user && *p->user) {
		errno = 0;
		user = getpwnam(p->user);
		if (!user)
			return errno && errno != ENOENT ? -errno : -ENOENT;
	} else {
		tell("no user is configured: stays root, without capabilities");
	}
	if (p->root && *p->root)
		rc = lock_in(p->root);
	if (!rc)
		rc = cut_bounding_set(0);
	if (rc)
		return rc;
	if (user)
		return become(user);
	return setgroups(0, NULL) ? -errno : 0;
}

int priv_drop(const struct priv *p, priv_tell_fn *tell)
{
	int rc = close_others(p);

	if (!rc)
		rc = limits(p);
	if (!rc && p->allow & PRIV_RUN)
		return drop_for_starting(p, tell);
	if (!rc && !geteuid())
		rc = drop_root(p, tell);
	else if (!rc)
		tell("not started by root: all roles are one user, and see the whole file system");
	if (!rc)
		rc = cut_capabilities(0);
	if (rc)
		return rc;
	/* Becoming another user has changed this, so it comes after it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return priv_filter(p->allow);
}
