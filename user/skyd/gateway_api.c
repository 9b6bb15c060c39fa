// SPDX-License-Identifier: GPL-2.0-or-later
/* What the gateway serves besides S3: its health, its metrics, and the API of the backend. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include <jansson.h>

#include "cache.h"
#include "front.h"

/* No bucket may be called like the first three; the others have a character that none has. */
static const char *const ours[] = {
	"health", "metrics", "workloads", "workload_tiers", "storage_policy", "cloud_locations", "edge_locations",
	"audit_log", "image_review", "host_token", "secret_sessions", "secret_intake",
};

bool api_is_ours(const struct s3_call *c)
{
	struct str path = c->uri.path, first;
	size_t i;

	/* A bucket's host has objects only. */
	if (route_bucket_of(c, c->host).len || !path.len || *path.at != '/')
		return false;
	path = str_skip(path, 1);
	str_cut(&path, '/', &first);
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (str_is(first, ours[i]))
			return true;
	return false;
}

bool api_is_reserved(struct str bucket)
{
	return str_is(bucket, "health") || str_is(bucket, "metrics") ||
	       str_is(bucket, "workloads");
}

static int reply_text(struct s3_call *c, unsigned int status, struct str type, struct str body)
{
	http_write_field(front_reply(c, status), STR("Content-Type"), type);
	c->sent += body.len;
	return http_reply_whole(c->rq, body.at, body.len);
}

static int health(struct s3_call *c)
{
	bool well = link_attached(c->g->backend) && link_attached(c->g->vault);

	return reply_text(c, well ? 200 : 503, STR("text/plain"),
			  well ? STR("ok\n") : STR("no backend or no vault yet\n"));
}

/* --- metrics ------------------------------------------------------------------------- */

static void metric(struct out *o, const char *name, const char *type, const char *help,
		   double value)
{
	char text[512];

	snprintf(text, sizeof(text), "# HELP %s %s\n# TYPE %s %s\n%s %.9g\n", name, help, name,
		 type, name, value);
	out_text(o, text);
}

/* Of struct cache_state. */
static const struct {
	const char *name, *type, *help;
	size_t at;
} cache_lines[] = {
	{ "skyd_gateway_cache_hits_total", "counter", "Generations that were there.",
	  offsetof(struct cache_state, counts.hits) },
	{ "skyd_gateway_cache_misses_total", "counter", "Generations that were fetched.",
	  offsetof(struct cache_state, counts.misses) },
	{ "skyd_gateway_cache_shared_total", "counter", "Fetches that another request made.",
	  offsetof(struct cache_state, counts.shared) },
	{ "skyd_gateway_cache_hit_bytes_total", "counter", "Bytes of hits.",
	  offsetof(struct cache_state, counts.hit_bytes) },
	{ "skyd_gateway_cache_filled_bytes_total", "counter", "Bytes of what was put in.",
	  offsetof(struct cache_state, counts.filled_bytes) },
	{ "skyd_gateway_cache_evicted_total", "counter", "Generations that made way.",
	  offsetof(struct cache_state, evicted) },
	{ "skyd_gateway_cache_wrong_total", "counter", "Entries that were not what was written.",
	  offsetof(struct cache_state, counts.wrong) },
	{ "skyd_gateway_cache_bytes", "gauge", "Memory that has something.",
	  offsetof(struct cache_state, bytes) },
	{ "skyd_gateway_cache_size_bytes", "gauge", "Memory that it may take.",
	  offsetof(struct cache_state, size) },
	{ "skyd_gateway_cache_disk_hits_total", "counter", "Of the hits, those from its disk.",
	  offsetof(struct cache_state, counts.disk_hits) },
	{ "skyd_gateway_cache_disk_evicted_total", "counter", "Generations that made way on its disk.",
	  offsetof(struct cache_state, disk_evicted) },
	{ "skyd_gateway_cache_disk_errors_total", "counter", "Calls to its disk that failed.",
	  offsetof(struct cache_state, counts.disk_errors) },
	{ "skyd_gateway_cache_disk_late_total", "counter", "Reads of its disk that were given up.",
	  offsetof(struct cache_state, counts.disk_late) },
	{ "skyd_gateway_cache_disk_used", "gauge", "Whether its disk is in use.",
	  offsetof(struct cache_state, disk) },
	{ "skyd_gateway_cache_disk_bytes", "gauge", "Bytes on its disk.",
	  offsetof(struct cache_state, disk_bytes) },
	{ "skyd_gateway_cache_disk_size_bytes", "gauge", "Bytes that it may take there.",
	  offsetof(struct cache_state, disk_size) },
};

