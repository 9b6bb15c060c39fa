// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which hosts may have keys: those of which the backend has told that they hold a lease, and the
 * verifier has stated it; or the backend alone, where no verifier is named; or all.  A vault that
 * has just started has been told nothing; who asks waits a little for that.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vault.h"
#include "vault_session.h"

#define PATIENCE_MS	3000

static const struct rpc_field host_fields[] = {
	RPC_BYTES(struct vault_host, name, ROLE_HOST - 1),
	RPC_FIELD(RPC_VARINT64, struct vault_host, ms),
	RPC_BYTES(struct vault_host, policy, LEASE_POLICY),
};

static const struct rpc_schema host_schema =
	RPC_SCHEMA("vault-host", struct vault_host, host_fields);

static const struct rpc_field hosts_fields[] = {
	RPC_LIST(struct vault_hosts, host, count, LEASE_HOSTS, &host_schema),
};

const struct rpc_schema vault_hosts_schema =
	RPC_SCHEMA("vault-hosts", struct vault_hosts, hosts_fields);

int vault_hosts(struct link_request *request, const void *asked, void *give)
{
	const struct vault_hosts *ask = asked;
	struct vault *v = request->ctx;
	u32 i;
	int rc = 0;

	(void)give;
	/* Who is not in the list holds none any more. */
	for (i = 0; i < v->leases.count; i++)
		v->leases.held[i].until = 0;
	for (i = 0; !rc && i < ask->count; i++) {
		const struct vault_host *h = &ask->host[i];
		const u64 ms = h->ms < VAULT_LEASE_MOST ? h->ms : VAULT_LEASE_MOST;

		const struct str name = { h->name.data, h->name.len };

		rc = lease_set(&v->leases, name, io_after_ms(ms));
		lease_set_policy(&v->leases, name, h->policy.data, h->policy.len);
	}
	io_event_set(&v->told);
	return rc;
}

int vault_statement(struct link_request *request, const void *asked, void *given)
{
	const struct vault_ask *ask = asked;
	struct vault *v = request->ctx;
	char why[PROOF_WHY], line[PROOF_WHY + 48];
	int rc = 0;

	((struct vault_give *)given)->value = v->proofs.id;
	if (ask->text.len && proofs_wanted(&v->proofs))
		rc = proof_take(&v->proofs, (struct str){ ask->text.data, ask->text.len },
				time(NULL), io_now(), why);
	if (rc && v->audit) {
		snprintf(line, sizeof(line), "a statement about a host is refused: %s", why);
		v->audit(line);
	}
	return rc;
}

int64_t vault_lease_left(const struct vault *v, struct str host)
{
	const int64_t now = io_now();
	const int64_t told = lease_left(&v->leases, host, now);
	const int64_t proven = proofs_wanted(&v->proofs) ? proof_left(&v->proofs, host, now) : told;

	return proven < told ? proven : told;
}

const u8 *vault_lease_policy(const struct vault *v, struct str host)
{
	return proofs_wanted(&v->proofs) ? proof_policy(&v->proofs, host) :
					   lease_policy(&v->leases, host);
}

/* Whom it may surprise: the backend has said that it holds one. */
static void tell_unproven(const struct vault *v, struct str host)
{
	const int64_t now = io_now();
	char line[PROOF_WHY + ROLE_HOST + 48];

	if (!v->audit || !proofs_wanted(&v->proofs) || proof_left(&v->proofs, host, now) ||
	    !lease_held(&v->leases, host, now))
		return;
	snprintf(line, sizeof(line), "the lease of host %.*s is not proven: %s", STR_ARG(host),
		 proof_why_not(&v->proofs, host, now));
	v->audit(line);
}

static bool gives_keys(u16 operation)
{
	return operation == VAULT_LEASE || operation == VAULT_DERIVE ||
	       operation == VAULT_DERIVE_POINT || operation == VAULT_CHECK_FORM;
}

int vault_admit(struct link_request *request, const struct link_operation *op)
{
	struct vault *v = request->ctx;
	const struct str host = str_of(request->host);
	int64_t until = io_after_ms(PATIENCE_MS);

	/* Whatever is configured, nobody is given secrets of sessions without a lease. */
	if (op->number != VAULT_SESSION_RELEASE &&
	    (!gives_keys(op->number) || !lease_needed(&v->leases, host)))
		return 0;
	if (request->deadline && request->deadline < until)
		until = request->deadline;
	if (!v->told.set && io_event_wait(&v->told, until) == -ECANCELED)
		return -ECANCELED;
	if (vault_lease_left(v, host) > 0)
		return 0;
	tell_unproven(v, host);
	return -EACCES;
}

u64 vault_host_ms(const struct vault *v, struct str host, u64 ms)
{
	const u64 left = vault_lease_left(v, host) / 1000000;

	return lease_needed(&v->leases, host) && left < ms ? left : ms;
}
