// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rlncsetup: format, open and look after dm-rlnc volumes.  This file is the
 * table of contents; each sub-command has its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "dm/dm.h"
#include "rlncsetup.h"

#define MANY	RLNC_MAX_MEMBERS

static const struct command commands[] = {
	{ "format", CMD_FORMAT, cmd_format, 1, MANY, "-k K MEMBER...",
	  "make a volume of these members; what is on them is lost" },
	{ "open", CMD_OPEN, cmd_open, 1, 1 + MANY, "NAME [MEMBER...]",
	  "make the volume appear as /dev/mapper/NAME" },
	{ "close", CMD_CLOSE, cmd_close, 1, 1, "NAME",
	  "take /dev/mapper/NAME away again" },
	{ "status", CMD_STATUS, cmd_status, 0, 1, "[NAME]",
	  "say how an open volume is, or list them all" },
	{ "dump", CMD_DUMP, cmd_dump, 1, 1, "MEMBER",
	  "show what a member says of itself; no key is needed" },
	{ "key add", CMD_KEY_ADD, cmd_key_add, 1, MANY, "MEMBER...",
	  "add a passphrase or key file" },
	{ "key remove", CMD_KEY_REMOVE, cmd_key_remove, 1, MANY, "--slot N MEMBER...",
	  "remove a passphrase or key file" },
	{ "key change", CMD_KEY_CHANGE, cmd_key_change, 1, MANY, "MEMBER...",
	  "replace a passphrase or key file by another" },
	{ "key sync", CMD_KEY_SYNC, cmd_key_sync, 2, MANY, "MEMBER...",
	  "give the newest key slots to the members that lack them" },
	{ "key list", CMD_KEY_LIST, cmd_key_list, 1, MANY, "MEMBER...",
	  "list the key slots" },
	{ "fail", CMD_FAIL, cmd_fail, 2, 2, "NAME MEMBER",
	  "stop using a member of an open volume" },
	{ "return", CMD_RETURN, cmd_return, 2, 2, "NAME MEMBER",
	  "take a failed member up again; it is rebuilt" },
	{ "replace", CMD_REPLACE, cmd_replace, 3, 3, "NAME MEMBER NEW",
	  "put another device in a member's place" },
	{ "add", CMD_ADD, cmd_add, 2, 2, "NAME NEW",
	  "take one more member up; any k of them still suffice" },
	{ "scrub", CMD_SCRUB, cmd_scrub, 1, 2, "NAME [start|stop]",
	  "read and check everything, and mend what is wrong" },
	{ "resize", CMD_RESIZE, cmd_resize, 1, 1, "[--size SIZE] NAME",
	  "make an open volume as large as its members allow now" },
	{ "repair", CMD_REPAIR, cmd_repair, 1, MANY, "--offline MEMBER... --onto NEW",
	  "recode a lost member from the others, without the key" },
	{ "header backup", CMD_HEADER_BACKUP, cmd_header_backup, 2, 2, "FILE MEMBER",
	  "save a member's superblocks and key slots" },
	{ "header restore", CMD_HEADER_RESTORE, cmd_header_restore, 2, 2, "FILE MEMBER",
	  "write them back" },
	{ "wipe", CMD_WIPE, cmd_wipe, 1, MANY, "MEMBER...",
	  "unmake members: their superblocks and key slots are erased" },
	{ "benchmark", CMD_BENCHMARK, cmd_benchmark, 0, 0, "[-k K] [-n N]",
	  "measure encryption, code and key derivation on this machine" },
	{ "checkpoint", CMD_CHECKPOINT, cmd_checkpoint, 1, 1, "NAME",
	  "write a checkpoint of an open volume now" },
	{ "monitor", CMD_MONITOR, cmd_monitor, 0, 0, "",
	  "watch over all open volumes, and bring lost members back" },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

/* Those whose first argument is a volume's name. */
#define CMD_NAMED	(CMD_OPEN | CMD_CLOSE | CMD_STATUS | CMD_FAIL | CMD_RETURN | CMD_REPLACE | \
			 CMD_ADD | CMD_SCRUB | CMD_CHECKPOINT | CMD_RESIZE)

static void usage_line(const struct command *cmd)
{
	printf("  %-14s %-30s %s\n", cmd->verb, cmd->args, cmd->help);
}

