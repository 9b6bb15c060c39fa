// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skybench's load on a small S3 of one bucket, which checks every signature and hash and, as it
 * is told, refuses, lies, breaks off or changes bytes: nothing of that may be hidden.
 */
#include <time.h>

#include "base/report.h"
#include "crypto/hash.h"
#include "http/listen.h"
#include "http_util.h"
#include "s3/sig.h"
#include "skybench/noise.h"
#include "skybench/s3_load.h"

#define ACCESS	"TESTACCESS"
#define SECRET	"test/secret+="
#define SLOTS	64u

/* What the server does wrong. */
enum fault {
	NO_FAULT,
	REFUSES,		/* every third PUT of an object: 503 with a document */
	REFUSES_WORDLESS,	/* the same without one */
	HANGS_UP,		/* in the middle of every third GET */
	FLIPS,			/* a bit of every third GET */
	SHORTENS,		/* every third GET */
	LIES,			/* about the ETag of every third PUT */
	OWNED_BY_OTHERS,	/* the bucket */
	LOSES,			/* what was put */
};

struct shop {
	struct http_server server;
	struct http_listen listen;
	struct sockaddr_in at;
	struct hmac_key key;
	char day[9];
	enum fault fault;
	bool bucket;
	unsigned int good_puts;		/* of objects, before anything goes wrong */
	struct { uint8_t *data; size_t len; } slot[SLOTS];
	unsigned int there;		/* slots in use */
	unsigned int puts, gets, deletes, most, now;
	unsigned int unhashed, hashed;	/* payloads */
	int rc;
};

static int refuse(struct http_request *rq, unsigned int status, const char *code)
{
	char body[256];
	int len = snprintf(body, sizeof(body), "<?xml version=\"1.0\"?><Error><Code>%s</Code></Error>",
			   code);

	http_reply(rq, status);
	return http_reply_whole(rq, body, *code ? len : 0);
}

/* Nothing that is not signed as it should be is a load worth measuring. */
static void must_be_signed(struct shop *s, struct http_request *rq, struct sig_claim *claim)
{
	struct sig_rules rules = {
		.service = STR("s3"), .now = time(NULL), .skew = SIG_SKEW_MAX,
	};
	struct sig_header table[HTTP_FIELDS_MAX];
	struct sig_key key = { .hmac = &s->key };
	struct sig_message m;
	struct s3_fault f;
	struct uri u;

	must(uri_split(http_str(&rq->head, rq->head.target), &u));
	sig_message_from(&rq->head, &u, table, &m);
	must_equal(sig_parse(&m, &rules, claim, &f), S3_OK);
	must_equal(claim->place, SIG_HEADER);
	must(str_is(claim->scope.access_key, ACCESS));
	sig_derive(STR(SECRET), claim->scope.date, STR("here"), STR("s3"), &s->key);
	must_equal(sig_verify(&m, claim, &key, &f), S3_OK);
}

static void must_hash(struct shop *s, const struct sig_claim *claim, const void *data, size_t len)
{
	uint8_t digest[HASH_SHA256_BYTES];
	char hex[2 * HASH_SHA256_BYTES + 1];
	struct out o = OUT(hex, sizeof(hex));

	if (claim->payload == SIG_PAYLOAD_UNSIGNED) {
		s->unhashed++;
		return;
	}
	must_equal(claim->payload, SIG_PAYLOAD_HASH);
	hash_once(HASH_SHA256, data, len, digest);
	out_hex(&o, digest, sizeof(digest));
	must(str_equal(out_written(&o), claim->content_sha256));
	s->hashed++;
}

static int serve_put(struct shop *s, struct http_request *rq, struct sig_claim *claim,
		     unsigned int slot)
{
	size_t len = rq->head.content_length, at = 0;
	uint8_t *data = malloc(len + 1), digest[HASH_MD5_BYTES];
	bool third = ++s->puts > s->good_puts && (s->puts - s->good_puts) % 3 == 0;
	char etag[40] = "\"";
	struct out o = OUT(etag + 1, sizeof(etag) - 1), *fields;
	ssize_t n;

	while ((n = http_request_read(rq, data + at, len + 1 - at)) > 0)
		at += n;
	must_equal(at, len);
	must_hash(s, claim, data, len);
	hash_once(HASH_MD5, data, len, digest);
	if (third && s->fault == LIES)
		digest[7] ^= 1;
	out_hex(&o, digest, sizeof(digest));
	out_char(&o, '"');
	if (third && (s->fault == REFUSES || s->fault == REFUSES_WORDLESS)) {
		free(data);
		return refuse(rq, 503, s->fault == REFUSES ? "SlowDown" : "");
	}
	s->there += !s->slot[slot].data;
	free(s->slot[slot].data);
	s->slot[slot].data = data;
	s->slot[slot].len = len;
	fields = http_reply(rq, 200);
	http_write_field(fields, STR("ETag"), (struct str){ etag, o.len + 1 });
	return http_reply_whole(rq, "", 0);
}