static const char *const cache_reasons[CACHE_REFUSALS] = {
	[CACHE_BY_TYPE] = "type", [CACHE_BY_BUCKET] = "bucket",
	[CACHE_BY_POLICY] = "policy", [CACHE_BY_SIZE] = "size",
	[CACHE_NO_ROOM] = "room", [CACHE_DISK_SPACE] = "disk_space", [CACHE_DISK_BUSY] = "disk_busy",
};

static void cache_metrics(const struct gateway *g, struct out *o)
{
	struct cache_state s;
	char text[128];
	size_t i;

	cache_state(g, &s);
	for (i = 0; i < sizeof(cache_lines) / sizeof(cache_lines[0]); i++)
		metric(o, cache_lines[i].name, cache_lines[i].type, cache_lines[i].help,
		       *(const u64 *)((const char *)&s + cache_lines[i].at));
	out_text(o, "# HELP skyd_gateway_cache_refused_total What was not kept, by reason.\n"
		 "# TYPE skyd_gateway_cache_refused_total counter\n");
	for (i = 0; i < CACHE_REFUSALS; i++) {
		snprintf(text, sizeof(text),
			 "skyd_gateway_cache_refused_total{reason=\"%s\"} %llu\n",
			 cache_reasons[i], (unsigned long long)s.counts.refused[i]);
		out_text(o, text);
	}
}

