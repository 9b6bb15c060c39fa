// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl start, restore. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/size.h"
#include "hedgectl.h"

#define ENDED	"ended"

/* A number among what is counted of a VM. */
static int stat_number(const char *text, const char *key, uint64_t max, uint64_t *number)
{
	char value[32];

	if (!monitor_stat(text, key, value, sizeof(value)) || number_parse(value, 0, max, number))
		return fail(EBADMSG, "the monitor does not say \"%s\" of the VM", key);
	return 0;
}

/**
 * start_wait - show the console until the guest ends
 *
 * Return: GUEST_STATUS() or -errno, reported.
 */
int start_wait(const char *name, bool raw)
{
	CLEANUP_FREE char *before = NULL;
	CLEANUP_FREE char *after = NULL;
	uint64_t id, now_id, status;
	char state[32], reason[256];
	int rc;

	rc = monitor_stats(name, &before) ?: stat_number(before, "id", UINT32_MAX, &id) ?:
	     console_show(id, true, raw) ?: monitor_stats(name, &after) ?:
	     stat_number(after, "id", UINT32_MAX, &now_id);
	if (rc)
		return rc;
	monitor_stat(after, "state", state, sizeof(state));
	if (id != now_id || strcmp(state, ENDED))
		return fail(ESTALE, "VM \"%s\" has ended, and how is forgotten: another has its name",
			    name);
	rc = stat_number(after, "exit_status", INT32_MAX, &status);
	if (rc)
		return rc;
	if (monitor_stat(after, "reason", reason, sizeof(reason)) && strcmp(reason, "exit"))
		warn("VM \"%s\" was ended: %s", name, reason);
	return GUEST_STATUS(status & 0xff);
}

static int check_wait(const struct options *o)
{
	return o->wait && o->far ? fail(EINVAL, "--wait: not for a VM on another machine") : 0;
}

static int send_and_wait(struct line *l, const struct options *o, const char *name)
{
	int rc = line_send(l, o);

	return rc || !o->wait ? rc : start_wait(name, o->raw);
}

/**
 * start_cmdline - the command line: --cmdline, or the words with a space between them
 * @argc:	how many words there are
 * @argv:	the words
 *
 * The monitor takes no empty one; a space has no words in it.
 *
 * Return: 0 or -EINVAL, reported.
 */
int start_cmdline(const struct options *o, int argc, char **argv, char *to, size_t size)
{
	size_t len = 0;
	int i;

	if (o->cmdline && argc)
		return fail(EINVAL, "--cmdline, or words after the image; not both");
	if (o->cmdline) {
		len = snprintf(to, size, "%s", o->cmdline);
	} else if (!argc) {
		len = snprintf(to, size, " ");
	} else {
		for (i = 0; i < argc && len < size; i++)
			len += snprintf(to + len, size - len, "%s%s", i ? " " : "", argv[i]);
	}
	return len < size ? 0 : fail(EINVAL, "CMDLINE: too long; at most 8191 bytes");
}

/**
 * cmd_start - hedgectl start
 */
int cmd_start(const struct options *o, int argc, char **argv)
{
	char cmdline[HVT_CMDLINE_SIZE], mem[16];
	struct line l;
	int rc;

	rc = check_wait(o) ?: start_cmdline(o, argc - 2, argv + 2, cmdline, sizeof(cmdline));
	if (rc)
		return rc;
	snprintf(mem, sizeof(mem), "%u", (unsigned int)o->mem);
	line_start(&l, "start");
	line_field(&l, "NAME", argv[0]);
	line_path(&l, o, "PATH", argv[1]);
	line_field(&l, "CPU", o->cpu);
	line_field(&l, "MEM_MB", mem);
	line_path(&l, o, "BLK", o->block ?: "");
	line_field(&l, "NET", o->net ?: "");
	line_field(&l, "CMDLINE", cmdline);
	line_words(&l, o);
	return send_and_wait(&l, o, argv[0]);
}

/**
 * cmd_restore - hedgectl restore
 */
int cmd_restore(const struct options *o, int argc, char **argv)
{
	struct line l;
	int rc = check_wait(o);

	(void)argc;
	if (rc)
		return rc;
	line_start(&l, "restore");
	line_field(&l, "NAME", argv[0]);
	line_path(&l, o, "PATH", argv[1]);
	line_field(&l, "CPU", o->cpu);
	line_path(&l, o, "BLK", o->block ?: "");
	line_field(&l, "NET", o->net ?: "");
	line_words(&l, o);
	return send_and_wait(&l, o, argv[0]);
}
