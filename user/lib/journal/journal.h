/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's journal and its view of a service.  The only place that knows
 * libsystemd.
 */
#ifndef SKY_JOURNAL_JOURNAL_H
#define SKY_JOURNAL_JOURNAL_H

/* Each line is FIELD=value. */
int journal_send(const char *const *line, unsigned int lines);
void service_ready(void);

#endif /* SKY_JOURNAL_JOURNAL_H */