static int serve_get(struct shop *s, struct http_request *rq, unsigned int slot)
{
	bool third = ++s->gets % 3 == 0;
	size_t len = s->slot[slot].len;
	uint8_t *data;
	int rc;

	if (!s->slot[slot].data || s->fault == LOSES)
		return refuse(rq, 404, "NoSuchKey");
	http_reply(rq, 200);
	if (third && s->fault == HANGS_UP)
		return http_reply_open(rq, len) ?:
		       http_reply_write(rq, s->slot[slot].data, len / 2);
	if (third && s->fault == SHORTENS)
		return http_reply_whole(rq, s->slot[slot].data, len - 1);
	data = malloc(len);
	memcpy(data, s->slot[slot].data, len);
	if (third && s->fault == FLIPS)
		data[len - 1] ^= 1;
	rc = http_reply_whole(rq, data, len);
	free(data);
	return rc;
}

static int serve_delete(struct shop *s, struct http_request *rq, unsigned int slot)
{
	/* Of what was never there, too: that is no error in S3. */
	s->deletes++;
	s->there -= !!s->slot[slot].data;
	free(s->slot[slot].data);
	s->slot[slot].data = NULL;
	http_reply(rq, 204);
	return http_reply_whole(rq, "", 0);
}

static int serve_bucket(struct shop *s, struct http_request *rq)
{
	bool makes = str_is(http_method(rq), "PUT"), removes = str_is(http_method(rq), "DELETE");

	if (makes && s->fault == OWNED_BY_OTHERS)
		return refuse(rq, 409, "BucketAlreadyExists");
	if (makes && s->bucket)
		return refuse(rq, 409, "BucketAlreadyOwnedByYou");
	if (removes && s->there)
		return refuse(rq, 409, "BucketNotEmpty");
	must(makes || s->bucket);
	s->bucket = !removes;
	http_reply(rq, removes ? 204 : 200);
	return http_reply_whole(rq, "", 0);
}

static int serve_shop(struct http_request *rq, void *arg)
{
	struct str path = http_str(&rq->head, rq->head.target), method = http_method(rq);
	static const struct str objects = STR("/s3/bench/object-");
	struct sig_claim claim;
	struct shop *s = arg;
	uint64_t slot;
	int rc;

	must_be_signed(s, rq, &claim);
	if (str_is(path, "/s3/bench"))
		return serve_bucket(s, rq);
	must(str_starts(path, objects) && s->bucket);
	must(str_number(str_skip(path, objects.len), SLOTS - 1, &slot) && slot < SLOTS);
	s->now++;
	s->most = max(s->most, s->now);
	io_sleep_until(io_after_ms(1));
	rc = str_is(method, "PUT") ? serve_put(s, rq, &claim, slot) :
	     str_is(method, "GET") ? serve_get(s, rq, slot) : serve_delete(s, rq, slot);
	s->now--;
	return rc;
}

static int run_shop(void *arg)
{
	struct shop *s = arg;

	s->rc = http_listen_run(&s->listen);
	return 0;
}

static void open_shop(struct shop *s, struct io_group *group, enum fault wrong,
		      unsigned int good_puts)
{
	*s = (struct shop){
		.server = { .limits = HTTP_LIMITS_USUAL, .handler = serve_shop, .arg = s },
		.fault = wrong, .good_puts = good_puts, .rc = 1,
	};
	s->listen = (struct http_listen){
		.server = &s->server, .doors = 1, .most = 100, .patience = 20000000000ll,
	};
	s->listen.door[0].fd = listen_at(&s->at, 100);
	http_listen_init(&s->listen);
	must_equal(io_spawn(group, run_shop, s, NULL), 0);
}

static void close_shop(struct shop *s, struct io_group *group)
{
	unsigned int i;

	http_listen_stop(&s->listen);
	must_equal(io_group_drain(group, LONG_TIME), 0);
	must_equal(s->rc, 0);
	io_close(s->listen.door[0].fd);
	for (i = 0; i < SLOTS; i++)
		free(s->slot[i].data);
}

/* --- loads ------------------------------------------------------------------------------------ */

static struct s3_result result;

static int run_plan(const struct sockaddr_in *at, struct s3_plan *plan)
{
	struct s3_client c = {
		.bucket = "bench", .region = "here", .keys = { ACCESS, SECRET },
		.timeout = 20000000000ll,
	};
	char url[64];
	int rc;

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/s3/", ntohs(at->sin_port));
	must_equal(s3_client_open(&c, url, plan->concurrency), 0);
	plan->watched.proc = "/proc";
	rc = s3_load_run(&c, plan, &result);
	s3_client_close(&c);
	return rc;
}

