// SPDX-License-Identifier: GPL-2.0-or-later
/* From fio's JSON and the snapshots of /proc and /sys to figures. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bench.h"
#include "dm_raw.h"

const char *const dm_stack_names[DM_STACKS] = { "rlnc", "a", "b", "c", "d" };

/* Sums over the devices of one snapshot, and the processors' time. */
struct snapshot {
	double busy;			/* in ticks */
	double ops, sectors;
};

/* What one job has done. */
struct job {
	char name[2 * DM_NAME_MAX];	/* ROW@STACK */
	double bytes, ios, seconds;
	struct snapshot before, after;
	unsigned int lines;		/* of snapshots seen */
};

struct round {
	size_t count;
	struct job job[DM_MAX_ROWS * DM_STACKS];
};

static int complain(const char *path, const char *what)
{
	fprintf(stderr, "skybench: %s: %s\n", path, what);
	return -1;
}

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static int parse_job(struct job *job, const json_t *entry)
{
	static const char *const directions[] = { "read", "write" };
	const char *name = json_string_value(json_object_get(entry, "jobname"));
	const json_t *part;
	size_t i;

	if (!name || strlen(name) >= sizeof(job->name) || number(entry, "error"))
		return -1;
	strcpy(job->name, name);
	for (i = 0; i < 2; i++) {
		part = json_object_get(entry, directions[i]);
		job->bytes += number(part, "io_bytes");
		job->ios += number(part, "total_ios");
		job->seconds += number(part, "runtime") / 1000;
	}
	return job->bytes > 0 && job->ios > 0 && job->seconds > 0 ? 0 : -1;
}

static int load_fio(struct round *round, const char *path)
{
	json_t *root = json_load_file(path, 0, NULL);
	const json_t *jobs = json_object_get(root, "jobs"), *entry;
	int err = json_array_size(jobs) ? 0 : -1;
	size_t i;

	json_array_foreach(jobs, i, entry) {
		if (round->count == DM_MAX_ROWS * DM_STACKS ||
		    parse_job(&round->job[round->count++], entry)) {
			err = -1;
			break;
		}
	}
	json_decref(root);
	return err ? complain(path, "not fio's, or a job has failed") : 0;
}

static struct job *find_job(struct round *round, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < round->count; i++)
		if (strlen(round->job[i].name) == len && !memcmp(round->job[i].name, name, len))
			return &round->job[i];
	return NULL;
}

/*
 * A line of /proc/stat, "cpu user nice system idle iowait irq softirq steal ...",
 * or of /sys/block/DEVICE/stat: ios, merges, sectors and ticks of reads, then of
 * writes.
 */
static int parse_line(struct snapshot *s, const char *text)
{
	double v[8];

	if (!strncmp(text, "cpu ", 4)) {
		if (sscanf(text + 4, "%lf %lf %lf %lf %lf %lf %lf %lf", &v[0], &v[1], &v[2], &v[3],
			   &v[4], &v[5], &v[6], &v[7]) != 8)
			return -1;
		s->busy = v[0] + v[1] + v[2] + v[5] + v[6] + v[7];
		return 0;
	}
	if (sscanf(text, "%lf %lf %lf %lf %lf %lf %lf", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		   &v[6]) != 7)
		return -1;
	s->ops += v[0] + v[4];
	s->sectors += v[2] + v[6];
	return 0;
}

/* Each line of a file, to @parse, which returns 0 if it is as it should be. */
static int load_lines(const char *path, int (*parse)(void *arg, char *line), void *arg)
{
	FILE *f CLEANUP_FCLOSE = fopen(path, "r");
	char *line CLEANUP_FREE = NULL;
	size_t size = 0;

	if (!f)
		return complain(path, "cannot be opened");
	while (getline(&line, &size, f) > 0)
		if (parse(arg, line))
			return complain(path, "a line is not as it should be");
	return 0;
}

/* "./JOB.prerun.txt:TEXT" or "./JOB.postrun.txt:TEXT". */
static int parse_snapshot(void *arg, char *line)
{
	struct round *round = arg;
	char *text = strchr(line, ':'), *dot;
	struct job *job;
	bool before;

	if (!text || strncmp(line, "./", 2))
		return -1;
	*text++ = '\0';
	dot = strstr(line, ".prerun.txt");
	before = dot;
	if (!dot)
		dot = strstr(line, ".postrun.txt");
	if (!dot)
		return -1;
	job = find_job(round, line + 2, dot - line - 2);
	if (!job)
		return -1;
	job->lines++;
	return parse_line(before ? &job->before : &job->after, text);
}

