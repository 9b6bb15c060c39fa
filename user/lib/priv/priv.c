// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
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

static int limits(const struct priv *p)
{
	const struct rlimit none = { 0, 0 }, files = { p->files, p->files };

	umask(077);
	if (setrlimit(RLIMIT_CORE, &none))
		return -errno;
	/* More than an ordinary user may have is not worth failing for. */
	if (p->files && setrlimit(RLIMIT_NOFILE, &files) && errno != EPERM)
		return -errno;
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
static int empty_bounding_set(void)
{
	int i;

	for (i = 0; i < CAPABILITIES; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) && errno != EINVAL)
			return -errno;
	return 0;
}

static int no_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return -errno;
	return syscall(SYS_capset, &head, none) ? -errno : 0;
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
		rc = empty_bounding_set();
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
	/* It gives up in each program what that does not need. */
	if (!rc && p->allow & PRIV_RUN)
		return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -errno : 0;
	if (!rc && !geteuid())
		rc = drop_root(p, tell);
	else if (!rc)
		tell("not started by root: all roles are one user, and see the whole file system");
	if (!rc)
		rc = no_capabilities();
	if (rc)
		return rc;
	/* Becoming another user has changed this, so it comes after it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return priv_filter(p->allow);
}
