// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To the server.  A piece is read into memory, summed and sent from there: what arrives is what
 * was summed, however the file changes meanwhile, and can be sent again.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "crypto/crc.h"
#include "s3.h"

#define MEMORY_MOST	(1ull << 30)	/* bytes of all parts that are under way */
#define LOOK_UP_MS	200

struct putting {
	struct s3_moving *m;
	struct s3_upload upload;
	const char *from;		/* shown */
	int fd;
	struct stat before;
	bool stream;
	uint64_t part;
	pthread_mutex_t lock;		/* of a stream: what is read next */
	bool over;
	char *first;			/* of a stream: its first part, read already */
	size_t first_len;
};

/* --- reading ------------------------------------------------------------------------- */

static int changed(const struct putting *p)
{
	fail(0, "%s has changed while it was read", p->from);
	hint("run the command again when nothing writes to it");
	return -ESTALE;
}

static int check_unchanged(const struct putting *p)
{
	struct stat now;

	if (p->stream)
		return 0;
	if (fstat(p->fd, &now))
		return fail_errno("cannot look at %s", p->from);
	if (now.st_size != p->before.st_size ||
	    now.st_mtim.tv_sec != p->before.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != p->before.st_mtim.tv_nsec)
		return changed(p);
	return 0;
}

static int read_piece(const struct putting *p, char *to, uint64_t at, size_t len)
{
	int rc = pread_all(p->fd, to, len, at);

	if (rc == -ENODATA)
		return changed(p);
	return rc ? fail(-rc, "cannot read %s: %s", p->from, strerror(-rc)) : 0;
}

/* Return: bytes, fewer than @len at the end only; or -errno, reported. */
static ssize_t read_stream(const struct putting *p, char *to, size_t len)
{
	size_t got = 0;

	while (got < len) {
		struct pollfd in = { .fd = p->fd, .events = POLLIN };
		ssize_t n;

		if (s3_interrupted)
			return -EINTR;
		/* The signal may be another thread's. */
		if (!poll(&in, 1, LOOK_UP_MS))
			continue;
		n = read(p->fd, to + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno("cannot read %s", p->from);
		if (!n)
			break;
		got += n;
	}
	return got;
}

/* --- sending ------------------------------------------------------------------------- */

/* A server that says what it has got says the same. */
static int check_echo(const struct web_reply *r, const char *sum, const char *what)
{
	struct str echo;

	if (!web_field(r, s3_checksum_header(S3_SUM_KIND), &echo) || str_is(echo, sum))
		return 0;
	fail(0, "%s: the server has received something else than was sent", what);
	hint("run the command again; if it stays, something between here and there is broken");
	return -EBADMSG;
}

static int put_whole(struct s3_moving *m, struct web *w, const char *data, size_t len,
		     const struct s3_name *to)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct web_ask a = {
		.method = "PUT", .bucket = to->bucket, .key = to->key, .body = data,
		.body_len = len, .moved = &m->crew.moved,
	};
	char sum[S3_SUM_TEXT], url[S3_SHOWN_MAX];
	int rc;

	s3_sum_write(crc_update(CRC_64NVME, 0, data, len), sum);
	web_header(&a, s3_checksum_header(S3_SUM_KIND), str_of(sum));
	if (m->content_type)
		web_header(&a, STR("Content-Type"), str_of(m->content_type));
	rc = web_must(w, &a, &r);
	return rc ? rc : check_echo(&r, sum, s3_shown_url(to->bucket, to->key, url));
}

static int send_part(struct putting *p, struct web *w, unsigned int number, const char *data,
		     size_t len)
{
	CLEANUP_REPLY struct web_reply r = WEB_REPLY_NONE;
	struct s3_upload *u = &p->upload;
	struct upload_part *part = &u->part[number - 1];
	char query[3 * S3_UPLOAD_MAX + 64], sum[S3_SUM_TEXT];
	struct out q = OUT(query, sizeof(query));
	struct web_ask a = {
		.method = "PUT", .bucket = u->to->bucket, .key = u->to->key, .body = data,
		.body_len = len, .moved = &p->m->crew.moved,
	};
	struct str etag;
	int rc;

	part->len = len;
	part->crc = crc_update(CRC_64NVME, 0, data, len);
	s3_sum_write(part->crc, sum);
	upload_query(&q, u, number);
	a.query = out_written(&q);
	web_header(&a, s3_checksum_header(S3_SUM_KIND), str_of(sum));
	rc = web_must(w, &a, &r);
	if (!rc)
		rc = check_echo(&r, sum, p->from);
	if (!rc && (!web_field(&r, STR("ETag"), &etag) ||
		    !str_copy(etag, part->etag, sizeof(part->etag))))
		rc = fail(EBADMSG, "the server has taken part %u and does not say its ETag",
			  number);
	return rc;
}

