// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skyctl beside servers that mean ill, and those that break: what is asked for arrives whole or
 * not at all, nothing is written elsewhere, and nothing of what they say reaches a terminal raw.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "text_util.h"

#include "skyctl/s3_object.h"

#define MIB	(1u << 20)
#define PART	(5 * MIB)
#define BIG	(2 * PART + 100)
#define MD5_OF_ABC "900150983cd24fb0d6963f7d28e17f72"

static char said[16384];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void hear(const char *level, const char *text)
{
	size_t len;

	pthread_mutex_lock(&lock);
	len = strlen(said);
	snprintf(said + len, sizeof(said) - len, "%s: %s\n", level, text);
	pthread_mutex_unlock(&lock);
}

/* --- the server ------------------------------------------------------------------------ */

struct request {
	int fd;
	char head[8192];
	bool is_part, is_head, is_delete, has_range;
	unsigned int first;		/* of its range */
};

static void (*serve)(struct request *r);
static _Atomic unsigned int asked, deleted, served_parts;
static int listener, folder;
static char dir[32] = "/tmp/test_skyctl.XXXXXX";
static struct session session;
static struct options options;
static char *zeros;			/* BIG of them */

static void reply(struct request *r, const char *status, const char *headers, const char *body,
		  size_t len)
{
	char head[4096];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nConnection: close\r\n%s", status,
			 headers);

	if (!strstr(headers, "Content-Length"))
		n += snprintf(head + n, sizeof(head) - n, "Content-Length: %zu\r\n", len);
	n += snprintf(head + n, sizeof(head) - n, "\r\n");
	if (send(r->fd, head, n, MSG_NOSIGNAL) == n && len && !r->is_head)
		while (len) {
			ssize_t sent = send(r->fd, body, len, MSG_NOSIGNAL);

			if (sent <= 0)
				break;
			body += sent;
			len -= sent;
		}
}

static void reply_text(struct request *r, const char *status, const char *body)
{
	reply(r, status, "", body, strlen(body));
}

static void read_body(struct request *r, size_t got)
{
	const char *field = strcasestr(r->head, "\r\nContent-Length: ");
	size_t left = field ? strtoull(field + 18, NULL, 10) : 0;
	char *end = strstr(r->head, "\r\n\r\n"), scratch[65536];

	got -= end + 4 - r->head;
	if (strcasestr(r->head, "100-continue"))
		send(r->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
	while (got < left) {
		ssize_t n = recv(r->fd, scratch, sizeof(scratch), 0);

		if (n <= 0)
			return;
		got += n;
	}
}

static void *handle(void *arg)
{
	struct request r = { .fd = (int)(intptr_t)arg };
	size_t got = 0;

	while (!strstr(r.head, "\r\n\r\n")) {
		ssize_t n = recv(r.fd, r.head + got, sizeof(r.head) - 1 - got, 0);

		if (n <= 0)
			goto out;
		got += n;
	}
	read_body(&r, got);
	r.is_head = !strncmp(r.head, "HEAD", 4);
	r.is_delete = !strncmp(r.head, "DELETE", 6);
	r.is_part = strstr(r.head, "partNumber=");
	r.has_range = strstr(r.head, "Range: bytes=");
	if (r.has_range)
		r.first = strtoul(strstr(r.head, "Range: bytes=") + 13, NULL, 10);
	asked++;
	deleted += r.is_delete;
	serve(&r);
out:
	shutdown(r.fd, SHUT_WR);
	while (recv(r.fd, r.head, sizeof(r.head), 0) > 0)
		;
	close(r.fd);
	return NULL;
}

static void *listen_on(void *arg)
{
	pthread_t thread;
	int fd;

	(void)arg;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		pthread_create(&thread, NULL, handle, (void *)(intptr_t)fd);
		pthread_detach(thread);
	}
	return NULL;
}

