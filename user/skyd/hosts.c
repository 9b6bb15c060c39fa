// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend_private.h"
#include "hosts.h"
#include "log.h"
#include "tpm/ear.h"

#define THREADS		2u
#define WAITERS		4u	/* of one host; the administrator waits behind them */
#define TICK_MS		1000	/* between looks at what has ended */
#define VAULT_MS	3000
#define NS_OF_US	1000

/* --- what is known -------------------------------------------------------------------- */

struct host *host_of(struct hosts *hosts, struct str name)
{
	struct host *h;

	for (h = hosts->first; h; h = h->next)
		if (str_is(name, h->name))
			return h;
	if (hosts->count == HOSTS_MAX || !name.len || name.len >= ROLE_HOST)
		return NULL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	str_copy(name, h->name, sizeof(h->name));
	io_semaphore_init(&h->one, 1);
	h->next = hosts->first;
	hosts->first = h;
	hosts->count++;
	return h;
}

int host_acquire(struct host *h, int64_t deadline)
{
	int rc;

	if (!h)
		return -ENOSPC;
	if (h->waiters == WAITERS)
		return -EBUSY;
	h->waiters++;
	rc = io_acquire(&h->one, 1, deadline);
	h->waiters--;
	return rc;
}

void host_forget(struct host *h)
{
	unsigned int i;

	for (i = 0; i < ATTEST_LOGS; i++) {
		host_log_drop(&h->log[i]);
		h->carried[i] = 0;
	}
	explicit_bzero(&h->asked, sizeof(h->asked));
	h->nonce_until = 0;
}

bool host_holds_lease(const struct backend *b, struct str host)
{
	return b->hosts && lease_held(&b->hosts->leases, host, io_now());
}

unsigned int hosts_url_life(const struct link_request *request)
{
	const struct backend *b = request->ctx;

	return request->peer == ROLE_GATEWAY && b->hosts ?
		lease_url_life(&b->hosts->leases, str_of(request->host), io_now()) : 0;
}

int hosts_admit(struct link_request *request, const struct link_operation *op)
{
	const struct backend *b = request->ctx;

	(void)op;
	if (request->peer != ROLE_GATEWAY || !b->hosts ||
	    lease_allows(&b->hosts->leases, str_of(request->host), io_now()))
		return 0;
	/* Its clients may go to another gateway. */
	return meta_status(S3_SERVICE_UNAVAILABLE);
}

/* --- leases --------------------------------------------------------------------------- */

/*
 * What the store has ends by the clock of the day: only how long it lasts still is taken of it,
 * once, and never more than a new one would last.
 */
static int take_lease(struct hosts *hosts, struct host *h, u64 lease)
{
	const u64 now = backend_now(), most = hosts->b->config->attest_lease_ms * 1000;
	u64 left = lease > now ? lease - now : 0;

	if (lease == h->lease)
		return 0;
	h->lease = lease;
	h->holds |= lease != 0;
	if (left > most)
		left = most;
	io_event_set(&hosts->changed);
	return lease_set(&hosts->leases, str_of(h->name), io_now() + (int64_t)left * NS_OF_US);
}

static void take_policy(struct host *h, struct store_text policy)
{
	h->policy_len = policy.len == LEASE_POLICY ? LEASE_POLICY : 0;
	if (h->policy_len)
		memcpy(h->policy, policy.data, LEASE_POLICY);
}

int host_keep(struct hosts *hosts, struct host *h, const struct store_host *row)
{
	int rc;

	hosts->kept++;
	rc = store_host_put(hosts->b->store, row);
	hosts->kept++;
	if (rc && rc != -EKEYREJECTED)
		return rc;
	/* Who has revoked it has told of it. */
	if (rc || !row->lease)
		h->holds = false;
	take_policy(h, row->policy);
	return take_lease(hosts, h, rc ? 0 : row->lease) ? -ENOMEM : rc;
}

/* Another process of the backend may have judged, while one replaces the other. */
static int read_leases(struct hosts *hosts)
{
	STORE_ARENA a = { 0 };
	struct store_host_lease *list;
	const u64 kept = hosts->kept;
	struct host *h;
	int i, count = store_host_leases(hosts->b->store, STORE_TEXT(""), HOSTS_MAX, &a, &list);

	/* What was read may be older than what has been kept meanwhile. */
	if (count > 0 && hosts->kept != kept)
		return 0;
	for (i = 0; i < count; i++) {
		h = host_of(hosts, (struct str){ list[i].name.data, list[i].name.len });
		if (h && list[i].lease != h->lease && !list[i].lease)
			h->holds = false;
		/* And had it stated. */
		if (h && list[i].lease != h->lease && h->statement)
			host_state(hosts, h, NULL);
		if (h)
			take_policy(h, list[i].policy);
		if (h && take_lease(hosts, h, list[i].lease))
			return -ENOMEM;
	}
	return count < 0 ? count : 0;
}

void host_tell_lapse(struct hosts *hosts, struct host *h)
{
	const struct host_news news = {
		"host.lapse", "no good evidence has come in time", { 0 }, { 0 }, STR("backend"),
	};

	hosts_tell(hosts, h->name, &news);
}

