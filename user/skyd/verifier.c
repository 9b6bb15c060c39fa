// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "ear_file.h"
#include "log.h"
#include "verifier.h"

#define THREADS		2u
#define WAITERS		4u
#define NONCE_MS	60000
#define CREDENTIAL_MS	60000
#define NAME_FILE_MAX	(2u * TPM_NAME_MAX + 2u)

/* --- hosts ------------------------------------------------------------------------------ */

/* It becomes the name of a file. */
static bool name_ok(struct str name)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
			    name.at[i], 65))
			return false;
	return name.len && name.len < ROLE_HOST && name.at[0] != '.';
}

static struct verified *find(struct verifier *v, struct str name)
{
	struct verified *h;

	for (h = v->first; h; h = h->next)
		if (str_is(name, h->name))
			return h;
	if (v->count == HOSTS_MAX)
		return NULL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	str_copy(name, h->name, sizeof(h->name));
	io_semaphore_init(&h->one, 1);
	h->next = v->first;
	v->first = h;
	v->count++;
	return h;
}

int verified_acquire(struct verifier *v, struct rpc_bytes name, int64_t deadline,
		     struct verified **to)
{
	const struct str text = { name.data, name.len };
	struct verified *h;
	int rc;

	if (!name_ok(text))
		return -EINVAL;
	h = find(v, text);
	if (!h)
		return -ENOSPC;
	if (h->waiters == WAITERS)
		return -EBUSY;
	h->waiters++;
	rc = io_acquire(&h->one, 1, deadline);
	h->waiters--;
	*to = h;
	return rc;
}

void verified_let_go(struct verified *h)
{
	io_release(&h->one, 1);
}

void verified_forget_logs(struct verified *h)
{
	unsigned int i;

	for (i = 0; i < ATTEST_LOGS; i++)
		host_log_drop(&h->log[i]);
}

