/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs as people run them: shell commands, and what they print. */
#ifndef TEST_SHELL_H
#define TEST_SHELL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static char said[65536];	/* what the last command printed, on both streams */

/* A shell command.  Return: its exit status. */
__attribute__((__format__(__printf__, 1, 2)))
static inline int sh(const char *fmt, ...)
{
	char command[20000] = "exec 2>&1; ";
	size_t got, len = strlen(command);
	va_list ap;
	FILE *f;
	int status;

	va_start(ap, fmt);
	vsnprintf(command + len, sizeof(command) - len, fmt, ap);
	va_end(ap);
	f = popen(command, "r");
	assert_non_null(f);
	got = fread(said, 1, sizeof(said) - 1, f);
	said[got] = 0;
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void heard(const char *words)
{
	if (!strstr(said, words))
		fail_msg("\"%s\" is not in: %s", words, said);
}

static inline void not_heard(const char *words)
{
	if (strstr(said, words))
		fail_msg("\"%s\" is in: %s", words, said);
}

/* @status: that it has to end with. */
#define RUN(status, ...)							\
	do {									\
		int got_ = sh(__VA_ARGS__);					\
										\
		if (got_ != (status))						\
			fail_msg("status %d: %s", got_, said);			\
	} while (0)

#endif /* TEST_SHELL_H */
