// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/authority.h"
#include "base/cleanup.h"
#include "parent.h"

#define BACKLOG		1024
#define AGAIN_MS	20

/* Is somebody listening there?  Only what nobody answers at is removed. */
static int remove_stale(const struct sockaddr_un *at)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (lstat(at->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (!connect(fd, (const struct sockaddr *)at, sizeof(*at)))
		return -EADDRINUSE;
	return unlink(at->sun_path) ? -errno : 0;
}

static int listen_unix(const char *path)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t mask;
	int rc;

	if (fd < 0)
		return -errno;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	rc = remove_stale(&at);
	if (rc)
		return rc;
	mask = umask(077);
	rc = bind(fd, (struct sockaddr *)&at, sizeof(at)) ? -errno : 0;
	umask(mask);
	if (!rc && listen(fd, BACKLOG))
		rc = -errno;
	return rc ? rc : TAKE_FD(fd);
}

static int listen_tcp(const char *text)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE,
	};
	CLEANUP_CLOSE int fd = -1;
	struct addrinfo *list;
	struct authority a;
	int rc, on = 1;

	if (authority_parse(text, strlen(text), "", &a))
		return -EINVAL;
	if (getaddrinfo(a.host, a.port, &hints, &list))
		return -EADDRNOTAVAIL;
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rc = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	     bind(fd, list->ai_addr, list->ai_addrlen) || listen(fd, BACKLOG) ? -errno : 0;
	freeaddrinfo(list);
	return rc ? rc : TAKE_FD(fd);
}

int listen_on(const char *address, unsigned int patience_ms)
{
	const struct timespec again = { .tv_nsec = AGAIN_MS * 1000000l };
	int fd;

	for (;; patience_ms -= AGAIN_MS) {
		fd = strncmp(address, "unix:", 5) ? listen_tcp(address) : listen_unix(address + 5);
		if (fd != -EADDRINUSE || patience_ms < AGAIN_MS)
			return fd;
		nanosleep(&again, NULL);
	}
}
