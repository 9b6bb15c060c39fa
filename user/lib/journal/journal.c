// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

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
	sd_notify(1, "READY=1");
}
