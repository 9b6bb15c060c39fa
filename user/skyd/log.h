/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for the administrator; on standard error with the levels that systemd reads. */
#ifndef SKYD_LOG_H
#define SKYD_LOG_H

#include "base/report.h"
#include "config.h"

/* @who begins each line, and must stay. */
void log_start(const char *who, const struct config *config);
void log_line(enum config_level level, const char *fmt, ...) PRINTF(2, 3);

#endif /* SKYD_LOG_H */
