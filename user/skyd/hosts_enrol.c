// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose TPM it is.  A host may enrol when the administrator has named it; by its endorsement key,
 * or so that the key needs a certificate of a maker that is believed.  The credential then shows
 * that the attestation key lies beside that endorsement key, in one TPM, and that the attester has
 * it.  From then on the host is that endorsement key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend_private.h"
#include "base/hex.h"
#include "base/secret.h"
#include "hosts.h"

#define NONCE_MS	60000
#define CREDENTIAL_MS	60000
#define REFUSALS	8		/* that are told at once; then one for each: */
#define REFUSAL_NS	60000000000

static struct store_text name_of(const struct host *h)
{
	return (struct store_text){ h->name, strlen(h->name) };
}

static struct store_text text_of_name(const struct tpm_name *n)
{
	return (struct store_text){ n->at, n->len };
}

static bool same(struct store_text a, struct store_text b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

/* Its row, or an empty one for who has never been heard of.  Return: 0; an error of the store. */
static int read_row(struct hosts *hosts, const struct host *h, struct store_arena *a,
		    struct store_host *row)
{
	int rc = store_host_get(hosts->b->store, name_of(h), a, row);

	if (rc == -ENOENT)
		*row = (struct store_host){ .name = name_of(h), .state = STORE_HOST_WAITING };
	return rc == -ENOENT ? 0 : rc;
}

/* --- beginning ------------------------------------------------------------------------ */

struct reading {
	struct hosts *hosts;
	const struct host *h;
	u16 bank;
	char why[HOST_LINE];
};

/* Without a policy the host still says what it is: the verdict then says what is missing. */
static int read_bank(void *arg)
{
	struct reading *r = arg;
	struct attest_policy *policy = NULL;

	r->bank = TPM_ALG_SHA256;
	if (!hosts_policy_in_force(r->hosts->b->config, r->h->name, &policy, r->why)) {
		r->bank = policy->bank->id;
		attest_policy_free(policy);
	}
	return 0;
}

static int begin_one(struct link_request *request, struct hosts *hosts, struct host *h,
		     const struct attest_begin *ask, struct attest_begun *give)
{
	struct reading r = { .hosts = hosts, .h = h };
	STORE_ARENA a = { 0 };
	struct store_host row;
	unsigned int i;
	int rc = read_row(hosts, h, &a, &row);

	if (rc)
		return rc;
	if (row.state == STORE_HOST_REVOKED)
		return -EPERM;
	give->enrol = row.state != STORE_HOST_ENROLLED || !ask->ak.len ||
		      !same(row.ak, text_of(ask->ak));
	if (give->enrol)
		return 0;
	rc = io_work(hosts->pool, read_bank, &r, request->deadline);
	if (!rc && hosts->b->verifier)
		rc = hosts_verifier_begin(hosts, h, ask->ak, &give->enrol, request->deadline);
	else if (!rc)
		rc = random_bytes(h->nonce, sizeof(h->nonce));
	if (rc || give->enrol)
		return rc;
	h->nonce_until = io_after_ms(NONCE_MS);
	h->bank = r.bank;
	memcpy(give->nonce, h->nonce, sizeof(give->nonce));
	give->bank = r.bank;
	give->mask = TPM_PCRS_ALL;
	give->lease_ms = hosts->b->config->attest_lease_ms;
	for (i = 0; i < ATTEST_LOGS; i++)
		give->have[i] = h->log[i].len;
	return 0;
}

static int begin(struct link_request *request, const void *ask, void *give)
{
	struct hosts *hosts = ((struct backend *)request->ctx)->hosts;
	struct host *h = host_of(hosts, str_of(request->host));
	int rc = host_acquire(h, request->deadline);

	if (rc)
		return rc;
	rc = begin_one(request, hosts, h, ask, give);
	io_release(&h->one, 1);
	return rc;
}

/* --- enrolling ------------------------------------------------------------------------ */

/* What is looked at on a thread; the answer points into it. */
struct enrolling {
	struct hosts *hosts;
	struct host *h;
	const struct attest_enrol *ask;
	bool named;			/* its endorsement key has been, so no maker has to be */
	struct tpm_name ek, ak, signer;
	struct tpm_credential credential;
	const char *why;
	int rc;				/* why it is refused; 0: it is not */
};

/* Names of both keys, and whether a maker vouches for the first. */
static int look_at_keys(struct enrolling *e, struct tpm_public *ek)
{
	const struct attest_enrol *ask = e->ask;
	struct tpm_ek_info info;
	struct tpm_public ak;
	int rc = tpm_public_parse_2b(ask->ek.data, ask->ek.len, ek, &e->why);

	if (!rc)
		rc = tpm_public_parse_2b(ask->ak.data, ask->ak.len, &ak, &e->why);
	if (rc)
		return -EINVAL;
	e->why = tpm_public_check_ek(ek);
	if (!e->why)
		e->why = tpm_public_check_ak(&ak);
	if (e->why)
		return -EINVAL;
	rc = tpm_public_name(ek, &e->ek);
	if (!rc)
		rc = tpm_public_name(&ak, &e->ak);
	if (!rc)
		rc = tpm_public_qualified_name(&ak, ek, TPM_RH_ENDORSEMENT, &e->signer);
	if (rc || !e->hosts->roots)
		return rc;
	if (!ask->certificate.len) {
		e->why = "it has no certificate of its TPM's maker";
		return -EPERM;
	}
	rc = tpm_ek_verify(e->hosts->roots, ask->certificate.data, ask->certificate.len, ek,
			   time(NULL), &info, &e->why);
	return rc == -ENOMEM ? rc : rc ? -EPERM : 0;
}

static int make_credential(void *arg)
{
	struct enrolling *e = arg;
	struct host_asked *asked = &e->h->asked;
	struct tpm_public ek;

	e->rc = look_at_keys(e, &ek);
	if (e->rc)
		return 0;
	explicit_bzero(asked, sizeof(*asked));
	e->rc = random_bytes(asked->secret, sizeof(asked->secret));
	if (!e->rc)
		e->rc = tpm_make_credential(&ek, &e->ak, asked->secret, sizeof(asked->secret),
					    &e->credential, &e->why);
	return 0;
}

/* May this host have that TPM?  Return: NULL, or why not. */
static const char *may_enrol(const struct hosts *hosts, const struct enrolling *e,
			     const struct store_host *row)
{
	if (row->state == STORE_HOST_REVOKED)
		return "it was revoked; skyctl attest host enrol lets it in again";
	if (row->state == STORE_HOST_WAITING)
		return "nobody has named it; skyctl attest host enrol does";
	if (row->ek.len && !same(row->ek, text_of_name(&e->ek)))
		return "it has another endorsement key than it is known by";
	if (!row->ek.len && !hosts->roots)
		return "no maker of TPMs is believed, so its endorsement key has to be named";
	return NULL;
}

/* A host that comes with one reason after another could fill the ledger still. */
static bool refusal_fits(struct host *h)
{
	const int64_t now = io_now();

	if (h->refusals < now)
		h->refusals = now;
	if (h->refusals > now + (REFUSALS - 1) * REFUSAL_NS)
		return false;
	h->refusals += REFUSAL_NS;
	return true;
}

/* Each reason is told once; strangers could fill the ledger. */
static void tell_refused(struct hosts *hosts, struct host *h, const struct enrolling *e,
			 struct store_host *row)
{
	const struct host_news news = { .action = "host.refuse", .why = e->why };
	const struct store_text why = { e->why, strlen(e->why) };

	if ((same(row->refused, why) && same(row->shown, text_of_name(&e->ek))) ||
	    !refusal_fits(h))
		return;
	row->shown = text_of_name(&e->ek);
	row->refused = why;
	if (!host_keep(hosts, h, row))
		hosts_tell(hosts, h->name, &news);
}

/* The secret is the verifier's then. */
static int ask_verifier(struct link_request *request, struct enrolling *e, struct store_host *row)
{
	int rc = hosts_verifier_enrol(e->hosts, e->h, e->ask, &e->credential, request->deadline);

	if (rc == -EPERM) {
		e->why = "the verifier has not that endorsement key in HOST.ek; see policies in [attest]";
		tell_refused(e->hosts, e->h, e, row);
	}
	return rc;
}

static int enrol_one(struct link_request *request, struct enrolling *e)
{
	struct host_asked *asked = &e->h->asked;
	STORE_ARENA a = { 0 };
	struct store_host row;
	const char *why;
	int rc = io_work(e->hosts->pool, make_credential, e, request->deadline);

	if (!rc)
		rc = read_row(e->hosts, e->h, &a, &row);
	if (rc || (e->rc && !e->why))
		return rc ? rc : e->rc;
	why = e->rc ? NULL : may_enrol(e->hosts, e, &row);
	if (why) {
		e->why = why;
		e->rc = -EPERM;
	}
	if (e->rc) {
		explicit_bzero(asked, sizeof(*asked));
		tell_refused(e->hosts, e->h, e, &row);
		return e->rc;
	}
	if (e->hosts->b->verifier)
		rc = ask_verifier(request, e, &row);
	if (rc)
		return rc;
	asked->ek = e->ek;
	asked->signer = e->signer;
	asked->ak_len = e->ask->ak.len;
	memcpy(asked->ak, e->ask->ak.data, asked->ak_len);
	asked->until = io_after_ms(CREDENTIAL_MS);
	return 0;
}

static int enrol(struct link_request *request, const void *ask, void *given)
{
	struct attest_credential *give = given;
	struct enrolling *e = link_scratch(request, sizeof(*e));
	int rc;

	if (!e)
		return -ENOMEM;
	e->hosts = ((struct backend *)request->ctx)->hosts;
	e->ask = ask;
	e->h = host_of(e->hosts, str_of(request->host));
	rc = host_acquire(e->h, request->deadline);
	if (rc)
		return rc;
	rc = enrol_one(request, e);
	io_release(&e->h->one, 1);
	give->blob = (struct rpc_bytes){ e->credential.blob, e->credential.blob_len };
	give->secret = (struct rpc_bytes){ e->credential.secret, e->credential.secret_len };
	return rc;
}

/* --- what the TPM has found in it ----------------------------------------------------- */

static bool is_secret(const struct host_asked *asked, struct rpc_bytes said)
{
	struct secret mine = { (u8 *)asked->secret, sizeof(asked->secret), 0 };
	struct secret theirs = { (u8 *)said.data, said.len, 0 };

	return said.len == sizeof(asked->secret) && secret_equal(&mine, &theirs);
}

static int check_secret(struct hosts *hosts, struct host *h, struct rpc_bytes said,
			int64_t deadline)
{
	if (hosts->b->verifier)
		return hosts_verifier_activate(hosts, h, said, deadline);
	return is_secret(&h->asked, said) ? 0 : -EACCES;
}

static int activate_one(struct hosts *hosts, struct host *h, const struct attest_secret *ask,
			int64_t deadline)
{
	struct host_asked *asked = &h->asked;
	STORE_ARENA a = { 0 };
	struct store_host row;
	struct host_news news = { .action = "host.key", .why = "ok" };
	bool first, known;
	int rc;

	if (!asked->until || asked->until < io_now())
		return -ESTALE;
	/* One try. */
	asked->until = 0;
	rc = check_secret(hosts, h, ask->secret, deadline);
	if (!rc)
		rc = read_row(hosts, h, &a, &row);
	if (rc)
		return rc;
	/* Things may have changed meanwhile. */
	if ((row.state != STORE_HOST_EXPECTED && row.state != STORE_HOST_ENROLLED) ||
	    (row.ek.len && !same(row.ek, text_of_name(&asked->ek))))
		return -EPERM;
	first = row.state != STORE_HOST_ENROLLED;
	/* A verifier that has started anew asks for it. */
	known = !first && same(row.ak, (struct store_text){ asked->ak, asked->ak_len });
	row.state = STORE_HOST_ENROLLED;
	row.ek = text_of_name(&asked->ek);
	row.signer = text_of_name(&asked->signer);
	row.ak = (struct store_text){ asked->ak, asked->ak_len };
	row.shown = (struct store_text){ 0 };
	row.refused = (struct store_text){ 0 };
	if (first)
		row.enrolled = backend_now();
	rc = host_keep(hosts, h, &row);
	if (rc == -EEXIST) {
		const struct enrolling e = { .ek = asked->ek, .why = "another host has that TPM" };

		rc = read_row(hosts, h, &a, &row);
		if (!rc)
			tell_refused(hosts, h, &e, &row);
		return rc ? rc : -EPERM;
	}
	if (rc)
		return rc;
	if (first)
		news.action = "host.enrol";
	if (!known)
		hosts_tell(hosts, h->name, &news);
	host_forget(h);
	return 0;
}

static int activate(struct link_request *request, const void *ask, void *give)
{
	struct hosts *hosts = ((struct backend *)request->ctx)->hosts;
	struct host *h = host_of(hosts, str_of(request->host));
	int rc = host_acquire(h, request->deadline);

	(void)give;
	if (rc)
		return rc;
	rc = activate_one(hosts, h, ask, request->deadline);
	io_release(&h->one, 1);
	return rc;
}

const struct link_operation backend_hosts_enrol[] = {
	{ ATTEST_BEGIN, "attest-begin", &attest_begin_schema, &attest_begun_schema, 0,
	  ROLE_BIT(ROLE_ATTESTER), begin },
	{ ATTEST_ENROL, "attest-enrol", &attest_enrol_schema, &attest_credential_schema, 0,
	  ROLE_BIT(ROLE_ATTESTER), enrol },
	{ ATTEST_ACTIVATE, "attest-activate", &attest_secret_schema, NULL, 0,
	  ROLE_BIT(ROLE_ATTESTER), activate },
	{ 0 },
};
