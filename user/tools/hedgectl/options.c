// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/size.h"
#include "hedgectl.h"

#define CMD_RUN	(CMD_START | CMD_RESTORE)
#define CMD_ALL	(~0u)
#define MIB	(1ull << 20)

enum option_kind {
	FLAG, TEXT, NUMBER,
	MEMORY,			/* a size; MiB without a unit */
	KEY,			/* KEY=VALUE behind the fields; the key is the name, with _ for - */
	DEVICE,			/* [DEV=]VALUE: a field, or KEY.DEV=VALUE */
	OF_DEVICE,		/* DEV=VALUE: KEY.DEV=VALUE */
	SET_DEVICE,		/* DEV: KEY.DEV=1 */
	VERBOSE, HELP,
};

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
	{ "mem", 'm', MEMORY, AT(mem), HEDGE_MEM_MB_MIN, HEDGE_MEM_MB_MAX, CMD_START, "SIZE",
	  "memory of the guest, 2M to 4G; MiB without a unit (default 64M)" },
	{ "cpu", 'c', TEXT, AT(cpu), 0, 0, CMD_RUN, "N",
	  "the processor to run on (default: any)" },
	{ "block", 'b', DEVICE, AT(block), 0, 0, CMD_RUN, "[DEV=]PATH",
	  "the block device of DEV, or of the guest's first such device" },
	{ "net", 'n', DEVICE, AT(net), 0, 0, CMD_RUN, "[DEV=]TAP",
	  "the TAP interface of DEV, or of the guest's first such device" },
	{ "block-size", 0, OF_DEVICE, 0, 0, 0, CMD_RUN, "DEV=BYTES",
	  "size of a block, a power of two" },
	{ "readonly", 'r', SET_DEVICE, 0, 0, 0, CMD_RUN, "DEV",
	  "refuse writes to DEV" },
	{ "mac", 0, OF_DEVICE, 0, 0, 0, CMD_RUN, "DEV=MAC",
	  "the guest's address on DEV" },
	{ "cmdline", 0, TEXT, AT(cmdline), 0, 0, CMD_START, "TEXT",
	  "the guest's command line, instead of words after --" },
	{ "cpu-quota", 0, KEY, 0, 0, 0, CMD_RUN, "PERCENT",
	  "at most so much of one processor" },
	{ "block-iops", 0, KEY, 0, 0, 0, CMD_RUN, "N",
	  "block requests a second, over all devices" },
	{ "block-kbps", 0, KEY, 0, 0, 0, CMD_RUN, "N",
	  "KiB a second from and to block devices" },
	{ "net-pps", 0, KEY, 0, 0, 0, CMD_RUN, "N",
	  "packets a second, over all devices" },
	{ "net-kbps", 0, KEY, 0, 0, 0, CMD_RUN, "N",
	  "KiB a second from and to the net" },
	{ "console", 0, KEY, 0, 0, 0, CMD_RUN, "KIB",
	  "how much of the console is kept (default 64)" },
	{ "watchdog", 0, KEY, 0, 0, 0, CMD_RUN, "SECONDS",
	  "end it if it makes no hypercall for so long" },
	{ "max-runtime", 0, KEY, 0, 0, 0, CMD_RUN, "SECONDS",
	  "end it after so long" },
	{ "verify", 0, KEY, 0, 0, 0, CMD_RUN, "MODE",
	  "off, warn or enforce: what if nobody vouches for the image" },
	{ "uid", 0, KEY, 0, 0, 0, CMD_RUN, "UID", "run as this user (default 65534)" },
	{ "gid", 0, KEY, 0, 0, 0, CMD_RUN, "GID", "and this group" },
	{ "cgroup", 0, KEY, 0, 0, 0, CMD_RUN, "PATH",
	  "a directory of cgroup2 to run in, from the root" },
	{ "core", 0, KEY, 0, 0, 0, CMD_RUN, "PATH",
	  "write a core there, from the root, when it aborts" },
	{ "wait", 'w', FLAG, AT(wait), 0, 0, CMD_RUN, NULL,
	  "show the console until the guest ends, and end with its status" },
	{ "follow", 'f', FLAG, AT(follow), 0, 0, CMD_CONSOLE, NULL,
	  "go on until the guest ends" },
	{ "raw", 0, FLAG, AT(raw), 0, 0, CMD_CONSOLE | CMD_RUN, NULL,
	  "give control characters to a terminal, too" },
	{ "json", 0, FLAG, AT(json), 0, 0, CMD_LIST | CMD_STATS | CMD_EVENTS, NULL, "print JSON" },
	{ "watch", 0, FLAG, AT(watch), 0, 0, CMD_STATS, NULL, "print again and again" },
	{ "interval", 'i', NUMBER, AT(interval), 1, 86400, CMD_STATS, "SECONDS",
	  "from one to the next (default 1)" },
	{ "count", 0, NUMBER, AT(count), 1, UINT32_MAX, CMD_STATS | CMD_EVENTS, "N",
	  "end after so many (default: do not)" },
	{ "name", 0, TEXT, AT(name), 0, 0, CMD_PUT, "NAME",
	  "of the image over there (default: that of the file)" },
	{ "bridge", 0, TEXT, AT(bridge), 0, 0, CMD_NET_ADD, "BR",
	  "make it a port of this bridge" },
	{ "user", 0, NUMBER, AT(user), 0, UINT32_MAX - 1, CMD_NET_ADD, "UID",
	  "who may attach to it without being root" },
	{ "mac", 0, TEXT, AT(mac), 0, 0, CMD_NET_ADD, "MAC",
	  "address of the host's end" },
	{ "mtu", 0, NUMBER, AT(mtu), 68, 65521, CMD_NET_ADD, "BYTES",
	  "largest packet, without the Ethernet header (default 1500)" },
	{ "key-file", 'k', TEXT, AT(key_file), 0, 0, CMD_REMOTE, "FILE",
	  "the key, 32 bytes or 64 hex digits (default /etc/hedge/remote.key)" },
	{ "key-id", 0, NUMBER, AT(key_id), 0, UINT32_MAX, CMD_REMOTE, "N",
	  "which of the server's keys it is (default 0)" },
	{ "port", 'p', NUMBER, AT(port), 1, 65535, CMD_REMOTE, "PORT",
	  "of UDP (default 5364)" },
	{ "timeout", 't', NUMBER, AT(timeout), 1, 3600, CMD_REMOTE, "SECONDS",
	  "how long to wait for an answer (default 10)" },
	{ "verbose", 'v', VERBOSE, 0, 0, 0, CMD_ALL, NULL, "say what is being done" },
	{ "help", 'h', HELP, 0, 0, 0, CMD_ALL, NULL, "this list" },
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))
#define LONG_BASE	1000	/* getopt values of long options */

