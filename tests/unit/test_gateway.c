// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gateway's front over real sockets: what it refuses before anybody is asked, who it asks
 * how often, and what it says when backend or vault fail.  The vault is the real one; the
 * backend answers from a table, and counts.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include "../../user/skyd/cache_private.h"
#include "../../user/skyd/front.h"
#include "../../user/skyd/log.h"
#include "gateway_data.h"
#include "http_util.h"
#include "http/date.h"

#define SOON		io_after_ms(20000)
#define ACCESS		"AKIDEXAMPLE"

/* --- a backend ----------------------------------------------------------------------- */

struct world {
	struct io_group group;
	struct role_run run;
	struct config config;
	struct vault vault;
	struct link_service service;
	struct io_stream serves[2];
	struct sockaddr_in at;
	char dir[64];
	char secret[64];
	size_t secret_len;
	u8 wrapped[VAULT_WRAPPED_MAX];
	u32 wrapped_len;
	unsigned int keys, opens, commits, deletes, lists, others;
	u32 keep_ms;
	u64 size;
	char address[64], bucket[64];	/* of the last list */
	bool secure;
};

static int give_key(struct link_request *r, const void *question, void *answer)
{
	const struct meta_key_ask *ask = question;
	struct meta_key *give = answer;
	struct world *w = r->ctx;

	w->keys++;
	io_yield();
	if (!str_is(str_from(ask->access_key), ACCESS))
		return meta_status(S3_INVALID_ACCESS_KEY_ID);
	*give = (struct meta_key){
		.team = 7, .owner = bytes_of(STR("0123")), .keep_ms = w->keep_ms,
		.secret = { w->wrapped, w->wrapped_len },
	};
	return 0;
}

static int give_open(struct link_request *r, const void *question, void *answer)
{
	(void)question;
	(void)answer;
	((struct world *)r->ctx)->opens++;
	return 0;
}

static int give_commit(struct link_request *r, const void *question, void *answer)
{
	const struct meta_commit *ask = question;
	struct world *w = r->ctx;

	(void)answer;
	w->commits++;
	w->size = ask->size;
	return 0;
}

static int give_read(struct link_request *r, const void *question, void *answer)
{
	const struct meta_read *ask = question;
	struct meta_object *give = answer;

	(void)r;
	if (!str_is(str_from(ask->name), "there"))
		return meta_status(S3_NO_SUCH_KEY);
	*give = (struct meta_object){
		.size = 5, .etag = bytes_of(STR("5d41402abc4b2a76b9719d911017c592")),
		.order = 1000000,
		.headers = bytes_of(STR("Content-Type: text/plain\r\n")),
		.metadata = bytes_of(STR("x-amz-meta-plain: a\r\nx-amz-meta-word: \xc3\xa9\r\n")),
	};
	return 0;
}

static int give_delete(struct link_request *r, const void *question, void *answer)
{
	(void)question;
	(void)answer;
	((struct world *)r->ctx)->deletes++;
	return 0;
}

static int give_list(struct link_request *r, const void *question, void *answer)
{
	const struct meta_list *ask = question;
	struct world *w = r->ctx;

	(void)answer;
	w->lists++;
	w->secure = ask->caller.secure;
	str_copy(str_from(ask->caller.address), w->address, sizeof(w->address));
	str_copy(str_from(ask->bucket), w->bucket, sizeof(w->bucket));
	return 0;
}

static int fails(struct link_request *r, const void *question, void *answer)
{
	(void)question;
	(void)answer;
	((struct world *)r->ctx)->others++;
	return -EUCLEAN;
}

#define ROOM	65536u
#define ANY	(~0u)

