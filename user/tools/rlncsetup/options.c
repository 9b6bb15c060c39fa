// SPDX-License-Identifier: GPL-2.0-or-later
/* One table of all options: what each takes, and which commands take it. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "base/size.h"
#include "base/text.h"
#include "rlncsetup.h"

#define CMD_KEYS	(CMD_KEY_ADD | CMD_KEY_REMOVE | CMD_KEY_CHANGE | CMD_KEY_SYNC)
#define CMD_NEW_SLOT	(CMD_FORMAT | CMD_KEY_ADD | CMD_KEY_CHANGE)
#define CMD_ANY_KEY	(CMD_FORMAT | CMD_OPEN | CMD_KEYS | CMD_RESIZE)
#define CMD_HEADER	(CMD_HEADER_BACKUP | CMD_HEADER_RESTORE)
#define CMD_NEW_PLACE	(CMD_REPLACE | CMD_ADD)
#define CMD_NEW_MEMBER	(CMD_FORMAT | CMD_NEW_PLACE | CMD_REPAIR | CMD_HEADER_RESTORE | CMD_WIPE)
#define CMD_MEMBERS	((CMD_ANY_KEY & ~CMD_RESIZE) | CMD_DUMP | CMD_KEY_LIST | \
			 CMD_NEW_PLACE | CMD_REPAIR | CMD_HEADER | CMD_WIPE)
#define CMD_ALL		(~0u)

enum option_kind { FLAG, TEXT, SIZE, NUMBER, APPEND, VERBOSE, HELP };

struct option_row {
	const char *name;
	char letter;		/* or 0 */
	enum option_kind kind;
	size_t offset;		/* in struct options */
	uint64_t min, max;	/* of a number */
	unsigned int commands;
	const char *arg;
	const char *help;
};

#define AT(field)	offsetof(struct options, field)

