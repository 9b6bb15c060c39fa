// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl list, console. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "hedgectl.h"

static int print_vm(const struct monitor_vm *vm, void *arg)
{
	unsigned int *count = arg;

	if (!(*count)++)
		printf("%6s  %-24s %s\n", "ID", "NAME", "IMAGE");
	printf("%6u  %-24s %s\n", vm->id, vm->name, vm->image);
	return 0;
}

static int add_vm(const struct monitor_vm *vm, void *arg)
{
	json_t *row = json_pack("{s:i, s:s, s:i, s:s}", "id", (int)vm->id, "name", vm->name,
				"image_id", (int)vm->image_id, "image", vm->image);

	return json_array_append_new(arg, row) ? -ENOMEM : 0;
}

static int print_json(const char *text)
{
	json_t *list = json_array();
	int rc = list ? monitor_list_walk(text, add_vm, list) : -ENOMEM;

	if (!rc) {
		json_dumpf(list, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(list);
	return rc;
}

/**
 * cmd_list - hedgectl list
 */
int cmd_list(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *text = NULL;
	unsigned int count = 0;
	int rc = place_list(o, &text);

	(void)argc;
	(void)argv;
	if (rc)
		return rc;
	rc = o->json ? print_json(text) : monitor_list_walk(text, print_vm, &count);
	if (rc == -EBADMSG)
		return fail(EBADMSG, "that is not a list of VMs; of another version?");
	return rc ? fail(-rc, "out of memory") : 0;
}

/**
 * cmd_console - hedgectl console
 */
int cmd_console(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *text = NULL;
	char id[32];
	int rc = monitor_stats(argv[0], &text);

	(void)argc;
	if (rc)
		return rc;
	if (!monitor_stat(text, "id", id, sizeof(id)))
		return fail(EBADMSG, "the monitor does not say \"id\" of the VM");
	return console_show(strtoul(id, NULL, 10), o->follow, o->raw);
}