/* One whose end nobody has been told of.  Its row says from here on that there is none. */
static void end_lease(struct hosts *hosts, struct host *h)
{
	STORE_ARENA a = { 0 };
	struct store_host row;
	const u64 seen = h->lease;

	if (io_acquire(&h->one, 1, 0))
		return;
	if (h->holds && h->lease == seen &&
	    !lease_held(&hosts->leases, str_of(h->name), io_now()) &&
	    !store_host_get(hosts->b->store, (struct store_text){ h->name, strlen(h->name) }, &a,
			    &row) && row.lease == seen) {
		row.lease = 0;
		if (!host_keep(hosts, h, &row))
			host_tell_lapse(hosts, h);
	}
	io_release(&h->one, 1);
}

static int tick_fiber(void *arg)
{
	struct hosts *hosts = arg;
	struct host *h;
	int rc;

	/* One that retires hears what the other has judged, and leaves what has ended to it. */
	do {
		rc = read_leases(hosts);
		if (rc && rc != -ECANCELED)
			log_line(LEVEL_WARNING, "leases of hosts cannot be read: %s",
				 strerror(-rc));
		for (h = hosts->first; h && !hosts->b->run->stopping; h = h->next)
			if (h->holds && !lease_held(&hosts->leases, str_of(h->name), io_now()))
				end_lease(hosts, h);
	} while (!io_sleep_until(io_after_ms(TICK_MS)));
	return 0;
}

/* --- the vault ------------------------------------------------------------------------ */

static int tell_vault(struct hosts *hosts)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	CLEANUP_FREE struct vault_host *list = calloc(hosts->leases.count + 1, sizeof(*list));
	struct vault_hosts ask = { .host = list };
	const struct link_call call = {
		VAULT_HOSTS, &vault_hosts_schema, &ask, -1, NULL, NULL, 0,
	};
	unsigned int i;

	int rc = hosts_state_all(hosts);

	if (!list || rc)
		return list ? rc : -ENOMEM;
	for (i = 0; i < hosts->leases.count; i++) {
		const struct lease *l = &hosts->leases.held[i];
		int64_t left = lease_left(&hosts->leases, str_of(l->host), io_now());
		const struct host *h = left ? host_of(hosts, str_of(l->host)) : NULL;

		if (h)
			list[ask.count++] = (struct vault_host){
				{ l->host, strlen(l->host) }, left / 1000000,
				{ h->policy, h->policy_len },
			};
	}
	return link_do(hosts->b->vault, &call, &answer, io_after_ms(VAULT_MS));
}

/* Again and again, since a vault that has started anew knows of none. */
static int vault_fiber(void *arg)
{
	struct hosts *hosts = arg;
	bool told = true;
	int rc;

	do {
		io_event_clear(&hosts->changed);
		rc = tell_vault(hosts);
		if (rc && rc != -ECANCELED && told)
			log_line(LEVEL_WARNING, "the vault cannot be told of leases: %s",
				 strerror(-rc));
		told = !rc;
		rc = io_event_wait(&hosts->changed, io_after_ms(TICK_MS));
	} while (rc != -ECANCELED);
	return 0;
}

/* --- life ----------------------------------------------------------------------------- */

struct opening {
	struct hosts *hosts;
	char why[HOST_LINE];
};

static int read_roots(void *arg)
{
	struct opening *o = arg;

	return hosts_read_roots(o->hosts->b->config, &o->hosts->roots, o->why);
}

int hosts_open(struct backend *b)
{
	struct opening o = { .why = "" };
	struct hosts *hosts = calloc(1, sizeof(*hosts));
	int rc;

	b->hosts = hosts;
	if (!hosts)
		return -ENOMEM;
	hosts->b = b;
	o.hosts = hosts;
	leases_init(&hosts->leases, b->config);
	io_event_init(&hosts->changed);
	io_semaphore_init(&hosts->tokens, 1);
	rc = io_pool_open(&hosts->pool, THREADS);
	if (!rc)
		rc = io_work(hosts->pool, read_roots, &o, 0);
	if (rc)
		log_line(LEVEL_ERROR, "%s; see [attest] in skyd.conf(5)",
			 *o.why ? o.why : strerror(-rc));
	/* Before anybody asks: leases survive. */
	return rc ? rc : read_leases(hosts);
}

int hosts_start(struct backend *b, struct io_group *group)
{
	struct hosts *hosts = b->hosts;
	int rc = 0;

	if (b->config->attest_webhook && *b->config->attest_webhook)
		rc = webhook_open(&hosts->webhook, b->config, b->resolver, group);
	if (!rc)
		rc = io_spawn(group, tick_fiber, hosts, NULL);
	/* What is given without a lease elsewhere: secrets of sessions never are. */
	if (!rc && (b->config->attest_required ||
		    (b->config->workload_images && *b->config->workload_images)))
		rc = io_spawn(group, vault_fiber, hosts, NULL);
	return rc;
}

void hosts_close(struct backend *b)
{
	struct hosts *hosts = b->hosts;
	struct host *h;

	if (!hosts)
		return;
	b->hosts = NULL;
	while ((h = hosts->first)) {
		hosts->first = h->next;
		host_forget(h);
		free(h->statement);
		free(h);
	}
	webhook_close(hosts->webhook);
	ear_key_free(hosts->token_key);
	io_pool_close(hosts->pool);
	tpm_ek_roots_free(hosts->roots);
	leases_free(&hosts->leases);
	free(hosts);
}
