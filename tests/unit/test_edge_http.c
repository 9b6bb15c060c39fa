// SPDX-License-Identifier: GPL-2.0-or-later
/* An edge over HTTP: what is stored comes back whole and in parts; lists, metrics, health. */
#include "edge_http_util.h"

static int with_site(struct site *s, int (*fn)(struct site *s))
{
	fresh_folder();
	memset(s, 0, sizeof(*s));
	site_open(s, NULL);
	must_equal(fn(s), 0);
	site_close(s);
	remove_folder();
	return 0;
}

/* --- fragments ------------------------------------------------------------------------- */

static int round_trips(struct site *s)
{
	static const size_t len[] = { 0, 1, 4096, 4097, 65536, 131072, 300001, ANSWER_MAX };
	char name[32], text[64];
	unsigned int i;

	for (i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		snprintf(name, sizeof(name), "a/%u.f", i);
		must_equal(get(s, name, i, len[i]), 404);
		must(says("<Code>NoSuchKey</Code>"));
		must_equal(put(s, name, i, len[i]), 200);
		must(strstr(answer.head, "ETag: \""));
		must_equal(answer.len, 0);
		must_equal(get(s, name, i, len[i]), 200);
		must_equal(ask(s, "HEAD", name, NULL, 0), 200);
		snprintf(text, sizeof(text), "Content-Length: %zu\r\n", len[i]);
		must(strstr(answer.head, text));
		must(strstr(answer.head, "x-amz-checksum-sha256: "));
		must_equal(answer.len, 0);
	}
	/* All over the connections that there were. */
	must_equal(s->origin.dialled, 1);
	for (i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		snprintf(name, sizeof(name), "a/%u.f", i);
		must_equal(ask(s, "DELETE", name, NULL, 0), 204);
		must_equal(ask(s, "DELETE", name, NULL, 0), 204);
		must_equal(ask(s, "HEAD", name, NULL, 0), 404);
	}
	return 0;
}

static int names_are_written_once(struct site *s)
{
	static const size_t len[] = { 1000, 300000 };
	char name[8];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		must_equal(put(s, name, 1, len[i]), 200);
		must_equal(put(s, name, 1, len[i]), 200);
		must_equal(put(s, name, 2, len[i]), 412);
		must(says("<Code>PreconditionFailed</Code>"));
		must_equal(put(s, name, 1, len[i] - 1), 412);
		must_equal(get(s, name, 1, len[i]), 200);
		must_equal(ask(s, "DELETE", name, NULL, 0), 204);
		must_equal(put(s, name, 2, len[i]), 200);
		must_equal(get(s, name, 2, len[i]), 200);
	}
	return 0;
}

/* One request with Range: the status, and the bytes compared. */
static int ranged(struct site *s, const char *name, size_t len, const char *range, size_t first,
		  size_t want)
{
	uint8_t *data = malloc(len);
	char text[96];
	struct wish w;
	int rc;

	sign(s, &w, "GET", name, NULL, 0);
	snprintf(w.fields, sizeof(w.fields), "Range: %s\r\n", range);
	rc = send_wish(s, &w);
	bytes_of(9, data, len);
	if (rc == 206) {
		must_equal(answer.len, want);
		must(!memcmp(answer.body, data + first, want));
		snprintf(text, sizeof(text), "Content-Range: bytes %zu-%zu/%zu\r\n", first,
			 first + want - 1, len);
		must(strstr(answer.head, text));
	}
	free(data);
	return rc;
}

static int ranges(struct site *s)
{
	static const size_t len[] = { 4000, 500000 };
	char name[8], text[64];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		size_t n = len[i];

		snprintf(name, sizeof(name), "r%u", i);
		must_equal(put(s, name, 9, n), 200);
		must_equal(ranged(s, name, n, "bytes=0-0", 0, 1), 206);
		must_equal(ranged(s, name, n, "bytes=1-2047", 1, 2047), 206);
		must_equal(ranged(s, name, n, "bytes=3000-", 3000, n - 3000), 206);
		must_equal(ranged(s, name, n, "bytes=-7", n - 7, 7), 206);
		must_equal(ranged(s, name, n, "bytes=900-99999999999", 900, n - 900), 206);
		must_equal(ranged(s, name, n, "bytes=-0", 0, 0), 416);
		must_equal(ranged(s, name, n, "bytes=500000-", 0, 0), 416);
		must(says("<Code>InvalidRange</Code>"));
		snprintf(text, sizeof(text), "Content-Range: bytes */%zu\r\n", n);
		must(strstr(answer.head, text));
		must_equal(ranged(s, name, n, "bytes=5-4", 0, 0), 200);
		must_equal(ranged(s, name, n, "bytes=0-1,4-5", 0, 0), 200);
		must_equal(ranged(s, name, n, "bytes=0-1\r\nIf-Range: \"other\"", 0, 0), 200);
	}
	must_equal(ranged(s, "r1", 500000, "bytes=65535-65536", 65535, 2), 206);
	must_equal(ranged(s, "r1", 500000, "bytes=131071-262145", 131071, 131075), 206);
	return 0;
}

/* --- lists -------------------------------------------------------------------------------- */

static int list(struct site *s, const char *query)
{
	struct wish w;

	sign_at(s, &w, "GET", "", query, NULL, 0, time(NULL));
	return send_wish(s, &w);
}

static unsigned int count(const char *what)
{
	const char *at = answer.body;
	unsigned int n = 0;

	while ((at = strstr(at, what))) {
		at += strlen(what);
		n++;
	}
	return n;
}

