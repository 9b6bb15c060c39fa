// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large fragments: a file each, named by a number that is never used again.  The file and its
 * name are durable before the log's record is written, and it is that record that counts; a
 * file without one is what a crash has left, and goes at the next start.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "crypto/crc.h"
#include "edge_private.h"
#include "io/file.h"

#define BLOCK		SKY_EDGE_BLOCK
#define FOLDERS		256u

static uint64_t blocks_of(uint64_t len)
{
	return (len + BLOCK - 1) / BLOCK;
}

static size_t tail_bytes(uint64_t len)
{
	return blocks_of(len) * sizeof(__le64) + sizeof(struct sky_edge_tail);
}

static void large_path(uint64_t file, char path[EDGE_PATH_MAX])
{
	snprintf(path, EDGE_PATH_MAX, "%02x/%016" PRIx64, (unsigned int)(file % FOLDERS), file);
}

int edge_large_folders(struct edge_store *s)
{
	char path[EDGE_PATH_MAX];
	unsigned int i;
	int rc = 0;

	/* Once all of them are durable there is a folder that says so. */
	if (!faccessat(s->large_dir, "made", F_OK, 0))
		return 0;
	for (i = 0; !rc && i < FOLDERS; i++) {
		snprintf(path, sizeof(path), "%02x", i);
		rc = io_mkdirat(s->large_dir, path, 0700, 0);
		rc = rc == -EEXIST ? 0 : rc;
	}
	rc = rc ? rc : io_fsync(s->large_dir, 0);
	rc = rc ? rc : io_mkdirat(s->large_dir, "made", 0700, 0);
	return rc;
}

int edge_large_create(struct edge_store *s, struct edge_large_put *p, uint64_t len,
		      int64_t deadline)
{
	char path[EDGE_PATH_MAX];

	*p = (struct edge_large_put){ .file = s->next_file++, .len = len };
	p->sum = malloc(tail_bytes(len));
	if (!p->sum)
		return -ENOMEM;
	large_path(p->file, path);
	p->fd = io_openat(s->large_dir, path, O_WRONLY | O_CREAT | O_EXCL, 0600, deadline);
	if (p->fd < 0) {
		free(p->sum);
		return p->fd;
	}
	return 0;
}

/* The sums of the blocks that @data ends or begins. */
static void add_sums(struct edge_store *s, struct edge_large_put *p, const uint8_t *data,
		     size_t len)
{
	uint64_t at = p->written;

	while (len) {
		size_t part = BLOCK - at % BLOCK;

		part = part < len ? part : len;
		p->crc = at % BLOCK ? crc_update(CRC_64NVME, p->crc, data, part) :
				      edge_crc(&s->id, data, part);
		p->sum[at / BLOCK] = cpu_to_le64(p->crc);
		at += part;
		data += part;
		len -= part;
	}
}

int edge_large_write(struct edge_store *s, struct edge_large_put *p, const void *data, size_t len,
		     int64_t deadline)
{
	int rc;

	add_sums(s, p, data, len);
	rc = io_pwrite(p->fd, data, len, p->written, deadline);
	if (!rc)
		p->written += len;
	return rc;
}

static int sync_folder(struct edge_store *s, uint64_t file)
{
	char path[EDGE_PATH_MAX];
	int fd, rc;

	snprintf(path, sizeof(path), "%02x", (unsigned int)(file % FOLDERS));
	fd = io_openat(s->large_dir, path, O_RDONLY | O_DIRECTORY, 0, 0);
	if (fd < 0)
		return fd;
	rc = io_fsync(fd, 0);
	io_close(fd);
	return rc;
}

/* All has been written: make it and its name durable.  The file stays open. */
int edge_large_finish(struct edge_store *s, struct edge_large_put *p, const uint8_t sha256[32],
		      uint64_t *tail_crc)
{
	size_t sums = blocks_of(p->len) * sizeof(__le64);
	struct sky_edge_tail tail = {
		.file = cpu_to_le64(p->file), .len = cpu_to_le64(p->len),
	};
	uint8_t *end = (uint8_t *)p->sum + sums;
	int rc;

	memcpy(tail.sha256, sha256, sizeof(tail.sha256));
	memcpy(end, &tail, sizeof(tail));
	*tail_crc = edge_crc(&s->id, p->sum, sums + offsetof(struct sky_edge_tail, crc));
	tail.crc = cpu_to_le64(*tail_crc);
	memcpy(end, &tail, sizeof(tail));
	rc = io_pwrite(p->fd, p->sum, sums + sizeof(tail), p->len, 0);
	rc = rc ? rc : io_fdatasync(p->fd, 0);
	return rc ? rc : sync_folder(s, p->file);
}

/* Its record is durable. */
void edge_large_done(struct edge_large_put *p)
{
	io_close(p->fd);
	free(p->sum);
}

void edge_large_abort(struct edge_store *s, struct edge_large_put *p)
{
	io_close(p->fd);
	free(p->sum);
	edge_large_remove(s, p->file);
}

