// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/kernel.h>

#include "base/hex.h"
#include "crypto/hash.h"
#include "io/group.h"
#include "noise.h"
#include "s3_load.h"

#define PIECE		((uint64_t)256 << 10)	/* bytes that are made, sent or read at a time */
#define ROOM		((uint64_t)256 << 20)	/* of all objects, when their number is not said */
#define OBJECTS_MAX	((uint64_t)4096)
#define UNSIGNED	STR("UNSIGNED-PAYLOAD")

/* What is known of an object beforehand, so that hashing it does not share in the measurement. */
struct object {
	char sha256[S3_HEX_SHA256 + 1];
	char md5[2 * HASH_MD5_BYTES + 1];
};

struct load {
	struct s3_client *client;
	const struct s3_plan *plan;
	struct s3_result *r;
	struct object *object;
	uint64_t objects;
	uint64_t next;			/* operation of this phase */
	uint64_t last;			/* where it ends, or UINT64_MAX */
	int64_t until;			/* ns of io_now(), or 0 */
	uint64_t put;			/* objects that are there: the first ones */
	bool made;			/* the bucket */
	struct s3_errors *errors;	/* of this phase */
};

/* One fiber with what it needs for an operation. */
struct lane {
	struct load *load;
	struct s3_call call;
	char name[S3_OBJECT_MAX];
	uint8_t *buf;			/* PIECE bytes, or an object */
	bool (*run)(struct lane *lane, uint64_t ticket);
};

void s3_errors_add(struct s3_errors *e, const char *code)
{
	unsigned int i;

	e->total++;
	for (i = 0; i < e->rows && strcmp(e->row[i].code, code); i++)
		;
	if (i == S3_CODES) {
		i--;
		strcpy(e->row[i].code, "others");
	}
	if (i == e->rows)
		snprintf(e->row[e->rows++].code, S3_CODE_MAX, "%s", code);
	e->row[i].count++;
}

static int64_t cpu_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* --- data ------------------------------------------------------------------------------------- */

static uint64_t seed_of(const struct load *l, uint64_t object)
{
	return l->plan->seed + object;
}

static void make(struct load *l, uint64_t object, uint64_t offset, uint8_t *to, size_t len)
{
	int64_t start = cpu_now(CLOCK_THREAD_CPUTIME_ID);

	noise_fill(seed_of(l, object), offset, to, len);
	l->r->noise += cpu_now(CLOCK_THREAD_CPUTIME_ID) - start;
}

static bool check(struct load *l, uint64_t object, uint64_t offset, const uint8_t *data, size_t len)
{
	int64_t start;
	bool good;

	if (!l->plan->verify)
		return true;
	start = cpu_now(CLOCK_THREAD_CPUTIME_ID);
	good = noise_check(seed_of(l, object), offset, data, len);
	l->r->noise += cpu_now(CLOCK_THREAD_CPUTIME_ID) - start;
	return good;
}

/* The hashes that the plan needs of one object. */
static int hash_object(struct load *l, uint64_t object, uint8_t *buf)
{
	CLEANUP(hash_free) struct hash sha = HASH_NONE, md5 = HASH_NONE;
	uint8_t digest[HASH_MAX_BYTES];
	uint64_t at, n;
	int rc = hash_begin(&sha, HASH_SHA256) ?: hash_begin(&md5, HASH_MD5);

	for (at = 0; at < l->plan->size && !rc; at += n) {
		n = min(PIECE, l->plan->size - at);
		noise_fill(seed_of(l, object), at, buf, n);
		if (l->plan->sign_payload)
			rc = hash_update(&sha, buf, n);
		if (!rc && l->plan->verify)
			rc = hash_update(&md5, buf, n);
	}
	if (!rc)
		rc = hash_end(&sha, digest);
	hex_encode(digest, HASH_SHA256_BYTES, l->object[object].sha256);
	if (!rc)
		rc = hash_end(&md5, digest);
	hex_encode(digest, HASH_MD5_BYTES, l->object[object].md5);
	return rc;
}