static int setup(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	static char url[64];
	pthread_t thread;

	(void)state;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	signal(SIGXFSZ, SIG_IGN);
	report_set_sink(hear);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	zeros = calloc(1, BIG);
	if (!zeros || bind(listener, (struct sockaddr *)&at, len) || listen(listener, 64) ||
	    getsockname(listener, (struct sockaddr *)&at, &len) || !mkdtemp(dir))
		return -1;
	folder = open(dir, O_DIRECTORY | O_RDONLY);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(at.sin_port));
	unsetenv("http_proxy");
	setenv("AWS_ACCESS_KEY_ID", "A", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "a", 1);
	options = (struct options){ .endpoint = url, .parallel = 2, .threshold = 6 * MIB,
				    .part_size = PART, .json = true };
	return pthread_create(&thread, NULL, listen_on, NULL) || session_open(&session, &options);
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	session_close(&session);
	shutdown(listener, SHUT_RDWR);
	close(listener);
	close(folder);
	free(zeros);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static int each(void **state)
{
	(void)state;
	asked = 0;
	deleted = 0;
	served_parts = 0;
	s3_interrupted = 0;
	*said = 0;
	return 0;
}

/* No test leaves anything in the folder, and nothing that a terminal would obey is said. */
static int each_end(void **state)
{
	DIR *d = fdopendir(openat(folder, ".", O_DIRECTORY | O_RDONLY));
	struct dirent *e;
	unsigned int count = 0;
	const char *c;

	(void)state;
	while ((e = readdir(d)))
		count += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	for (c = said; *c; c++)
		if ((unsigned char)*c < 0x20 && *c != '\n')
			return -1;
	return count ? -1 : 0;
}

static void heard(const char *words)
{
	if (!strstr(said, words))
		fail_msg("\"%s\" is not in: %s", words, said);
}

/* --- downloads ------------------------------------------------------------------------- */

static const struct s3_name object = { STR("abc"), STR("key"), NULL };

/* As the command does it.  Return: what it returns; *size: of the file, if there is one. */
static int download(off_t *size)
{
	struct tree_file file;
	struct s3_moving m;
	struct s3_stat st;
	struct stat is;
	int rc = moving_init(&m, &options, &session.site);

	assert_int_equal(rc, 0);
	assert_int_equal(tree_create(&file, folder, "got"), 0);
	rc = s3_get_file(&m, session.web, &object, file.fd, NULL, &st);
	if (rc) {
		tree_drop(&file);
		return rc;
	}
	assert_int_equal(tree_commit(&file, -1), 0);
	assert_int_equal(fstatat(folder, "got", &is, 0), 0);
	*size = is.st_size;
	assert_int_equal(unlinkat(folder, "got", 0), 0);
	return 0;
}

static int download_fails(void)
{
	off_t size;
	int rc = download(&size);

	assert_true(rc < 0);
	assert_true(*said);
	return rc;
}

#define OBJECT	"ETag: \"" MD5_OF_ABC "\"\r\n"

static void serve_abc(struct request *r)
{
	reply(r, "200 OK", OBJECT, "abc", 3);
}

static void serve_abd(struct request *r)
{
	reply(r, "200 OK", OBJECT, "abd", 3);
}

static void serve_wrong_crc(struct request *r)
{
	reply(r, "200 OK", OBJECT "x-amz-checksum-crc32c: AAAAAA==\r\n", "abc", 3);
}

static void serve_half(struct request *r)
{
	reply(r, "200 OK", OBJECT "Content-Length: 100\r\n", "abc", 3);
}

static void serve_nothing_said(struct request *r)
{
	reply(r, "200 OK", "", "abc", 3);
}

static void good_and_wrong(void **state)
{
	off_t size;

	(void)state;
	serve = serve_abc;
	assert_int_equal(download(&size), 0);
	assert_int_equal(size, 3);
	serve = serve_abd;
	assert_int_equal(download_fails(), -EBADMSG);
	heard("another checksum");
	serve = serve_wrong_crc;
	assert_int_equal(download_fails(), -EBADMSG);
	serve = serve_nothing_said;
	assert_int_equal(download_fails(), -EBADMSG);
}

static void dies_half_way(void **state)
{
	(void)state;
	serve = serve_half;
	assert_int_equal(download_fails(), -ECONNRESET);
	/* The head, and each try. */
	assert_int_equal(asked, 6);
}

/* Three parts, as a good server has them, but for what @spoil does. */
enum spoil { GOOD, OTHER_ETAG, OTHER_RANGE, WHOLE, GONE, CHANGED_BYTES, SHORT_RANGE } spoil;

