// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests: signed by our own signer, carried by libcurl, repeated where that helps. */
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/secret.h"
#include "http/date.h"
#include "patience.h"
#include "s3.h"
#include "tls/tls.h"

#define TRIES		5
#define TRIES_REACH	3	/* where nobody answers at all */
#define SILENCE_S	60L	/* of one try, without a byte in either direction */
#define HEAD_MAX	65536u
#define SIGNED_BODY	65536u	/* bytes whose hash is signed even within TLS */
#define ERROR_MAX	8192u	/* bytes of a document that says one */
#define FIELDS		(S3_HEADERS_MAX + 5)

struct web {
	CURL *curl;
	const struct s3_site *site;
	char error[CURL_ERROR_SIZE];
	/* Of the request under way. */
	const struct web_ask *ask;
	struct web_reply *reply;
	int rc;			/* of the sink, or why it was stopped */
	bool judged;		/* the server has shown a certificate, which was refused: */
	long verdict;		/* OpenSSL's of it */
	uint64_t moved;		/* of its body, so far */
	struct silence silence;	/* of all tries */
};

_Atomic int s3_interrupted;

/* --- the connection ------------------------------------------------------------------ */

static bool stopped(const struct web *w)
{
	return s3_interrupted && !w->ask->last;
}

static size_t on_head(char *data, size_t size, size_t n, void *arg)
{
	struct web *w = arg;
	struct out *head = &w->reply->head;

	/* An interim answer's lines are none of the answer's. */
	if (size * n > 5 && !memcmp(data, "HTTP/", 5))
		head->len = 0;
	if (head->len + size * n > HEAD_MAX) {
		w->rc = -EMSGSIZE;
		return 0;
	}
	out_bytes(head, data, size * n);
	return head->err ? 0 : size * n;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct web *w = arg;
	struct out *body = &w->reply->body;
	long status = 0;

	curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
	if (w->ask->sink && status / 100 == 2) {
		w->rc = w->ask->sink(w->ask->arg, data, size * n);
		return w->rc ? 0 : size * n;
	}
	if (body->len + size * n > S3_ANSWER_MAX) {
		w->rc = -EMSGSIZE;
		return 0;
	}
	out_bytes(body, data, size * n);
	return body->err ? 0 : size * n;
}

static int on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
		       curl_off_t up)
{
	struct web *w = arg;
	uint64_t now = w->ask->body ? up : down;

	(void)down_all;
	(void)up_all;
	if (w->ask->moved && now > w->moved) {
		atomic_fetch_add(w->ask->moved, now - w->moved);
		w->moved = now;
	}
	if (stopped(w))
		w->rc = -EINTR;
	else if (silence_is_over(&w->silence, down + up))
		w->rc = -ETIMEDOUT;
	return w->rc != 0;
}

static int set_up(struct web *w)
{
	const long patience = w->site->patience_ms;
	CURL *c = w->curl;

	/* No redirect: what is signed is for one host. */
	if (curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") ||
	    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ||
	    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L) ||
	    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) ||
	    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
			     patience < CONNECT_MS ? patience : CONNECT_MS) ||
	    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L) ||
	    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SILENCE_S) ||
	    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, w->error) ||
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head) ||
	    curl_easy_setopt(c, CURLOPT_HEADERDATA, w) ||
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) ||
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, w) ||
	    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) ||
	    curl_easy_setopt(c, CURLOPT_XFERINFODATA, w) ||
	    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) ||
	    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 262144L) ||
	    curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 262144L))
		return -ENOTSUP;
	/* Whom the file names, and nobody of the folder that libcurl has besides. */
	if (w->site->ca_file && (curl_easy_setopt(c, CURLOPT_CAINFO, w->site->ca_file) ||
				 curl_easy_setopt(c, CURLOPT_CAPATH, NULL)))
		return -ENOTSUP;
	return 0;
}

