// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "program.h"
#include "report.h"
#include "size.h"
#include "typo.h"

#define LONG_BASE	1000	/* getopt values of long options */

/* --- commands ---------------------------------------------------------------------- */

static void usage_line(const struct program *p, const struct command *cmd)
{
	printf("  %-*s %-*s %s\n", p->verb_width, cmd->verb, p->args_width, cmd->args, cmd->help);
}

void program_usage(const struct program *p)
{
	unsigned int i;

	printf("usage: %s COMMAND [OPTION...] ARGUMENT...\n\n%s\n\n", p->name, p->about);
	for (i = 0; i < p->commands; i++)
		usage_line(p, &p->command[i]);
	printf("\n%s\n", p->footer);
}

/* The commands of two words that begin with this one; Return: how many. */
static unsigned int usage_group(const struct program *p, const char *first)
{
	size_t len = strlen(first);
	unsigned int i, found = 0;

	for (i = 0; i < p->commands; i++) {
		const char *verb = p->command[i].verb;

		if (strncmp(verb, first, len) || verb[len] != ' ')
			continue;
		if (!found++)
			printf("usage: %s %s COMMAND [OPTION...] ARGUMENT...\n\n", p->name, first);
		usage_line(p, &p->command[i]);
	}
	return found;
}

const struct command *program_find(const struct program *p, int argc, char **argv, int *words)
{
	unsigned int i;

	for (i = 0; i < p->commands; i++) {
		const char *verb = p->command[i].verb, *space = strchr(verb, ' ');
		size_t first = strcspn(verb, " ");

		if (strlen(argv[0]) != first || memcmp(argv[0], verb, first))
			continue;
		if (space && (argc < 2 || strcmp(argv[1], space + 1)))
			continue;
		*words = space ? 2 : 1;
		return &p->command[i];
	}
	return NULL;
}

bool program_asks_for_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
}

/* How far a command's words are from what was typed; @words: as many of them as count. */
static unsigned int far_from(const char *verb, unsigned int words, char **argv)
{
	char first[TYPO_WORD_MAX + 1];
	size_t len = strcspn(verb, " ");
	unsigned int a, b = 0;

	if (len >= sizeof(first))
		return TYPO_NOT;
	memcpy(first, verb, len);
	first[len] = 0;
	a = typo_distance(argv[0], first);
	if (words > 1)
		b = verb[len] ? typo_distance(argv[1], verb + len + 1) : TYPO_NOT;
	return a == TYPO_NOT || b == TYPO_NOT ? TYPO_NOT : a + b;
}

/* The command whose first words are nearest; NULL: none is near, or one has them just so. */
static const char *nearest(const struct program *p, unsigned int words, char **argv)
{
	unsigned int i, best = TYPO_NOT;
	const char *found = NULL;

	for (i = 0; i < p->commands; i++) {
		unsigned int d = far_from(p->command[i].verb, words, argv);

		if (!d)
			return NULL;
		if (d >= best)
			continue;
		best = d;
		found = p->command[i].verb;
	}
	return found;
}

const char *program_nearest(const struct program *p, int argc, char **argv, int *len)
{
	const char *verb = argc > 1 ? nearest(p, 2, argv) : NULL;

	if (verb) {
		*len = strlen(verb);
		return verb;
	}
	verb = nearest(p, 1, argv);
	*len = verb ? strcspn(verb, " ") : 0;
	return verb;
}

/* Is it the first word of commands of two? */
static bool is_group(const struct program *p, const char *word)
{
	unsigned int i;

	for (i = 0; i < p->commands; i++)
		if (!strncmp(p->command[i].verb, word, strlen(word)) &&
		    p->command[i].verb[strlen(word)] == ' ')
			return true;
	return false;
}

int program_unknown(const struct program *p, int argc, char **argv)
{
	const char *meant;
	int len;

	if (argc == 1 || argv[1][0] == '-') {
		bool asked = argc > 1 && program_asks_for_help(argv[1]);

		if (usage_group(p, argv[0]))
			return asked ? EXIT_OK : EXIT_PARAMETERS;
	}
	if (argc > 1 && argv[1][0] != '-')
		fail(EINVAL, "no command \"%s\" or \"%s %s\"", argv[0], argv[0], argv[1]);
	else
		fail(EINVAL, "no command \"%s\"", argv[0]);
	meant = program_nearest(p, argc, argv, &len);
	if (meant)
		hint("did you mean '%.*s'?", len, meant);
	else if (is_group(p, argv[0]))
		hint("`%s %s --help` lists its commands", p->name, argv[0]);
	else
		hint("`%s --help` lists the commands", p->name);
	return EXIT_PARAMETERS;
}

static void options_help(const struct program *p, const struct command *cmd)
{
	unsigned int i;
	char name[48];

	printf("usage: %s %s [OPTION...]%s%s\n\n%s\n\n", p->name, cmd->verb,
	       *cmd->args ? " " : "", cmd->args, cmd->help);
	for (i = 0; p->option[i].name; i++) {
		const struct option_row *row = &p->option[i];

		if (!(row->commands & cmd->bit))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", row->name, row->arg ? " " : "",
			 row->arg ? row->arg : "");
		printf("  %c%c%c %-28s %s\n", row->letter ? '-' : ' ',
		       row->letter ? row->letter : ' ', row->letter ? ',' : ' ', name, row->help);
	}
}