/* One load on a new server.  Return: what s3_load_run() does. */
static int run_shopping(struct shop *s, enum fault wrong, unsigned int good_puts,
			struct s3_plan plan)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	int rc;

	open_shop(s, &group, wrong, good_puts);
	rc = run_plan(&s->at, &plan);
	close_shop(s, &group);
	return rc;
}

static uint64_t done(enum s3_kind kind) { return result.latency[kind].total; }

static const uint64_t sizes[] = { 0, 1, 4096, 256 << 10, (256 << 10) + 1, 3 << 20 };

static int every_size(void *arg)
{
	static const unsigned int puts[] = { 12, 0, 6 };
	struct s3_plan plan = { .objects = 4, .concurrency = 3, .count = 12, .verify = true };
	struct shop s;
	unsigned int i, kind;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (plan.mix = S3_ONLY_PUT; plan.mix <= S3_MIX; plan.mix++) {
			plan.size = sizes[i];
			plan.sign_payload = i % 2;
			must_equal(run_shopping(&s, NO_FAULT, 0, plan), 0);
			must_equal(result.errors.total + result.leftover.total, 0);
			must_equal(done(S3_PUT) + done(S3_GET), 12);
			must_equal(done(S3_PUT), puts[plan.mix]);
			for (kind = 0; kind < S3_KINDS; kind++)
				must_equal(result.bytes[kind], done(kind) * plan.size);
			/* What was put beforehand, and is removed. */
			must_equal(s.puts, done(S3_PUT) + (plan.mix == S3_ONLY_PUT ? 3 : 4));
			must_equal(s.gets, done(S3_GET));
			must_equal(s.deletes, 4);
			must_equal(s.there + s.bucket, 0);
			must_equal(plan.sign_payload ? s.hashed : s.unhashed, s.puts);
			must(result.wall > 0 && result.client_cpu > 0 && !*result.why);
		}
	return 0;
}

/* As many requests at a time as asked for, no more; and until the time is over, no longer. */
static int concurrency(void *arg)
{
	struct s3_plan plan = {
		.size = 100, .objects = 20, .concurrency = 16, .duration = 300000000, .keep = true,
	};
	struct shop s;

	(void)arg;
	must_equal(run_shopping(&s, NO_FAULT, 0, plan), 0);
	must_equal(s.most, 16);
	must(done(S3_PUT) > 20 && done(S3_PUT) == s.puts - 16);
	must(result.wall >= plan.duration && result.wall < 20 * plan.duration);
	must(latency_quantile(&result.latency[S3_PUT], 0) >= 1000000);
	/* Kept, as was asked for. */
	must(s.bucket && s.there == 20 && !s.deletes);
	return 0;
}

static const struct {
	enum fault fault;
	enum s3_mix mix;
	bool verify;
	const char *code;
} faults[] = {
	{ REFUSES, S3_ONLY_PUT, false, "SlowDown" },
	{ REFUSES_WORDLESS, S3_ONLY_PUT, false, "HTTP 503" },
	{ LIES, S3_ONLY_PUT, true, "wrong ETag" },
	{ HANGS_UP, S3_ONLY_GET, false, "ECONNRESET" },
	{ FLIPS, S3_ONLY_GET, true, "wrong data" },
	{ SHORTENS, S3_ONLY_GET, false, "wrong data" },
	{ SHORTENS, S3_ONLY_GET, true, "wrong data" },
};

/* A third of the operations goes wrong: all are counted, under the right name. */
static int faulty_servers(void *arg)
{
	struct s3_plan plan = { .size = 300 << 10, .objects = 6, .concurrency = 4, .count = 30 };
	struct shop s;
	unsigned int i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		plan.mix = faults[i].mix;
		plan.verify = faults[i].verify;
		must_equal(run_shopping(&s, faults[i].fault, plan.concurrency, plan), 0);
		must_equal(result.errors.total, 10);
		must_equal(result.errors.rows, 1);
		must_equal(result.errors.row[0].count, 10);
		must(!strcmp(result.errors.row[0].code, faults[i].code));
		must_equal(done(S3_PUT) + done(S3_GET), 20);
		must_equal(result.bytes[S3_PUT] + result.bytes[S3_GET], 20 * plan.size);
		must_equal(result.leftover.total, 0);
	}
	return 0;
}

