// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rlncsetup: format, open and look after dm-rlnc volumes.  This file is the
 * table of contents; each sub-command has its own.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/program.h"
#include "base/report.h"
#include "base/version.h"
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
	  "add a passphrase, a key file or a TPM" },
	{ "key remove", CMD_KEY_REMOVE, cmd_key_remove, 1, MANY, "[--slot N] MEMBER...",
	  "remove a passphrase, a key file or a TPM" },
	{ "key change", CMD_KEY_CHANGE, cmd_key_change, 1, MANY, "MEMBER...",
	  "replace a passphrase or key file by another" },
	{ "key sync", CMD_KEY_SYNC, cmd_key_sync, 2, MANY, "MEMBER...",
	  "give the newest key slots to the members that lack them" },
	{ "key list", CMD_KEY_LIST, cmd_key_list, 1, MANY, "MEMBER...",
	  "list the key slots" },
	{ "key test", CMD_KEY_TEST, cmd_key_test, 1, MANY, "MEMBER...",
	  "does a passphrase, a key file or the TPM open the volume?" },
	{ "tpm epoch", CMD_TPM_EPOCH, cmd_tpm_epoch, 0, 1, "[bump]",
	  "say which epoch signed policies have to be of, or end it" },
	{ "tpm cap", CMD_TPM_CAP, cmd_tpm_cap, 0, 0, "",
	  "let the TPM give up no volume key any more in this boot" },
	{ "anchor list", CMD_ANCHOR_LIST, cmd_anchor_list, 0, 0, "",
	  "list the volumes whose epochs this machine's TPM remembers" },
	{ "anchor remove", CMD_ANCHOR_REMOVE, cmd_anchor_remove, 1, 1, "UUID",
	  "have it forget one" },
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
	{ "move offer", CMD_MOVE, cmd_move_offer, 1, 1, "--from NAME UUID",
	  "offer to take a volume that another host has" },
	{ "move challenge", CMD_MOVE, cmd_move_challenge, 1, 1, "OFFER",
	  "ask a host that offers whether both its keys are in one TPM" },
	{ "move answer", CMD_MOVE, cmd_move_answer, 1, 1, "CHALLENGE",
	  "show that they are" },
	{ "move freeze", CMD_MOVE, cmd_move_freeze, 2, 2 + MANY, "OFFER ANSWER MEMBER...",
	  "close a volume for good here, and pack its key for that host" },
	{ "move package", CMD_MOVE, cmd_move_package, 1, 1, "UUID",
	  "the key of a frozen volume, for that host's TPM" },
	{ "move accept", CMD_MOVE, cmd_move_accept, 1, 1 + MANY, "PACKAGE MEMBER...",
	  "take the volume: a new key slot is made for it here" },
	{ "move destroy", CMD_MOVE, cmd_move_destroy, 1, 1 + MANY, "ACCEPTANCE [MEMBER...]",
	  "forget it here; members that are named are wiped" },
	{ "move cancel", CMD_MOVE, cmd_move_cancel, 1, 2, "UUID [ANSWER|CANCELLATION]",
	  "take it back, as long as nothing is frozen" },
	{ "move status", CMD_MOVE_STATUS, cmd_move_status, 1, 1, "UUID",
	  "where a volume stands, and this host's name" },
	{ "monitor", CMD_MONITOR, cmd_monitor, 0, 0, "",
	  "watch over all open volumes, and bring lost members back" },
};

/* Those whose first argument is a volume's name. */
#define CMD_NAMED	(CMD_OPEN | CMD_CLOSE | CMD_STATUS | CMD_FAIL | CMD_RETURN | CMD_REPLACE | \
			 CMD_ADD | CMD_SCRUB | CMD_CHECKPOINT | CMD_RESIZE)

const struct program program = {
	.name = "rlncsetup",
	.about = "Encrypted, authenticated volumes over n members of which any k give everything back.",
	.footer = "A MEMBER is a block device, nbd://HOST[:PORT]/EXPORT (nbds:// with TLS)\n"
		  "or nvme-tcp://HOST[:PORT]/NQN.\n"
		  "`rlncsetup help COMMAND` lists a command's options; see also rlncsetup(8).",
	.command = commands,
	.commands = sizeof(commands) / sizeof(commands[0]),
	.option = option_rows,
	.set = option_set_own,
	.verb_width = 14,
	.args_width = 30,
};

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

static int run(int argc, char **argv)
{
	struct options options = option_defaults;
	const struct command *cmd;
	int words, rc;

	if (argc < 2) {
		program_usage(&program);
		return EXIT_PARAMETERS;
	}
	if (program_asks_for_help(argv[1]))
		return program_help(&program, argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("rlncsetup %s\n", SKYHOLD_VERSION);
		return EXIT_OK;
	}
	cmd = program_find(&program, argc - 1, argv + 1, &words);
	if (!cmd)
		return program_unknown(&program, argc - 1, argv + 1);
	argc -= words;
	argv += words;
	rc = program_options(&program, cmd, argc, argv, &options, &options.given);
	if (rc)
		return rc > 0 ? EXIT_OK : program_status(rc);
	argc -= optind;
	argv += optind;
	if ((cmd->bit & CMD_NAMED) && argc)
		argv[0] = (char *)dm_name_of(argv[0]);
	return program_status(cmd->run(&options, argc, argv));
}

int main(int argc, char **argv)
{
	int status = hold_standard_streams();

	if (status)
		return status;
	report_init(argv[0]);
	dm_start();
	return program_flush(run(argc, argv));
}
