// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skybench s3-limit: what this machine takes for the work on a byte that no gateway of this kind
 * can leave out, each part alone on one core: hashes, AES-GCM, coding 4 of 6, and a socket over
 * loopback, by the processor time of either side.  s3-report says what share of it is reached.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <linux/kernel.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "bench.h"
#include "crypto/lanes.h"
#include "noise.h"
#include "pipe/coder.h"

#define ROUNDS	7
#define STREAM	(256u << 10)		/* bytes of each of LANES streams */
#define ALL	(LANES * STREAM)
#define SENT	(64u << 20)		/* bytes over the socket in a round */
#define K	4u
#define N	6u

struct parts {
	uint8_t *data, *out;
	uint8_t *digest[LANES], digests[LANES][HASH_MAX_BYTES];
	struct aead *aead;
	struct coder *coder;
};

typedef void part_fn(struct parts *p);

static void one_stream(struct parts *p, enum hash_kind kind)
{
	hash_once(kind, p->data, ALL, p->digest[0]);
}

static void all_streams(struct parts *p, enum lanes_kind kind)
{
	const void *data[LANES];
	size_t lens[LANES];
	unsigned int i;

	for (i = 0; i < LANES; i++) {
		data[i] = p->data + i * STREAM;
		lens[i] = STREAM;
	}
	lanes_digest(kind, data, lens, p->digest, LANES);
}

static void part_sha256(struct parts *p) { one_stream(p, HASH_SHA256); }
static void part_sha256_many(struct parts *p) { all_streams(p, LANES_SHA256); }
static void part_md5(struct parts *p) { one_stream(p, HASH_MD5); }
static void part_md5_many(struct parts *p) { all_streams(p, LANES_MD5); }

static void part_gcm(struct parts *p)
{
	static const uint8_t nonce[GCM_NONCE_BYTES];
	const struct aead_args args = { nonce, nonce, sizeof(nonce) };
	const struct aead_piece piece = { p->data, p->out, ALL };
	uint8_t tag[GCM_TAG_BYTES];

	if (aead_seal(p->aead, &args, &piece, 1, tag))
		abort();
}

static void part_coding(struct parts *p)
{
	const uint8_t *in[K];
	uint8_t *out[N - K];
	unsigned int i;

	for (i = 0; i < N; i++) {
		if (i < K)
			in[i] = p->data + i * (ALL / K);
		else
			out[i - K] = p->out + (i - K) * (ALL / K);
	}
	rlnc_plan_run(p->coder->parity, in, out, ALL / K);
}

/* Also the order in the file. */
static const struct {
	const char *name;
	part_fn *fn;
} parts[] = {
	{ "sha256", part_sha256 }, { "sha256_many", part_sha256_many },
	{ "md5", part_md5 }, { "md5_many", part_md5_many },
	{ "gcm", part_gcm }, { "coding", part_coding },
};

static double nanoseconds(struct parts *p, part_fn *fn)
{
	double round[ROUNDS];
	uint64_t start;
	unsigned int i;

	fn(p);
	for (i = 0; i < ROUNDS; i++) {
		start = bench_cpu_ns();
		fn(p);
		round[i] = (double)(bench_cpu_ns() - start) / ALL;
	}
	return bench_median(round, ROUNDS);
}

/* --- a socket --------------------------------------------------------------------------------- */

struct side {
	int fd;
	uint8_t *buf;
	uint64_t cpu_ns;
	int error;
};

static void *receive(void *arg)
{
	struct side *s = arg;
	uint64_t start = bench_cpu_ns();
	size_t got = 0;
	ssize_t n = 1;

	while (got < SENT && n > 0) {
		n = recv(s->fd, s->buf, STREAM, 0);
		got += n > 0 ? n : 0;
	}
	s->cpu_ns = bench_cpu_ns() - start;
	s->error = got == SENT ? 0 : EIO;
	return NULL;
}

static int send_all(struct side *s)
{
	uint64_t start = bench_cpu_ns();
	size_t sent = 0;
	ssize_t n = 1;

	while (sent < SENT && n > 0) {
		n = send(s->fd, s->buf, min(STREAM, (unsigned int)(SENT - sent)), MSG_NOSIGNAL);
		sent += n > 0 ? n : 0;
	}
	s->cpu_ns = bench_cpu_ns() - start;
	return sent == SENT ? 0 : EIO;
}