static int lists(struct site *s)
{
	char name[32];
	unsigned int i;

	must_equal(list(s, "list-type=2"), 200);
	must(says("<KeyCount>0</KeyCount>") && says("<IsTruncated>false</IsTruncated>"));
	/* One document, with one beginning. */
	must(says("?>\n<ListBucketResult ") && !says("?>\n<?xml"));
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%s/%03u", i % 2 ? "odd" : "even", i);
		must_equal(put(s, name, i, i), 200);
	}
	must_equal(list(s, "list-type=2"), 200);
	must_equal(count("<Contents>"), 100);
	must(says("<KeyCount>100</KeyCount>") && says("<Key>odd/099</Key>"));
	must_equal(list(s, "list-type=2&prefix=odd%2F&max-keys=40"), 200);
	must_equal(count("<Contents>"), 40);
	must(says("<Key>odd/079</Key>") && !says("odd/081"));
	must(says("<NextContinuationToken>odd/079</NextContinuationToken>"));
	must_equal(list(s, "list-type=2&prefix=odd%2F&continuation-token=odd%2F079"), 200);
	must_equal(count("<Contents>"), 10);
	must(says("<Key>odd/081</Key>") && says("<IsTruncated>false</IsTruncated>"));
	must_equal(list(s, "list-type=2&max-keys=0"), 200);
	must_equal(count("<Contents>"), 0);
	must_equal(list(s, "list-type=2&max-keys=-1"), 400);
	must_equal(list(s, "list-type=2&delimiter=%2F"), 501);
	must_equal(list(s, "list-type=1"), 400);
	must_equal(list(s, "prefix=odd"), 400);
	return 0;
}

/* --- what needs no signature ------------------------------------------------------------- */

/* As strict as promtool: each name typed once, before its values, and all lines well formed. */
static void check_metrics(void)
{
	char *line, *rest = answer.body, type[128] = "", seen[8192] = " ";

	must(answer.len && answer.body[answer.len - 1] == '\n');
	while ((line = strsep(&rest, "\n")) && *line) {
		char name[128], kind[32], words[160];
		size_t len;
		char *end;

		if (sscanf(line, "# HELP %127s %159[^\n]", name, words) == 2)
			continue;
		if (sscanf(line, "# TYPE %127s %31s", name, kind) == 2) {
			must(!strcmp(kind, "counter") || !strcmp(kind, "gauge"));
			snprintf(words, sizeof(words), " %s ", name);
			must(!strstr(seen, words));
			must(strlen(seen) + strlen(words) < sizeof(seen));
			strcat(seen, words);
			strcpy(type, name);
			continue;
		}
		len = strcspn(line, "{ ");
		must(len == strlen(type) && !strncmp(line, type, len));
		end = strrchr(line, ' ');
		must(end && (line[len] == ' ' || (line[len] == '{' && end[-1] == '}')));
		strtod(end + 1, &end);
		must(!*end);
	}
}

static int open_to_all(struct site *s)
{
	static const char *const names[] = {
		"minio_node_process_uptime_seconds", "minio_bucket_usage_object_total",
		"minio_bucket_usage_total_bytes", "minio_node_disk_total_bytes",
		"minio_node_disk_free_bytes", "minio_node_disk_used_bytes",
		"minio_node_process_cpu_total_seconds", "minio_node_process_resident_memory_bytes",
		"minio_s3_requests_total", "minio_s3_requests_errors_total",
		"minio_s3_requests_waiting_total", "minio_s3_requests_rejected_invalid_total",
		"minio_s3_traffic_received_bytes", "minio_s3_traffic_sent_bytes",
	};
	struct wish w = { .method = "GET", .target = "/health" };
	struct edge_auth *auth = s->http.auth;
	size_t i;

	must_equal(put(s, "metrics", 1, 1234), 200);
	must_equal(get(s, "metrics", 1, 1234), 200);
	must_equal(send_wish(s, &w), 200);
	must(says("ok"));
	s->http.auth = NULL;
	must_equal(send_wish(s, &w), 503);
	must_equal(put(s, "other", 1, 1), 503);
	s->http.auth = auth;
	strcpy(w.target, "/minio/v2/metrics/cluster");
	must_equal(send_wish(s, &w), 200);
	must(strstr(answer.head, "text/plain; version=0.0.4"));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		must(says(names[i]));
	check_metrics();
	strcpy(w.target, "/metrics");
	must_equal(send_wish(s, &w), 200);
	must(says("skyhold_edge_fragments 1\n"));
	must(says("skyhold_edge_nonces 2\n"));
	must(says("skyhold_edge_received_bytes_total 1234\n"));
	must(says("skyhold_edge_sent_bytes_total "));
	check_metrics();
	s->http.metrics = false;
	must_equal(send_wish(s, &w), 403);
	strcpy(w.target, "/minio/v2/metrics/cluster");
	must_equal(send_wish(s, &w), 403);
	return 0;
}

#define WITH_SITE(fn)						\
	static int fn##_task(void *arg)				\
	{							\
		return with_site(arg, fn);			\
	}							\
	static void test_##fn(void **state)			\
	{							\
		static struct site site;			\
								\
		assert_int_equal(on_loop(state, fn##_task, &site), 0);	\
	}

WITH_SITE(round_trips)
WITH_SITE(names_are_written_once)
WITH_SITE(ranges)
WITH_SITE(lists)
WITH_SITE(open_to_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_round_trips),
		ON_BOTH(test_names_are_written_once),
		ON_BOTH(test_ranges),
		ON_BOTH(test_lists),
		ON_BOTH(test_open_to_all),
	};

	return cmocka_run_group_tests(tests, make_edge_keys, free_edge_keys);
}