static void serve_parts(struct request *r)
{
	char headers[512], sum[S3_SUM_TEXT];
	bool last = r->first == 2 * PART, bad = r->has_range && r->first == PART;
	size_t len = last ? BIG - 2 * PART : PART;
	int n;

	s3_sum_write(crc_update(CRC_64NVME, 0, zeros, BIG), sum);
	n = snprintf(headers, sizeof(headers),
		     "ETag: \"%s\"\r\nx-amz-checksum-crc64nvme: %s\r\n",
		     bad && spoil == OTHER_ETAG ? "new" : "old", sum);
	if (!r->has_range || (bad && spoil == WHOLE)) {
		reply(r, "200 OK", headers, zeros, BIG);
		return;
	}
	if (!strstr(r->head, "If-Match: \"old\"")) {
		reply_text(r, "400 Bad Request", "");
		return;
	}
	if (bad && spoil == GONE) {
		reply_text(r, "412 Precondition Failed",
			   "<Error><Code>PreconditionFailed</Code></Error>");
		return;
	}
	snprintf(headers + n, sizeof(headers) - n, "Content-Range: bytes %u-%zu/%u\r\n",
		 bad && spoil == OTHER_RANGE ? 0 : r->first,
		 r->first + len - (bad && spoil == SHORT_RANGE ? 2 : 1), BIG);
	reply(r, "206 Partial Content", headers,
	      bad && spoil == CHANGED_BYTES ? said : zeros,
	      bad && spoil == CHANGED_BYTES ? sizeof(said) : len);
}

static void ranges(void **state)
{
	static const int expected[] = {
		[OTHER_ETAG] = -ESTALE, [OTHER_RANGE] = -EBADMSG, [WHOLE] = -ENOTSUP,
		[GONE] = -ESTALE, [CHANGED_BYTES] = -EBADMSG, [SHORT_RANGE] = -EBADMSG,
	};
	off_t size;

	(void)state;
	serve = serve_parts;
	spoil = GOOD;
	assert_int_equal(download(&size), 0);
	assert_int_equal(size, BIG);
	for (spoil = OTHER_ETAG; spoil <= SHORT_RANGE; spoil++)
		if (expected[spoil])
			assert_int_equal(download_fails(), expected[spoil]);
	heard("has changed while it was read");
}

