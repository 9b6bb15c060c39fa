// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which hosts may have keys: as the backend has told, or all.  A vault that has just started has
 * been told nothing; who asks waits a little for that.
 */
#include <errno.h>
#include <string.h>

#include "vault.h"

#define PATIENCE_MS	3000

static const struct rpc_field host_fields[] = {
	RPC_BYTES(struct vault_host, name, ROLE_HOST - 1),
	RPC_FIELD(RPC_VARINT64, struct vault_host, ms),
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

		rc = lease_set(&v->leases, (struct str){ h->name.data, h->name.len },
			       io_after_ms(ms));
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

	if (!gives_keys(op->number) || !lease_needed(&v->leases, host))
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