static const struct option_row rows[] = {
	{ "k", 'k', NUMBER, AT(k), 1, 128, CMD_FORMAT | CMD_BENCHMARK, "K",
	  "members that suffice to read everything" },
	{ "members", 'n', NUMBER, AT(n), 1, RLNC_MAX_MEMBERS, CMD_BENCHMARK, "N",
	  "members of the code that is measured (default: k and 2 more)" },
	{ "symbol", 's', SIZE, AT(symbol), 4096, 524288, CMD_FORMAT | CMD_BENCHMARK, "SIZE",
	  "bytes of a generation on each member: a power of two, 4K to 512K" },
	{ "size", 0, SIZE, AT(size), 4096, UINT64_MAX, CMD_FORMAT | CMD_RESIZE, "SIZE",
	  "size of the volume (default: as much as the members hold)" },
	{ "writes-min", 'w', NUMBER, AT(writes_min), 1, 255, CMD_FORMAT, "W",
	  "members that must hold a commit (default: more than half, k at least)" },
	{ "dense", 0, FLAG, AT(dense), 0, 0, CMD_FORMAT, NULL,
	  "secret random coefficients for every generation; a read takes k members" },
	{ "label", 'L', TEXT, AT(label), 0, 0, CMD_FORMAT, "TEXT",
	  "name of the volume for people, up to 32 bytes" },
	{ "force", 0, FLAG, AT(force), 0, 0, CMD_NEW_MEMBER | CMD_KEYS | CMD_HEADER_BACKUP, NULL,
	  "overwrite what is known to be there; remove the last key slot; drop slots" },
	{ "batch-mode", 'q', FLAG, AT(batch), 0, 0, CMD_NEW_MEMBER | CMD_KEY_REMOVE, NULL,
	  "ask no question" },
	{ "yes", 'y', FLAG, AT(batch), 0, 0, CMD_NEW_MEMBER | CMD_KEY_REMOVE, NULL,
	  "the same" },
	{ "key-file", 'd', TEXT, AT(key_file), 0, 0, CMD_ANY_KEY, "FILE",
	  "take the passphrase or key from FILE, all of it; - is standard input" },
	{ "new-key-file", 0, TEXT, AT(new_key_file), 0, 0, CMD_KEY_ADD | CMD_KEY_CHANGE, "FILE",
	  "the same for the one that is new" },
	{ "volume-key-file", 0, TEXT, AT(volume_key_file), 0, 0, CMD_ANY_KEY, "FILE",
	  "take the volume key itself from FILE, 32 bytes, past all key slots" },
	{ "slot", 'S', NUMBER, AT(slot), 0, RLNC_KEYSLOTS - 1,
	  (CMD_KEYS & ~CMD_KEY_SYNC) | CMD_FORMAT, "N", "number of the key slot" },
	{ "slot-type", 0, TEXT, AT(slot_type), 0, 0, CMD_NEW_SLOT, "TYPE",
	  "passphrase (default), or keyfile: FILE is random, no slow derivation" },
	{ "slot-label", 0, TEXT, AT(slot_label), 0, 0, CMD_NEW_SLOT, "TEXT",
	  "name of the key slot for people, up to 32 bytes" },
	{ "iter-time", 'i', NUMBER, AT(iter_time), 1, 600000, CMD_NEW_SLOT | CMD_BENCHMARK, "MS",
	  "time that deriving a key shall take (default 2000)" },
	{ "pbkdf-force-iterations", 0, NUMBER, AT(argon_time), 1, UINT32_MAX, CMD_NEW_SLOT, "N",
	  "passes of argon2id, instead of measuring" },
	{ "pbkdf-memory", 0, NUMBER, AT(argon_memory), 8, UINT32_MAX, CMD_NEW_SLOT, "KIB",
	  "memory of argon2id in KiB" },
	{ "pbkdf-parallel", 0, NUMBER, AT(argon_lanes), 1, 16, CMD_NEW_SLOT, "N",
	  "lanes of argon2id" },
	{ "tries", 'T', NUMBER, AT(tries), 1, 100, CMD_OPEN | CMD_KEYS | CMD_RESIZE, "N",
	  "how often a passphrase is asked for (default 3)" },
	{ "min-epoch", 0, NUMBER, AT(min_epoch), 1, UINT64_MAX - 2, CMD_OPEN, "E",
	  "refuse a volume that is older than epoch E" },
	{ "accept-older", 0, FLAG, AT(accept_older), 0, 0, CMD_OPEN | CMD_REPAIR, NULL,
	  "go on with too few members to be sure that nothing newer exists" },
	{ "allow-discards", 0, FLAG, AT(allow_discards), 0, 0, CMD_OPEN, NULL,
	  "pass discards on to the members" },
	{ "read-only", 'r', FLAG, AT(read_only), 0, 0, CMD_OPEN, NULL,
	  "make a read-only device" },
	{ "cache-mb", 0, NUMBER, AT(cache_mb), 1, 65536, CMD_OPEN, "N",
	  "memory for the volume's map in MiB (default 64)" },
	{ "rebuild-kbps", 0, NUMBER, AT(rebuild_kbps), 1, UINT32_MAX, CMD_OPEN, "R",
	  "KiB a second that rebuild and scrub may move (default: no limit)" },
	{ "wait", 0, FLAG, AT(wait), 0, 0, CMD_RETURN | CMD_NEW_PLACE | CMD_SCRUB, NULL,
	  "wait until it is done, with a progress bar" },
	{ "offline", 0, FLAG, AT(offline), 0, 0, CMD_REPAIR, NULL,
	  "the volume is not open, and no key is needed" },
	{ "onto", 0, TEXT, AT(onto), 0, 0, CMD_REPAIR, "NEW",
	  "the device that takes the lost member's place" },
	{ "member", 0, NUMBER, AT(member), 0, RLNC_MAX_MEMBERS - 1, CMD_REPAIR, "I",
	  "index of the lost member, if more than one is not given" },
	{ "tab", 0, TEXT, AT(tab), 0, 0, CMD_OPEN, "FILE",
	  "the table of volumes, if only NAME is given (default " TAB_PATH ")" },
	{ "option", 'o', APPEND, 0, 0, 0, CMD_OPEN, "WORD",
	  "one more option of the kernel's table; may be repeated" },
	{ "nbd-timeout", 0, NUMBER, AT(nbd_timeout), 1, 3600, CMD_MEMBERS | CMD_MONITOR, "S",
	  "seconds a server, of NVMe as well, may be silent (default 5)" },
	{ "nbd-dead-timeout", 0, NUMBER, AT(nbd_dead), 0, 86400,
	  CMD_OPEN | CMD_NEW_PLACE | CMD_MONITOR, "S",
	  "seconds requests wait for a lost server to return (default 1)" },
	{ "tls-ca", 0, TEXT, AT(tls_ca), 0, 0, CMD_MEMBERS | CMD_MONITOR, "FILE",
	  "authorities that may vouch for NBD servers (default: the system's)" },
	{ "tls-cert", 0, TEXT, AT(tls_cert), 0, 0, CMD_MEMBERS | CMD_MONITOR, "FILE",
	  "certificate to show to NBD servers" },
	{ "tls-key", 0, TEXT, AT(tls_key), 0, 0, CMD_MEMBERS | CMD_MONITOR, "FILE",
	  "its key, not encrypted" },
	{ "tls-hostname", 0, TEXT, AT(tls_host), 0, 0, CMD_MEMBERS | CMD_MONITOR, "NAME",
	  "name in the servers' certificates, if not that of the URL" },
	{ "json", 0, FLAG, AT(json), 0, 0, CMD_STATUS | CMD_DUMP | CMD_KEY_LIST | CMD_BENCHMARK |
	  CMD_MONITOR, NULL, "print JSON" },
	{ "program", 'p', TEXT, AT(program), 0, 0, CMD_MONITOR, "FILE",
	  "run FILE on every change, with the event, the volume and the member's device" },
	{ "foreground", 0, FLAG, AT(foreground), 0, 0, CMD_MONITOR, NULL,
	  "print to standard output instead of writing to the journal" },
	{ "oneshot", '1', FLAG, AT(oneshot), 0, 0, CMD_MONITOR, NULL,
	  "look once, try once to bring back what is lost, and end" },
	{ "max-delay", 0, NUMBER, AT(max_delay), 1, 86400, CMD_MONITOR, "S",
	  "seconds from one attempt to bring a member back to the next (default 60)" },
	{ "verbose", 'v', VERBOSE, 0, 0, 0, CMD_ALL, NULL, "say what is being done" },
	{ "help", 'h', HELP, 0, 0, 0, CMD_ALL, NULL, "this list" },
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))
#define LONG_BASE	1000	/* getopt values of rows without a letter */