int web_open(struct web **to, const struct s3_site *site)
{
	struct web *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return fail(ENOMEM, "no memory");
	w->site = site;
	w->curl = curl_easy_init();
	rc = w->curl ? set_up(w) : -ENOMEM;
	if (rc) {
		web_close(w);
		return fail(-rc, "libcurl cannot be set up: %s", strerror(-rc));
	}
	*to = w;
	return 0;
}

void web_close(struct web *w)
{
	if (!w)
		return;
	if (w->curl)
		curl_easy_cleanup(w->curl);
	free(w);
}

const struct s3_site *web_site(const struct web *w)
{
	return w->site;
}

void web_reply_free(struct web_reply *r)
{
	free(r->head.at);
	free(r->body.at);
	*r = WEB_REPLY_NONE;
}

void web_header(struct web_ask *a, struct str name, struct str value)
{
	if (a->headers < S3_HEADERS_MAX)
		a->header[a->headers] = (struct sig_header){ name, value };
	a->headers++;
}

bool web_field(const struct web_reply *r, struct str name, struct str *value)
{
	struct str rest = out_written(&r->head), line, key;

	while (str_cut(&rest, '\n', &line)) {
		if (!str_cut(&line, ':', &key) || !line.at || !str_equal_nocase(key, name))
			continue;
		if (line.len && line.at[line.len - 1] == '\r')
			line.len--;
		*value = str_trim(line);
		return true;
	}
	return false;
}

/* --- one request --------------------------------------------------------------------- */

static void put_path(struct out *o, const struct web *w)
{
	out_text(o, w->site->base);
	out_char(o, '/');
	out_str(o, w->ask->bucket);
	if (w->ask->key.at) {
		out_char(o, '/');
		uri_encode(o, w->ask->key, URI_SLASH);
	}
}

static struct str payload_of(const struct web *w, char hex[2 * SHA256_BYTES])
{
	struct out o = OUT(hex, 2 * SHA256_BYTES);
	uint8_t digest[SHA256_BYTES];

	/* TLS guards it, and its checksum is signed. */
	if (w->site->tls && w->ask->body_len > SIGNED_BODY)
		return STR("UNSIGNED-PAYLOAD");
	sha256_of(w->ask->body, w->ask->body_len, digest);
	out_hex(&o, digest, sizeof(digest));
	return out_written(&o);
}

static int sign(struct web *w, struct sig_message *m, struct str payload, int64_t now,
		struct out *authorization)
{
	const struct s3_site *site = w->site;
	struct hmac_key key;
	char date[AMZ_DATE_LEN];
	struct out o = OUT(date, sizeof(date));
	struct sig_signer s = {
		.algorithm = SIG_HMAC, .access_key = str_of(site->access_key),
		.region = str_of(site->region), .service = STR("s3"), .now = now,
		.key.hmac = &key,
	};
	int rc;

	amz_date_write(&o, now);
	sig_derive(str_of(site->secret), (struct str){ date, 8 }, s.region, s.service, &key);
	rc = sig_authorization(authorization, &s, m, payload);
	explicit_bzero(&key, sizeof(key));
	return rc;
}

/* "NAME:" without a value is a header that libcurl does not send. */
static int append_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *more = curl_slist_append(*list, line);

	if (!more)
		return -ENOMEM;
	*list = more;
	return 0;
}

static int append(struct curl_slist **list, struct str name, struct str value)
{
	CLEANUP_FREE char *line = NULL;

	if (!http_is_value(value))
		return -EINVAL;
	if (asprintf(&line, "%.*s%s%.*s", STR_ARG(name), value.len ? ": " : ";",
		     STR_ARG(value)) < 0)
		return -ENOMEM;
	return append_line(list, line);
}

