/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processor time and memory of other processes: of those that are named and all that descend
 * from them, by /proc, or of a cgroup (version 2).
 */
#ifndef SKYBENCH_USAGE_H
#define SKYBENCH_USAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

#define USAGE_PIDS	32u

/* Whom to watch.  With neither, nothing is known. */
struct usage_of {
	pid_t pid[USAGE_PIDS];
	unsigned int pids;
	const char *cgroup;	/* its folder, or NULL; then pids are not looked at */
	const char *proc;	/* "/proc" */
};

struct usage {
	uint64_t cpu_us;	/* since they began; of processes, in ticks, often of 10 ms */
	uint64_t peak_kib;	/* sum of the greatest resident sizes; of a cgroup, its peak */
};

/* A process as /proc/PID/stat has it (proc(5)); times in ticks. */
struct usage_stat {
	pid_t pid, parent;
	uint64_t own;		/* user and system, all threads */
	uint64_t reaped;	/* the same of children that have ended and were waited for */
};

/* Return: 0, or -EBADMSG. */
int usage_parse_stat(struct str text, struct usage_stat *s);

/* "1,22,333" to @of->pid.  Return: 0; -EINVAL; -E2BIG for more than USAGE_PIDS. */
int usage_parse_pids(const char *text, struct usage_of *of);

/**
 * usage_reset - let peaks begin anew, where the kernel lets us
 *
 * Those of processes of others, and of cgroups, stay what they were.
 *
 * Return: as usage_read().
 */
int usage_reset(const struct usage_of *of);

/**
 * usage_read - what they have used so far
 *
 * Who has ended since, and was waited for, is in the processor time, not in the memory.
 *
 * Return: 0; -ESRCH when a process that is named is not there; -errno.
 */
int usage_read(const struct usage_of *of, struct usage *u);

#endif /* SKYBENCH_USAGE_H */
