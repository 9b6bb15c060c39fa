// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "usage.h"

#define TEXT_MAX	8192u

/* All processes that there are. */
struct row {
	struct usage_stat stat;
	bool mine;		/* named, or a descendant */
};

struct table {
	struct row *row;
	size_t rows, room;
};

static void free_table(struct table *t)
{
	free(t->row);
}

/* --- files of /proc and of cgroups ------------------------------------------------------------ */

static int read_text(const char *dir, const char *sub, const char *name, char **text, size_t *len)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s/%s", dir, sub, name) < 0)
		return -ENOMEM;
	return file_read(path, TEXT_MAX, text, len);
}

/* The number behind a word at the begin of a line. */
static bool find_number(struct str text, struct str word, uint64_t *value)
{
	struct str line;

	while (str_cut(&text, '\n', &line)) {
		if (!str_starts(line, word))
			continue;
		line = str_trim(str_skip(line, word.len));
		if (str_ends(line, STR(" kB")))
			line.len -= 3;
		return str_number(str_trim(line), UINT64_MAX, value);
	}
	return false;
}

/* Words of a stat file behind the name: the place of each in proc(5) less 3. */
enum { PARENT = 1, UTIME = 11, STIME, CUTIME, CSTIME, STAT_WORDS };

int usage_parse_stat(struct str text, struct usage_stat *s)
{
	uint64_t pid, number[STAT_WORDS] = { 0 };
	struct str word;
	unsigned int i;
	size_t at;

	if (!str_find(text, ' ', &at) || !str_number(str_head(text, at), INT32_MAX, &pid))
		return -EBADMSG;
	/* The name is whatever the process likes, so the last bracket is the one that ends it. */
	for (at = text.len; at && text.at[at - 1] != ')'; at--)
		;
	if (!at || at == text.len || text.at[at] != ' ')
		return -EBADMSG;
	text = str_skip(text, at + 1);
	for (i = 0; i < STAT_WORDS; i++) {
		if (!str_cut(&text, ' ', &word) || !word.len)
			return -EBADMSG;
		/* Others are letters, or may be negative. */
		if (i != PARENT && i < UTIME)
			continue;
		if (!str_number(word, INT32_MAX, &number[i]))
			return -EBADMSG;
	}
	*s = (struct usage_stat){
		pid, number[PARENT], number[UTIME] + number[STIME], number[CUTIME] + number[CSTIME],
	};
	return 0;
}

int usage_parse_pids(const char *text, struct usage_of *of)
{
	struct str rest = str_of(text), one;
	uint64_t pid;

	of->pids = 0;
	while (str_cut(&rest, ',', &one)) {
		if (of->pids == USAGE_PIDS)
			return -E2BIG;
		if (!str_number(one, INT32_MAX, &pid) || !pid)
			return -EINVAL;
		of->pid[of->pids++] = pid;
	}
	return 0;
}

/* --- all processes ---------------------------------------------------------------------------- */