/* All headers, and Authorization over them. */
static int make_headers(struct web *w, struct str path, struct curl_slist **list)
{
	const struct web_ask *a = w->ask;
	struct sig_header field[FIELDS];
	char date[AMZ_DATE_LEN], hex[2 * SHA256_BYTES], text[2048];
	struct out d = OUT(date, sizeof(date)), authorization = OUT(text, sizeof(text));
	struct sig_message m = {
		.method = str_of(a->method), .path = path, .query = a->query, .headers = field,
	};
	int64_t now = time(NULL);
	struct str type;
	unsigned int i;
	int rc = 0;

	amz_date_write(&d, now);
	field[m.count++] = (struct sig_header){ STR("Host"), str_of(w->site->host) };
	if (w->site->access_key) {
		field[m.count++] = (struct sig_header){ STR("x-amz-date"), out_written(&d) };
		field[m.count++] = (struct sig_header){ STR("x-amz-content-sha256"),
							payload_of(w, hex) };
		if (w->site->token)
			field[m.count++] = (struct sig_header){ STR("x-amz-security-token"),
								str_of(w->site->token) };
	}
	for (i = 0; i < a->headers; i++)
		field[m.count++] = a->header[i];
	for (i = 0; !rc && i < m.count; i++)
		rc = append(list, field[i].name, field[i].value);
	if (!rc && a->body && !sig_find(&m, STR("Content-Type"), &type))
		rc = append_line(list, "Content-Type:");
	if (!rc && w->site->access_key)
		rc = sign(w, &m, field[2].value, now, &authorization);
	if (!rc && w->site->access_key)
		rc = append(list, STR("Authorization"), out_written(&authorization));
	return rc;
}

static int set_method(struct web *w)
{
	const struct web_ask *a = w->ask;
	bool head = !strcmp(a->method, "HEAD");
	CURL *c = w->curl;

	/* What the last request has set goes. */
	if (curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, NULL) ||
	    curl_easy_setopt(c, CURLOPT_HTTPGET, 1L))
		return -ENOTSUP;
	if (head)
		return curl_easy_setopt(c, CURLOPT_NOBODY, 1L) ? -ENOTSUP : 0;
	if (a->body && (curl_easy_setopt(c, CURLOPT_POST, 1L) ||
			curl_easy_setopt(c, CURLOPT_POSTFIELDS, a->body) ||
			curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
					 (curl_off_t)a->body_len)))
		return -ENOTSUP;
	return curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, a->method) ? -ENOTSUP : 0;
}

/* libcurl's word for what went wrong. */
static int error_of_curl(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return -EHOSTUNREACH;
	case CURLE_COULDNT_CONNECT:
		return -ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CONNECT_ERROR:
		return -EPROTO;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -ECONNRESET;
	}
}

/* What takes long is refused within a 200, once it has begun. */
static bool may_be_error(const struct web_reply *r, struct str doc)
{
	return doc.len && (r->status / 100 != 2 ||
			   (doc.len < ERROR_MAX && memmem(doc.at, doc.len, "<Error", 6)));
}

static void read_error(struct web_reply *r)
{
	struct str doc = web_text(r);

	*r->code = *r->message = 0;
	if (!may_be_error(r, doc))
		return;
	if (!s3_read_value(doc, "Error/Code", r->code, sizeof(r->code)))
		*r->code = 0;
	if (!s3_read_value(doc, "Error/Message", r->message, sizeof(r->message)))
		*r->message = 0;
}

static int perform(struct web *w, struct str path)
{
	CLEANUP_FREE char *url = NULL;
	struct curl_slist *list = NULL;
	const struct web_ask *a = w->ask;
	CURLcode code;
	long status = 0;
	int rc = make_headers(w, path, &list);

	if (!rc && asprintf(&url, "%s%.*s%s%.*s", w->site->origin, STR_ARG(path),
			    a->query.len ? "?" : "", STR_ARG(a->query)) < 0)
		rc = -ENOMEM;
	if (!rc)
		rc = set_method(w);
	if (!rc && (curl_easy_setopt(w->curl, CURLOPT_URL, url) ||
		    curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, list)))
		rc = -ENOMEM;
	if (!rc) {
		w->rc = 0;
		w->moved = 0;
		*w->error = 0;
		w->reply->head.len = 0;
		w->reply->body.len = 0;
		code = curl_easy_perform(w->curl);
		curl_easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(w->curl, CURLINFO_SSL_VERIFYRESULT, &w->verdict);
		w->judged = code == CURLE_PEER_FAILED_VERIFICATION;
		w->reply->status = code && !w->rc ? 0 : status;
		rc = w->rc ? w->rc : code ? error_of_curl(code) : 0;
	}
	curl_easy_setopt(w->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(list);
	return rc;
}

