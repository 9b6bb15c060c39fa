// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "journal.h"

#define LINES_MAX	64

/**
 * journal_send - one entry of the journal
 * @line:	its fields
 * @lines:	how many
 *
 * Return: 0 or -errno; without a journal entries are lost without an error.
 */
int journal_send(const char *const *line, unsigned int lines)
{
	struct iovec vec[LINES_MAX];
	unsigned int i;

	if (lines > LINES_MAX)
		return -E2BIG;
	for (i = 0; i < lines; i++)
		vec[i] = (struct iovec){ (void *)line[i], strlen(line[i]) };
	return sd_journal_sendv(vec, (int)lines);
}

/**
 * service_ready - tell the service manager, if there is one, that we are up
 */
void service_ready(void)
{
	sd_notify(0, "READY=1\nSTATUS=");
}

/**
 * service_reloading - tell it that the configuration is read again; service_ready() ends that
 *
 * The time is for Type=notify-reload, which takes no older READY for an answer.
 */
void service_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   now.tv_sec * 1000000ull + now.tv_nsec / 1000);
}

/**
 * service_notify - tell the service manager something else, as sd_notify(3) has it
 * @state:	lines NAME=VALUE
 */
void service_notify(const char *state)
{
	sd_notify(0, state);
}

/**
 * service_watchdog - how often the service manager wants to hear from us
 *
 * Return: microseconds, or 0 for never.
 */
uint64_t service_watchdog(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}

/**
 * service_socket - a listening socket that the service manager has opened for us
 * @name:	FileDescriptorName= of its unit
 *
 * Return: the descriptor, the first of that name that is a stream's and listens; or -1.
 */
int service_socket(const char *name)
{
	char **names = NULL;
	int i, n, fd = -1;

	n = sd_listen_fds_with_names(0, &names);
	for (i = 0; i < n; i++) {
		if (fd < 0 && !strcmp(names[i], name) &&
		    sd_is_socket(SD_LISTEN_FDS_START + i, AF_UNSPEC, SOCK_STREAM, 1) > 0)
			fd = SD_LISTEN_FDS_START + i;
		free(names[i]);
	}
	free(names);
	return fd;
}
