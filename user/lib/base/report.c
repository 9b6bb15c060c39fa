// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "text.h"

#define MESSAGE_MAX	1024

static void to_stderr(const char *level, const char *text);

static const char *program = "skyhold";
static report_sink_t *sink = to_stderr;

bool report_verbose;

static void to_stderr(const char *level, const char *text)
{
	if (!strcmp(level, "error"))
		fprintf(stderr, "%s: %s\n", program, text);
	else
		fprintf(stderr, "%s: %s: %s\n", program, level, text);
}

static void say(const char *level, const char *suffix, const char *fmt, va_list ap)
{
	char text[MESSAGE_MAX], safe[MESSAGE_MAX];
	int len = vsnprintf(text, sizeof(text), fmt, ap);

	if (suffix && len >= 0 && len < (int)sizeof(text))
		snprintf(text + len, sizeof(text) - len, ": %s", suffix);
	/* Names that servers, disks and URLs give things are for no terminal to obey. */
	sink(level, text_printable(text, safe, sizeof(safe)));
}

/**
 * report_init - name the program in its messages
 * @argv0:	as main() got it
 */
void report_init(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (argv0 && *argv0)
		program = slash ? slash + 1 : argv0;
}

/**
 * report_set_sink - send messages elsewhere than to standard error
 * @to:		called for every message; NULL for standard error
 */
void report_set_sink(report_sink_t *to)
{
	sink = to ? to : to_stderr;
}

/**
 * report_program - the name that report_init() found
 */
const char *report_program(void)
{
	return program;
}

/**
 * fail - report why something cannot be done
 * @err:	positive errno
 *
 * Return: -@err, so that a caller can `return fail(...)`.
 */
int fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error", NULL, fmt, ap);
	va_end(ap);
	return -err;
}

/**
 * fail_errno - fail() with errno, and its text after the message
 *
 * Return: -errno.
 */
int fail_errno(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	say("error", strerror(err), fmt, ap);
	va_end(ap);
	return -err;
}

/**
 * warn - something is not right, and the work goes on
 */
void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning", NULL, fmt, ap);
	va_end(ap);
}

/**
 * hint - what the reader can do about the message before
 */
void hint(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("hint", NULL, fmt, ap);
	va_end(ap);
}

/**
 * note - what is going on, for those who asked (report_verbose)
 */
void note(const char *fmt, ...)
{
	va_list ap;

	if (!report_verbose)
		return;
	va_start(ap, fmt);
	say("note", NULL, fmt, ap);
	va_end(ap);
}

/**
 * die - report and leave
 * @status:	exit status
 */
void die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error", NULL, fmt, ap);
	va_end(ap);
	exit(status);
}