/* --- again --------------------------------------------------------------------------- */

int web_error_of(unsigned int status, const char *code)
{
	static const struct {
		const char *code;
		int err;
	} known[] = {
		{ "BucketAlreadyExists", EEXIST }, { "BucketAlreadyOwnedByYou", EEXIST },
		{ "BucketNotEmpty", EBUSY }, { "OperationAborted", EBUSY },
		{ "PreconditionFailed", ESTALE }, { "BadDigest", EBADMSG },
		{ "XAmzContentChecksumMismatch", EBADMSG },
		{ "XAmzContentSHA256Mismatch", EBADMSG },
		{ "InsufficientStorage", ENOSPC }, { "SlowDown", EBUSY },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].code, code))
			return -known[i].err;
	switch (status) {
	case 401:
	case 403:
		return -EACCES;
	case 404:
		return -ENOENT;
	case 409:
		return -EEXIST;
	case 412:
		return -ESTALE;
	default:
		return status / 100 == 4 ? -EINVAL : -EIO;
	}
}

static bool status_passes(const struct web_reply *r)
{
	return r->status == 429 || r->status == 500 || r->status == 502 || r->status == 503 ||
	       r->status == 504 || !strcmp(r->code, "RequestTimeout") ||
	       !strcmp(r->code, "InternalError") || !strcmp(r->code, "SlowDown");
}

/* Would the same request be answered better in a while? */
static bool worth_again(const struct web *w, int rc, int tries)
{
	if (w->rc || !silence_left_ms(&w->silence))
		return false;
	if (w->reply->status)
		return status_passes(w->reply) && tries < TRIES;
	if (rc == -ECONNREFUSED || rc == -EHOSTUNREACH)
		return tries < TRIES_REACH;
	return !w->ask->once && (rc == -ECONNRESET || rc == -ETIMEDOUT) && tries < TRIES;
}

/* Twice as long each time, and not the same for everybody.  Return: false when interrupted. */
static bool wait_a_while(const struct web *w, int tries)
{
	const struct timespec step = { .tv_nsec = 20000000 };
	uint16_t random = 0;
	int steps;

	random_bytes(&random, sizeof(random));
	steps = (5 << (tries - 1)) + random % (5 << (tries - 1));
	while (steps-- && !stopped(w))
		nanosleep(&step, NULL);
	return !stopped(w);
}

static int ask_again(struct web *w, struct str path)
{
	const struct web_ask *a = w->ask;
	int tries = 0, rc;

	for (;;) {
		rc = stopped(w) ? -EINTR : perform(w, path);
		tries++;
		if (rc == -EINTR)
			return rc;
		if (!rc)
			read_error(w->reply);
		if (!rc && w->reply->status / 100 == 2 && !*w->reply->code)
			return 0;
		if (!worth_again(w, rc, tries))
			return rc ? rc : web_error_of(w->reply->status, w->reply->code);
		if (a->moved)
			atomic_fetch_sub(a->moved, w->moved);
		if (!wait_a_while(w, tries))
			return -EINTR;
		w->reply->repeated = true;
		rc = a->again ? a->again(a->arg) : 0;
		if (rc)
			return rc;
	}
}

int web_do(struct web *w, const struct web_ask *a, struct web_reply *r)
{
	char text[3 * S3_KEY_MAX + S3_BUCKET_MAX + 2048];
	struct out path = OUT(text, sizeof(text));
	int rc;

	w->ask = a;
	w->reply = r;
	r->status = 0;
	r->repeated = false;
	r->head.len = 0;
	r->head.err = 0;
	r->body.len = 0;
	r->body.err = 0;
	*r->code = *r->message = 0;
	silence_begin(&w->silence, w->site->patience_ms);
	put_path(&path, w);
	rc = path.err ? -ENAMETOOLONG : a->headers > S3_HEADERS_MAX ? -E2BIG :
	     ask_again(w, out_written(&path));
	if (!rc && r->body.err)
		rc = r->body.err;
	return rc;
}