static bool takes_arg(const struct option_row *row)
{
	return row->kind == TEXT || row->kind == SIZE || row->kind == NUMBER ||
	       row->kind == APPEND;
}

/**
 * options_help - print a command's usage and options
 */
void options_help(const struct command *cmd)
{
	unsigned int i;
	char name[48];

	printf("usage: rlncsetup %s [OPTION...] %s\n\n%s\n\n", cmd->verb, cmd->args, cmd->help);
	for (i = 0; i < ROWS; i++) {
		const struct option_row *row = &rows[i];

		if (!(row->commands & cmd->bit))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", row->name, row->arg ? " " : "",
			 row->arg ? row->arg : "");
		printf("  %c%c%c %-28s %s\n", row->letter ? '-' : ' ',
		       row->letter ? row->letter : ' ', row->letter ? ',' : ' ', name, row->help);
	}
}

/* A limit, in the units that the option is given in. */
static const char *limit_text(const struct option_row *row, uint64_t v, char text[SIZE_TEXT_MAX])
{
	if (row->kind == SIZE)
		return size_format(v, text);
	snprintf(text, SIZE_TEXT_MAX, "%llu", (unsigned long long)v);
	return text;
}

static int store_number(const struct option_row *row, const char *text, uint64_t *to)
{
	char least[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX];
	uint64_t v;
	int rc;

	if (row->kind == SIZE) {
		rc = size_parse(text, &v);
		if (!rc && (v < row->min || v > row->max))
			rc = -ERANGE;
	} else {
		rc = number_parse(text, row->min, row->max, &v);
	}
	if (rc == -ERANGE && row->max == UINT64_MAX)
		return fail(EINVAL, "--%s %s: at least %s", row->name, text,
			    limit_text(row, row->min, least));
	if (rc == -ERANGE)
		return fail(EINVAL, "--%s %s: from %s to %s", row->name, text,
			    limit_text(row, row->min, least), limit_text(row, row->max, most));
	if (rc)
		return fail(EINVAL, "--%s %s: not a %s", row->name, text,
			    row->kind == SIZE ? "size such as 64K or 1.5T" : "number");
	*to = v;
	return 0;
}

/**
 * label_copy - a name that people give
 * @option:	by which it was given
 * @label:	or NULL
 * @to:		receives it, or ""
 * @size:	of @to
 *
 * Return: 0 or -EINVAL, reported.
 */
int label_copy(const char *option, const char *label, char *to, size_t size)
{
	*to = 0;
	if (!label)
		return 0;
	if (strlen(label) >= size)
		return fail(EINVAL, "%s: %zu bytes at most", option, size - 1);
	if (!text_is_printable(label))
		return fail(EINVAL, "%s: no control characters, please, and valid UTF-8", option);
	strcpy(to, label);
	return 0;
}

