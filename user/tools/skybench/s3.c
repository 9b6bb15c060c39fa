// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skybench s3: a load on any S3 endpoint.  Here is what it is asked for; s3_load.c does it, and
 * s3_print.c says what came of it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "base/size.h"
#include "bench.h"
#include "s3_print.h"

#define SIZE_MAX_PUT	(5ull << 30)	/* of S3, in one request */
#define MOST		4096u		/* requests at a time */
#define OBJECTS		1000000u
#define CREDENTIALS_MAX	65536u

struct request {
	struct s3_client client;
	struct s3_plan plan;
	struct s3_about about;
	const char *url, *access_key, *credentials, *profile, *json;
	struct s3_result *result;
};

enum option_name {
	ACCESS_KEY = 1, BUCKET, CGROUP, CONCURRENCY, COUNT, CREDENTIALS, JSON, KEEP, LABEL,
	OBJECT_COUNT, OP, PAYLOAD, PIDS, PROFILE, REGION, SECONDS, SEED, SIZE, TIMEOUT, VERIFY,
};

static const struct option options[] = {
	{ "access-key", required_argument, NULL, ACCESS_KEY },
	{ "bucket", required_argument, NULL, BUCKET },
	{ "cgroup", required_argument, NULL, CGROUP },
	{ "concurrency", required_argument, NULL, CONCURRENCY },
	{ "count", required_argument, NULL, COUNT },
	{ "credentials", required_argument, NULL, CREDENTIALS },
	{ "json", required_argument, NULL, JSON },
	{ "keep", no_argument, NULL, KEEP },
	{ "label", required_argument, NULL, LABEL },
	{ "objects", required_argument, NULL, OBJECT_COUNT },
	{ "op", required_argument, NULL, OP },
	{ "payload", required_argument, NULL, PAYLOAD },
	{ "pids", required_argument, NULL, PIDS },
	{ "profile", required_argument, NULL, PROFILE },
	{ "region", required_argument, NULL, REGION },
	{ "seconds", required_argument, NULL, SECONDS },
	{ "seed", required_argument, NULL, SEED },
	{ "size", required_argument, NULL, SIZE },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "verify", no_argument, NULL, VERIFY },
	{ 0 },
};

static void usage(void)
{
	fputs("usage: skybench s3 URL [OPTION...]		URL is http://HOST[:PORT][/PREFIX]\n"
	      "  --credentials FILE  keys as aws-cli has them, of --profile NAME (default);\n"
	      "                      else AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n"
	      "  --access-key KEY    that one, with AWS_SECRET_ACCESS_KEY\n"
	      "  --op WHAT           put, get or mix (put)\n"
	      "  --size BYTES        of an object (4K)\n"
	      "  --concurrency N     requests at a time (16)\n"
	      "  --seconds N         how long (5), or --count N operations\n"
	      "  --objects N         distinct objects, used in turn\n"
	      "  --payload HOW       signed (x-amz-content-sha256 is a hash) or unsigned\n"
	      "  --verify            compare all that comes back, and ETags\n"
	      "  --pids P1,P2,...    whose processor time and memory to measure, with children,\n"
	      "  --cgroup FOLDER     or that of a cgroup\n"
	      "  --bucket, --region, --seed, --timeout SECONDS, --keep, --label NAME, --json FILE\n",
	      stderr);
}

/* --- options ---------------------------------------------------------------------------------- */

static int number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	return number_parse(text, min, max, value) ?
	       fail(EINVAL, "%s: not a number from %llu to %llu", text, (unsigned long long)min,
		    (unsigned long long)max) : 0;
}

static int copy(const char *text, char *to, size_t size)
{
	return str_copy(str_of(text), to, size) ? 0 : fail(EINVAL, "%s: too long", text);
}

/* One of several words. */
static int choose(const char *text, const char *const words[], unsigned int count,
		  unsigned int *which)
{
	for (*which = 0; *which < count; ++*which)
		if (!strcmp(text, words[*which]))
			return 0;
	return fail(EINVAL, "%s: not known", text);
}

static int set_plan(struct s3_plan *p, int name, const char *text)
{
	static const char *const mixes[] = { "put", "get", "mix" };
	static const char *const payloads[] = { "unsigned", "signed" };
	unsigned int which;
	uint64_t value = 0;
	int rc;

	switch (name) {
	case CONCURRENCY:
		rc = number(text, 1, MOST, &value);
		p->concurrency = value;
		return rc;
	case COUNT:
		return number(text, 1, UINT64_MAX, &p->count);
	case KEEP:
		p->keep = true;
		return 0;
	case OBJECT_COUNT:
		return number(text, 1, OBJECTS, &p->objects);
	case OP:
		rc = choose(text, mixes, ARRAY_SIZE(mixes), &which);
		p->mix = which;
		return rc;
	case PAYLOAD:
		rc = choose(text, payloads, ARRAY_SIZE(payloads), &which);
		p->sign_payload = which;
		return rc;
	case PIDS:
		return usage_parse_pids(text, &p->watched) ?
		       fail(EINVAL, "%s: not a list of process numbers", text) : 0;
	case SECONDS:
		rc = number(text, 1, 86400, &value);
		p->duration = value * 1000000000;
		return rc;
	case SEED:
		return number(text, 0, UINT64_MAX, &p->seed);
	case SIZE:
		return size_parse(text, &p->size) || p->size > SIZE_MAX_PUT ?
		       fail(EINVAL, "%s: not a size up to 5 GiB", text) : 0;
	default:
		p->verify = true;
		return 0;
	}
}

