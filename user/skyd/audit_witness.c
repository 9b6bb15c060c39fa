// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asking witnesses (C2SP tlog-witness) to cosign the ledger's checkpoints.
 *
 * A round asks all of them at once about the checkpoint as it is.  As soon as there is a quorum it
 * is kept, with its cosignatures, as LEDGER_WITNESSED; who answers later is added.  Nobody waits
 * for a round: not those who write the ledger, and not one witness for another.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit.h"
#include "backend_private.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "http/client.h"
#include "io/loop.h"
#include "io/sync.h"
#include "ledger/inspect.h"
#include "ledger/tlog_policy.h"
#include "ledger/witness_ask.h"
#include "location_http.h"
#include "log.h"
#include "resolver.h"

#define PAUSE_MS	1000u	/* between rounds, at least */
#define ROUND_MS	60000u	/* between rounds when nothing new is written */
#define ANSWER_MS	10000u	/* for all that one witness is asked in a round */
#define TRIES		3u

struct audit_witness {
	struct audit_witnesses *all;
	unsigned int number;		/* of the policy's */
	struct location_url url;
	struct tls_context *tls;
	uint64_t old;			/* size that it has cosigned, as far as is known */
	bool told;			/* what is wrong with it is in the log */
	int64_t later;			/* io_now() before which it is left alone */
};

struct audit_witnesses {
	struct backend *b;
	char *text;			/* of the policy */
	struct tlog_policy policy;
	struct audit_witness one[TLOG_WITNESSES];
	unsigned int count;
	struct io_event wake;

	/* Of the round. */
	struct inspect_note now;	/* the checkpoint, as the log has signed it */
	struct str signed_text;		/* of it */

	/* Of the rounds about one checkpoint: who has cosigned it is not asked again. */
	uint64_t size;			/* of it */
	struct merkle_hash root;
	uint64_t set;			/* who has cosigned */
	char cosigned[NOTE_MAX];
	size_t cosigned_len;
};

/* --- on the ledger's thread: files ------------------------------------------------------- */

struct piece {
	struct audit_witnesses *all;
	uint64_t old;
	struct out out;
};

static int open_now(void *arg)
{
	struct audit_witnesses *w = arg;
	struct note n;
	struct inspect in;
	int rc;

	inspect_init(&in, &w->b->audit->signer.verifier, inspect_folder_fetch, w->b->audit->dir);
	rc = inspect_checkpoint(&in, &w->now);
	if (!rc)
		rc = note_parse((struct str){ w->now.bytes, w->now.len }, &n);
	w->signed_text = n.text;
	return rc;
}

static int make_request(void *arg)
{
	struct piece *p = arg;
	struct audit_witnesses *w = p->all;
	struct inspect in;

	inspect_init(&in, &w->b->audit->signer.verifier, inspect_folder_fetch, w->b->audit->dir);
	p->out.len = 0;
	return witness_request(&p->out, p->old, &in.tiles, w->now.c.size,
			       (struct str){ w->now.bytes, w->now.len });
}