static int append_option(struct options *o, const char *word)
{
	if (!*word || strpbrk(word, " \t\n"))
		return fail(EINVAL, "--option \"%s\": one word, please", word);
	if (o->target_options == MAX_TARGET_OPTIONS)
		return fail(EINVAL, "--option: %d at most", MAX_TARGET_OPTIONS);
	o->target_option[o->target_options++] = word;
	return 0;
}

static int store(const struct option_row *row, const char *text, struct options *o)
{
	void *to = (char *)o + row->offset;

	switch (row->kind) {
	case FLAG:
		*(bool *)to = true;
		return 0;
	case TEXT:
		*(const char **)to = text;
		return 0;
	case SIZE:
	case NUMBER:
		return store_number(row, text, to);
	case APPEND:
		return append_option(o, text);
	default:
		report_verbose = true;
		return 0;
	}
}

/**
 * options_set - one option by its name, as in a table
 * @bit:	command that must take it
 * @name:	the long one, without dashes
 * @value:	or NULL; kept by reference
 * @o:		changed
 *
 * Return: 0 or -EINVAL, reported.
 */
int options_set(enum command_bit bit, const char *name, const char *value, struct options *o)
{
	unsigned int i;

	for (i = 0; i < ROWS; i++) {
		const struct option_row *row = &rows[i];

		if (strcmp(row->name, name) || !(row->commands & bit) || row->kind == HELP)
			continue;
		if (takes_arg(row) != !!value)
			return fail(EINVAL, "option \"%s\" %s a value", name,
				    value ? "has not" : "needs");
		return store(row, value, o);
	}
	return fail(EINVAL, "there is no option \"%s\"", name);
}

/* What getopt_long() needs, for one command: the number of long options. */
static unsigned int build(const struct command *cmd, char *letters, struct option *longs)
{
	unsigned int i, n = 0;

	for (i = 0; i < ROWS; i++) {
		const struct option_row *row = &rows[i];

		if (!(row->commands & cmd->bit))
			continue;
		if (row->letter) {
			*letters++ = row->letter;
			if (takes_arg(row))
				*letters++ = ':';
		}
		longs[n++] = (struct option){ row->name,
					      takes_arg(row) ? required_argument : no_argument,
					      NULL, LONG_BASE + (int)i };
	}
	*letters = 0;
	longs[n] = (struct option){ 0 };
	return n;
}

static const struct option_row *row_of(int got)
{
	unsigned int i;

	if (got >= LONG_BASE)
		return &rows[got - LONG_BASE];
	for (i = 0; i < ROWS; i++)
		if (rows[i].letter == got)
			return &rows[i];
	return NULL;
}

/*
 * getopt takes the beginning of a name for the whole. What is short for --force
 * today may be ambiguous tomorrow: only what was written in full is meant.
 */
static int check_in_full(const struct option_row *row, char **argv)
{
	bool apart = optarg && optarg == argv[optind - 1];
	const char *word = argv[optind - (apart ? 2 : 1)];
	size_t len = strcspn(word, "=");

	if (len == strlen(row->name) + 2 && !memcmp(word + 2, row->name, len - 2))
		return 0;
	return fail(EINVAL, "no option \"%.*s\"; is --%s meant?", (int)len, word, row->name);
}

/**
 * options_parse - read a command's options
 * @cmd:	which command
 * @argc:	arguments after its verb, and
 * @argv:	one before them, which is not read
 * @o:		filled in
 *
 * Afterwards argv[optind] is the first argument that is no option.
 *
 * Return: 0, 1 when help was asked for and printed, or -EINVAL, reported.
 */
int options_parse(const struct command *cmd, int argc, char **argv, struct options *o)
{
	char letters[2 * ROWS + 1];
	struct option longs[ROWS + 1];
	const struct option_row *row;
	int got, rc;

	*o = (struct options){
		.slot = SLOT_ANY, .member = MEMBER_ANY, .iter_time = 2000, .tries = 3,
		.tab = TAB_PATH, .nbd_timeout = 5, .nbd_dead = 1,
		.max_delay = 60,
	};
	build(cmd, letters, longs);
	while ((got = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		row = row_of(got);
		if (!row || (got >= LONG_BASE && check_in_full(row, argv))) {
			hint("`rlncsetup %s --help` lists the options", cmd->verb);
			return -EINVAL;
		}
		if (row->kind == HELP) {
			options_help(cmd);
			return 1;
		}
		rc = store(row, optarg, o);
		if (rc)
			return rc;
	}
	return 0;
}
