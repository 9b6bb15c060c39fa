// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attester.h"
#include "base/text.h"
#include "io/file.h"
#include "log.h"

#define CALL_MS		30000
#define KEY_TRIES	20u	/* another process may have the TPM's slots still */
#define KEY_MS		500
#define SOON_MS		200	/* after what a moment may have changed */
#define REFUSED_MS	5000	/* until a host that may not enrol asks again */
#define LOOK_MS		1000	/* between looks at IMA's list, at most */

/* --- before the loop --------------------------------------------------------------------- */

static int open_log(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		log_line(LEVEL_WARNING, "%s cannot be read, so it is no evidence: %s", path,
			 strerror(errno));
	return fd;
}

int attester_prepare(struct role_run *run)
{
	const struct config *c = run->config;
	struct attester *a = calloc(1, sizeof(*a));
	int rc;

	run->attester = a;
	if (!a)
		return -ENOMEM;
	a->run = run;
	a->log[ATTEST_LOG_BOOT] = open_log(c->attest_log);
	a->log[ATTEST_LOG_IMA] = open_log(c->attest_ima);
	rc = device_open(c->attest_tpm, &a->device);
	a->key_fd = -1;
	if (!rc)
		attester_key_open(a, c->attest_key);
	else
		log_line(LEVEL_ERROR, "the TPM %s cannot be opened; see tpm in [attest] of skyd.conf(5)",
			 c->attest_tpm);
	return rc;
}

unsigned int attester_files(const struct attester *a, int fd[ATTESTER_FILES])
{
	const int all[] = {
		a->log[ATTEST_LOG_BOOT], a->log[ATTEST_LOG_IMA], device_fd(a->device), a->key_fd,
	};
	unsigned int i, n = 0;

	for (i = 0; i < ATTESTER_FILES; i++)
		if (all[i] >= 0)
			fd[n++] = all[i];
	return n;
}

/* --- questions ----------------------------------------------------------------------------- */

static int ask(struct attester *a, u16 operation, const struct rpc_schema *schema,
	       const void *question, const struct rpc_schema *give, void *reply,
	       struct link_answer *answer)
{
	const struct link_call call = { operation, schema, question, -1, give, reply, 0 };

	return link_do(a->run->to_backend, &call, answer, io_after_ms(CALL_MS));
}

static int begin(struct attester *a, struct attest_begun *begun)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct attest_begin question = { { a->ak.at, a->ak.len } };

	return ask(a, ATTEST_BEGIN, &attest_begin_schema, &question, &attest_begun_schema, begun,
		   &answer);
}

static int activate(struct attester *a, const struct attest_credential *c)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct device_bytes got;
	struct attest_secret question;
	int rc = attester_activate(a, c, &got);

	if (rc)
		return rc;
	question.secret = (struct rpc_bytes){ got.at, got.len };
	rc = ask(a, ATTEST_ACTIVATE, &attest_secret_schema, &question, NULL, NULL, &answer);
	explicit_bzero(&got, sizeof(got));
	return rc;
}

static int enrol(struct attester *a)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct attest_enrol question = {
		{ a->ek.at, a->ek.len }, { a->certificate, a->certificate_len },
		{ a->ak.at, a->ak.len },
	};
	struct attest_credential credential;
	int rc = ask(a, ATTEST_ENROL, &attest_enrol_schema, &question, &attest_credential_schema,
		     &credential, &answer);

	return rc ? rc : activate(a, &credential);
}

/* --- evidence ------------------------------------------------------------------------------ */