/* Nothing to measure is no measurement. */
static int hopeless_servers(void *arg)
{
	struct s3_plan plan = { .size = 10, .objects = 2, .concurrency = 2, .count = 4 };
	struct sockaddr_in nobody;
	struct shop s;
	int fd;

	(void)arg;
	must_equal(run_shopping(&s, OWNED_BY_OTHERS, 0, plan), -EIO);
	must(!strcmp(result.why, "making the bucket: BucketAlreadyExists"));
	plan.mix = S3_ONLY_GET;
	plan.objects = 6;
	must_equal(run_shopping(&s, REFUSES, 0, plan), -EIO);
	must(!strcmp(result.why, "putting the first objects: SlowDown (2 times)"));
	plan.watched.pids = 1;
	plan.watched.pid[0] = 0x7ffffffe;
	must_equal(run_shopping(&s, NO_FAULT, 0, plan), -ESRCH);
	must(strstr(result.why, "usage of what is watched: "));
	must_equal(s.there + s.bucket, 0);
	plan.watched.pids = 0;
	/* All that is read is gone: that is a result, of errors alone. */
	must_equal(run_shopping(&s, LOSES, 0, plan), 0);
	must_equal(done(S3_GET), 0);
	must_equal(result.errors.total, 4);
	must(!strcmp(result.errors.row[0].code, "NoSuchKey"));
	fd = listen_at(&nobody, 1);
	close(fd);
	must_equal(run_plan(&nobody, &plan), -EIO);
	must(!strcmp(result.why, "making the bucket: ECONNREFUSED"));
	return 0;
}

/* What this process, server and load, used is known. */
static int watches(void *arg)
{
	struct s3_plan plan = {
		.mix = S3_MIX, .size = 1 << 20, .objects = 4, .concurrency = 4,
		.duration = 200000000,
		.watched = { .pids = 1, .pid = { getpid() } },
	};
	struct shop s;

	(void)arg;
	must_equal(run_shopping(&s, NO_FAULT, 0, plan), 0);
	must(result.used.cpu_us >= 10000 && result.used.cpu_us < 20000000);
	must(result.used.peak_kib > 1000);
	return 0;
}

/* Codes beyond what there is room for are counted together. */
static void many_codes(void **state)
{
	static struct s3_errors e;
	unsigned int i, round;
	char code[16];

	(void)state;
	for (round = 0; round < 2; round++)
		for (i = 0; i < S3_CODES + 5; i++) {
			snprintf(code, sizeof(code), "Code%u", i);
			s3_errors_add(&e, code);
		}
	assert_int_equal(e.total, 2 * (S3_CODES + 5));
	assert_int_equal(e.rows, S3_CODES);
	assert_int_equal(e.row[0].count, 2);
	assert_string_equal(e.row[S3_CODES - 1].code, "others");
	assert_int_equal(e.row[S3_CODES - 1].count, 2 * 6);
}

static char said[256];

static void hear(const char *level, const char *text)
{
	(void)level;
	snprintf(said, sizeof(said), "%s", text);
}

static void endpoints(void **state)
{
	static const struct { const char *url, *host, *prefix; int port; } good[] = {
		{ "http://127.0.0.1", "127.0.0.1", "", 0 },
		{ "http://127.0.0.1:80/", "127.0.0.1", "", 0 },
		{ "http://127.0.0.1:9000/s3", "127.0.0.1:9000", "/s3", 9000 },
		{ "http://[::1]:9000/a/b//", "[::1]:9000", "/a/b", 9000 },
	};
	static const char *const bad[] = {
		"", "127.0.0.1", "https://127.0.0.1", "http://", "http:///x", "http://127.0.0.1:0",
		"http://127.0.0.1:70000", "ftp://127.0.0.1",
	};
	struct s3_client c;
	size_t i;

	(void)state;
	report_set_sink(hear);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		c = (struct s3_client){ .timeout = 1 };
		assert_int_equal(s3_client_open(&c, good[i].url, 1), 0);
		assert_string_equal(c.host, good[i].host);
		assert_string_equal(c.prefix, good[i].prefix);
		assert_int_equal(c.origin.port, good[i].port);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		c = (struct s3_client){ .timeout = 1 };
		*said = 0;
		assert_true(s3_client_open(&c, bad[i], 1) < 0);
		assert_true(*said);
	}
	report_set_sink(NULL);
}

static void on_both(void **state, io_fn *fn)
{
	assert_int_equal(on_loop(state, fn, NULL), 0);
}

#define CASE(fn)	static void test_##fn(void **state) { on_both(state, fn); }

CASE(every_size)
CASE(concurrency)
CASE(faulty_servers)
CASE(hopeless_servers)
CASE(watches)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_every_size),
		ON_BOTH(test_concurrency),
		ON_BOTH(test_faulty_servers),
		ON_BOTH(test_hopeless_servers),
		ON_BOTH(test_watches),
		cmocka_unit_test(many_codes),
		cmocka_unit_test(endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
