/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hedge's files below /proc: the words of include/uapi/hedge_proc.h, written and read.
 */
#ifndef SKY_MONITOR_MONITOR_H
#define SKY_MONITOR_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/command.h"

/* One line of the list. */
struct monitor_vm {
	uint32_t id;
	uint32_t image_id;
	char name[HEDGE_NAME_MAX + 1];
	char image[HEDGE_PATH_MAX + 1];
};

/* --- files: monitor.c --- */

void monitor_set_root(const char *dir);
int monitor_command(const char *line);
int monitor_command_why(const char *line, char *why, size_t size);
int monitor_start_digest(const char *line, const char *name, const char *digest, char *why,
			 size_t size);
int monitor_list(char **text);
int monitor_stats(const char *name, char **text);
int monitor_stats_each(int (*fn)(const char *name, void *arg), void *arg);
int monitor_console(uint32_t id);

/* --- what is in them: monitor_text.c --- */

/* A value other than 0 ends the walk, which returns it. */
typedef int monitor_vm_fn(const struct monitor_vm *vm, void *arg);
typedef int monitor_stat_fn(const char *key, const char *value, void *arg);

int monitor_list_walk(const char *text, monitor_vm_fn *fn, void *arg);
int monitor_stats_walk(const char *text, monitor_stat_fn *fn, void *arg);
bool monitor_stat(const char *text, const char *key, char *value, size_t size);
bool monitor_last_error(const char *text, uint32_t uid, uint64_t after, uint64_t *seq,
			char *why, size_t size);

#endif /* SKY_MONITOR_MONITOR_H */