static const struct link_operation operations[] = {
	{ META_KEY, "key", &meta_key_ask_schema, &meta_key_schema, 0, ANY, give_key },
	{ META_OPEN, "open", &meta_open_schema, &meta_opened_schema, ROOM, ANY, give_open },
	{ META_COMMIT, "commit", &meta_commit_schema, &meta_result_schema, ROOM, ANY, give_commit },
	{ META_READ, "read", &meta_read_schema, &meta_object_schema, ROOM, ANY, give_read },
	{ META_BUCKET_DELETE, "delete", &meta_bucket_ask_schema, NULL, ROOM, ANY, give_delete },
	{ META_LIST, "list", &meta_list_schema, &meta_listing_schema, ROOM, ANY, give_list },
	{ META_BUCKETS, "buckets", &meta_list_schema, &meta_buckets_schema, ROOM, ANY, fails },
};

struct serving {
	struct world *w;
	unsigned int number;
};

static int serve_one(void *arg)
{
	struct serving *s = arg;
	struct link_service service = {
		.operation = operations, .operations = ARRAY_SIZE(operations), .ctx = s->w,
		.options.body_max = META_LINK_MAX,
	};

	if (s->number)
		vault_service(&s->w->vault, ROLE_GATEWAY, &service);
	return link_serve(&service, &s->w->serves[s->number]);
}

static struct serving serving[2];

static void connect_link(struct world *w, struct link **link, unsigned int number)
{
	const struct link_options options = { .body_max = META_LINK_MAX };
	int pair[2];

	stream_pair(pair);
	must_equal(link_open(link, &options, &w->group), 0);
	link_attach(*link, pair[0]);
	io_stream_socket(&w->serves[number], pair[1]);
	serving[number] = (struct serving){ w, number };
	must_equal(io_spawn(&w->group, serve_one, &serving[number], NULL), 0);
}

static int serve_http(void *arg)
{
	struct world *w = arg;

	return gateway_serve(&w->run, w->run.control);
}

static void make_secret(struct world *w)
{
	const struct vault_label label = { VAULT_API_SECRET, 7, 0, STR(ACCESS) };
	char path[96];
	int len;

	snprintf(path, sizeof(path), "%s/keys", w->dir);
	must_equal(vault_create(path, NULL, NULL), 0);
	must_equal(vault_load(&w->vault, path, NULL, NULL), 0);
	unlink(path);
	strcpy(w->secret, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
	w->secret_len = strlen(w->secret);
	len = vault_wrap(w->vault.keys, &label, w->secret, w->secret_len, w->wrapped);
	must(len > 0);
	w->wrapped_len = len;
}

static void open_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->keep_ms = 60000;
	strcpy(w->dir, "/tmp/test_gateway.XXXXXX");
	must(mkdtemp(w->dir));
	must_equal(config_dev(&w->config, w->dir, 1, NULL, NULL), 0);
	free(w->config.gateway_domain);
	w->config.gateway_domain = strdup("s3.example");
	w->config.gateway_workers = 1;
	w->config.cache_memory = 1;
	io_group_init(&w->group);
	make_secret(w);
	w->run = (struct role_run){ .role = ROLE_GATEWAY, .config = &w->config };
	io_group_init(&w->run.group);
	connect_link(w, &w->run.to_backend, 0);
	connect_link(w, &w->run.vault, 1);
	must_equal(gateway_prepare(&w->run), 0);
	must_equal(gateway_start(&w->run), 0);
	w->run.control = listen_at(&w->at, 100);
	must_equal(io_spawn(&w->run.group, serve_http, w, NULL), 0);
}

static void close_world(struct world *w)
{
	unsigned int i;

	io_group_end(&w->run.group);
	gateway_stop(&w->run);
	link_close(w->run.to_backend);
	link_close(w->run.vault);
	io_group_end(&w->group);
	for (i = 0; i < 2; i++)
		io_stream_close(&w->serves[i]);
	gateway_free(&w->run);
	close(w->run.control);
	vault_unload(&w->vault);
	config_free(&w->config);
	rmdir(w->dir);
}

/* --- a client ------------------------------------------------------------------------ */

#define AT(m, p)	.method = (m), .path = (p)

static char answer[65536];