static int hash_objects(struct load *l)
{
	CLEANUP_FREE uint8_t *buf = malloc(PIECE);
	uint64_t i;
	int rc = buf ? 0 : -ENOMEM;

	if (!l->plan->sign_payload && !l->plan->verify)
		return 0;
	for (i = 0; i < l->objects && !rc; i++)
		rc = hash_object(l, i, buf);
	return rc;
}

/* --- operations ------------------------------------------------------------------------------- */

static void name_object(struct lane *lane, uint64_t object)
{
	snprintf(lane->name, sizeof(lane->name), "object-%05llu", (unsigned long long)object);
}

/* Of a body that is made while it is sent.  Return: as http_call_answer(). */
static int send_pieces(struct lane *lane, uint64_t object)
{
	struct load *l = lane->load;
	struct http_call *c = &lane->call.http;
	uint64_t at, n;
	int rc;

	c->streamed = true;
	c->length = l->plan->size;
	rc = http_call(c);
	for (at = 0; at < l->plan->size && !rc; at += n) {
		n = min(PIECE, l->plan->size - at);
		make(l, object, at, lane->buf, n);
		rc = http_call_write(c, lane->buf, n);
	}
	return rc < 0 ? rc : http_call_answer(c);
}

static int send_whole(struct lane *lane, uint64_t object)
{
	const struct iovec body = { lane->buf, lane->load->plan->size };

	make(lane->load, object, 0, lane->buf, body.iov_len);
	lane->call.http.body = &body;
	lane->call.http.pieces = 1;
	return http_call(&lane->call.http);
}

/* The MD5 of the body is what S3 promises. */
static bool etag_is_right(const struct lane *lane, uint64_t object)
{
	const struct http_head *h = &lane->call.http.head;
	struct str etag;

	if (!lane->load->plan->verify)
		return true;
	if (!http_find(h, STR("ETag"), &etag) || etag.len != 2 * HASH_MD5_BYTES + 2)
		return false;
	return str_is((struct str){ etag.at + 1, etag.len - 2 }, lane->load->object[object].md5);
}

static bool put_object(struct lane *lane, uint64_t object)
{
	struct load *l = lane->load;
	struct str sha256 = l->plan->sign_payload ? str_of(l->object[object].sha256) : UNSIGNED;
	bool right = true;
	int rc;

	name_object(lane, object);
	rc = s3_call_sign(l->client, &lane->call, STR("PUT"), str_of(lane->name), sha256);
	if (!rc)
		rc = l->plan->size > PIECE ? send_pieces(lane, object) : send_whole(lane, object);
	if (!rc && lane->call.http.head.status == 200)
		right = etag_is_right(lane, object);
	if (!s3_call_end(&lane->call, rc))
		return false;
	if (!right)
		strcpy(lane->call.code, "wrong ETag");
	return right;
}

/* Return: bytes that were as they should be, up to the first that was not; or -errno. */
static int64_t receive(struct lane *lane, uint64_t object)
{
	const size_t room = min_t(uint64_t, PIECE, max_t(uint64_t, lane->load->plan->size, 1));
	uint64_t at = 0;
	ssize_t n;

	while ((n = http_call_read(&lane->call.http, lane->buf, room)) > 0) {
		if (!check(lane->load, object, at, lane->buf, n))
			return at;
		at += n;
	}
	return n < 0 ? n : (int64_t)at;
}

static bool get_object(struct lane *lane, uint64_t object)
{
	struct load *l = lane->load;
	int64_t got = l->plan->size;
	int rc;

	name_object(lane, object);
	rc = s3_call_sign(l->client, &lane->call, STR("GET"), str_of(lane->name), S3_NO_BODY);
	if (!rc)
		rc = http_call(&lane->call.http);
	if (!rc && lane->call.http.head.status == 200)
		got = receive(lane, object);
	if (!s3_call_end(&lane->call, rc ?: got < 0 ? got : 0))
		return false;
	if (got != (int64_t)l->plan->size)
		strcpy(lane->call.code, "wrong data");
	return got == (int64_t)l->plan->size;
}

