// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "hedgectl.h"

#define LOOK_AGAIN_MS	100	/* at a file that cannot be waited for */

/*
 * What guests print is a stranger's: a terminal gets none of its control sequences, nor
 * those that begin with one byte of 0x80 to 0x9f, alone or in UTF-8.
 */
static void tame(char *buf, size_t len)
{
	static unsigned char before;
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = buf[i];
		bool high = c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2);

		if (high || c == 0x7f || (c < 0x20 && c != '\n' && c != '\t' && c != '\r'))
			buf[i] = '?';
		before = c;
	}
}

/* What is there now; Return: bytes, 0 at the end, or -errno, reported. */
static ssize_t pass_on(int fd, bool raw)
{
	char buf[4096];
	ssize_t got;

	do {
		got = read(fd, buf, sizeof(buf));
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail_errno("console");
	if (!raw)
		tame(buf, got);
	if (fwrite(buf, 1, got, stdout) < (size_t)got || fflush(stdout))
		return fail(EIO, "standard output cannot be written: disk full, or closed?");
	return got;
}

/**
 * console_show - print a console
 * @id:		the VM's number
 * @follow:	go on until the VM ends
 * @raw:	as it is, to a terminal as well
 *
 * Return: 0 or -errno, reported.
 */
int console_show(uint32_t id, bool follow, bool raw)
{
	CLEANUP_CLOSE int fd = monitor_console(id);
	struct pollfd poll_fd = { .events = POLLIN };
	ssize_t got = 1;

	if (fd < 0)
		return fd;
	poll_fd.fd = fd;
	raw = raw || !isatty(STDOUT_FILENO);
	while (!follow && got > 0)
		got = pass_on(fd, raw);
	while (follow && got >= 0) {
		poll_fd.revents = 0;
		if (poll(&poll_fd, 1, -1) < 0 && errno != EINTR)
			return fail_errno("console");
		got = poll_fd.revents ? pass_on(fd, raw) : 1;
		if (!got && poll_fd.revents & (POLLHUP | POLLERR))
			break;
		if (!got)
			poll(NULL, 0, LOOK_AGAIN_MS);
	}
	return got < 0 ? (int)got : 0;
}