int verified_named(const struct verifier *v, const char *host, struct tpm_name *name)
{
	CLEANUP_FREE char *text = NULL;
	char path[PATH_MAX];
	size_t len;
	int rc;

	if (snprintf(path, sizeof(path), "%s/%s.ek", v->config->attest_policies, host) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	rc = file_read(path, NAME_FILE_MAX, &text, &len);
	if (rc == -ENOENT)
		return -EPERM;
	while (!rc && len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = 0;
	if (!rc && (!len || len % 2 || len > 2 * sizeof(name->at) ||
		    hex_decode(text, name->at, len / 2)))
		rc = -EINVAL;
	if (rc)
		log_line(LEVEL_ERROR, "%s: %s", path, rc == -EINVAL || rc == -EFBIG ?
			 "it is no Name of a key, in hexadecimal" : strerror(-rc));
	else
		name->len = len / 2;
	return rc;
}

static bool same(const struct tpm_name *a, const struct tpm_name *b)
{
	return a->len == b->len && !memcmp(a->at, b->at, a->len);
}

/* --- beginning, and enrolling ----------------------------------------------------------- */

static int begin(struct link_request *r, const void *asked, void *given)
{
	const struct verifier_ask *ask = asked;
	struct verifier_begun *give = given;
	struct verified *h;
	unsigned int i;
	int rc = verified_acquire(r->ctx, ask->host, r->deadline, &h);

	if (rc)
		return rc;
	give->enrol = !h->bound || ask->ak.len != h->ak_len ||
		      memcmp(ask->ak.data, h->ak, h->ak_len);
	if (!give->enrol)
		rc = random_bytes(h->nonce, sizeof(h->nonce));
	if (!give->enrol && !rc) {
		h->nonce_until = io_after_ms(NONCE_MS);
		memcpy(give->nonce, h->nonce, sizeof(give->nonce));
		for (i = 0; i < ATTEST_LOGS; i++)
			give->have[i] = h->log[i].len;
	}
	verified_let_go(h);
	return rc;
}

struct enrolling {
	const struct verifier *v;
	struct verified *h;
	const struct verifier_ask *ask;
	struct tpm_credential credential;
};

/* Names of both keys, and the qualified one of the second. */
static int look_at_keys(const struct enrolling *e, struct tpm_public *ek, struct tpm_name *ak_name)
{
	struct host_asked *asked = &e->h->asked;
	const char *why = NULL;
	struct tpm_public ak;
	int rc = tpm_public_parse_2b(e->ask->ek.data, e->ask->ek.len, ek, &why);

	if (!rc)
		rc = tpm_public_parse_2b(e->ask->ak.data, e->ask->ak.len, &ak, &why);
	if (rc || tpm_public_check_ek(ek) || tpm_public_check_ak(&ak))
		return -EINVAL;
	rc = tpm_public_name(ek, &asked->ek);
	if (!rc)
		rc = tpm_public_name(&ak, ak_name);
	return rc ? rc : tpm_public_qualified_name(&ak, ek, TPM_RH_ENDORSEMENT, &asked->signer);
}

static int make_credential(void *arg)
{
	struct enrolling *e = arg;
	struct host_asked *asked = &e->h->asked;
	struct tpm_name named, ak_name;
	struct tpm_public ek;
	const char *why;
	int rc = verified_named(e->v, e->h->name, &named);

	explicit_bzero(asked, sizeof(*asked));
	if (!rc)
		rc = look_at_keys(e, &ek, &ak_name);
	if (!rc && !same(&named, &asked->ek))
		rc = -EPERM;
	if (!rc)
		rc = random_bytes(asked->secret, sizeof(asked->secret));
	return rc ? rc : tpm_make_credential(&ek, &ak_name, asked->secret, sizeof(asked->secret),
					     &e->credential, &why);
}

static int enrol(struct link_request *r, const void *asked, void *given)
{
	struct attest_credential *give = given;
	struct enrolling *e = link_scratch(r, sizeof(*e));
	int rc;

	if (!e)
		return -ENOMEM;
	e->v = r->ctx;
	e->ask = asked;
	rc = verified_acquire(r->ctx, e->ask->host, r->deadline, &e->h);
	if (rc)
		return rc;
	rc = io_work(e->v->pool, make_credential, e, r->deadline);
	if (!rc) {
		e->h->asked.ak_len = e->ask->ak.len;
		memcpy(e->h->asked.ak, e->ask->ak.data, e->ask->ak.len);
		e->h->asked.until = io_after_ms(CREDENTIAL_MS);
		give->blob = (struct rpc_bytes){ e->credential.blob, e->credential.blob_len };
		give->secret = (struct rpc_bytes){ e->credential.secret, e->credential.secret_len };
	}
	verified_let_go(e->h);
	return rc;
}

static int take_secret(struct verified *h, struct rpc_bytes said)
{
	struct host_asked *asked = &h->asked;
	struct secret mine = { asked->secret, sizeof(asked->secret), 0 };
	struct secret theirs = { (u8 *)said.data, said.len, 0 };

	if (!asked->until || asked->until < io_now())
		return -ESTALE;
	/* One try. */
	asked->until = 0;
	if (said.len != sizeof(asked->secret) || !secret_equal(&mine, &theirs))
		return -EACCES;
	/* Counters of another key are no worse than none: a TPM obfuscates them for each. */
	if (h->ak_len != asked->ak_len || memcmp(h->ak, asked->ak, h->ak_len))
		h->counted = false;
	h->bound = true;
	h->ek = asked->ek;
	h->signer = asked->signer;
	h->ak_len = asked->ak_len;
	memcpy(h->ak, asked->ak, asked->ak_len);
	h->nonce_until = 0;
	verified_forget_logs(h);
	return 0;
}

static int activate(struct link_request *r, const void *asked, void *give)
{
	const struct verifier_ask *ask = asked;
	struct verified *h;
	int rc = verified_acquire(r->ctx, ask->host, r->deadline, &h);

	(void)give;
	if (rc)
		return rc;
	rc = take_secret(h, ask->data);
	explicit_bzero(h->asked.secret, sizeof(h->asked.secret));
	if (!rc)
		log_line(LEVEL_INFO, "host %s has the TPM that is put down for it", h->name);
	verified_let_go(h);
	return rc;
}

/* --- its life ----------------------------------------------------------------------------- */

static bool folder_is_ours(const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

/* Who could exchange the file has the key. */
static bool folder_of_is_ours(const char *path)
{
	CLEANUP_FREE char *copy = strdup(path);

	return copy && folder_is_ours(dirname(copy));
}

int verifier_prepare(struct verifier *v, const struct config *config)
{
	const char *path = config->attest_verifier_key, *why = NULL;
	int rc;

	*v = (struct verifier){ .config = config };
	if (!folder_is_ours(config->attest_policies)) {
		log_line(LEVEL_ERROR, "%s: it has to be root's, and nobody else's to change; see policies in [attest] of skyd.conf(5)",
			 config->attest_policies);
		return -EPERM;
	}
	rc = folder_of_is_ours(path) ? ear_file_open(path, &v->key, &why) : -EPERM;
	if (rc == -EPERM)
		why = "its folder has to be root's, and nobody else's to change";
	if (rc)
		log_line(LEVEL_ERROR, "%s: %s; see verifier_key in [attest] of skyd.conf(5)", path,
			 why ? why : strerror(-rc));
	return rc;
}

int verifier_open(struct verifier *v)
{
	return io_pool_open(&v->pool, THREADS);
}

static const struct link_operation operations[] = {
	{ VERIFIER_BEGIN, "verifier-begin", &verifier_ask_schema, &verifier_begun_schema, 0,
	  ROLE_BIT(ROLE_BACKEND), begin },
	{ VERIFIER_ENROL, "verifier-enrol", &verifier_ask_schema, &attest_credential_schema, 0,
	  ROLE_BIT(ROLE_BACKEND), enrol },
	{ VERIFIER_ACTIVATE, "verifier-activate", &verifier_ask_schema, NULL, 0,
	  ROLE_BIT(ROLE_BACKEND), activate },
	{ VERIFIER_PIECE, "verifier-piece", &verifier_ask_schema, NULL, 0,
	  ROLE_BIT(ROLE_BACKEND), verifier_piece },
	{ VERIFIER_JUDGE, "verifier-judge", &verifier_evidence_schema, &verifier_judged_schema, 0,
	  ROLE_BIT(ROLE_BACKEND), verifier_judge },
};

void verifier_service(struct verifier *v, enum role peer, struct link_service *service)
{
	*service = (struct link_service){
		.operation = operations,
		.operations = sizeof(operations) / sizeof(operations[0]),
		.ctx = v, .peer = peer,
	};
}

void verifier_close(struct verifier *v)
{
	struct verified *h;

	io_pool_close(v->pool);
	while ((h = v->first)) {
		v->first = h->next;
		verified_forget_logs(h);
		explicit_bzero(h, sizeof(*h));
		free(h);
	}
	ear_key_free(v->key);
	*v = (struct verifier){ NULL };
}