/* One request as it stands; the connection ends after it.  Return: the status. */
static int send_raw(struct world *w, const char *text, size_t len)
{
	int fd = io_dial((struct sockaddr *)&w->at, sizeof(w->at), SOON);
	size_t got = 0;
	ssize_t n;

	must(fd >= 0);
	must_equal(io_send(fd, text, len, 0, SOON), 0);
	io_shutdown(fd, SHUT_WR);
	while ((n = io_recv(fd, answer + got, sizeof(answer) - 1 - got, 0, SOON)) > 0)
		got += n;
	answer[got] = 0;
	close(fd);
	return got > 12 ? atoi(answer + 9) : 0;
}

static int ask_plain(struct world *w, const char *request)
{
	char text[4096];
	int len = snprintf(text, sizeof(text), "%s\r\nConnection: close\r\n\r\n", request);

	return send_raw(w, text, len);
}

struct request {
	const char *method, *path, *query, *fields, *body, *access, *secret;
	const char *host, *sent;	/* that is signed; that is sent, if it is another */
	int age;			/* seconds */
};

/* The same, signed.  @fields: whole lines. */
static int ask(struct world *w, struct request r)
{
	char date[AMZ_DATE_LEN], text[8192], signature[2048], hash[64];
	const char *body = r.body ? r.body : "", *host = r.host ? r.host : "localhost";
	struct out at = OUT(date, sizeof(date)), o = OUT(text, sizeof(text)),
		   line = OUT(signature, sizeof(signature)), hex = OUT(hash, sizeof(hash));
	struct hmac_key key;
	u8 digest[SHA256_BYTES];
	struct sig_header table[16] = { { STR("host"), str_of(host) } };
	struct sig_message m = {
		.method = str_of(r.method), .path = str_of(r.path),
		.query = r.query ? str_of(r.query) : STR_NONE, .headers = table, .count = 3,
	};
	struct sig_signer s = {
		.algorithm = SIG_HMAC, .access_key = str_of(r.access ? r.access : ACCESS),
		.region = STR("us-east-1"), .service = STR("s3"), .now = time(NULL) - r.age,
		.key.hmac = &key,
	};
	struct str rest = r.fields ? str_of(r.fields) : STR_NONE, field;

	sha256_of(body, strlen(body), digest);
	out_hex(&hex, digest, sizeof(digest));
	amz_date_write(&at, s.now);
	table[1] = (struct sig_header){ STR("x-amz-content-sha256"), out_written(&hex) };
	table[2] = (struct sig_header){ STR("x-amz-date"), out_written(&at) };
	while (rest.len && str_cut(&rest, '\n', &field)) {
		struct sig_header *h = &table[m.count++];

		h->value = field;
		str_cut(&h->value, ':', &h->name);
		h->value = str_trim(str_head(h->value, h->value.len - 1));
	}
	sig_derive(str_of(r.secret ? r.secret : w->secret), str_head(out_written(&at), 8),
		   s.region, s.service, &key);
	must_equal(sig_authorization(&line, &s, &m, out_written(&hex)), 0);
	out_text(&o, r.method);
	out_char(&o, ' ');
	out_text(&o, r.path);
	if (r.query) {
		out_char(&o, '?');
		out_text(&o, r.query);
	}
	out_str(&o, STR(" HTTP/1.1\r\nHost: "));
	out_text(&o, r.sent ? r.sent : host);
	out_str(&o, STR("\r\nConnection: close\r\n"));
	http_write_field(&o, table[1].name, table[1].value);
	http_write_field(&o, table[2].name, table[2].value);
	http_write_field(&o, STR("Authorization"), out_written(&line));
	out_text(&o, r.fields ? r.fields : "");
	out_str(&o, STR("Content-Length: "));
	out_number(&o, strlen(body));
	out_str(&o, STR("\r\n\r\n"));
	out_text(&o, body);
	must(!o.err);
	return send_raw(w, text, o.len);
}

static bool says(const char *words)
{
	return strstr(answer, words);
}

/* --- hostile first ------------------------------------------------------------------- */