/* --- phases ----------------------------------------------------------------------------------- */

static bool warm_lane(struct lane *lane, uint64_t ticket)
{
	(void)ticket;
	return s3_simple(lane->load->client, &lane->call, STR("HEAD"), STR_NONE);
}

static bool prepare_lane(struct lane *lane, uint64_t ticket)
{
	return put_object(lane, ticket);
}

static bool remove_lane(struct lane *lane, uint64_t ticket)
{
	name_object(lane, ticket);
	return s3_simple(lane->load->client, &lane->call, STR("DELETE"), str_of(lane->name));
}

static bool measure_lane(struct lane *lane, uint64_t ticket)
{
	struct load *l = lane->load;
	const uint64_t object = ticket % l->objects;
	const enum s3_kind kind = l->plan->mix == S3_MIX ? ticket % 2 ? S3_GET : S3_PUT :
				  l->plan->mix == S3_ONLY_GET ? S3_GET : S3_PUT;
	int64_t start = io_now();
	bool good = kind == S3_PUT ? put_object(lane, object) : get_object(lane, object);

	if (good) {
		latency_add(&l->r->latency[kind], io_now() - start);
		l->r->bytes[kind] += l->plan->size;
	}
	return good;
}

/* Until there is nothing more to do in this phase. */
static int run_lane(void *arg)
{
	struct lane *lane = arg;
	struct load *l = lane->load;

	while (l->next < l->last && (!l->until || io_now() < l->until) && !io_cancelled())
		if (!lane->run(lane, l->next++))
			s3_errors_add(l->errors, lane->call.code);
	return io_cancelled() ? -ECANCELED : 0;
}

/* @count operations, or as many as there are time for. */
static int run_phase(struct load *l, struct lane *lanes, bool (*run)(struct lane *, uint64_t),
		     uint64_t count, struct s3_errors *errors)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	unsigned int i;
	int rc = 0;

	l->next = 0;
	l->last = count;
	l->errors = errors;
	for (i = 0; i < l->plan->concurrency && !rc; i++) {
		lanes[i].load = l;
		lanes[i].run = run;
		rc = io_spawn(&group, run_lane, &lanes[i], NULL);
	}
	return rc ?: io_group_wait_all(&group, 0);
}

/* The same, before the clock starts: nothing may fail. */
static int run_preparation(struct load *l, struct lane *lanes,
			   bool (*run)(struct lane *, uint64_t), uint64_t count, const char *what)
{
	struct s3_errors errors = { 0 };
	int rc = run_phase(l, lanes, run, count, &errors);

	if (rc || !errors.total)
		return rc;
	snprintf(l->r->why, sizeof(l->r->why), "%s: %s (%llu times)", what, errors.row[0].code,
		 (unsigned long long)errors.row[0].count);
	return -EIO;
}

static int make_bucket(struct load *l, struct lane *lane)
{
	l->made = s3_simple(l->client, &lane->call, STR("PUT"), STR_NONE);
	if (l->made || !strcmp(lane->call.code, "BucketAlreadyOwnedByYou"))
		return 0;
	snprintf(l->r->why, sizeof(l->r->why), "making the bucket: %s", lane->call.code);
	return -EIO;
}

static int prepare(struct load *l, struct lane *lanes)
{
	int rc = hash_objects(l) ?: make_bucket(l, lanes);

	if (rc)
		return rc;
	rc = run_preparation(l, lanes, warm_lane, l->plan->concurrency, "HEAD of the bucket");
	if (rc)
		return rc;
	/* Servers do things at the first object of a bucket that they never do again. */
	l->put = l->plan->mix == S3_ONLY_PUT ? min_t(uint64_t, l->objects, l->plan->concurrency) :
		 l->objects;
	return run_preparation(l, lanes, prepare_lane, l->put, "putting the first objects");
}

