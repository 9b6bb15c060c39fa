// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Witnesses of a ledger that is looked at: whether they have cosigned it, and what they say when
 * they are shown what is seen here.  One that is dead or lies is told of; what counts is the
 * quorum.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "ledger/witness_ask.h"

#define REACH_MS	5000L
#define TRIES		3u

int audit_witnesses_open(struct audit *a)
{
	char why[TLOG_WHY];
	size_t len;
	int rc = file_read(a->o->witnesses, TLOG_POLICY_MAX, &a->policy_text, &len);

	if (rc)
		return fail(-rc, "cannot read %s: %s", a->o->witnesses, strerror(-rc));
	a->policy = calloc(1, sizeof(*a->policy));
	if (!a->policy)
		return fail(ENOMEM, "no memory");
	rc = tlog_policy_parse(a->policy, (struct str){ a->policy_text, len }, why);
	return rc ? fail(EINVAL, "%s: %s", a->o->witnesses, why) : 0;
}

void audit_witnesses_close(struct audit *a)
{
	free(a->policy);
	free(a->policy_text);
}

static int found(struct audit *a, int finding, const char *why)
{
	snprintf(a->in.why, sizeof(a->in.why), "%s", why);
	return finding;
}

int audit_quorum(struct audit *a, struct str checkpoint)
{
	uint64_t set;
	struct note n;

	if (!a->policy)
		return 0;
	if (note_parse(checkpoint, &n) || tlog_policy_cosigners(a->policy, &n, &set))
		return found(a, FINDING_UNWITNESSED, "a cosignature on the checkpoint is wrong");
	return tlog_policy_met(a->policy, set) ? 0 :
	       found(a, FINDING_UNWITNESSED, "the checkpoint has not been cosigned by a quorum of witnesses");
}

int audit_read_witnessed(struct audit *a, struct inspect_note *to)
{
	char *bytes = NULL;
	size_t len = 0;
	int rc = a->in.fetch(a->in.ctx, LEDGER_WITNESSED, NOTE_MAX, &bytes, &len);

	*to = (struct inspect_note){ 0 };
	if (rc == -ENOENT)
		return found(a, FINDING_UNWITNESSED, "no checkpoint has been cosigned by a quorum of witnesses");
	if (rc)
		return found(a, rc, "the cosigned checkpoint cannot be read");
	rc = inspect_take(&a->in, bytes, len, to);
	return rc ? rc : audit_quorum(a, (struct str){ to->bytes, to->len });
}

int audit_witnessed(struct audit *a, const struct checkpoint *now)
{
	struct inspect_note before;
	int rc;

	if (!a->policy)
		return 0;
	rc = audit_read_witnessed(a, &before);
	rc = rc ? rc : inspect_consistent(&a->in, &before.c, now);
	free(before.bytes);
	return rc;
}

/* --- asking ---------------------------------------------------------------------------- */

struct answer {
	char data[WITNESS_ANSWER_MAX];
	size_t len;
};

static size_t on_answer(char *data, size_t one, size_t count, void *arg)
{
	struct answer *a = arg;

	if (count > sizeof(a->data) - a->len)
		return 0;
	memcpy(a->data + a->len, data, one * count);
	a->len += count;
	return count;
}

/* Its status, or -errno. */
static int post(struct audit *a, struct str url, struct str request, struct answer *answer)
{
	CLEANUP_FREE char *whole = NULL;
	long status = 0;
	const long patience = patience_ms(a->o, ASKED_WITNESS);
	CURL *c = curl_easy_init();
	CURLcode rc;

	while (url.len && url.at[url.len - 1] == '/')
		url.len--;
	if (asprintf(&whole, "%.*s" WITNESS_PATH, STR_ARG(url)) < 0)
		whole = NULL;
	answer->len = 0;
	rc = c && whole ? CURLE_OK : CURLE_OUT_OF_MEMORY;
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_URL, whole);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
				   patience < REACH_MS ? patience : REACH_MS);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, patience);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)request.len);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_POSTFIELDS, request.at);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	rc = rc ? rc : curl_easy_setopt(c, CURLOPT_WRITEDATA, answer);
	if (!rc && a->o->ca_file)
		rc = curl_easy_setopt(c, CURLOPT_CAINFO, a->o->ca_file);
	rc = rc ? rc : curl_easy_perform(c);
	if (!rc)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	else
		note("%s: %s", whole ? whole : "witness", curl_easy_strerror(rc));
	curl_easy_cleanup(c);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return -ETIMEDOUT;
	return rc ? -EHOSTUNREACH : (int)status;
}