/* What has been added to a log since. */
static int send_log(struct attester *a, unsigned int log, u64 have)
{
	u8 *room = a->log[log] < 0 ? NULL : malloc(ATTEST_PIECE_MAX);
	ssize_t got = room ? 1 : a->log[log] < 0 ? 0 : -ENOMEM;
	int rc = 0;

	a->sent[log] = have;
	while (!rc && got > 0) {
		CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
		struct attest_piece question = { log, a->sent[log], { room, 0 } };

		got = io_pread(a->log[log], room, ATTEST_PIECE_MAX, a->sent[log], 0);
		if (got <= 0)
			break;
		question.data.len = got;
		rc = ask(a, ATTEST_PIECE, &attest_piece_schema, &question, NULL, NULL, &answer);
		if (!rc)
			a->sent[log] += got;
	}
	free(room);
	return rc ? rc : got < 0 ? (int)got : 0;
}

/* Each verdict that differs from the last one. */
static void tell_verdict(struct attester *a, const struct attest_judged *judged)
{
	char why[ATTEST_WHY_MAX + 1], safe[ATTEST_WHY_MAX + 1];

	a->failed = 0;
	if (a->told && a->trusted == judged->trusted)
		return;
	a->told = true;
	a->trusted = judged->trusted;
	snprintf(why, sizeof(why), "%.*s", (int)judged->why.len, (const char *)judged->why.data);
	if (judged->trusted)
		log_line(LEVEL_INFO, "this machine is trusted, for %u ms", judged->lease_ms);
	else
		log_line(LEVEL_ERROR, "this machine is not trusted: %s",
			 text_printable(why, safe, sizeof(safe)));
}

static int send_quote(struct attester *a, const struct attester_quote *q)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	struct attest_evidence_ask question = {
		.message = { q->message.at, q->message.len },
		.signature = { q->signature.at, q->signature.len },
		.pcrs = { q->pcrs, q->pcrs_len },
	};
	struct attest_judged judged;
	int rc;

	memcpy(question.nonce, q->nonce, sizeof(question.nonce));
	rc = ask(a, ATTEST_EVIDENCE, &attest_evidence_schema, &question, &attest_judged_schema,
		 &judged, &answer);
	if (!rc)
		tell_verdict(a, &judged);
	return rc;
}

/* Logs are read after the quote: so they are not behind it. */
static int push(struct attester *a, const struct attest_begun *begun)
{
	struct attester_quote *q = calloc(1, sizeof(*q));
	unsigned int i;
	int rc;

	if (!q)
		return -ENOMEM;
	q->bank = begun->bank;
	q->mask = begun->mask;
	memcpy(q->nonce, begun->nonce, sizeof(q->nonce));
	rc = attester_quote(a, q);
	for (i = 0; !rc && i < ATTEST_LOGS; i++)
		rc = send_log(a, i, begun->have[i]);
	if (!rc)
		rc = send_quote(a, q);
	free(q);
	return rc;
}

static int round_of(struct attester *a)
{
	struct attest_begun begun;
	int rc = begin(a, &begun);

	if (!rc && begun.enrol) {
		rc = enrol(a);
		if (!rc)
			log_line(LEVEL_INFO, "the backend knows this machine's attestation key");
		if (!rc)
			rc = begin(a, &begun);
		if (!rc && begun.enrol)
			rc = -ESTALE;
	}
	if (rc)
		return rc;
	a->lease_ms = begun.lease_ms;
	return push(a, &begun);
}

/* --- one round after the other --------------------------------------------------------------- */

/* What a failure means, in words. */
static const char *words_of(int rc)
{
	switch (rc) {
	case -EPERM:
		return "it may not enrol; skyctl attest host list and enrol, beside the backend";
	case -EACCES:
		return "the credential was for another TPM";
	case -EFBIG:
		return "a log is longer than the backend takes; see list in [attest]";
	case -EAGAIN:
		return "PCRs change faster than the TPM quotes them";
	case -ECONNRESET:
	case -ETIMEDOUT:
		return "the backend does not answer";
	default:
		return strerror(-rc);
	}
}

static void tell_failure(struct attester *a, int rc)
{
	if (rc != a->failed && rc != -ESTALE && rc != -EKEYREJECTED)
		log_line(LEVEL_WARNING, "no evidence is given: %s", words_of(rc));
	a->failed = rc;
}

