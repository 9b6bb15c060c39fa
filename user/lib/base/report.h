/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program says to the person in front of it.  Every message goes to
 * standard error, names the object and, as a hint, what to do.
 */
#ifndef SKY_BASE_REPORT_H
#define SKY_BASE_REPORT_H

#include <stdarg.h>
#include <stdbool.h>

#define PRINTF(fmt, args) __attribute__((__format__(__printf__, fmt, args)))

/* Where messages go; level is "error", "warning", "hint" or "note". */
typedef void report_sink_t(const char *level, const char *text);

void report_init(const char *argv0);
void report_set_sink(report_sink_t *sink);
const char *report_program(void);

extern bool report_verbose;	/* notes are printed */

int fail(int err, const char *fmt, ...) PRINTF(2, 3);
int fail_errno(const char *fmt, ...) PRINTF(1, 2);
void warn(const char *fmt, ...) PRINTF(1, 2);
void hint(const char *fmt, ...) PRINTF(1, 2);
void note(const char *fmt, ...) PRINTF(1, 2);
__attribute__((__noreturn__)) void die(int status, const char *fmt, ...) PRINTF(2, 3);

#endif /* SKY_BASE_REPORT_H */