static bool takes_arg(const struct option_row *row)
{
	return row->arg;
}

/**
 * options_help - print a command's usage and options
 */
void options_help(const struct command *cmd)
{
	unsigned int i;
	char name[48];

	printf("usage: hedgectl %s [OPTION...] %s\n\n%s\n\n", cmd->verb, cmd->args, cmd->help);
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

static int store_number(const struct option_row *row, const char *text, uint64_t *to)
{
	int rc = number_parse(text, row->min, row->max, to);

	if (rc == -ERANGE)
		return fail(EINVAL, "--%s %s: from %llu to %llu", row->name, text,
			    (unsigned long long)row->min, (unsigned long long)row->max);
	return rc ? fail(EINVAL, "--%s %s: not a number", row->name, text) : 0;
}

static int store_memory(const struct option_row *row, const char *text, uint64_t *mb)
{
	bool unit = text[strspn(text, "0123456789")];
	uint64_t v;

	if (size_parse(text, &v))
		return fail(EINVAL, "--%s %s: not a size such as 64M or 1G", row->name, text);
	if (unit)
		v /= MIB;
	if (v < row->min || v > row->max)
		return fail(EINVAL, "--%s %s: from 2M to 4G", row->name, text);
	*mb = v;
	return 0;
}

/* KEY[.DEV]=VALUE behind the fields; @dev_len bytes of @dev. */
static int add_word(struct options *o, const char *key, const char *dev, size_t dev_len,
		    const char *value)
{
	char *word, *p;

	if (o->words == MAX_WORDS)
		return fail(EINVAL, "more than %d options for the guest", MAX_WORDS);
	if (asprintf(&word, "%s%s%.*s=%s", key, dev ? "." : "", (int)dev_len, dev ? dev : "",
		     value) < 0)
		return fail(ENOMEM, "out of memory");
	for (p = word; p < word + strlen(key); p++)
		if (*p == '-')
			*p = '_';
	o->word[o->words++] = word;
	return 0;
}

/* The name of a device has no slash; a path with "=" in it begins with one. */
static const char *device_end(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals && equals != text && !memchr(text, '/', equals - text) ? equals : NULL;
}

static int store_device(const struct option_row *row, const char *text, struct options *o)
{
	const char *equals = device_end(text), **field = (const char **)((char *)o + row->offset);

	if (equals)
		return add_word(o, row->name, text, equals - text, equals + 1);
	if (row->kind == OF_DEVICE)
		return fail(EINVAL, "--%s %s: %s is wanted", row->name, text, row->arg);
	if (*field)
		return fail(EINVAL, "--%s %s: name the devices (%s) if there is more than one",
			    row->name, text, row->arg);
	*field = text;
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
	case NUMBER:
		return store_number(row, text, to);
	case MEMORY:
		return store_memory(row, text, to);
	case KEY:
		return add_word(o, row->name, NULL, 0, text);
	case DEVICE:
	case OF_DEVICE:
		return store_device(row, text, o);
	case SET_DEVICE:
		return add_word(o, row->name, text, strlen(text), "1");
	default:
		report_verbose = true;
		return 0;
	}
}

/* What getopt_long() needs, for one command. */
static void build(const struct command *cmd, char *letters, struct option *longs)
{
	unsigned int i, n = 0;

	/* What follows the other machine's name is for the command that it is to get. */
	if (cmd->bit == CMD_REMOTE)
		*letters++ = '+';
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

/* getopt takes the beginning of a name for the whole; only the whole is meant. */
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
 * @o:		filled in, but for what was there of the other machine; options_free() it
 *
 * Afterwards argv[optind] is the first argument that is no option.
 *
 * Return: 0, 1 when help was asked for and printed, or -EINVAL, reported.
 */
int options_parse(const struct command *cmd, int argc, char **argv, struct options *o)
{
	char letters[2 * ROWS + 2];
	struct option longs[ROWS + 1];
	const struct option_row *row;
	int got, rc;

	o->mem = 64;
	o->cpu = "";
	o->interval = 1;
	o->user = UINT64_MAX;
	o->key_file = "/etc/hedge/remote.key";
	o->port = HEDGE_REMOTE_PORT;
	o->timeout = 10;
	build(cmd, letters, longs);
	optind = 0;
	while ((got = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		row = row_of(got);
		if (!row || (got >= LONG_BASE && check_in_full(row, argv))) {
			hint("`hedgectl %s --help` lists the options", cmd->verb);
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

/**
 * options_free - let go of what options_parse() has made
 */
void options_free(struct options *o)
{
	while (o->words)
		free((void *)o->word[--o->words]);
}