/* ms until the next round, unless something changes. */
static int64_t pause_after(const struct attester *a, int rc)
{
	int64_t ms = a->run->config->attest_interval_ms;

	if (rc == -ESTALE || rc == -EKEYREJECTED || rc == -ECONNRESET || rc == -EAGAIN)
		return SOON_MS;
	/* So that one that is lost costs no lease. */
	if (a->lease_ms && ms > a->lease_ms / 3)
		ms = a->lease_ms / 3;
	return rc && ms > REFUSED_MS ? REFUSED_MS : ms;
}

static bool has_grown(const struct attester *a)
{
	u8 byte;

	return a->log[ATTEST_LOG_IMA] >= 0 &&
	       io_pread(a->log[ATTEST_LOG_IMA], &byte, 1, a->sent[ATTEST_LOG_IMA], 0) == 1;
}

/* Return: 0 when the next round is due; -ECANCELED. */
static int rest(const struct attester *a, int rc)
{
	const int64_t debounce = a->run->config->attest_debounce_ms;
	const int64_t step = debounce < LOOK_MS ? debounce : LOOK_MS;
	const int64_t end = io_after_ms(pause_after(a, rc));
	int64_t now;

	while ((now = io_now()) < end) {
		int64_t next = now + step * 1000000;

		if (!rc && has_grown(a))
			return io_sleep_until(io_after_ms(debounce));
		if (io_sleep_until(next < end ? next : end))
			return -ECANCELED;
	}
	return 0;
}

static void tell_no_keys(const struct attester *a, int rc)
{
	const char *path = a->run->config->attest_key;

	if (rc == -EXDEV)
		log_line(LEVEL_ERROR, "%s is the attestation key of another TPM, or this one was cleared since; if that is meant, remove the file, and have the host named anew (skyctl attest host revoke, and enrol)",
			 path);
	else if (rc == -EBADMSG)
		log_line(LEVEL_ERROR, "%s is no attestation key; remove it, and the host enrols another one",
			 path);
	else
		log_line(LEVEL_ERROR, "the TPM makes no keys: it says %#x",
			 device_error(a->device));
}

static int make_keys(struct attester *a)
{
	unsigned int tries;
	int rc = -EIO;

	for (tries = 0; rc == -EIO && tries < KEY_TRIES; tries++) {
		rc = attester_keys(a);
		if (rc == -EIO && io_sleep_until(io_after_ms(KEY_MS)))
			return -ECANCELED;
	}
	attester_key_close(a);
	if (rc && rc != -ECANCELED)
		tell_no_keys(a, rc);
	return rc;
}

static int attest(void *arg)
{
	struct attester *a = arg;
	int rc = make_keys(a);

	while (!rc) {
		rc = round_of(a);
		/* It has forgotten its keys, as after a reset: another process loads them. */
		if (rc == -ENODEV)
			log_line(LEVEL_ERROR, "the TPM does not quote: it says %#x",
				 device_error(a->device));
		if (rc == -ENODEV || rc == -ECANCELED)
			break;
		if (rc)
			tell_failure(a, rc);
		rc = rest(a, rc);
	}
	role_ended(a->run, rc == -ECANCELED ? 0 : rc);
	return 0;
}

/* --- life ------------------------------------------------------------------------------ */

int attester_start(struct attester *a)
{
	int rc = io_pool_open(&a->pool, 1);

	if (!rc)
		rc = io_spawn(&a->run->group, attest, a, &a->task);
	a->run->listening = !rc;
	return rc;
}

void attester_stop(struct attester *a)
{
	io_cancel(a->task);
}

void attester_free(struct role_run *run)
{
	struct attester *a = run->attester;
	unsigned int i;

	if (!a)
		return;
	io_pool_close(a->pool);
	device_close(a->device);
	attester_key_close(a);
	for (i = 0; i < ATTEST_LOGS; i++)
		if (a->log[i] >= 0)
			close(a->log[i]);
	free(a);
	run->attester = NULL;
}