static void full_disk(void **state)
{
	struct rlimit old, limit;

	(void)state;
	serve = serve_parts;
	spoil = GOOD;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = (struct rlimit){ MIB, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_true(download_fails());
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	heard("make room");
	/* It is seen before anything is fetched. */
	assert_int_equal(asked, 1);
}

/* --- lists ------------------------------------------------------------------------------- */

#define ITEM(key)	"<Contents><Key>" key "</Key><Size>3</Size><LastModified>" \
			"2020-01-01T00:00:00Z</LastModified></Contents>"

static const char *list_text;

static void serve_list(struct request *r)
{
	if (strstr(r->head, "list-type=2"))
		reply_text(r, "200 OK", list_text);
	else
		serve_abc(r);
}

static int fetch_all(void)
{
	struct place from = { .remote = true, .name = { STR("abc"), STR("p/"), NULL } };
	struct place to = { .path = dir, .root = folder };
	int out, nowhere = open("/dev/null", O_WRONLY), rc;

	/* What was done is said on standard output, which has the results of tests here. */
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	dup2(nowhere, STDOUT_FILENO);
	rc = tree_copy(&options, &session, &from, &to, false);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	close(nowhere);
	return rc;
}

static void climbing_keys(void **state)
{
	(void)state;
	serve = serve_list;
	list_text = "<ListBucketResult><EncodingType>url</EncodingType>"
		ITEM("p/../../etc/passwd") ITEM("p//etc/passwd") ITEM("p/a%00b") ITEM("p/..")
		ITEM("p/x/./y") ITEM("p/%1B%5B2J/../x") ITEM("p/good") ITEM("p/both")
		ITEM("p/both/below") "</ListBucketResult>";
	assert_true(fetch_all() < 0);
	heard("\"..\" is part of it");
	heard("begins with a slash");
	heard("it has a NUL");
	heard("\\x1b[2J");
	assert_int_equal(unlinkat(folder, "good", 0), 0);
	/* Whichever of the two came first. */
	if (unlinkat(folder, "both", 0)) {
		assert_int_equal(unlinkat(folder, "both/below", 0), 0);
		assert_int_equal(unlinkat(folder, "both", AT_REMOVEDIR), 0);
	}
}

static void bad_lists(void **state)
{
	static const char *const bad[] = {
		"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
		"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>",
		"<ListBucketResult>" ITEM("other/key") "</ListBucketResult>",
		"<html>", "",
	};
	size_t i;

	(void)state;
	serve = serve_list;
	for (i = 0; i < COUNT(bad); i++) {
		list_text = bad[i];
		assert_int_equal(fetch_all(), -EBADMSG);
	}
	heard("circle");
	heard("does not have the prefix");
}

static void serve_escapes(struct request *r)
{
	reply_text(r, "403 Forbidden",
		   "<Error><Code>Acc&#13;ess</Code><Message>\xc2\x9b" "2J &#10; hi</Message></Error>");
}

static void escapes(void **state)
{
	(void)state;
	serve = serve_escapes;
	assert_int_equal(fetch_all(), -EACCES);
	heard("hi");
	assert_null(strstr(said, "\xc2\x9b"));
}

/* Nothing is deleted that could not be listed, or beside keys that were left out. */
static void no_deleting(void **state)
{
	struct tree_file f;

	(void)state;
	assert_int_equal(tree_create(&f, folder, "mine"), 0);
	assert_int_equal(tree_commit(&f, -1), 0);
	options.delete = true;
	serve = serve_list;
	list_text = "<ListBucketResult>" ITEM("p/../x") "</ListBucketResult>";
	assert_int_equal(fetch_all(), -ENOTSUP);
	heard("nothing is deleted");
	serve = serve_escapes;
	assert_int_equal(fetch_all(), -EACCES);
	assert_int_equal(faccessat(folder, "mine", F_OK, 0), 0);
	serve = serve_list;
	list_text = "<ListBucketResult></ListBucketResult>";
	assert_int_equal(fetch_all(), 0);
	assert_int_equal(faccessat(folder, "mine", F_OK, 0), -1);
	options.delete = false;
}

/* --- uploads ----------------------------------------------------------------------------- */

static enum harm { FINE, SHRINKS, WRONG_ECHO, PART_REFUSED, ERROR_IN_200, INTERRUPTED, SLOW } harm;
static int source;

static void serve_upload(struct request *r)
{
	char headers[256], sum[S3_SUM_TEXT];

	if (r->is_delete) {
		reply_text(r, "204 No Content", "");
	} else if (strstr(r->head, "?uploads=")) {
		if (harm == SHRINKS)
			assert_int_equal(ftruncate(source, PART + 1), 0);
		reply_text(r, "200 OK", "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
	} else if (r->is_part) {
		unsigned int number = ++served_parts;

		s3_sum_write(harm == WRONG_ECHO, sum);
		snprintf(headers, sizeof(headers), "ETag: \"x\"\r\n%s%s%s",
			 harm == WRONG_ECHO ? "x-amz-checksum-crc64nvme: " : "",
			 harm == WRONG_ECHO ? sum : "", harm == WRONG_ECHO ? "\r\n" : "");
		if (harm == INTERRUPTED)
			s3_interrupted = SIGINT;
		if (harm == PART_REFUSED)
			reply_text(r, "403 Forbidden", "<Error><Code>AccessDenied</Code></Error>");
		else if (harm == SLOW && number < 3)
			reply_text(r, "503 Slow", "<Error><Code>SlowDown</Code></Error>");
		else
			reply(r, "200 OK", headers, "", 0);
	} else if (harm == ERROR_IN_200) {
		reply_text(r, "200 OK", "<Error><Code>InvalidPart</Code></Error>");
	} else {
		reply_text(r, "200 OK", "<CompleteMultipartUploadResult/>");
	}
}

static int upload(void)
{
	struct s3_moving m;

	assert_int_equal(moving_init(&m, &options, &session.site), 0);
	assert_int_equal(ftruncate(source, BIG), 0);
	return s3_put(&m, session.web, source, "file", &object);
}

static void uploads(void **state)
{
	static const int expected[] = {
		[FINE] = 0, [SHRINKS] = -ESTALE, [WRONG_ECHO] = -EBADMSG,
		[PART_REFUSED] = -EACCES, [ERROR_IN_200] = -EIO, [INTERRUPTED] = -EINTR, [SLOW] = 0,
	};

	(void)state;
	source = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	assert_true(source >= 0);
	serve = serve_upload;
	for (harm = FINE; harm <= SLOW; harm++) {
		deleted = 0;
		served_parts = 0;
		s3_interrupted = 0;
		assert_int_equal(upload(), expected[harm]);
		/* What failed was taken back, in spite of an interruption too. */
		assert_int_equal(deleted, expected[harm] ? 1 : 0);
	}
	assert_int_equal(served_parts, 5);
	s3_interrupted = 0;
	close(source);
}

/* --- nobody there ------------------------------------------------------------------------ */

static void refused(void **state)
{
	struct options o = options;
	struct session s;
	struct s3_stat st;
	struct web_reply r = WEB_REPLY_NONE;

	(void)state;
	o.endpoint = "http://127.0.0.1:1";
	assert_int_equal(session_open(&s, &o), 0);
	assert_int_equal(s3_stat(s.web, &object, &st, &r), -ECONNREFUSED);
	heard("does the server run");
	web_reply_free(&r);
	session_close(&s);
}

/* --- nothing is said --------------------------------------------------------------------- */

static _Atomic bool let_go;

static void serve_never(struct request *r)
{
	(void)r;
	while (!let_go)
		usleep(10000);
}

/* The same first bytes at each try: it comes no further. */
static void serve_part_of_it(struct request *r)
{
	reply(r, "200 OK", OBJECT "Content-Length: 100\r\n", "abc", 3);
	serve_never(r);
}

/* A byte before the time is over, again and again: slow, and not silent. */
static void serve_slowly(struct request *r)
{
	unsigned int i;

	reply(r, "200 OK", OBJECT "Content-Length: 3\r\n", "", 0);
	for (i = 0; i < 3 && !r->is_head; i++) {
		usleep(1200000);
		send(r->fd, &"abc"[i], 1, MSG_NOSIGNAL);
	}
}

/* With --timeout 2.  Return: what the download returns; at most in the time that was given. */
static int in_time(void (*how)(struct request *r), struct options *o)
{
	struct web_reply r = WEB_REPLY_NONE;
	struct web_ask ask = {
		.method = "GET", .bucket = object.bucket, .key = object.key, .query = STR(""),
	};
	struct session s;
	time_t begin = time(NULL);
	int rc;

	serve = how;
	let_go = false;
	o->timeout = 2;
	assert_int_equal(session_open(&s, o), 0);
	rc = web_must(s.web, &ask, &r);
	if (how != serve_slowly)
		assert_in_range(time(NULL) - begin, 1, 4);
	let_go = true;
	web_reply_free(&r);
	session_close(&s);
	return rc;
}

static void silent(void **state)
{
	struct options o = options;

	(void)state;
	assert_int_equal(in_time(serve_never, &o), -ETIMEDOUT);
	heard(options.endpoint);
	heard("has said nothing for 2 seconds; --timeout SECONDS waits longer");
	assert_int_equal(asked, 1);
	*said = 0;
	assert_int_equal(in_time(serve_part_of_it, &o), -ETIMEDOUT);
	heard("--timeout");
	assert_int_equal(in_time(serve_slowly, &o), 0);
}

/* An upload whose bytes the kernel takes, and nobody reads. */
static void silent_upload(void **state)
{
	struct options o = options;
	struct web_reply r = WEB_REPLY_NONE;
	struct web_ask ask = {
		.method = "PUT", .bucket = object.bucket, .key = object.key, .query = STR(""),
		.body = zeros, .body_len = BIG,
	};
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int deaf = socket(AF_INET, SOCK_STREAM, 0);
	time_t begin = time(NULL);
	struct session s;
	char url[64];

	(void)state;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(deaf, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(deaf, 4), 0);
	assert_int_equal(getsockname(deaf, (struct sockaddr *)&at, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(at.sin_port));
	o.endpoint = url;
	o.timeout = 3;
	assert_int_equal(session_open(&s, &o), 0);
	assert_int_equal(web_must(s.web, &ask, &r), -ETIMEDOUT);
	assert_in_range(time(NULL) - begin, 2, 6);
	heard(url);
	heard("3 seconds; --timeout");
	web_reply_free(&r);
	session_close(&s);
	close(deaf);
}

#define CASE(f)	cmocka_unit_test_setup_teardown(f, each, each_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(good_and_wrong), CASE(dies_half_way), CASE(ranges), CASE(full_disk),
		CASE(climbing_keys), CASE(bad_lists), CASE(escapes), CASE(no_deleting),
		CASE(uploads), CASE(refused), CASE(silent), CASE(silent_upload),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
