// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A start writes a record without a process first, so that one which is cut off can be told from
 * one that has ended.  What it has left behind is ended here, whatever that is, and removed.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/size.h"
#include "log.h"
#include "monitor/monitor.h"
#include "starter.h"

#define PATH_SIZE	4096u
#define WORDS_MAX	65536u

/* Has a process this word on its command line? */
static bool has_word(int pid, const char *word)
{
	CLEANUP_FREE char *text = NULL;
	char path[64];
	size_t len, at = 0;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	if (file_read(path, WORDS_MAX, &text, &len))
		return false;
	for (; at < len; at += strnlen(text + at, len - at) + 1)
		if (!strcmp(text + at, word))
			return true;
	return false;
}

/*
 * Before QEMU writes the number of its process there may be two of them, and only the path of the
 * file says whose they are.
 */
static void end_microvm(const struct runner *r, const char *name)
{
	char word[PATH_SIZE];
	struct dirent *e;
	bool found = true;
	DIR *d;
	int pid;

	runner_path(r, name, "pid", word, sizeof(word));
	while (found && (d = opendir("/proc"))) {
		found = false;
		while ((e = readdir(d))) {
			pid = atoi(e->d_name);
			if (pid > 0 && pid != getpid() && has_word(pid, word) &&
			    !kill(pid, SIGKILL))
				found = true;
		}
		closedir(d);
		if (found)
			usleep(10000);
	}
}

/* Only one with this image, and begun since: another of this name is somebody else's. */
static void end_guest(const struct runner_record *w)
{
	CLEANUP_FREE char *stats = NULL;
	char digest[80] = "", wanted[2 * RUNNER_DIGEST + 1], pid[16] = "";
	uint64_t number = 0;

	hex_encode(w->digest, sizeof(w->digest), wanted);
	if (access(HEDGE_MONITOR, F_OK) || monitor_stats(w->name, &stats) ||
	    !monitor_stat(stats, "digest", digest, sizeof(digest)) || strcmp(digest, wanted) ||
	    !monitor_stat(stats, "pid", pid, sizeof(pid)) ||
	    number_parse(pid, 1, INT32_MAX, &number))
		return;
	if (runner_began_since(w, number))
		runner_stop_guest(w->name);
}

static void recover(struct runner *r, const char *name)
{
	/* Whoever holds it has not been cut off: a process that a reload replaces, perhaps. */
	CLEANUP_CLOSE int held = runner_hold(r, name);
	struct runner_record w;
	int rc;

	if (held < 0)
		return;
	rc = runner_record_read(r, name, &w);
	if (rc && rc != -ENOENT) {
		log_line(LEVEL_WARNING, "workload %s: its record cannot be read", name);
		return;
	}
	if (!rc && w.pid)
		return;
	if (!rc && runner_kind(w.tier) == 0)
		runner_delete_container(r, name);
	if (!rc && runner_kind(w.tier) == 1)
		end_microvm(r, name);
	if (!rc && runner_kind(w.tier) == 2)
		end_guest(&w);
	runner_forget(r, name);
	log_line(LEVEL_WARNING, "workload %s: its start was cut off, and nothing of it is left",
		 name);
}

void runner_recover(struct runner *r)
{
	DIR *d = opendir(r->config->workload_state);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (runner_name_ok(str_of(e->d_name)))
			recover(r, e->d_name);
	if (d)
		closedir(d);
}