int edge_large_remove(struct edge_store *s, uint64_t file)
{
	char path[EDGE_PATH_MAX];
	int rc;

	large_path(file, path);
	io_shield();
	rc = io_unlinkat(s->large_dir, path, 0, 0);
	io_unshield();
	return rc;
}

/* Return: 0; -EBADMSG when the file is not there, or not what the log says; -errno. */
int edge_large_open(struct edge_store *s, struct edge_large_get *g, uint64_t file, uint64_t len,
		    int64_t deadline)
{
	size_t sums = blocks_of(len) * sizeof(__le64), bytes = tail_bytes(len);
	struct sky_edge_tail tail;
	char path[EDGE_PATH_MAX];
	ssize_t got;

	*g = (struct edge_large_get){ .len = len, .sum = malloc(bytes) };
	if (!g->sum)
		return -ENOMEM;
	large_path(file, path);
	g->fd = io_openat(s->large_dir, path, O_RDONLY, 0, deadline);
	if (g->fd < 0) {
		free(g->sum);
		return g->fd == -ENOENT ? -EBADMSG : g->fd;
	}
	got = io_pread(g->fd, g->sum, bytes, len, deadline);
	if (got == bytes) {
		memcpy(&tail, (uint8_t *)g->sum + sums, sizeof(tail));
		memcpy(g->sha256, tail.sha256, sizeof(g->sha256));
		if (le64_to_cpu(tail.file) == file && le64_to_cpu(tail.len) == len &&
		    le64_to_cpu(tail.crc) ==
		    edge_crc(&s->id, g->sum, sums + offsetof(struct sky_edge_tail, crc)))
			return 0;
	}
	edge_large_close(g);
	return got < 0 ? got : -EBADMSG;
}

/* Whole blocks from a multiple of BLOCK on. */
static int read_blocks(struct edge_store *s, struct edge_large_get *g, uint8_t *buf, size_t len,
		       uint64_t offset, int64_t deadline)
{
	ssize_t got = io_pread(g->fd, buf, len, offset, deadline);
	size_t at, part;

	if (got < 0)
		return got;
	if (got < len)
		return -EBADMSG;
	for (at = 0; at < len; at += part) {
		part = len - at < BLOCK ? len - at : BLOCK;
		if (edge_crc(&s->id, buf + at, part) != le64_to_cpu(g->sum[(offset + at) / BLOCK]))
			return -EBADMSG;
	}
	return 0;
}

/* @len bytes, all of them there. */
int edge_large_read(struct edge_store *s, struct edge_large_get *g, uint8_t *buf, size_t len,
		    uint64_t offset, int64_t deadline)
{
	size_t skip, part;
	int rc = 0;

	while (len && !rc) {
		skip = offset % BLOCK;
		if (!skip && (len >= BLOCK || offset + len == g->len)) {
			part = offset + len == g->len ? len : len - len % BLOCK;
			rc = read_blocks(s, g, buf, part, offset, deadline);
		} else {
			uint64_t from = offset - skip, left = g->len - from;

			if (!g->block)
				g->block = malloc(BLOCK);
			if (!g->block)
				return -ENOMEM;
			rc = read_blocks(s, g, g->block, left < BLOCK ? left : BLOCK, from,
					 deadline);
			part = BLOCK - skip < len ? BLOCK - skip : len;
			memcpy(buf, g->block + skip, rc ? 0 : part);
		}
		buf += part;
		offset += part;
		len -= part;
	}
	return rc;
}

void edge_large_close(struct edge_large_get *g)
{
	io_close(g->fd);
	free(g->sum);
	free(g->block);
}

/* --- what a crash has left ------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int collect_folder(struct edge_store *s, unsigned int folder, const uint64_t *known,
			  size_t count)
{
	char path[EDGE_PATH_MAX], name[EDGE_PATH_MAX];
	struct dirent *d;
	uint64_t file;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%02x", folder);
	fd = io_openat(s->large_dir, path, O_RDONLY | O_DIRECTORY, 0, 0);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((d = readdir(dir))) {
		file = strtoull(d->d_name, NULL, 16);
		edge_log_path(file, name);
		if (strcmp(d->d_name, name))
			continue;
		if (file >= s->next_file)
			s->next_file = file + 1;
		if (!s->damaged && !bsearch(&file, known, count, sizeof(file), by_number))
			edge_large_remove(s, file);
	}
	closedir(dir);
	return 0;
}

/* Where the log is damaged nothing is removed: its record may be what is missing. */
int edge_large_collect(struct edge_store *s)
{
	CLEANUP_FREE uint64_t *known = malloc((s->large + 1) * sizeof(*known));
	struct edge_entry *e = edge_index_after(&s->index, STR_NONE);
	unsigned int i;
	size_t count = 0;
	int rc = 0;

	if (!known)
		return -ENOMEM;
	for (; e; e = edge_index_after(&s->index, edge_entry_name(e)))
		if (e->file)
			known[count++] = e->file;
	qsort(known, count, sizeof(*known), by_number);
	for (i = 0; !rc && i < FOLDERS; i++)
		rc = collect_folder(s, i, known, count);
	return rc;
}