/* --- what to say --------------------------------------------------------------------- */

static void hint_of_tls(const struct web *w)
{
	const char *advice = tls_verdict_advice(w->verdict);

	if (!w->judged)
		hint("is %s an address of HTTPS, and --ca-file a PEM file?", w->site->origin);
	/* libcurl looks at the name before it has a verdict of the rest: 0, or 1 for none yet. */
	else if (w->verdict == 0 || w->verdict == 1)
		hint("use a name that is in its certificate");
	else
		hint("%s", advice ? advice :
		     "if its certificate is your own authority's, give that with --ca-file");
}

static void hint_of(const struct web *w, const struct web_reply *r, int rc)
{
	static const struct {
		const char *code, *hint;
	} known[] = {
		{ "InvalidAccessKeyId", "the server does not know this access key: is it of this server, and enabled?" },
		{ "SignatureDoesNotMatch", "the secret is not that of this access key, or a proxy changes requests" },
		{ "RequestTimeTooSkewed", "set the clock of this machine, or the server's" },
		{ "AuthorizationHeaderMalformed", "give the server's region with --region" },
		{ "ExpiredToken", "get new credentials: the session token has expired" },
		{ "NoSuchBucket", "`skyctl bucket ls` lists those there are, `skyctl bucket create` makes one" },
		{ "BucketNotEmpty", "`skyctl object rm --recursive --versions s3://BUCKET` removes all it has" },
		{ "PreconditionFailed", "the object has changed meanwhile; run the command again" },
		{ "EntityTooLarge", "give a smaller --part-size, or a lower --threshold" },
		{ "AccessDenied", "the key may not do that: see `skyctl key scope`, or the bucket's policy" },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].code, r->code))
			return hint("%s", known[i].hint);
	if (rc == -ECONNREFUSED || rc == -EHOSTUNREACH)
		hint("does the server run, and is %s its address?", w->site->origin);
	else if (rc == -EPROTO)
		hint_of_tls(w);
	else if (r->status == 403 || r->status == 401)
		hint("the key may not do that, or the server does not know it");
	else if (rc == -ETIMEDOUT)
		hint("does %s answer others, and is there a firewall before it?", w->site->origin);
	else if (rc == -ECONNRESET || r->status / 100 == 5)
		hint("run the command again; what is complete stays");
}

static const char *reason_of(const struct web *w, const struct web_reply *r, int rc)
{
	if (rc == -EMSGSIZE)
		return "the answer is too long to be one";
	if (!r->status && *w->error)
		return w->error;
	return strerror(-rc);
}

int web_fail(const struct web *w, const struct web_ask *a, const struct web_reply *r, int rc)
{
	char url[S3_SHOWN_MAX];

	if (rc == -EINTR)
		return rc;
	if (rc == -ETIMEDOUT && !silence_left_ms(&w->silence)) {
		patience_fail(w->site->origin, w->site->patience_ms);
		return rc;
	}
	if (a->bucket.at)
		s3_shown_url(a->bucket, a->key, url);
	else
		snprintf(url, sizeof(url), "%s", w->site->origin);
	if (*r->code)
		fail(0, "%s: %s%s%s", url, r->code, *r->message ? ": " : "", r->message);
	else if (r->status && r->status / 100 != 2)
		fail(0, "%s: the server answers %u%s%s", url, r->status,
		     r->status == 404 ? ": there is no such object or bucket" : "",
		     r->status == 403 ? ": not allowed" : "");
	else
		fail(0, "%s: %s", url, reason_of(w, r, rc));
	hint_of(w, r, rc);
	return rc;
}

int web_must(struct web *w, const struct web_ask *a, struct web_reply *r)
{
	int rc = web_do(w, a, r);

	return rc ? web_fail(w, a, r, rc) : 0;
}