static int refusals(void *arg)
{
	static const struct {
		struct request r;
		int status;
		const char *code;
	} cases[] = {
		/* A sub-resource that is not there must not become another operation. */
		{ { AT("DELETE", "/bucket"), .query = "versioning" }, 405, "MethodNotAllowed" },
		{ { AT("DELETE", "/bucket"), .query = "inventory" }, 501, "NotImplemented" },
		{ { AT("DELETE", "/bucket"), .query = "anything" }, 501, "NotImplemented" },
		{ { AT("DELETE", "/bucket"), .query = "%76ersioning" }, 405, "MethodNotAllowed" },
		{ { AT("PUT", "/bucket"), .query = "uploads" }, 405, "MethodNotAllowed" },
		{ { AT("PUT", "/bucket"), .query = "object-lock=" }, 501, "NotImplemented" },
		{ { AT("PUT", "/bucket/key"), .query = "retention" }, 501, "NotImplemented" },
		{ { AT("GET", "/bucket"), .query = "inventory" }, 501, "NotImplemented" },
		{ { AT("PUT", "/bucket/key"), .query = "versionId=null" }, 400, "InvalidArgument" },
		{ { AT("PUT", "/metrics-") }, 400, "InvalidBucketName" },
		{ { AT("PUT", "/s3/metrics") }, 400, "InvalidBucketName" },
		{ { AT("PUT", "/s3/health") }, 400, "InvalidBucketName" },
		{ { AT("PUT", "/Bucket") }, 400, "InvalidBucketName" },
		{ { AT("PATCH", "/bucket/key") }, 405, "MethodNotAllowed" },
		{ { AT("GET", "/bucket/key"), .query = "versionId=xyz" }, 400, "InvalidArgument" },
		{ { AT("GET", "/bucket/key"), .query = "partNumber=0" }, 400, "InvalidArgument" },
		/* Fields that would mean what is not done. */
		{ { AT("PUT", "/bucket/key"),
		    .fields = "x-amz-server-side-encryption-customer-algorithm: AES256\r\n" },
		  501, "NotImplemented" },
		{ { AT("PUT", "/bucket/key"), .fields = "x-amz-server-side-encryption: aws:kms\r\n" },
		  501, "NotImplemented" },
		{ { AT("PUT", "/bucket/key"), .fields = "x-amz-object-lock-mode: GOVERNANCE\r\n" },
		  501, "NotImplemented" },
		{ { AT("PUT", "/bucket/key"), .fields = "x-amz-storage-class: GLACIER\r\n" },
		  400, "InvalidStorageClass" },
		{ { AT("GET", "/bucket/key"), .fields = "x-amz-request-payer: requester\r\n" },
		  501, "NotImplemented" },
		{ { AT("PUT", "/bucket/key"), .fields = "x-amz-acl: everybody\r\n" },
		  400, "InvalidArgument" },
		{ { AT("PUT", "/bucket/key"), .fields = "if-none-match: \"abc\"\r\n" },
		  501, "NotImplemented" },
		{ { AT("PUT", "/bucket/key"), .fields = "content-md5: abc\r\n" },
		  400, "InvalidDigest" },
		{ { AT("PUT", "/bucket/key"), .fields = "x-amz-checksum-crc32: abc\r\n" },
		  400, "InvalidRequest" },
		{ { AT("POST", "/bucket"), .query = "delete", .body = "<Delete/>" },
		  400, "MalformedXML" },
		/* Who it is not. */
		{ { AT("GET", "/bucket/there"), .secret = "wrong" }, 403, "SignatureDoesNotMatch" },
		{ { AT("GET", "/bucket/there"), .access = "AKIDNOBODY" },
		  403, "InvalidAccessKeyId" },
		{ { AT("GET", "/bucket/there"), .age = 1000 }, 403, "RequestTimeTooSkewed" },
		{ { AT("GET", "/bucket/there"), .age = -1000 }, 403, "RequestTimeTooSkewed" },
	};
	struct world *w = malloc(sizeof(*w));
	size_t i;

	(void)arg;
	open_world(w);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int status = ask(w, cases[i].r);

		if (status != cases[i].status || !says(cases[i].code))
			printf("# case %zu: %s\n", i, answer);
		must_equal(status, cases[i].status);
		must(says(cases[i].code));
	}
	must_equal(w->deletes + w->commits + w->others, 0);
	/* What is no signed request at all. */
	must_equal(ask_plain(w, "GET / HTTP/1.1\r\nHost: x"), 403);
	must_equal(ask_plain(w, "PUT /bucket/key HTTP/1.1\r\nHost: x"), 411);
	must_equal(ask_plain(w, "GET /bucket/%zz HTTP/1.1\r\nHost: x"), 400);
	must_equal(ask_plain(w, "GET /bucket/there HTTP/1.1\r\nHost: x\r\nAuthorization: AWS a:b"), 400);
	must_equal(ask_plain(w, "POST /bucket HTTP/1.1\r\nHost: x\r\nContent-Length: 0"), 412);
	must_equal(ask_plain(w, "GET /storage_policy HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
				ACCESS ".wrong"), 401);
	close_world(w);
	free(w);
	return 0;
}