static void usage(void)
{
	unsigned int i;

	printf("usage: rlncsetup COMMAND [OPTION...] ARGUMENT...\n\n"
	       "Encrypted, authenticated volumes over n members of which any k give everything back.\n\n");
	for (i = 0; i < COMMANDS; i++)
		usage_line(&commands[i]);
	printf("\nA MEMBER is a block device, nbd://HOST[:PORT]/EXPORT (nbds:// with TLS)\n"
	       "or nvme-tcp://HOST[:PORT]/NQN.\n"
	       "`rlncsetup help COMMAND` lists a command's options; see also rlncsetup(8).\n");
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
			printf("usage: rlncsetup %s COMMAND [OPTION...] ARGUMENT...\n\n", first);
		usage_line(&commands[i]);
	}
	return found;
}

/* The command that argv[1] (and argv[2]) name; *words: how many they are. */
static const struct command *find(int argc, char **argv, int *words)
{
	unsigned int i;

	for (i = 0; i < COMMANDS; i++) {
		const char *verb = commands[i].verb, *space = strchr(verb, ' ');
		size_t first = strcspn(verb, " ");

		if (strlen(argv[1]) != first || memcmp(argv[1], verb, first))
			continue;
		if (space && (argc < 3 || strcmp(argv[2], space + 1)))
			continue;
		*words = space ? 2 : 1;
		return &commands[i];
	}
	return NULL;
}

static int to_status(int rc)
{
	switch (-rc) {
	case 0:
		return EXIT_OK;
	case EPERM:
	case EACCES:
	case EKEYREJECTED:
	case ENOKEY:
		return EXIT_PERMISSION;
	case ENOMEM:
		return EXIT_MEMORY;
	case EEXIST:
	case EBUSY:
		return EXIT_BUSY;
	case EINVAL:
	case ERANGE:
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
	if (argc == 2 || argv[2][0] == '-') {
		bool asked = argc > 2 && asks_for_help(argv[2]);

		if (usage_group(argv[1]))
			return asked ? EXIT_OK : EXIT_PARAMETERS;
	}
	if (argc > 2 && argv[2][0] != '-')
		fail(EINVAL, "no command \"%s\" or \"%s %s\"", argv[1], argv[1], argv[2]);
	else
		fail(EINVAL, "no command \"%s\"", argv[1]);
	hint("`rlncsetup --help` lists the commands");
	return EXIT_PARAMETERS;
}

/* rlncsetup help [COMMAND] */
static int help(int argc, char **argv)
{
	const struct command *cmd;
	int words;

	if (argc < 2 || argv[1][0] == '-') {
		usage();
		return EXIT_OK;
	}
	cmd = find(argc, argv, &words);
	if (cmd)
		options_help(cmd);
	else if (argc > 2 || !usage_group(argv[1]))
		return unknown(argc, argv);
	return EXIT_OK;
}

/*
 * A member opened as 0, 1 or 2 would be read or overwritten by what means the
 * standard streams. Closed ones stay useless: reading or writing them fails.
 */
static int hold_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		if (fd == STDIN_FILENO) {
			close(fd);
			fd = open("/dev/null", O_WRONLY);
		}
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return EXIT_DEVICE;
	close(fd);
	return 0;
}

/* What was printed must have arrived, or the status says so. */
static int flush_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fail(EIO, "standard output cannot be written: disk full, or closed?");
	return status ? status : EXIT_DEVICE;
}

static int run(int argc, char **argv)
{
	struct options options;
	const struct command *cmd;
	int words, rc;

	if (argc < 2) {
		usage();
		return EXIT_PARAMETERS;
	}
	if (asks_for_help(argv[1]))
		return help(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("rlncsetup %s\n", RLNCSETUP_VERSION);
		return EXIT_OK;
	}
	cmd = find(argc, argv, &words);
	if (!cmd)
		return unknown(argc, argv);
	argc -= words;
	argv += words;
	rc = options_parse(cmd, argc, argv, &options);
	if (rc)
		return rc > 0 ? EXIT_OK : to_status(rc);
	argc -= optind;
	argv += optind;
	if (argc < cmd->min_args || argc > cmd->max_args) {
		fail(EINVAL, "usage: rlncsetup %s %s", cmd->verb, cmd->args);
		hint("`rlncsetup %s --help` says more", cmd->verb);
		return EXIT_PARAMETERS;
	}
	if ((cmd->bit & CMD_NAMED) && argc)
		argv[0] = (char *)dm_name_of(argv[0]);
	return to_status(cmd->run(&options, argc, argv));
}

int main(int argc, char **argv)
{
	int status = hold_standard_streams();

	if (status)
		return status;
	report_init(argv[0]);
	dm_start();
	return flush_output(run(argc, argv));
}