static int metrics(struct s3_call *c)
{
	const struct front *f = c->front;
	struct rusage usage = { 0 };
	char body[8192];
	struct out o = OUT(body, sizeof(body));

	getrusage(RUSAGE_SELF, &usage);
	metric(&o, "skyd_gateway_requests_total", "counter", "Requests.", f->counts.requests);
	metric(&o, "skyd_gateway_requests_refused_total", "counter", "Answers of status 4xx.",
	       f->counts.refused);
	metric(&o, "skyd_gateway_requests_failed_total", "counter", "Answers of status 5xx.",
	       f->counts.failed);
	metric(&o, "skyd_gateway_unmetered_total", "counter",
	       "Requests that no team's use has, for want of memory.", traffic_lost(f->traffic));
	metric(&o, "skyd_gateway_requests", "gauge", "Requests under way.", f->counts.now);
	metric(&o, "skyd_gateway_connections", "gauge", "Connections.", f->listen.open);
	metric(&o, "skyd_gateway_connections_refused_total", "counter",
	       "Connections turned away, or without a handshake.",
	       f->listen.turned_away + f->listen.refused);
	metric(&o, "skyd_gateway_received_bytes_total", "counter", "Bytes of bodies received.",
	       f->counts.received);
	metric(&o, "skyd_gateway_sent_bytes_total", "counter", "Bytes of bodies sent.",
	       f->counts.sent);
	metric(&o, "skyd_gateway_memory_free_bytes", "gauge", "Room for bodies under way.",
	       (double)f->gateway.memory.free * FRONT_MEMORY_UNIT);
	metric(&o, "skyd_gateway_fragments_moved_total", "counter",
	       "Fragments made anew for a location that is left.", f->gateway.moves.moved);
	metric(&o, "skyd_gateway_fragments_moved_bytes_total", "counter", "Bytes of those.",
	       f->gateway.moves.bytes);
	metric(&o, "skyd_gateway_fragments_unmoved_total", "counter",
	       "Fragments that could not be, at the first try.", f->gateway.moves.failed);
	metric(&o, "skyd_repair_fragments", "gauge",
	       "Fragments at locations that are left, when that began.", f->gateway.moves.total);
	metric(&o, "skyd_repair_fragments_left", "gauge", "Those that are there still.",
	       f->gateway.moves.left);
	metric(&o, "skyd_repair_generations_stuck", "gauge",
	       "Generations of which one cannot be moved.", f->gateway.moves.stuck);
	metric(&o, "skyd_scrub_fragments_unnamed", "gauge",
	       "Fragments that the last scrubs found without a name.", f->gateway.moves.unnamed);
	metric(&o, "skyd_scrub_fragments_deleted", "gauge", "Of those, deleted.",
	       f->gateway.moves.deleted);
	metric(&o, "skyd_scrub_fragments_lost", "gauge",
	       "Fragments that the last scrubs found missing or wrong.", f->gateway.moves.lost);
	metric(&o, "skyd_scrub_fragments_made", "gauge", "Of those, made anew.",
	       f->gateway.moves.made);
	cache_metrics(c->g, &o);
	metric(&o, "process_cpu_seconds_total", "counter", "CPU time.",
	       usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	metric(&o, "process_start_time_seconds", "gauge", "Start, since 1970.", f->start);
	if (o.err)
		return o.err;
	return reply_text(c, 200, STR("text/plain; version=0.0.4"), out_written(&o));
}

/* --- the backend's API --------------------------------------------------------------- */

/* What is signed for once stays as it is; what it is signed by does not. */
static void write_caching(struct out *o, struct str path)
{
	if (str_starts(path, STR("/audit_log/tile/")))
		http_write_field(o, STR("Cache-Control"),
				 STR("public, max-age=31536000, immutable"));
	else if (str_starts(path, STR("/audit_log/")))
		http_write_field(o, STR("Cache-Control"), STR("no-cache"));
}

/* The words may hold what the client sent: they are escaped, or the usual ones are told. */
static char *error_text(const struct s3_call *c, enum s3_code code)
{
	const char *own = c->fault.code == code && *c->fault.message ? c->fault.message : NULL;
	const char *usual = s3_code_message(code);
	json_t *j = own ? json_pack("{s:s, s:s}", "error", s3_code_name(code), "message", own) :
			  NULL;
	char *text;

	if (!j)
		j = json_pack("{s:s, s:s}", "error", s3_code_name(code), "message", usual);
	text = j ? json_dumps(j, 0) : NULL;
	json_decref(j);
	return text;
}

static int reply_error(struct s3_call *c, int rc)
{
	enum s3_code code = rc > 0 ? (enum s3_code)rc : front_code(rc);
	CLEANUP_FREE char *text = NULL;
	size_t len;

	if (rc == -ECANCELED || rc == -EPIPE || c->rq->sent || c->rq->error)
		return rc;
	text = error_text(c, code);
	if (!text)
		return -ENOMEM;
	len = strlen(text);
	if (code == S3_INVALID_TOKEN || code == S3_ACCESS_DENIED) {
		struct out *o = front_reply(c, 401);

		http_write_field(o, STR("WWW-Authenticate"), STR("Bearer"));
		http_write_field(o, STR("Content-Type"), STR("application/json"));
		return http_reply_whole(c->rq, text, len);
	}
	return reply_text(c, s3_code_status(code), STR("application/json"),
			  (struct str){ text, len });
}

/*
 * Nobody may change anything, so that nothing need be read of what he sends; but for questions
 * of Kubernetes, where it is said so.
 */
static int check_token(struct s3_call *c, bool reads)
{
	const struct config *config = c->g->config;

	if (config->admission_public && str_is(c->uri.path, "/image_review"))
		return 0;
	return reads || c->caller.access_key.len ? 0 :
	       s3_fail(&c->fault, S3_ACCESS_DENIED, "a bearer token ACCESSKEY.SECRET is needed");
}

static int pass_on(struct s3_call *c, bool reads)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_BODY struct body_text_memory m = { 0 };
	struct meta_api_answer given;
	struct meta_api ask = { 0 };
	char path[1024];
	struct out *o;
	int len, rc;

	len = uri_decode(c->uri.path, path, sizeof(path), 0);
	if (len < 0)
		return s3_fail(&c->fault, S3_INVALID_URI, NULL);
	rc = auth_bearer(c);
	/* The body is not signed. */
	c->claim.payload = SIG_PAYLOAD_UNSIGNED;
	if (!rc)
		rc = check_token(c, reads);
	/* What is asked for is in the path. */
	if (!rc && !reads)
		rc = body_read(c, META_API_ASK_MAX, &m);
	if (rc)
		return rc;
	ask.caller = c->caller;
	ask.method = bytes_of(http_method(c->rq));
	ask.path = (struct rpc_bytes){ path, len };
	ask.query = bytes_of(c->uri.query);
	ask.type = bytes_of(field_of(c, STR("content-type")));
	ask.body = (struct rpc_bytes){ m.at, m.len };
	rc = front_ask(c, META_API, &meta_api_schema, &ask, &meta_api_answer_schema, &given, 0,
		       &answer);
	if (rc)
		return rc;
	if (given.status < 200 || given.status > 599)
		return -EBADMSG;
	o = front_reply(c, given.status);
	if (given.status == 200)
		write_caching(o, (struct str){ path, len });
	http_write_field(o, STR("Content-Type"), given.type.len ? str_from(given.type) :
							      STR("application/json"));
	c->sent += given.body.len;
	return http_reply_whole(c->rq, given.body.data, given.body.len);
}

int api_handle(struct s3_call *c)
{
	struct str method = http_method(c->rq);
	bool reads = str_is(method, "GET") || str_is(method, "HEAD");
	int rc;

	if (reads && str_is(c->uri.path, "/health"))
		return health(c);
	if (reads && str_is(c->uri.path, "/metrics"))
		return metrics(c);
	if (str_starts(c->uri.path, STR("/health")) || str_starts(c->uri.path, STR("/metrics")))
		return reply_error(c, s3_fail(&c->fault, S3_METHOD_NOT_ALLOWED, NULL));
	rc = pass_on(c, reads);
	return rc ? reply_error(c, rc) : 0;
}
