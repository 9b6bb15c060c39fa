/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's journal and its view of a service.  The only place that knows
 * libsystemd.
 */
#ifndef SKY_JOURNAL_JOURNAL_H
#define SKY_JOURNAL_JOURNAL_H

#include <stdint.h>

/* Each line is FIELD=value. */
int journal_send(const char *const *line, unsigned int lines);
void service_ready(void);
void service_reloading(void);
void service_notify(const char *state);
uint64_t service_watchdog(void);
int service_socket(const char *name);

#endif /* SKY_JOURNAL_JOURNAL_H */