static int set(struct request *r, int name, const char *text)
{
	uint64_t value = 0;
	int rc;

	switch (name) {
	case ACCESS_KEY:
		r->access_key = text;
		return 0;
	case BUCKET:
		return copy(text, r->client.bucket, sizeof(r->client.bucket));
	case CGROUP:
		r->plan.watched.cgroup = text;
		return 0;
	case CREDENTIALS:
		r->credentials = text;
		return 0;
	case JSON:
		r->json = text;
		return 0;
	case LABEL:
		r->about.label = text;
		return 0;
	case PROFILE:
		r->profile = text;
		return 0;
	case REGION:
		return copy(text, r->client.region, sizeof(r->client.region));
	case TIMEOUT:
		rc = number(text, 1, 86400, &value);
		r->client.timeout = value * 1000000000;
		return rc;
	default:
		return set_plan(&r->plan, name, text);
	}
}

static int read_options(struct request *r, int argc, char **argv)
{
	int name, rc = 0;

	while (!rc && (name = getopt_long(argc, argv, "", options, NULL)) != -1)
		rc = name == '?' ? -EINVAL : set(r, name, optarg);
	if (rc)
		return rc;
	if (optind != argc - 1)
		return -EINVAL;
	r->url = argv[optind];
	if (!r->plan.count && !r->plan.duration)
		r->plan.duration = 5000000000ll;
	return 0;
}

/* --- keys ------------------------------------------------------------------------------------- */

static int keys_of_file(struct request *r)
{
	CLEANUP_FREE char *text = NULL;
	size_t len = 0;
	int rc = file_read(r->credentials, CREDENTIALS_MAX, &text, &len);

	if (!rc)
		rc = keys_parse((struct str){ text, len }, str_of(r->profile), &r->client.keys);
	if (text)
		explicit_bzero(text, len);
	return rc ? fail(-rc, "%s: no keys of profile %s: %s", r->credentials, r->profile,
			 strerror(-rc)) : 0;
}

/* Never from the command line, which everybody can read. */
static int find_keys(struct request *r)
{
	const char *access = r->access_key ?: getenv("AWS_ACCESS_KEY_ID");
	const char *secret = getenv("AWS_SECRET_ACCESS_KEY");
	struct s3_keys *keys = &r->client.keys;

	if (r->credentials && !r->access_key)
		return keys_of_file(r);
	if (!access || !secret)
		return fail(ENOKEY, "no keys: neither --credentials nor the environment has them");
	return copy(access, keys->access, sizeof(keys->access)) ?:
	       copy(secret, keys->secret, sizeof(keys->secret));
}

/* --- the run ---------------------------------------------------------------------------------- */

static struct io_loop *loop;

static void interrupted(int signal)
{
	(void)signal;
	io_loop_stop(loop);
}

static int run(void *arg)
{
	struct request *r = arg;
	int rc = s3_load_run(&r->client, &r->plan, r->result);

	s3_client_close(&r->client);
	return rc;
}

static int run_load(struct request *r)
{
	const struct sigaction action = { .sa_handler = interrupted };
	int rc = s3_client_open(&r->client, r->url, r->plan.concurrency);

	if (rc)
		return rc;
	rc = io_loop_open(&loop, NULL);
	if (rc)
		return fail(-rc, "no loop: %s", strerror(-rc));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rc = io_loop_run(loop, run, r);
	io_loop_close(loop);
	return rc ? fail(-rc, "%s: %s", r->url, *r->result->why ? r->result->why : strerror(-rc)) : 0;
}

int bench_s3(int argc, char **argv)
{
	static struct request r = {
		.client = { .bucket = "skybench", .region = "us-east-1", .timeout = 60000000000ll },
		.plan = { .size = 4096, .concurrency = 16, .seed = 1, .sign_payload = true,
			  .watched.proc = "/proc" },
		.profile = "default",
	};
	struct s3_result *result CLEANUP_FREE = calloc(1, sizeof(*result));

	r.result = result;
	if (!result || read_options(&r, argc, argv)) {
		usage();
		return 2;
	}
	if (!r.about.label)
		r.about.label = r.url;
	r.about.plan = &r.plan;
	r.about.result = result;
	if (find_keys(&r) || run_load(&r))
		return 1;
	s3_print(&r.about);
	if (r.json && s3_write(&r.about, r.json))
		return 1;
	return result->errors.total || result->leftover.total;
}
