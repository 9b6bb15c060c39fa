/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log, to show a person what a driver said about the request
 * that has just failed.
 */
#ifndef SKY_BASE_KMSG_H
#define SKY_BASE_KMSG_H

int kmsg_mark(void);
int kmsg_show_since(int mark, const char *word);

#endif /* SKY_BASE_KMSG_H */
