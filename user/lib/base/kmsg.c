// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"
#include "report.h"

#define RECORD_MAX	8192	/* PRINTKRB_RECORD_MAX of the kernel */

/**
 * kmsg_mark - remember the end of the kernel's log
 *
 * Return: a descriptor for kmsg_show_since(), which the caller closes, or
 * -errno where the log may not be read.
 */
int kmsg_mark(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	lseek(fd, 0, SEEK_END);
	return fd;
}

/**
 * kmsg_show_since - report log lines newer than a mark that hold a word
 * @mark:	from kmsg_mark(); negative: none
 * @word:	what a line must contain
 *
 * Return: how many lines were shown.
 */
int kmsg_show_since(int mark, const char *word)
{
	char record[RECORD_MAX + 1];
	int shown = 0;

	while (mark >= 0) {
		ssize_t got = read(mark, record, RECORD_MAX);
		char *text, *end;

		if (got < 0 && (errno == EPIPE || errno == EINTR))
			continue;	/* EPIPE: overwritten records were skipped */
		if (got <= 0)
			break;
		record[got] = 0;
		text = strchr(record, ';');
		if (!text)
			continue;
		end = strchr(++text, '\n');
		if (end)
			*end = 0;
		if (!strstr(text, word))
			continue;
		hint("kernel: %s", text);
		shown++;
	}
	return shown;
}