struct round {
	struct audit *a;
	const struct inspect_note *now;
	struct str text;		/* of the checkpoint, without signatures */
	uint64_t set;			/* who has cosigned */
	enum witness_said worst;	/* that somebody has said */
	char why[WITNESS_WHY + 60];	/* who, and what */
	char request[WITNESS_REQUEST_MAX];
	struct answer answer;
};

static void complain(struct round *r, unsigned int i, enum witness_said said, const char *why)
{
	const struct str name = r->a->policy->witness[i].name;

	warn("witness %.*s: %s", STR_ARG(name), why);
	if (said != WITNESS_SAID_FORK && said != WITNESS_SAID_REWIND)
		return;
	r->worst = said;
	snprintf(r->why, sizeof(r->why), "witness %.*s %s", STR_ARG(str_head(name, 40)), why);
}

/* Return: is it to be asked once more, 0, or -errno of the log. */
static int ask_one(struct round *r, unsigned int i)
{
	struct audit *a = r->a;
	const struct tlog_witness *w = &a->policy->witness[i];
	struct out o = OUT(r->request, sizeof(r->request));
	char line[NOTE_LINE_MAX], why[WITNESS_WHY];
	enum witness_said said;
	int rc = witness_request(&o, a->old[i], &a->in.tiles, r->now->c.size,
				 (struct str){ r->now->bytes, r->now->len });

	if (rc)
		return rc;
	rc = post(a, w->url, out_written(&o), &r->answer);
	if (rc < 0) {
		complain(r, i, WITNESS_SAID_NO, rc == -ETIMEDOUT ?
			 "does not answer in time; --timeout SECONDS waits longer" :
			 "cannot be asked");
		return 0;
	}
	said = witness_answered(&w->key, &r->now->c, r->text, &a->old[i], rc,
				(struct str){ r->answer.data, r->answer.len }, line, why);
	if (said == WITNESS_SAID_OLD)
		return 1;
	if (said != WITNESS_SAID_YES) {
		complain(r, i, said, why);
		return 0;
	}
	a->old[i] = r->now->c.size;
	r->set |= 1ull << i;
	return 0;
}

static int ask_all(struct round *r)
{
	const struct tlog_policy *p = r->a->policy;
	unsigned int i, tries;
	int rc;

	for (i = 0; i < p->witnesses; i++) {
		if (!p->witness[i].url.len)
			continue;
		tries = 0;
		do {
			rc = ask_one(r, i);
			/* A larger log than its own may be asked about, not a smaller one. */
			if (rc < 0)
				return rc;
		} while (rc && ++tries < TRIES);
	}
	return 0;
}

int audit_ask_witnesses(struct audit *a, const struct inspect_note *now)
{
	CLEANUP_FREE struct round *r = a->policy ? calloc(1, sizeof(*r)) : NULL;
	struct note n;
	int rc;

	if (!a->policy)
		return 0;
	if (!r || note_parse((struct str){ now->bytes, now->len }, &n))
		return -ENOMEM;
	r->a = a;
	r->now = now;
	r->text = n.text;
	rc = ask_all(r);
	if (rc)
		return rc;
	if (tlog_policy_met(a->policy, r->set))
		return 0;
	if (r->worst == WITNESS_SAID_FORK || r->worst == WITNESS_SAID_REWIND)
		return found(a, r->worst == WITNESS_SAID_FORK ? FINDING_FORK : FINDING_REWIND,
			     r->why);
	/* Whoever cannot be reached for a while does not lie. */
	found(a, 0, "too few witnesses have cosigned what is seen here");
	return a->o->once ? FINDING_UNWITNESSED : -EAGAIN;
}