static int add_row(struct table *t, const struct usage_stat *s)
{
	size_t room = t->room ? 2 * t->room : 256;
	struct row *rows;

	if (t->rows == t->room) {
		rows = realloc(t->row, room * sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		t->row = rows;
		t->room = room;
	}
	t->row[t->rows++] = (struct row){ .stat = *s };
	return 0;
}

/* One that has ended meanwhile is none. */
static int read_row(struct table *t, const char *proc, const char *name)
{
	CLEANUP_FREE char *text = NULL;
	struct usage_stat s;
	size_t len;
	int rc = read_text(proc, name, "stat", &text, &len);

	if (rc)
		return rc == -ENOENT || rc == -ESRCH ? 0 : rc;
	return usage_parse_stat((struct str){ text, len }, &s) ?: add_row(t, &s);
}

static int read_table(struct table *t, const char *proc)
{
	struct dirent *entry;
	DIR *dir = opendir(proc);
	int rc = dir ? 0 : -errno;

	while (!rc && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			rc = read_row(t, proc, entry->d_name);
	if (dir)
		closedir(dir);
	return rc;
}

static struct row *find_row(struct table *t, pid_t pid)
{
	size_t i;

	for (i = 0; i < t->rows; i++)
		if (t->row[i].stat.pid == pid)
			return &t->row[i];
	return NULL;
}

/* Who is named, and who descends from them. */
static int mark(struct table *t, const struct usage_of *of)
{
	struct row *row, *parent;
	bool more = true;
	unsigned int i;

	for (i = 0; i < of->pids; i++) {
		row = find_row(t, of->pid[i]);
		if (!row)
			return -ESRCH;
		row->mine = true;
	}
	while (more) {
		more = false;
		for (row = t->row; row < t->row + t->rows; row++) {
			parent = row->mine ? NULL : find_row(t, row->stat.parent);
			if (parent && parent->mine) {
				row->mine = true;
				more = true;
			}
		}
	}
	return 0;
}

static int tree_of(struct table *t, const struct usage_of *of)
{
	return read_table(t, of->proc) ?: mark(t, of);
}

static uint64_t peak_of(const struct usage_of *of, pid_t pid)
{
	CLEANUP_FREE char *text = NULL;
	char name[16];
	uint64_t kib;
	size_t len;

	snprintf(name, sizeof(name), "%d", pid);
	if (read_text(of->proc, name, "status", &text, &len) ||
	    !find_number((struct str){ text, len }, STR("VmHWM:"), &kib))
		return 0;
	return kib;
}

static int read_tree(const struct usage_of *of, struct usage *u)
{
	CLEANUP(free_table) struct table t = { 0 };
	uint64_t ticks = 0;
	struct row *row;
	int rc = tree_of(&t, of);

	if (rc)
		return rc;
	for (row = t.row; row < t.row + t.rows; row++) {
		if (!row->mine)
			continue;
		ticks += row->stat.own + row->stat.reaped;
		u->peak_kib += peak_of(of, row->stat.pid);
	}
	u->cpu_us = ticks * 1000000 / sysconf(_SC_CLK_TCK);
	return 0;
}

/* --- a cgroup --------------------------------------------------------------------------------- */

static int read_cgroup(const struct usage_of *of, struct usage *u)
{
	CLEANUP_FREE char *cpu = NULL, *peak = NULL;
	size_t len;
	int rc = read_text(of->cgroup, ".", "cpu.stat", &cpu, &len);

	if (rc)
		return rc;
	if (!find_number((struct str){ cpu, len }, STR("usage_usec"), &u->cpu_us))
		return -EBADMSG;
	/* Kernels before 5.19 know of no peak. */
	if (!read_text(of->cgroup, ".", "memory.peak", &peak, &len) &&
	    str_number(str_trim((struct str){ peak, len ? len - 1 : 0 }), UINT64_MAX, &u->peak_kib))
		u->peak_kib >>= 10;
	return 0;
}

/* --- both ------------------------------------------------------------------------------------- */

int usage_read(const struct usage_of *of, struct usage *u)
{
	*u = (struct usage){ 0 };
	if (of->cgroup)
		return read_cgroup(of, u);
	return of->pids ? read_tree(of, u) : 0;
}

/* The greatest size begins anew (proc_pid_clear_refs(5)). */
static void reset_peak(const struct usage_of *of, pid_t pid)
{
	CLEANUP_CLOSE int fd = -1;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%d/clear_refs", of->proc, pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "5", 1) != 1)
		return;
}

int usage_reset(const struct usage_of *of)
{
	CLEANUP(free_table) struct table t = { 0 };
	struct row *row;
	int rc;

	if (of->cgroup || !of->pids)
		return 0;
	rc = tree_of(&t, of);
	for (row = t.row; !rc && row < t.row + t.rows; row++)
		if (row->mine)
			reset_peak(of, row->stat.pid);
	return rc;
}