/* "encryption NS" or "decryption NS". */
static int parse_aead(void *arg, char *line)
{
	struct dm_raw *raw = arg;
	struct dm_aead *aead;
	char way[16];
	double ns;

	if (sscanf(line, "%15s %lf", way, &ns) != 2 || ns <= 0)
		return -1;
	aead = !strcmp(way, "encryption") ? &raw->encrypt : &raw->decrypt;
	if ((aead == &raw->decrypt && strcmp(way, "decryption")) || aead->count == DM_MAX_AEAD)
		return -1;
	aead->samples[aead->count++] = ns;
	return 0;
}

static struct dm_row *row_of(struct dm_raw *raw, const char *name, size_t len)
{
	struct dm_row *row;
	size_t i;

	for (i = 0; i < raw->rows; i++)
		if (strlen(raw->row[i].name) == len && !memcmp(raw->row[i].name, name, len))
			return &raw->row[i];
	if (raw->rows == DM_MAX_ROWS || len >= DM_NAME_MAX)
		return NULL;
	row = &raw->row[raw->rows++];
	memcpy(row->name, name, len);
	return row;
}

static int add_job(struct dm_raw *raw, const struct job *job)
{
	const double ns_per_tick = 1e9 / sysconf(_SC_CLK_TCK);
	const char *at = strchr(job->name, '@');
	struct dm_row *row;
	struct dm_cell *cell;
	size_t i;

	/* Two snapshots: the processors and six members each. */
	row = at && job->lines == 14 ? row_of(raw, job->name, at - job->name) : NULL;
	for (i = 0; row && i < DM_STACKS; i++)
		if (!strcmp(at + 1, dm_stack_names[i]))
			break;
	if (!row || i == DM_STACKS || row->cell[i].rounds == DM_MAX_ROUNDS)
		return -1;
	cell = &row->cell[i];
	i = cell->rounds++;
	cell->samples[DM_RATE][i] = job->bytes / job->seconds / 1e6;
	cell->samples[DM_IOPS][i] = job->ios / job->seconds;
	cell->samples[DM_CPU][i] = (job->after.busy - job->before.busy) * ns_per_tick / job->bytes;
	cell->samples[DM_MEMBER_BYTES][i] =
		(job->after.sectors - job->before.sectors) * 512 / job->bytes;
	cell->samples[DM_MEMBER_OPS][i] = (job->after.ops - job->before.ops) / job->ios;
	return 0;
}

static int load_round(struct dm_raw *raw, const char *dir, unsigned int number)
{
	struct round *round CLEANUP_FREE = calloc(1, sizeof(*round));
	char fio[4096], stat[4096], aead[4096];
	size_t i;

	if (!round)
		return complain(dir, "out of memory");
	snprintf(fio, sizeof(fio), "%s/%u.json", dir, number);
	snprintf(stat, sizeof(stat), "%s/%u.stat", dir, number);
	snprintf(aead, sizeof(aead), "%s/%u.aead", dir, number);
	if (load_fio(round, fio) || load_lines(stat, parse_snapshot, round) ||
	    load_lines(aead, parse_aead, raw))
		return -1;
	for (i = 0; i < round->count; i++)
		if (add_job(raw, &round->job[i]))
			return complain(stat, round->job[i].name);
	return 0;
}

/* Every stack has every row in every round, or the figures do not compare. */
static int finish(struct dm_raw *raw, const char *dir)
{
	struct dm_cell *cell;
	size_t row, stack;
	int m;

	if (!raw->encrypt.count || !raw->decrypt.count)
		return complain(dir, "AES-GCM alone was not measured");
	raw->encrypt.median = bench_median(raw->encrypt.samples, raw->encrypt.count);
	raw->decrypt.median = bench_median(raw->decrypt.samples, raw->decrypt.count);
	for (row = 0; row < raw->rows; row++)
		for (stack = 0; stack < DM_STACKS; stack++) {
			cell = &raw->row[row].cell[stack];
			if (cell->rounds != raw->rounds)
				return complain(dir, raw->row[row].name);
			for (m = 0; m < DM_METRICS; m++)
				cell->median[m] = bench_median(cell->samples[m], raw->rounds);
		}
	return 0;
}

int dm_raw_load(struct dm_raw *raw, const char *dir)
{
	char path[4096];

	memset(raw, 0, sizeof(*raw));
	do {
		if (load_round(raw, dir, ++raw->rounds))
			return -1;
		snprintf(path, sizeof(path), "%s/%u.json", dir, raw->rounds + 1);
	} while (!access(path, F_OK));
	return finish(raw, dir);
}

const struct dm_row *dm_raw_row(const struct dm_raw *raw, const char *name)
{
	size_t i;

	for (i = 0; i < raw->rows; i++)
		if (!strcmp(raw->row[i].name, name))
			return &raw->row[i];
	return NULL;
}
