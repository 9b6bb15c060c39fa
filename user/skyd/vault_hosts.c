// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which hosts may have keys: as the backend has told, or all.  A vault that has just started has
 * been told nothing; who asks waits a little for that.
 */
#include <errno.h>
#include <string.h>

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
	return lease_held(&v->leases, host, io_now()) ? 0 : -EACCES;
}

u64 vault_host_ms(const struct vault *v, struct str host, u64 ms)
{
	const u64 left = lease_left(&v->leases, host, io_now()) / 1000000;

	return lease_needed(&v->leases, host) && left < ms ? left : ms;
}
