// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the server.  Parts that are fetched side by side belong to one object: each request
 * says which by If-Match, and each answer is held to its range.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "http/range.h"
#include "s3.h"

/* Where an answer's bytes go. */
struct receiving {
	const struct s3_name *from;
	struct s3_stat *st;
	const struct web_reply *reply;
	int fd;			/* a file, or -1 */
	char *memory;		/* or this */
	uint64_t at, len, got;	/* the range; @len: UINT64_MAX: all there is */
	struct s3_checker check;
};

/* Only if it is asked for: naming it takes another permission than reading what is there. */
static void put_version(struct out *q, const struct s3_name *from)
{
	if (!from->version)
		return;
	out_str(q, STR("versionId="));
	uri_encode(q, str_of(from->version), 0);
}

/* Is the answer that of the range? */
static int check_range(const struct receiving *g)
{
	struct str text;
	struct range is;
	uint64_t size;

	if (!web_field(g->reply, STR("Content-Range"), &text) ||
	    !content_range_parse(text, &is, &size))
		return -ENOTSUP;
	if (is.first != g->at || is.len != g->len || size != g->st->size)
		return -EBADMSG;
	if (!web_field(g->reply, STR("ETag"), &text) || !str_is(text, g->st->etag))
		return -ESTALE;
	return 0;
}

/* The head is there, and nothing of the body has been taken. */
static int first_bytes(struct receiving *g)
{
	if (g->len != UINT64_MAX)
		return check_range(g);
	if (s3_stat_read(g->reply, g->st))
		return -EBADMSG;
	return checker_begin(&g->check, g->st);
}

static int on_bytes(void *arg, const void *data, size_t len)
{
	struct receiving *g = arg;
	int rc = g->got ? 0 : first_bytes(g);

	if (!rc && len > g->len - g->got)
		rc = -EBADMSG;
	if (!rc)
		rc = checker_add(&g->check, data, len);
	if (!rc && g->fd >= 0)
		rc = pwrite_all(g->fd, data, len, g->at + g->got);
	else if (!rc)
		memcpy(g->memory + g->got, data, len);
	g->got += len;
	return rc;
}

static int on_again(void *arg)
{
	struct receiving *g = arg;

	g->got = 0;
	g->check.crc = 0;
	/* It may be another object by now, and shorter. */
	if (g->fd >= 0 && g->len == UINT64_MAX && ftruncate(g->fd, 0))
		return -errno;
	return 0;
}

static int get_fail(const struct web *w, const struct web_ask *a, const struct web_reply *r,
		    int rc)
{
	char url[S3_SHOWN_MAX];

	s3_shown_url(a->bucket, a->key, url);
	if (r->status / 100 != 2 || rc == -EINTR)
		return web_fail(w, a, r, rc);
	switch (rc) {
	case -ENOTSUP:
		fail(0, "%s: the server does not send parts of it", url);
		hint("give a --threshold above its size");
		break;
	case -EBADMSG:
		fail(0, "%s: the server sends something else than was asked for", url);
		break;
	case -ESTALE:
		fail(0, "%s has changed while it was read", url);
		hint("run the command again");
		break;
	case -ENOSPC:
	case -EDQUOT:
		fail(0, "%s: no room for it on the disk", url);
		hint("make room and run the command again; nothing of it is kept");
		break;
	case -EPIPE:
		return fail(EPIPE, "who reads standard output has gone");
	default:
		return fail(-rc, "%s: cannot be written: %s", url, strerror(-rc));
	}
	return rc;
}

static int check_length(const struct receiving *g)
{
	char url[S3_SHOWN_MAX];

	if (g->got == (g->len == UINT64_MAX ? g->st->size : g->len))
		return 0;
	return fail(EBADMSG, "%s: the server has sent %llu bytes, which is not all",
		    s3_shown_url(g->from->bucket, g->from->key, url),
		    (unsigned long long)g->got);
}

/* One request: a range of what @g->st says, or the whole, of which it receives that. */
static int receive(struct receiving *g, struct web *w, _Atomic uint64_t *moved)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	bool whole = g->len == UINT64_MAX;
	char query[3 * S3_UPLOAD_MAX + 16], range[64];
	struct out q = OUT(query, sizeof(query));
	struct web_ask a = {
		.method = "GET", .bucket = g->from->bucket, .key = g->from->key,
		.sink = on_bytes, .again = on_again, .arg = g, .moved = moved,
	};
	int rc;

	g->reply = &r;
	put_version(&q, g->from);
	a.query = out_written(&q);
	if (whole) {
		web_header(&a, STR("x-amz-checksum-mode"), STR("ENABLED"));
	} else {
		snprintf(range, sizeof(range), "bytes=%llu-%llu", (unsigned long long)g->at,
			 (unsigned long long)(g->at + g->len - 1));
		web_header(&a, STR("Range"), str_of(range));
		web_header(&a, STR("If-Match"), str_of(g->st->etag));
	}
	rc = web_do(w, &a, &r);
	/* An object of no bytes has no first ones. */
	if (!rc && !g->got && whole)
		rc = first_bytes(g);
	if (rc)
		return get_fail(w, &a, &r, rc);
	return check_length(g);
}

/* --- files --------------------------------------------------------------------------- */

struct getting {
	struct s3_moving *m;
	const struct s3_name *from;
	struct s3_stat *st;
	struct s3_checker check;	/* as it would be at the beginning of all */
	int fd;
	uint64_t part;
	uint64_t *crc;			/* of each part */
};