/* Another process may have kept a later one. */
static int keep(void *arg)
{
	struct audit_witnesses *w = arg;
	CLEANUP_FREE char *before = NULL;
	CLEANUP_FREE char *path = NULL;
	struct checkpoint c;
	struct note n;
	size_t len = 0;

	if (asprintf(&path, "%s/%s", w->b->audit->dir, LEDGER_WITNESSED) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (!file_read(path, NOTE_MAX, &before, &len) &&
	    !checkpoint_open((struct str){ before, len }, &w->b->audit->signer.verifier, &n, &c) &&
	    c.size > w->now.c.size)
		return 0;
	return file_write_atomic(path, w->cosigned, w->cosigned_len, 0644);
}

/* --- one witness ------------------------------------------------------------------------- */

/* In the log when it begins, and when it is over. */
static void tell(struct audit_witness *o, int level, const char *why)
{
	const struct str name = o->all->policy.witness[o->number].name;

	if (!o->told)
		log_line(level, "witness %.*s %s", STR_ARG(str_head(name, 80)), why);
	o->told = true;
}

static int reach(struct audit_witness *o, struct http_origin *origin, char *host, size_t size,
		 int64_t deadline)
{
	const unsigned int port = o->url.port ? o->url.port : o->url.tls ? 443 : 80;
	struct host_addresses at;
	char why[RESOLVER_WHY];
	int rc = 0;

	if (!host_is_number(o->url.host, port, &at))
		rc = host_find(o->all->b->resolver, o->url.host, port, 0, deadline, &at, why);
	if (rc)
		return rc;
	snprintf(host, size, strchr(o->url.host, ':') ? "[%s]" : "%s", o->url.host);
	*origin = (struct http_origin){
		.host = host, .port = o->url.port, .tls = o->tls, .most = 1,
		.address = at.address[0].at, .address_len = at.address[0].len,
	};
	http_origin_init(origin);
	return 0;
}

/* Its status; or -errno. */
static int post(struct audit_witness *o, struct str request, char *body, size_t *len,
		int64_t deadline)
{
	const struct iovec piece = { (void *)request.at, request.len };
	struct str prefix = o->url.target;
	char host[280], target[1024];
	struct http_origin origin;
	struct http_call c;
	ssize_t n = 1;
	int rc;

	rc = reach(o, &origin, host, sizeof(host), deadline);
	if (rc)
		return rc;
	while (prefix.len && prefix.at[prefix.len - 1] == '/')
		prefix.len--;
	snprintf(target, sizeof(target), "%.*s" WITNESS_PATH, STR_ARG(str_head(prefix, 900)));
	c = (struct http_call){
		.origin = &origin, .method = STR("POST"), .target = str_of(target),
		.fields = STR("Content-Type: text/plain; charset=utf-8\r\n"), .body = &piece,
		.pieces = 1, .repeatable = true, .deadline = deadline,
	};
	rc = http_call(&c);
	for (*len = 0; !rc && n > 0 && *len < WITNESS_ANSWER_MAX; *len += n > 0 ? n : 0) {
		n = http_call_read(&c, body + *len, WITNESS_ANSWER_MAX - *len);
		rc = n < 0 ? n : 0;
	}
	if (!rc)
		rc = *len == WITNESS_ANSWER_MAX ? -EMSGSIZE : (int)c.head.status;
	http_call_end(&c);
	http_origin_close(&origin);
	return rc;
}

/* Its line is verified: it counts. */
static void count(struct audit_witness *o, const char *line)
{
	struct audit_witnesses *w = o->all;
	const size_t len = strlen(line);
	int rc = 0;

	o->old = w->now.c.size;
	o->told = false;
	w->set |= 1ull << o->number;
	if (len > sizeof(w->cosigned) - w->cosigned_len)
		return;
	memcpy(w->cosigned + w->cosigned_len, line, len);
	w->cosigned_len += len;
	io_shield();
	if (tlog_policy_met(&w->policy, w->set))
		rc = io_work(w->b->audit->pool, keep, w, 0);
	io_unshield();
	if (rc)
		log_line(LEVEL_ERROR, "%s cannot be written: %s", LEDGER_WITNESSED, strerror(-rc));
}

/* Room that is too large for a fiber's stack. */
struct asking {
	char request[WITNESS_REQUEST_MAX], body[WITNESS_ANSWER_MAX];
};

/* Return: is it to be asked once more? */
static bool ask_once(struct audit_witness *o, struct asking *a, int64_t deadline)
{
	struct audit_witnesses *w = o->all;
	struct piece p = { w, o->old, OUT(a->request, sizeof(a->request)) };
	char line[NOTE_LINE_MAX], why[WITNESS_WHY];
	size_t len = 0;
	int rc = io_work(w->b->audit->pool, make_request, &p, deadline);

	rc = rc ? rc : post(o, out_written(&p.out), a->body, &len, deadline);
	if (rc < 0) {
		if (rc != -ECANCELED)
			tell(o, LEVEL_WARNING, "cannot be asked; the log goes on without it");
		/* The others' rounds do not wait for it again and again. */
		o->later = io_after_ms(ROUND_MS);
		return false;
	}
	switch (witness_answered(&w->policy.witness[o->number].key, &w->now.c, w->signed_text,
				 &o->old, rc, (struct str){ a->body, len }, line, why)) {
	case WITNESS_SAID_YES:
		count(o, line);
		return false;
	case WITNESS_SAID_OLD:
		return true;
	case WITNESS_SAID_REWIND:
	case WITNESS_SAID_FORK:
		tell(o, LEVEL_ERROR, why);
		return false;
	case WITNESS_SAID_NO:
		break;
	}
	tell(o, LEVEL_WARNING, why);
	return false;
}

static int ask(void *arg)
{
	struct audit_witness *o = arg;
	CLEANUP_FREE struct asking *a = malloc(sizeof(*a));
	const int64_t deadline = io_after_ms(ANSWER_MS);
	unsigned int tries = 0;

	while (a && tries++ < TRIES && ask_once(o, a, deadline))
		;
	return 0;
}

/* --- rounds ------------------------------------------------------------------------------ */

static void round_of(struct audit_witnesses *w)
{
	struct io_group group;
	unsigned int i;
	int rc;

	rc = io_work(w->b->audit->pool, open_now, w, 0);
	if (rc || w->now.len > sizeof(w->cosigned)) {
		free(w->now.bytes);
		w->now.bytes = NULL;
		return;
	}
	if (!w->cosigned_len || w->size != w->now.c.size ||
	    !merkle_equal(&w->root, &w->now.c.root)) {
		w->set = 0;
		w->size = w->now.c.size;
		w->root = w->now.c.root;
		memcpy(w->cosigned, w->now.bytes, w->now.len);
		w->cosigned_len = w->now.len;
	}
	io_group_init(&group);
	for (i = 0; i < w->count; i++)
		if (!(w->set >> w->one[i].number & 1) && io_now() >= w->one[i].later)
			io_spawn(&group, ask, &w->one[i], NULL);
	/* They end by their own deadlines; when this one is cancelled, at once. */
	if (io_group_drain(&group, 0))
		io_group_end(&group);
	free(w->now.bytes);
	w->now.bytes = NULL;
}

static int rounds(void *arg)
{
	struct audit_witnesses *w = arg;
	int rc;

	do {
		round_of(w);
		rc = io_sleep_until(io_after_ms(PAUSE_MS));
		if (rc != -ECANCELED)
			rc = io_event_wait(&w->wake, io_after_ms(ROUND_MS));
		io_event_clear(&w->wake);
	} while (rc != -ECANCELED);
	return 0;
}

void audit_witness_wake(struct backend *b)
{
	if (b->audit && b->audit->witnesses)
		io_event_set(&b->audit->witnesses->wake);
}

/* Those of the policy that have a URL. */
static int read_urls(struct audit_witnesses *w)
{
	const struct tls_config system = { 0 };
	char why[TLS_WHY];
	unsigned int i;
	int rc;

	for (i = 0; i < w->policy.witnesses; i++) {
		struct audit_witness *o = &w->one[w->count];

		if (!w->policy.witness[i].url.len)
			continue;
		*o = (struct audit_witness){ .all = w, .number = i };
		rc = location_url_parse(w->policy.witness[i].url, &o->url);
		if (!rc && o->url.tls)
			rc = tls_context_open(&o->tls, false, &system, why);
		if (rc)
			return rc;
		w->count++;
	}
	return 0;
}

int audit_witness_start(struct backend *b, struct io_group *group)
{
	const char *path = b->config->audit_witnesses;
	struct audit_witnesses *w;
	char why[TLOG_WHY] = "";
	size_t len = 0;
	int rc;

	if (!b->audit || !path || !*path)
		return 0;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	b->audit->witnesses = w;
	w->b = b;
	io_event_init(&w->wake);
	rc = file_read(path, TLOG_POLICY_MAX, &w->text, &len);
	rc = rc ? rc : tlog_policy_parse(&w->policy, (struct str){ w->text, len }, why);
	rc = rc ? rc : read_urls(w);
	if (rc)
		log_line(LEVEL_ERROR, "audit_witnesses %s: %s", path,
			 *why ? why : strerror(-rc));
	return rc ? rc : io_spawn(group, rounds, w, NULL);
}

void audit_witness_close(struct backend *b)
{
	struct audit_witnesses *w = b->audit->witnesses;
	unsigned int i;

	if (!w)
		return;
	for (i = 0; i < w->count; i++)
		tls_context_close(w->one[i].tls);
	free(w->now.bytes);
	free(w->text);
	free(w);
	b->audit->witnesses = NULL;
}
