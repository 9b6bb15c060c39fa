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
#include "hedgectl.h"
#include "remote_key.h"

#define MANY	1000

static const struct command commands[] = {
	{ "load", CMD_LOAD, cmd_load, 1, 1, "IMAGE", "read and check an image, and keep it" },
	{ "unload", CMD_UNLOAD, cmd_unload, 1, 1, "IMAGE",
	  "keep it no longer; VMs that run are not concerned" },
	{ "start", CMD_START, cmd_start, 2, MANY, "NAME IMAGE [-- WORD...]",
	  "run an image as a VM of that name" },
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
	  "have a command carried out by another machine" },
	{ "put", CMD_PUT, cmd_put, 1, 1, "IMAGE", "behind remote: send an image there" },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

/* Those that can be sent to another machine. */
#define CMD_FAR		(CMD_LOAD | CMD_UNLOAD | CMD_START | CMD_STOP | CMD_PAUSE | CMD_RESUME | \
			 CMD_DUMP | CMD_SNAPSHOT | CMD_RESTORE | CMD_LIST | CMD_STATS | \
			 CMD_ALLOW | CMD_DISALLOW | CMD_POOL | CMD_DRAIN | CMD_UNDRAIN | CMD_PUT)

static void usage_line(const struct command *cmd)
{
	printf("  %-11s %-24s %s\n", cmd->verb, cmd->args, cmd->help);
}

static void usage(void)
{
	unsigned int i;

	printf("usage: hedgectl COMMAND [OPTION...] ARGUMENT...\n\n"
	       "Unikernels as VMs from inside the kernel.\n\n");
	for (i = 0; i < COMMANDS; i++)
		usage_line(&commands[i]);
	printf("\n`hedgectl help COMMAND` lists a command's options; see also hedgectl(8).\n");
}

/* The commands of two words that begin with this one; Return: how many. */
static unsigned int usage_group(const char *first)
{
	size_t len = strlen(first);
	unsigned int i, found = 0;

	for (i = 0; i < COMMANDS; i++) {
		if (strncmp(commands[i].verb, first, len) || commands[i].verb[len] != ' ')
			continue;
		if (!found++)
			printf("usage: hedgectl %s COMMAND [OPTION...] ARGUMENT...\n\n", first);
		usage_line(&commands[i]);
	}
	return found;
}

/* The command that argv[0] (and argv[1]) name; *words: how many they are. */
static const struct command *find(int argc, char **argv, int *words)
{
	unsigned int i;

	for (i = 0; i < COMMANDS; i++) {
		const char *verb = commands[i].verb, *space = strchr(verb, ' ');
		size_t first = strcspn(verb, " ");

		if (strlen(argv[0]) != first || memcmp(argv[0], verb, first))
			continue;
		if (space && (argc < 2 || strcmp(argv[1], space + 1)))
			continue;
		*words = space ? 2 : 1;
		return &commands[i];
	}
	return NULL;
}

static int to_status(int rc)
{
	if (rc >= GUEST_STATUS(0))
		return (rc - GUEST_STATUS(0)) & 0xff;
	switch (-rc) {
	case 0:
		return EXIT_OK;
	case EPERM:
	case EACCES:
	case EKEYREJECTED:
		return EXIT_PERMISSION;
	case ENOMEM:
		return EXIT_MEMORY;
	case EEXIST:
	case EBUSY:
		return EXIT_BUSY;
	case EINVAL:
	case ERANGE:
	case ENAMETOOLONG:
		return EXIT_PARAMETERS;
	default:
		return EXIT_DEVICE;
	}
}

static bool asks_for_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
}

static int unknown(int argc, char **argv)
{
	if (argc == 1 || argv[1][0] == '-') {
		bool asked = argc > 1 && asks_for_help(argv[1]);

		if (usage_group(argv[0]))
			return asked ? EXIT_OK : EXIT_PARAMETERS;
	}
	if (argc > 1 && argv[1][0] != '-')
		fail(EINVAL, "no command \"%s\" or \"%s %s\"", argv[0], argv[0], argv[1]);
	else
		fail(EINVAL, "no command \"%s\"", argv[0]);
	hint("`hedgectl --help` lists the commands");
	return EXIT_PARAMETERS;
}

/* hedgectl help [COMMAND] */
static int help(int argc, char **argv)
{
	const struct command *cmd;
	int words;

	if (argc < 1 || argv[0][0] == '-') {
		usage();
		return EXIT_OK;
	}
	cmd = find(argc, argv, &words);
	if (cmd)
		options_help(cmd);
	else if (argc > 1 || !usage_group(argv[0]))
		return unknown(argc, argv);
	return EXIT_OK;
}

static int run(struct far_host *far, int argc, char **argv);

/* hedgectl remote HOST COMMAND...: the rest is a command line of its own. */
static int run_far(const struct options *o, int argc, char **argv)
{
	CLEANUP_FAR struct far_host *far = NULL;
	CLEANUP_SECRET struct secret key = SECRET_NONE;
	const struct command *cmd;
	int words, rc;

	cmd = find(argc - 1, argv + 1, &words);
	if (!cmd)
		return unknown(argc - 1, argv + 1);
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
	CLEANUP_OPTIONS struct options options = { .far = far };
	const struct command *cmd;
	int words, rc;

	cmd = find(argc, argv, &words);
	if (!cmd)
		return unknown(argc, argv);
	if (cmd->bit == CMD_PUT && !far && argc > 1 && !asks_for_help(argv[1])) {
		fail(EINVAL, "usage: hedgectl remote HOST put IMAGE");
		return EXIT_PARAMETERS;
	}
	argc -= words - 1;
	argv += words - 1;
	rc = options_parse(cmd, argc, argv, &options);
	if (rc)
		return rc > 0 ? EXIT_OK : to_status(rc);
	argc -= optind;
	argv += optind;
	if (argc < cmd->min_args || argc > cmd->max_args) {
		fail(EINVAL, "usage: hedgectl %s %s", cmd->verb, cmd->args);
		hint("`hedgectl %s --help` says more", cmd->verb);
		return EXIT_PARAMETERS;
	}
	if (cmd->bit == CMD_REMOTE)
		return run_far(&options, argc, argv);
	return to_status(cmd->run(&options, argc, argv));
}

/* What was printed must have arrived, or the status says so. */
static int flush_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fail(EIO, "standard output cannot be written: disk full, or closed?");
	return status ? status : EXIT_DEVICE;
}

static int start(int argc, char **argv)
{
	if (argc < 2) {
		usage();
		return EXIT_PARAMETERS;
	}
	if (asks_for_help(argv[1]))
		return help(argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("hedgectl %s\n", HEDGECTL_VERSION);
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
	return flush_output(start(argc, argv));
}