static int watch(struct load *l, struct usage *u)
{
	int rc = usage_read(&l->plan->watched, u);

	if (rc)
		snprintf(l->r->why, sizeof(l->r->why), "usage of what is watched: %s", strerror(-rc));
	return rc;
}

static int measure(struct load *l, struct lane *lanes)
{
	struct s3_result *r = l->r;
	struct usage before;
	int64_t start, cpu;
	int rc = watch(l, &before);

	if (rc)
		return rc;
	usage_reset(&l->plan->watched);
	r->noise = 0;
	cpu = cpu_now(CLOCK_PROCESS_CPUTIME_ID);
	start = io_now();
	l->until = l->plan->duration ? start + l->plan->duration : 0;
	rc = run_phase(l, lanes, measure_lane, l->plan->count ?: UINT64_MAX, &r->errors);
	r->wall = io_now() - start;
	r->client_cpu = cpu_now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	l->until = 0;
	if (l->plan->mix != S3_ONLY_GET)
		l->put = max(l->put, min(l->next, l->objects));
	rc = rc ?: watch(l, &r->used);
	r->used.cpu_us -= before.cpu_us;
	return rc;
}

/* What could not be removed is counted; a bucket that has other things in it stays. */
static void clean_up(struct load *l, struct lane *lanes)
{
	if (l->plan->keep)
		return;
	io_shield();
	run_phase(l, lanes, remove_lane, l->put, &l->r->leftover);
	if (l->made && !s3_simple(l->client, &lanes->call, STR("DELETE"), STR_NONE) &&
	    strcmp(lanes->call.code, "BucketNotEmpty"))
		s3_errors_add(&l->r->leftover, lanes->call.code);
	io_unshield();
}

static void free_lanes(struct lane *lanes, unsigned int count)
{
	unsigned int i;

	for (i = 0; lanes && i < count; i++)
		free(lanes[i].buf);
	free(lanes);
}

static struct lane *make_lanes(const struct s3_plan *plan)
{
	struct lane *lanes = calloc(plan->concurrency, sizeof(*lanes));
	unsigned int i;

	for (i = 0; lanes && i < plan->concurrency; i++) {
		lanes[i].buf = malloc(min_t(uint64_t, PIECE, max_t(uint64_t, plan->size, 1)));
		if (!lanes[i].buf) {
			free_lanes(lanes, i);
			return NULL;
		}
	}
	return lanes;
}

static uint64_t objects_of(const struct s3_plan *plan)
{
	uint64_t fits = ROOM / max_t(uint64_t, plan->size, 1);

	if (plan->objects)
		return plan->objects;
	fits = max_t(uint64_t, min(fits, OBJECTS_MAX), plan->concurrency);
	return plan->count ? min(fits, plan->count) : fits;
}

int s3_load_run(struct s3_client *c, const struct s3_plan *plan, struct s3_result *r)
{
	struct load l = { .client = c, .plan = plan, .r = r, .objects = objects_of(plan) };
	struct lane *lanes = make_lanes(plan);
	int rc = -ENOMEM;

	memset(r, 0, sizeof(*r));
	r->objects = l.objects;
	l.object = calloc(l.objects, sizeof(*l.object));
	if (lanes && l.object)
		rc = prepare(&l, lanes);
	if (!rc)
		rc = measure(&l, lanes);
	if (lanes && l.object)
		clean_up(&l, lanes);
	if (rc && !*r->why)
		snprintf(r->why, sizeof(r->why), "%s", strerror(-rc));
	r->repeated = c->origin.repeated;
	free_lanes(lanes, plan->concurrency);
	free(l.object);
	return rc;
}