static uint64_t part_len(const struct getting *g, size_t i)
{
	uint64_t left = g->st->size - i * g->part;

	return left < g->part ? left : g->part;
}

static int get_part(void *arg, struct web *w, size_t i)
{
	struct getting *g = arg;
	struct receiving to = {
		.from = g->from, .st = g->st, .fd = g->fd, .at = i * g->part,
		.len = part_len(g, i),
	};
	int rc;

	/* Digests of parts do not add up. */
	to.check.way = g->check.way == CHECK_CRC ? CHECK_CRC : CHECK_NOTHING;
	to.check.kind = g->check.kind;
	rc = receive(&to, w, &g->m->crew.moved);
	g->crc[i] = to.check.crc;
	return rc;
}

/* What could not be summed part by part is read once more. */
static int check_file(struct getting *g)
{
	const size_t size = 1 << 20;
	CLEANUP_FREE char *data = malloc(size);
	uint64_t at;
	int rc = data ? 0 : -ENOMEM;

	for (at = 0; !rc && at < g->st->size && !s3_interrupted; at += size) {
		size_t len = g->st->size - at < size ? g->st->size - at : size;

		rc = pread_all(g->fd, data, len, at);
		if (!rc)
			rc = checker_add(&g->check, data, len);
	}
	if (rc)
		return fail(-rc, "cannot read what was written: %s", strerror(-rc));
	return s3_interrupted ? -EINTR : 0;
}

static int get_parts(struct getting *g)
{
	size_t count = (g->st->size + g->part - 1) / g->part, i;
	int rc;

	g->crc = calloc(count, sizeof(*g->crc));
	if (!g->crc)
		return fail(ENOMEM, "no memory");
	rc = checker_begin(&g->check, g->st);
	if (rc)
		return fail(-rc, "no digest can be made: %s", strerror(-rc));
	rc = crew_run(&g->m->crew, count, get_part, g);
	if (!rc && g->check.way == CHECK_HASH)
		rc = check_file(g);
	for (i = 0; !rc && g->check.way == CHECK_CRC && i < count; i++)
		g->check.crc = crc_combine(g->check.kind, g->check.crc, g->crc[i],
					   part_len(g, i));
	free(g->crc);
	if (!rc)
		return checker_end(&g->check, g->from);
	hash_free(&g->check.hash);
	return rc;
}

static int get_whole(struct s3_moving *m, struct web *w, const struct s3_name *from, int fd,
		     struct s3_stat *st)
{
	struct receiving g = { .from = from, .st = st, .fd = fd, .len = UINT64_MAX };
	int rc;

	rc = receive(&g, w, &m->crew.moved);
	if (!rc)
		return checker_end(&g.check, from);
	hash_free(&g.check.hash);
	return rc;
}

/* A disk that has no room says so now, and not when most has come. */
static int make_room(const struct s3_name *from, int fd, uint64_t size)
{
	char url[S3_SHOWN_MAX];

	if (!size || !fallocate(fd, 0, 0, size) || (errno != ENOSPC && errno != EDQUOT &&
						    errno != EFBIG))
		return 0;
	fail_errno("%s has %llu bytes", s3_shown_url(from->bucket, from->key, url),
		   (unsigned long long)size);
	hint("make room and run the command again");
	return -ENOSPC;
}

int s3_get_file(struct s3_moving *m, struct web *w, const struct s3_name *from, int fd,
		const uint64_t *expected, struct s3_stat *st)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct getting g = { .m = m, .from = from, .st = st, .fd = fd };
	int rc;

	*st = (struct s3_stat){ .sum.kind = S3_NO_CHECKSUM };
	if (expected && *expected <= m->threshold)
		return get_whole(m, w, from, fd, st);
	rc = s3_stat(w, from, st, &r);
	if (!rc && st->size <= m->threshold)
		return get_whole(m, w, from, fd, st);
	if (!rc)
		rc = make_room(from, fd, st->size);
	g.part = s3_part_size(st->size, m->part);
	m->crew.total = m->crew.total ? m->crew.total : st->size;
	return rc ? rc : get_parts(&g);
}

/* --- streams ------------------------------------------------------------------------- */

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t put = write(fd, data, len);

		if (put < 0 && errno == EINTR && !s3_interrupted)
			continue;
		if (put < 0)
			return errno == EINTR ? -EINTR :
			       fail_errno("cannot write what has come");
		data += put;
		len -= put;
	}
	return 0;
}

/* Part by part through memory: one that breaks off is fetched again before it is passed on. */
int s3_get_stream(struct s3_moving *m, struct web *w, const struct s3_name *from, int fd)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	CLEANUP_FREE char *data = malloc(m->part);
	struct s3_checker check = { .way = CHECK_NOTHING };
	struct s3_stat st;
	uint64_t at;
	int rc = data ? s3_stat(w, from, &st, &r) : fail(ENOMEM, "no memory");

	if (rc)
		return rc;
	rc = checker_begin(&check, &st);
	for (at = 0; !rc && at < st.size; at += m->part) {
		struct receiving g = {
			.from = from, .st = &st, .fd = -1, .memory = data, .at = at,
			.len = st.size - at < m->part ? st.size - at : m->part,
		};

		rc = receive(&g, w, &m->crew.moved);
		if (!rc)
			rc = checker_add(&check, data, g.len);
		if (!rc)
			rc = write_all(fd, data, g.len);
	}
	if (!rc)
		return checker_end(&check, from);
	hash_free(&check.hash);
	return rc;
}