/* --- parts --------------------------------------------------------------------------- */

static int file_part(struct putting *p, struct web *w, size_t i)
{
	uint64_t at = i * p->part, left = p->before.st_size - at;
	size_t len = left < p->part ? left : p->part;
	CLEANUP_FREE char *data = malloc(len ? len : 1);
	int rc;

	if (!data)
		return fail(ENOMEM, "no memory for a part; give a smaller --part-size");
	rc = read_piece(p, data, at, len);
	return rc ? rc : send_part(p, w, i + 1, data, len);
}

/* What comes next of a stream; one at a time. */
static ssize_t next_of_stream(struct putting *p, char **data, unsigned int *number)
{
	struct s3_upload *u = &p->upload;
	ssize_t len;

	if (p->over)
		return 0;
	if (p->first) {
		*data = TAKE_PTR(p->first);
		len = p->first_len;
	} else {
		*data = malloc(p->part);
		len = *data ? read_stream(p, *data, p->part) :
			      fail(ENOMEM, "no memory for a part; give a smaller --part-size");
	}
	p->over = len < (ssize_t)p->part;
	if (len > 0 && u->parts == S3_PARTS_OF_OBJECT) {
		fail(0, "%s has more than %u parts", p->from, S3_PARTS_OF_OBJECT);
		hint("give a larger --part-size");
		len = -EFBIG;
	}
	if (len > 0) {
		*number = ++u->parts;
		u->size += len;
	}
	return len;
}

static int stream_part(struct putting *p, struct web *w)
{
	CLEANUP_FREE char *data = NULL;
	unsigned int number;
	ssize_t len;
	int rc;

	pthread_mutex_lock(&p->lock);
	len = next_of_stream(p, &data, &number);
	pthread_mutex_unlock(&p->lock);
	if (len <= 0)
		return len ? len : 1;
	rc = send_part(p, w, number, data, len);
	return rc;
}

static int put_part(void *arg, struct web *w, size_t i)
{
	struct putting *p = arg;

	return p->stream ? stream_part(p, w) : file_part(p, w, i);
}

static int put_parts(struct putting *p, struct web *w, const struct s3_name *to)
{
	struct crew *crew = &p->m->crew;
	unsigned int jobs = crew->jobs;
	size_t count = SIZE_MAX;
	int rc = upload_begin(&p->upload, w, p->m, to, true, NULL);

	if (rc)
		return rc;
	if (!p->stream) {
		p->upload.size = p->before.st_size;
		count = (p->upload.size + p->part - 1) / p->part;
		p->upload.parts = count;
	}
	if (crew->jobs > MEMORY_MOST / p->part)
		crew->jobs = MEMORY_MOST / p->part ? MEMORY_MOST / p->part : 1;
	rc = crew_run(crew, count, put_part, p);
	crew->jobs = jobs;
	if (!rc)
		rc = check_unchanged(p);
	if (!rc)
		rc = upload_end(&p->upload, w);
	if (rc)
		upload_abort(&p->upload, w);
	return rc;
}

static int put_file(struct putting *p, struct web *w, const struct s3_name *to)
{
	CLEANUP_FREE char *data = NULL;
	uint64_t size = p->before.st_size;
	int rc;

	p->part = s3_part_size(size, p->m->part);
	if (p->part > S3_PART_MOST)
		return fail(EFBIG, "%s is larger than any object", p->from);
	if (size > p->m->threshold)
		return put_parts(p, w, to);
	data = malloc(size + 1);
	if (!data)
		return fail(ENOMEM, "no memory for %s; give a lower --threshold", p->from);
	rc = read_piece(p, data, 0, size);
	if (!rc)
		rc = check_unchanged(p);
	return rc ? rc : put_whole(p->m, w, data, size, to);
}

static int put_stream(struct putting *p, struct web *w, const struct s3_name *to)
{
	ssize_t len;
	int rc;

	p->part = p->m->part;
	p->first = malloc(p->part);
	if (!p->first)
		return fail(ENOMEM, "no memory for a part; give a smaller --part-size");
	len = read_stream(p, p->first, p->part);
	p->first_len = len;
	rc = len < 0 ? len : len < (ssize_t)p->part ? put_whole(p->m, w, p->first, len, to) :
						     put_parts(p, w, to);
	free(p->first);
	return rc;
}

int s3_put(struct s3_moving *m, struct web *w, int fd, const char *from,
	   const struct s3_name *to)
{
	struct putting p = { .m = m, .from = from, .fd = fd, .lock = PTHREAD_MUTEX_INITIALIZER };

	if (fstat(fd, &p.before))
		return fail_errno("cannot look at %s", from);
	p.stream = !S_ISREG(p.before.st_mode);
	return p.stream ? put_stream(&p, w, to) : put_file(&p, w, to);
}