/* The last of them is what is told to the backend, if it can be read. */
static void reads_addresses(struct world *w)
{
	static const char *const cases[][2] = {
		{ "[::ffff:192.0.2.1]:80", "192.0.2.1" }, { "192.0.2.1,", "unknown" },
		{ "192.0.2.1:4, [::ffff:10.0.0.1]:80", "192.0.2.1" }, { "", "unknown" },
		{ "192.0.2.1, no, 10.0.0.1", "unknown" }, { "10.0.0.1", "127.0.0.1" },
	};
	char text[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "GET /bucket HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s",
			 cases[i][0]);
		must_equal(ask_plain(w, text), 200);
		must(!strcmp(w->address, cases[i][1]));
	}
}

#define PROXIED(fields)	"GET /bucket HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.9\r\n" fields

/* What a client writes before its proxy does is not believed, nor a host that is not signed. */
static int proxies(void *arg)
{
	struct request r = { AT("GET", "/"), .host = "one.s3.example", .sent = "in" };
	struct world *w = malloc(sizeof(*w));

	(void)arg;
	open_world(w);
	must_equal(ask_plain(w, PROXIED("X-Forwarded-Proto: https")), 200);
	must(!strcmp(w->address, "127.0.0.1") && !w->secure);
	free(w->config.gateway_proxies);
	w->config.gateway_proxies = strdup("127.0.0.0/8, 10.0.0.1");
	must_equal(ask_plain(w, PROXIED("X-Forwarded-For: 203.0.113.5, 10.0.0.1\r\n"
					"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http")), 200);
	must(!strcmp(w->address, "203.0.113.5") && !w->secure);
	must_equal(ask_plain(w, PROXIED("X-Forwarded-Proto: https")), 200);
	must(!strcmp(w->address, "192.0.2.9") && w->secure);
	reads_addresses(w);
	/* The bucket is of the host that the client has asked, and signed. */
	r.fields = "x-forwarded-host: one.s3.example\r\n";
	must_equal(ask(w, r), 200);
	must(!strcmp(w->bucket, "one"));
	r.path = "/two/there";
	r.host = "in";
	must_equal(ask(w, r), 403);
	must(says("SignatureDoesNotMatch"));
	w->run.front->external_host = STR("out.example");
	r.fields = NULL;
	r.host = "out.example";
	must_equal(ask(w, r), 200);
	r.sent = "one.s3.example";
	must_equal(ask(w, r), 403);
	must(says("SignatureDoesNotMatch"));
	close_world(w);
	free(w);
	return 0;
}

/* A failure of ours is said as such, without words from within. */
static int failures(void *arg)
{
	struct world *w = malloc(sizeof(*w));

	(void)arg;
	open_world(w);
	must_equal(ask(w, (struct request){ AT("GET", "/") }), 500);
	must(says("<Code>InternalError</Code>") && !says("clean"));
	must_equal(w->others, 1);
	must_equal(ask(w, (struct request){ AT("GET", "/bucket/missing") }), 404);
	must(says("<Code>NoSuchKey</Code>") && says("<Key>missing</Key>"));
	must_equal(ask(w, (struct request){ AT("HEAD", "/bucket/missing") }), 404);
	must(!says("NoSuchKey"));
	close_world(w);
	free(w);
	return 0;
}

