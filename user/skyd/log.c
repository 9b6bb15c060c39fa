// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "log.h"

/* sd-daemon(3); of syslog: err, warning, info, debug. */
static const char priorities[] = { '3', '4', '6', '7' };

static const char *name = "skyd";
static enum config_level most = LEVEL_INFO;

void log_start(const char *who, const struct config *config)
{
	name = who;
	most = config->level;
}

void log_line(enum config_level level, const char *fmt, ...)
{
	char text[1024], safe[1024], line[1280];
	va_list ap;
	int len;

	if (level > most)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_printable(text, safe, sizeof(safe));
	/* One write, so that lines of several processes do not mix. */
	len = getenv("JOURNAL_STREAM") ?
		snprintf(line, sizeof(line), "<%c>%s: %s\n", priorities[level], name, safe) :
		snprintf(line, sizeof(line), "skyd %s: %s\n", name, safe);
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}
