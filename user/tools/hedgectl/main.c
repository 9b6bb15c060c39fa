// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hedgectl: unikernels as VMs of hedge.  This file is the table of contents; each
 * sub-command has its own.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/version.h"
#include "hedgectl.h"
#include "remote_key.h"

#define MANY	1000

static const struct command commands[] = {
	{ "load", CMD_LOAD, cmd_load, 1, 1, "IMAGE", "read and check an image, and keep it" },
	{ "unload", CMD_UNLOAD, cmd_unload, 1, 1, "IMAGE",
	  "keep it no longer; VMs that run are not concerned" },
	{ "start", CMD_START, cmd_start, 2, MANY, "NAME IMAGE [-- WORD...]",
	  "run an image as a VM of that name" },
	{ "run", CMD_RUN, cmd_run, 1, MANY, "IMAGE [-- WORD...]",
	  "run an image that somebody vouches for, and nothing else" },
	{ "stop", CMD_STOP, cmd_stop, 1, MANY, "NAME...", "end VMs now" },
	{ "pause", CMD_PAUSE, cmd_pause, 1, MANY, "NAME...", "have VMs stand still" },
	{ "resume", CMD_RESUME, cmd_resume, 1, MANY, "NAME...", "have them go on" },
	{ "dump", CMD_DUMP, cmd_dump, 2, 2, "NAME FILE", "write a core of a VM, which goes on" },
	{ "snapshot", CMD_SNAPSHOT, cmd_snapshot, 2, 2, "NAME FILE",
	  "write what a VM is, which goes on" },
	{ "restore", CMD_RESTORE, cmd_restore, 2, 2, "NAME FILE",
	  "run a VM of that name from a snapshot" },
	{ "list", CMD_LIST, cmd_list, 0, 0, "", "list the VMs that run" },
	{ "console", CMD_CONSOLE, cmd_console, 1, 1, "NAME", "show what a VM has printed" },
	{ "stats", CMD_STATS, cmd_stats, 0, 1, "[NAME]",
	  "show what is counted of a VM, or of all together" },
	{ "events", CMD_EVENTS, cmd_events, 0, 0, "", "tell what happens to VMs, as it happens" },
	{ "meter", CMD_METER, cmd_meter, 0, 0, "",
	  "write what VMs use as signed records, again and again" },
	{ "allow", CMD_ALLOW, cmd_allow, 1, MANY, "IMAGE|DIGEST...",
	  "let images with this SHA-256 run" },
	{ "disallow", CMD_DISALLOW, cmd_disallow, 1, MANY, "IMAGE|DIGEST...",
	  "do so no longer" },
	{ "pool", CMD_POOL, cmd_pool, 1, 1, "N", "keep N sandboxes ready" },
	{ "drain", CMD_DRAIN, cmd_drain, 0, 0, "", "have no VM be started any more" },
	{ "undrain", CMD_UNDRAIN, cmd_undrain, 0, 0, "", "undo that" },
	{ "net add", CMD_NET_ADD, cmd_net_add, 1, 1, "TAP", "make a TAP interface that stays" },
	{ "net delete", CMD_NET_DELETE, cmd_net_delete, 1, 1, "TAP", "take it away" },
	{ "remote", CMD_REMOTE, NULL, 2, MANY, "HOST COMMAND...",
	  "have a command carried out by another machine; not allow, disallow" },
	{ "put", CMD_PUT, cmd_put, 1, 1, "IMAGE",
	  "behind remote: send an image there; it has to be allowed there to run" },
};

/* Those that can be sent to another machine; who may run there, it decides itself. */
#define CMD_FAR		(CMD_LOAD | CMD_UNLOAD | CMD_START | CMD_STOP | CMD_PAUSE | CMD_RESUME | \
			 CMD_DUMP | CMD_SNAPSHOT | CMD_RESTORE | CMD_LIST | CMD_STATS | \
			 CMD_POOL | CMD_DRAIN | CMD_UNDRAIN | CMD_PUT)

static const struct program program = {
	.name = "hedgectl",
	.about = "Unikernels as VMs from inside the kernel.",
	.footer = "`hedgectl help COMMAND` lists a command's options; see also hedgectl(8).",
	.command = commands,
	.commands = sizeof(commands) / sizeof(commands[0]),
	.option = option_rows,
	.set = option_set,
	.verb_width = 11,
	.args_width = 24,
	/* What follows the other machine's name is for the command that it is to get. */
	.rest = CMD_REMOTE,
};

static int to_status(int rc)
{
	return rc >= GUEST_STATUS(0) ? (rc - GUEST_STATUS(0)) & 0xff : program_status(rc);
}

static int run(struct far_host *far, int argc, char **argv);

/* hedgectl remote HOST COMMAND...: the rest is a command line of its own. */
static int run_far(const struct options *o, int argc, char **argv)
{
	CLEANUP_FAR struct far_host *far = NULL;
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	const struct command *cmd;
	int words, rc;

	cmd = program_find(&program, argc - 1, argv + 1, &words);
	if (!cmd)
		return program_unknown(&program, argc - 1, argv + 1);
	if (!(cmd->bit & CMD_FAR)) {
		fail(EINVAL, "\"%s\" cannot be done on another machine", cmd->verb);
		return EXIT_PARAMETERS;
	}
	rc = remote_key_read(o->key_file, &key);
	if (!rc)
		rc = far_open(argv[0], o->port, o->key_id, &key, 1000 * o->timeout, &far);
	return rc ? to_status(rc) : run(far, argc - 1, argv + 1);
}

static int run(struct far_host *far, int argc, char **argv)
{
	CLEANUP_OPTIONS struct options options = option_defaults;
	const struct command *cmd;
	int words, rc;

	cmd = program_find(&program, argc, argv, &words);
	if (!cmd)
		return program_unknown(&program, argc, argv);
	if (cmd->bit == CMD_PUT && !far && argc > 1 && !program_asks_for_help(argv[1])) {
		fail(EINVAL, "usage: hedgectl remote HOST put IMAGE");
		return EXIT_PARAMETERS;
	}
	argc -= words - 1;
	argv += words - 1;
	options.far = far;
	rc = program_options(&program, cmd, argc, argv, &options, NULL);
	if (rc)
		return rc > 0 ? EXIT_OK : to_status(rc);
	argc -= optind;
	argv += optind;
	if (cmd->bit == CMD_REMOTE)
		return run_far(&options, argc, argv);
	return to_status(cmd->run(&options, argc, argv));
}

static int start(int argc, char **argv)
{
	if (argc < 2) {
		program_usage(&program);
		return EXIT_PARAMETERS;
	}
	if (program_asks_for_help(argv[1]))
		return program_help(&program, argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("hedgectl %s\n", SKYHOLD_VERSION);
		return EXIT_OK;
	}
	return run(NULL, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const char *root = getenv("HEDGECTL_ROOT");

	report_init(argv[0]);
	/* A reader that goes away is an error like others, and told. */
	signal(SIGPIPE, SIG_IGN);
	if (root)
		monitor_set_root(root);
	return program_flush(start(argc, argv));
}
