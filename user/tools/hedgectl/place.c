// SPDX-License-Identifier: GPL-2.0-or-later
/* This machine's monitor, or another's. */
#include <stdio.h>

#include "hedgectl.h"

int place_command(const struct options *o, const char *line)
{
	return o->far ? far_command(o->far, line, NULL) : monitor_command(line);
}

/**
 * place_list - the list of VMs
 * @text:	receives it; free() it
 *
 * Return: 0 or -errno, reported.
 */
int place_list(const struct options *o, char **text)
{
	return o->far ? far_text(o->far, "list", text) : monitor_list(text);
}

/**
 * place_stats - what is counted of a VM, or of "hedge" all in all
 * @text:	receives it; free() it
 *
 * Return: 0 or -errno, reported.
 */
int place_stats(const struct options *o, const char *name, char **text)
{
	char what[HEDGE_NAME_MAX + 16];

	if (!o->far)
		return monitor_stats(name, text);
	snprintf(what, sizeof(what), "stats|%.*s", HEDGE_NAME_MAX, name);
	return far_text(o->far, what, text);
}