int program_help(const struct program *p, int argc, char **argv)
{
	const struct command *cmd;
	int words;

	if (argc < 1 || argv[0][0] == '-') {
		program_usage(p);
		return EXIT_OK;
	}
	cmd = program_find(p, argc, argv, &words);
	if (cmd)
		options_help(p, cmd);
	else if (argc > 1 || !usage_group(p, argv[0]))
		return program_unknown(p, argc, argv);
	return EXIT_OK;
}

/* --- options ----------------------------------------------------------------------- */

/* A limit, in the units that the option is given in. */
static const char *limit_text(const struct option_row *row, uint64_t v, char text[SIZE_TEXT_MAX])
{
	if (row->kind == OPT_SIZE)
		return size_format(v, text);
	snprintf(text, SIZE_TEXT_MAX, "%llu", (unsigned long long)v);
	return text;
}

static int store_number(const struct option_row *row, const char *text, uint64_t *to)
{
	char least[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX];
	uint64_t v;
	int rc;

	if (row->kind == OPT_SIZE) {
		rc = size_parse(text, &v);
		if (!rc && (v < row->min || v > row->max))
			rc = -ERANGE;
	} else {
		rc = number_parse(text, row->min, row->max, &v);
	}
	if (rc == -ERANGE)
		return fail(EINVAL, "--%s %s: from %s to %s", row->name, text,
			    limit_text(row, row->min, least), limit_text(row, row->max, most));
	if (rc)
		return fail(EINVAL, "--%s %s: not a %s", row->name, text,
			    row->kind == OPT_SIZE ? "size such as 64K or 1.5T" : "number");
	*to = v;
	return 0;
}

static int store(const struct program *p, const struct option_row *row, const char *text,
		 struct options *o)
{
	void *to = (char *)o + row->offset;

	switch (row->kind) {
	case OPT_FLAG:
		*(bool *)to = true;
		return 0;
	case OPT_TEXT:
		*(const char **)to = text;
		return 0;
	case OPT_NUMBER:
	case OPT_SIZE:
		return store_number(row, text, to);
	case OPT_VERBOSE:
		report_verbose = true;
		return 0;
	default:
		return p->set(row, text, o);
	}
}

int program_set(const struct program *p, __uint128_t bit, const char *name, const char *value,
		struct options *o, __uint128_t given)
{
	unsigned int i;

	for (i = 0; p->option[i].name; i++) {
		const struct option_row *row = &p->option[i];

		if (strcmp(row->name, name) || !(row->commands & bit) ||
		    row->kind == OPT_HELP)
			continue;
		if (!row->arg != !value)
			return fail(EINVAL, "option \"%s\" %s a value", name,
				    value ? "has not" : "needs");
		if (row->kind < OPT_OWN && i < 64 && given >> i & 1)
			return 0;
		return store(p, row, value, o);
	}
	return fail(EINVAL, "there is no option \"%s\"", name);
}

/* What getopt_long() needs, for one command. */
static void build(const struct program *p, const struct command *cmd, char *letters,
		  struct option *longs)
{
	unsigned int i, n = 0;

	if (cmd->bit & p->rest)
		*letters++ = '+';
	for (i = 0; p->option[i].name; i++) {
		const struct option_row *row = &p->option[i];

		if (!(row->commands & cmd->bit))
			continue;
		if (row->letter) {
			*letters++ = row->letter;
			if (row->arg)
				*letters++ = ':';
		}
		longs[n++] = (struct option){ row->name,
					      row->arg ? required_argument : no_argument,
					      NULL, LONG_BASE + (int)i };
	}
	*letters = 0;
	longs[n] = (struct option){ 0 };
}

static const struct option_row *row_of(const struct program *p, const struct command *cmd, int got)
{
	unsigned int i;

	if (got >= LONG_BASE)
		return &p->option[got - LONG_BASE];
	for (i = 0; p->option[i].name; i++)
		if (p->option[i].letter == got && p->option[i].commands & cmd->bit)
			return &p->option[i];
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

static int check_arguments(const struct program *p, const struct command *cmd, int argc)
{
	if (argc >= cmd->min_args && argc <= cmd->max_args)
		return 0;
	fail(EINVAL, "usage: %s %s%s%s", p->name, cmd->verb, *cmd->args ? " " : "", cmd->args);
	hint("`%s %s --help` says more", p->name, cmd->verb);
	return -EINVAL;
}

int program_options(const struct program *p, const struct command *cmd, int argc, char **argv,
		    struct options *o, __uint128_t *given)
{
	struct option longs[PROGRAM_OPTIONS_MAX + 1];
	char letters[2 * PROGRAM_OPTIONS_MAX + 2];
	const struct option_row *row;
	int got, rc;

	build(p, cmd, letters, longs);
	argv[0] = (char *)report_program();	/* for what getopt_long() says */
	optind = 0;
	while ((got = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		row = row_of(p, cmd, got);
		if (!row || (got >= LONG_BASE && check_in_full(row, argv))) {
			hint("`%s %s --help` lists the options", p->name, cmd->verb);
			return -EINVAL;
		}
		if (row->kind == OPT_HELP) {
			options_help(p, cmd);
			return 1;
		}
		rc = store(p, row, optarg, o);
		if (rc)
			return rc;
		if (given)
			*given |= (__uint128_t)1 << (row - p->option);
	}
	return check_arguments(p, cmd, argc - optind);
}

/* --- the end ----------------------------------------------------------------------- */

int program_status(int rc)
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
	case ENAMETOOLONG:
		return EXIT_PARAMETERS;
	default:
		return EXIT_DEVICE;
	}
}

int program_flush(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fail(EIO, "standard output cannot be written: disk full, or closed?");
	return status ? status : EXIT_DEVICE;
}