/* The ends of a connection; those that were made are to be closed after an error, too. */
static int connect_pair(int *from, int *to)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	CLEANUP_CLOSE int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(at);

	*from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || *from < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(listener, 1) || getsockname(listener, (struct sockaddr *)&at, &len) ||
	    connect(*from, (struct sockaddr *)&at, sizeof(at)))
		return errno;
	*to = accept(listener, NULL, NULL);
	return *to < 0 ? errno : 0;
}

static int copy_once(struct parts *p, double *sent, double *received)
{
	CLEANUP_CLOSE int from = -1;
	CLEANUP_CLOSE int to = -1;
	struct side sender, receiver;
	pthread_t thread;
	int rc = connect_pair(&from, &to);

	if (rc)
		return rc;
	sender = (struct side){ from, p->data, 0, 0 };
	receiver = (struct side){ to, p->out, 0, 0 };
	rc = pthread_create(&thread, NULL, receive, &receiver);
	if (rc)
		return rc;
	rc = send_all(&sender);
	shutdown(from, SHUT_WR);
	pthread_join(thread, NULL);
	*sent = (double)sender.cpu_ns / SENT;
	*received = (double)receiver.cpu_ns / SENT;
	return rc ?: receiver.error;
}

static int copy_limits(struct parts *p, double *send_ns, double *receive_ns)
{
	double sent[ROUNDS], received[ROUNDS];
	unsigned int i;
	int rc = 0;

	for (i = 0; i < ROUNDS && !rc; i++)
		rc = copy_once(p, &sent[i], &received[i]);
	if (rc)
		return fail(rc, "a socket over loopback: %s", strerror(rc));
	*send_ns = bench_median(sent, ROUNDS);
	*receive_ns = bench_median(received, ROUNDS);
	return 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

static void parts_init(struct parts *p)
{
	static const struct shape shape = { K, N, SKY_SYSTEMATIC, 0 };
	static const uint8_t key[GCM_KEY_BYTES];
	unsigned int i;

	p->data = aligned_alloc(4096, ALL);
	p->out = aligned_alloc(4096, ALL);
	p->aead = aead_new(key);
	if (!p->data || !p->out || !p->aead || coder_new(&p->coder, &shape, NULL))
		abort();
	noise_fill(1, 0, p->data, ALL);
	memset(p->out, 0, ALL);
	for (i = 0; i < LANES; i++)
		p->digest[i] = p->digests[i];
}

static void parts_free(struct parts *p)
{
	coder_free(p->coder);
	aead_free(p->aead);
	free(p->data);
	free(p->out);
}

static void add(json_t *o, const char *name, double ns)
{
	printf("  %-12s %7.3f ns a byte, %7.2f GB/s\n", name, ns, 1 / ns);
	json_object_set_new(o, name, json_real(ns));
}

static int write_limits(json_t *o, const char *path)
{
	CLEANUP_FREE char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	int rc = text ? file_write_atomic(path, text, strlen(text), 0644) : -ENOMEM;

	return rc ? fail(-rc, "%s: %s", path, strerror(-rc)) : 0;
}

static int measure(json_t *o)
{
	double send_ns = 0, receive_ns = 0;
	struct parts p;
	size_t i;
	int rc;

	parts_init(&p);
	printf("one core; lanes: %s, AES-GCM: %s, codec: %s\n", lanes_backend_name(),
	       aead_backend_name(), rlnc_backend_name());
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		add(o, parts[i].name, nanoseconds(&p, parts[i].fn));
	rc = copy_limits(&p, &send_ns, &receive_ns);
	if (!rc) {
		add(o, "send", send_ns);
		add(o, "receive", receive_ns);
	}
	parts_free(&p);
	return rc;
}

int bench_s3_limit(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ 0 },
	};
	const char *json = NULL;
	json_t *o;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j') {
			fprintf(stderr, "usage: skybench s3-limit [--json FILE]\n");
			return 2;
		}
		json = optarg;
	}
	if (rlnc_init(NULL))
		return 1;
	o = json_object();
	rc = measure(o);
	if (!rc && json)
		rc = write_limits(o, json);
	json_decref(o);
	return rc ? 1 : 0;
}