/* From a stop on no flush waits for it: so it gives nothing from its cache, whoever reads on. */
static int stops(void *arg)
{
	struct world *w = malloc(sizeof(*w));
	struct cache *c;

	(void)arg;
	open_world(w);
	c = w->run.front->gateway.cache;
	must(c && !c->left);
	gateway_leave(&w->run, false);
	must(c->left);
	close_world(w);
	free(w);
	return 0;
}

/* --- keys ---------------------------------------------------------------------------- */

struct many {
	struct world *w;
	int rc[20];
	unsigned int next;
};

static int want_key(void *arg)
{
	static const struct sig_scope scope = {
		.access_key = { ACCESS, sizeof(ACCESS) - 1 }, .date = { "20261121", 8 },
		.region = { "r", 1 }, .service = { "s3", 2 },
		.whole = { "20261121/r/s3/aws4_request", 26 },
	};
	struct many *m = arg;
	struct gateway *g = &m->w->run.front->gateway;
	struct kept_key *kept = NULL;
	unsigned int i = m->next++;

	m->rc[i] = gateway_key(g, &scope, SIG_HMAC, &kept, SOON);
	gateway_key_put(g, kept);
	return 0;
}

/* Many at once are one question; what is wrong is remembered for a moment, and in bounds. */
static int keys(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct world *w = malloc(sizeof(*w));
	struct many m = { .w = w };
	char name[32];
	unsigned int i;

	(void)arg;
	open_world(w);
	for (i = 0; i < ARRAY_SIZE(m.rc); i++)
		must_equal(io_spawn(&group, want_key, &m, NULL), 0);
	must_equal(io_group_drain(&group, SOON), 0);
	for (i = 0; i < ARRAY_SIZE(m.rc); i++)
		must_equal(m.rc[i], 0);
	must_equal(w->keys, 1);
	for (i = 0; i < 3; i++)
		must_equal(ask(w, (struct request){
			AT("GET", "/bucket/there"),
			.access = "NO",
		}), 403);
	must_equal(w->keys, 2);
	/* Two thousand names of nobody do not put out one that is true. */
	must_equal(ask(w, (struct request){ AT("GET", "/bucket/there") }), 200);
	must_equal(w->keys, 3);
	for (i = 0; i < 2000; i++) {
		struct sig_scope scope = {
			.date = STR("20261121"), .region = STR("r"), .service = STR("s3"),
			.whole = STR("20261121/r/s3/aws4_request"),
		};
		struct kept_key *kept = NULL;

		snprintf(name, sizeof(name), "NOBODY%u", i);
		scope.access_key = str_of(name);
		must_equal(gateway_key(&w->run.front->gateway, &scope, SIG_HMAC, &kept, SOON),
			   meta_status(S3_INVALID_ACCESS_KEY_ID));
	}
	must_equal(ask(w, (struct request){ AT("GET", "/bucket/there") }), 200);
	must_equal(w->keys, 2003);
	close_world(w);
	free(w);
	return 0;
}

/* The vault gives the point of SigV4A, and it is that of the secret. */
static int points(void *arg)
{
	struct world *w = malloc(sizeof(*w));
	const struct sig_scope scope = { .access_key = STR(ACCESS) };
	u8 scalar[P256_SCALAR_BYTES], digest[32] = { 1 }, der[ECDSA_DER_MAX];
	struct kept_key *kept = NULL;
	struct ecdsa_key *key;
	int len;

	(void)arg;
	open_world(w);
	must_equal(gateway_key(&w->run.front->gateway, &scope, SIG_ECDSA, &kept, SOON), 0);
	must_equal(sig_derive_ecdsa(str_of(w->secret), STR(ACCESS), scalar), 0);
	key = ecdsa_private(scalar);
	len = ecdsa_sign(key, digest, der);
	must(len > 0 && ecdsa_verify(kept->ecdsa, digest, der, len));
	digest[0]++;
	must(!ecdsa_verify(kept->ecdsa, digest, der, len));
	ecdsa_free(key);
	gateway_key_put(&w->run.front->gateway, kept);
	close_world(w);
	free(w);
	return 0;
}

