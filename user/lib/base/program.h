/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of sub-commands: tables say which there are, which options each takes, and what
 * its help is.
 *
 * A command's name has one word or two ("key add").  Options may stand anywhere among its
 * arguments, are never abbreviated, and mean the same wherever they are taken.
 */
#ifndef SKY_BASE_PROGRAM_H
#define SKY_BASE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses, those of cryptsetup. */
enum exit_status {
	EXIT_OK		= 0,
	EXIT_PARAMETERS	= 1,
	EXIT_PERMISSION	= 2,	/* or a wrong passphrase or key */
	EXIT_MEMORY	= 3,
	EXIT_DEVICE	= 4,	/* wrong, damaged, not there, or cannot be done now */
	EXIT_BUSY	= 5,	/* exists already, or is in use */
};

struct options;			/* each program's own: what was given, or the defaults */

enum option_kind {
	OPT_FLAG,		/* bool */
	OPT_TEXT,		/* const char *, kept by reference */
	OPT_NUMBER,		/* uint64_t, from .min to .max */
	OPT_SIZE,		/* the same, written as "64K" */
	OPT_VERBOSE,		/* report_verbose */
	OPT_HELP,
	OPT_OWN,		/* this and all above: program.set() knows */
};

struct option_row {
	const char *name;	/* the long one, without dashes */
	char letter;		/* or 0 */
	unsigned int kind;	/* enum option_kind */
	size_t offset;		/* in struct options */
	uint64_t min, max;
	__uint128_t commands;	/* bits of those that take it; a name may have several rows */
	const char *arg;	/* what it is given, for the help; NULL: nothing */
	const char *help;
};

struct command {
	const char *verb;
	__uint128_t bit;
	int (*run)(const struct options *o, int argc, char **argv);
	int min_args;
	int max_args;
	const char *args;	/* for the help */
	const char *help;
};

struct program {
	const char *name;
	const char *about;	/* a line */
	const char *footer;	/* behind the list of commands */
	const struct command *command;
	unsigned int commands;
	/*
	 * One without a name ends them.  Of one command there are PROGRAM_OPTIONS_MAX at most;
	 * which were given is told, and 128 have a bit.
	 */
	const struct option_row *option;
	/* For kinds of the program's own.  Return: 0 or -errno, reported. */
	int (*set)(const struct option_row *row, const char *text, struct options *o);
	int verb_width, args_width;	/* columns of the list */
	__uint128_t rest;	/* bits of commands whose options end at the first argument */
};

#define PROGRAM_OPTIONS_MAX	80

/**
 * program_find - the command that argv[0], and argv[1] where it has two words, name
 * @words:	receives how many they are
 *
 * Return: it, or NULL.
 */
const struct command *program_find(const struct program *p, int argc, char **argv, int *words);

/* The list of commands, on standard output. */
void program_usage(const struct program *p);

/* Does a word ask for help? */
bool program_asks_for_help(const char *word);

/**
 * program_help - "help [COMMAND]"
 * @argv:	from the word behind "help" on
 *
 * Return: exit status.
 */
int program_help(const struct program *p, int argc, char **argv);

/**
 * program_nearest - the command that was meant by one that there is not
 * @argv:	from its first word on
 * @len:	receives how many bytes of the name are meant: a first word alone may be the mistake
 *
 * Return: the name of a command, not ended behind @len; or NULL: none is near (typo.h).
 */
const char *program_nearest(const struct program *p, int argc, char **argv, int *len);

/**
 * program_unknown - there is no such command, or half of one: say so, and what is near
 * @argv:	from its first word on
 *
 * Return: exit status.
 */
int program_unknown(const struct program *p, int argc, char **argv);

/**
 * program_options - read a command's options
 * @argc:	arguments behind its name, and
 * @argv:	one before them, which is overwritten
 * @o:		has the defaults; changed by what is given
 * @given:	receives bits by row, or NULL
 *
 * Afterwards argv[optind] is the first argument that is no option.  Their number has been
 * checked.
 *
 * Return: 0, 1 when help was asked for and printed, or -errno, reported.
 */
int program_options(const struct program *p, const struct command *cmd, int argc, char **argv,
		    struct options *o, __uint128_t *given);

/**
 * program_set - one option by its name, as in a table
 * @bit:	command that must take it
 * @name:	the long one, without dashes
 * @value:	or NULL; kept by reference
 * @o:		changed, unless @given says that the command line has said it already; kinds of
 *		the program's own add to that
 *
 * Return: 0 or -errno, reported.
 */
int program_set(const struct program *p, __uint128_t bit, const char *name, const char *value,
		struct options *o, __uint128_t given);

/* The exit status of what a command has returned: 0 or -errno. */
int program_status(int rc);

/* What was printed must have arrived, or the status says so. */
int program_flush(int status);

#endif /* SKY_BASE_PROGRAM_H */