/* --- what works ---------------------------------------------------------------------- */

static int works(void *arg)
{
	struct world *w = malloc(sizeof(*w));

	(void)arg;
	open_world(w);
	must_equal(ask_plain(w, "GET /health HTTP/1.1\r\nHost: x"), 200);
	must_equal(ask_plain(w, "GET /metrics HTTP/1.1\r\nHost: x"), 200);
	must(says("\nskyd_gateway_requests_total "));
	must_equal(ask(w, (struct request){ AT("GET", "/bucket/there") }), 200);
	must(says("\r\n\r\nhello") && says("ETag: \"5d41402abc4b2a76b9719d911017c592\"\r\n"));
	must(says("x-amz-request-id: ") && says("x-amz-id-2: ") && says("Server: skyd\r\n"));
	must(says("x-amz-meta-plain: a\r\n") && says("x-amz-meta-word: =?UTF-8?B?w6k=?=\r\n"));
	must(says("Content-Type: text/plain\r\n"));
	/* The same under the prefix, and in the host's name. */
	must_equal(ask(w, (struct request){ AT("GET", "/s3/bucket/there") }), 200);
	must_equal(ask(w, (struct request){
		AT("GET", "/there"),
		.host = "bucket.s3.example",
	}), 200);
	must_equal(ask(w, (struct request){ AT("HEAD", "/bucket/there") }), 200);
	must(!says("hello") && says("Content-Length: 5\r\n"));
	must_equal(ask(w, (struct request){
		AT("GET", "/bucket/there"),
		.fields = "range: bytes=1-2\r\n",
	}), 206);
	must(says("Content-Range: bytes 1-2/5\r\n"));
	must_equal(ask(w, (struct request){
		AT("GET", "/bucket/there"),
		.fields = "range: bytes=5-\r\n",
	}), 416);
	must(says("Content-Range: bytes */5\r\n"));
	must_equal(ask(w, (struct request){
		AT("GET", "/bucket/there"),
		.fields = "if-none-match: \"5d41402abc4b2a76b9719d911017c592\"\r\n",
	}), 304);
	must_equal(ask(w, (struct request){
		AT("GET", "/bucket/there"),
		.fields = "if-match: \"other\"\r\n",
	}), 412);
	must_equal(ask(w, (struct request){
		AT("GET", "/bucket/there"),
		.query = "response-content-type=a%2Fb&x-id=GetObject",
	}), 200);
	must(says("Content-Type: a/b\r\n") && !says("text/plain"));
	must_equal(ask(w, (struct request){ AT("PUT", "/bucket/key"), .body = "body" }), 200);
	must_equal(w->opens, 1);
	must_equal(w->commits, 1);
	must_equal(w->size, 4);
	must_equal(ask(w, (struct request){ AT("DELETE", "/bucket") }), 204);
	must_equal(w->deletes, 1);
	must_equal(ask(w, (struct request){ AT("GET", "/bucket") }), 200);
	must(says("<ListBucketResult") && says("Content-Length: "));
	close_world(w);
	free(w);
	return 0;
}

#define ON_LOOP(fn)						\
	static void test_##fn(void **state)			\
	{							\
		assert_int_equal(on_loop(state, fn, NULL), 0);	\
	}

ON_LOOP(refusals)
ON_LOOP(proxies)
ON_LOOP(failures)
ON_LOOP(stops)
ON_LOOP(keys)
ON_LOOP(points)
ON_LOOP(works)

int main(void)
{
	static const struct config quiet = { .level = LEVEL_ERROR };
	static const struct CMUnitTest tests[] = {
		ON_BOTH(test_refusals),
		ON_BOTH(test_proxies),
		ON_BOTH(test_failures),
		ON_BOTH(test_stops),
		ON_BOTH(test_keys),
		ON_BOTH(test_points),
		ON_BOTH(test_works),
	};

	log_start("test", &quiet);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
