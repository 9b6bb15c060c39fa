// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys that the vault has given for a while: signing keys of callers, leases of buckets' keys.
 *
 * An entry is asked for once, however many wait for it.  What a stranger claims costs no
 * memory without bound, and puts out no key that has been found true: those are in a list of
 * their own.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/secret.h"
#include "crypto/hash.h"
#include "front.h"

#define STREETS		1024u
#define PROVEN_MAX	8192u
#define UNPROVEN_MAX	1024u
#define WRONG_MS	1000u		/* that a key which does not exist is remembered */
#define LEASE_MS	3600000u
#define ACCESS_KEY_MAX	128u
#define NAME_MAX_BYTES	(ACCESS_KEY_MAX + SIG_SCOPE_MAX + VAULT_WRAPPED_MAX + 32)

/* Ends are those of use: the newest is first. */
struct kept_list {
	struct kept_key *newest, *oldest;
	unsigned int count, most;
};

struct gateway_keys {
	struct kept_key *street[STREETS];
	struct kept_list proven, unproven;
};

typedef int fetch_fn(struct gateway *g, struct kept_key *k, const void *arg, int64_t deadline);

/* --- the table ----------------------------------------------------------------------- */

static unsigned int street_of(const char *name, size_t len)
{
	u64 hash = 0xcbf29ce484222325ull;	/* FNV-1a */

	while (len--)
		hash = (hash ^ (u8)*name++) * 0x100000001b3ull;
	return (hash >> 32 ^ hash) % STREETS;
}

static struct kept_list *list_of(struct gateway_keys *keys, const struct kept_key *k)
{
	return k->proven ? &keys->proven : &keys->unproven;
}

static void leave_list(struct kept_list *list, struct kept_key *k)
{
	*(k->newer ? &k->newer->older : &list->newest) = k->older;
	*(k->older ? &k->older->newer : &list->oldest) = k->newer;
	k->newer = NULL;
	k->older = NULL;
	list->count--;
}

static void enter_list(struct kept_list *list, struct kept_key *k)
{
	k->older = list->newest;
	k->newer = NULL;
	*(list->newest ? &list->newest->newer : &list->oldest) = k;
	list->newest = k;
	list->count++;
}

static void wipe(struct kept_key *k)
{
	ecdsa_free(k->ecdsa);
	explicit_bzero(k, sizeof(*k) + k->name_len);
	free(k);
}

/* Nobody finds it any more; who uses it goes on. */
static void unlist(struct gateway_keys *keys, struct kept_key *k)
{
	struct kept_key **at = &keys->street[street_of(k->name, k->name_len)];

	if (!k->listed)
		return;
	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	leave_list(list_of(keys, k), k);
	k->listed = false;
	if (!k->users)
		wipe(k);
}

static struct kept_key *find(struct gateway_keys *keys, const char *name, size_t len)
{
	struct kept_key *k = keys->street[street_of(name, len)];

	while (k && (k->name_len != len || memcmp(k->name, name, len)))
		k = k->next;
	return k;
}

static struct kept_key *add(struct gateway_keys *keys, const char *name, size_t len)
{
	struct kept_key *k = calloc(1, sizeof(*k) + len);
	unsigned int street = street_of(name, len);

	if (!k)
		return NULL;
	io_event_init(&k->done);
	k->name_len = len;
	memcpy(k->name, name, len);
	k->listed = true;
	k->next = keys->street[street];
	keys->street[street] = k;
	enter_list(&keys->unproven, k);
	k->users++;
	if (keys->unproven.count > keys->unproven.most)
		unlist(keys, keys->unproven.oldest);
	return k;
}

void gateway_key_put(struct gateway *g, struct kept_key *k)
{
	(void)g;
	if (k && !--k->users && !k->listed)
		wipe(k);
}

void gateway_key_proven(struct gateway *g, struct kept_key *k)
{
	struct gateway_keys *keys = g->keys;

	if (!k->listed)
		return;
	leave_list(list_of(keys, k), k);
	k->proven = true;
	enter_list(&keys->proven, k);
	if (keys->proven.count > keys->proven.most)
		unlist(keys, keys->proven.oldest);
}

/* Is it worth to be remembered that there is none? */
static bool is_lasting(int status)
{
	return !status || meta_code(status) != S3_OK || status == -EKEYREJECTED;
}

/* Ask for what @k is to hold; others wait for it meanwhile. */
static void fetch(struct gateway *g, struct kept_key *k, fetch_fn *fn, const void *arg,
		  int64_t deadline)
{
	k->status = fn(g, k, arg, deadline);
	k->ready = true;
	if (k->status)
		k->until = io_after_ms(WRONG_MS);
	if (!is_lasting(k->status))
		unlist(g->keys, k);
	io_event_set(&k->done);
}

/*
 * The entry of a name.  Who waited for one that could not be had, because he who asked was
 * cancelled, asks himself.
 */
static int get(struct gateway *g, const char *name, size_t len, fetch_fn *fn, const void *arg,
	       int64_t deadline, struct kept_key **kept)
{
	struct kept_key *k;
	int rc;

	for (;;) {
		k = find(g->keys, name, len);
		if (k && k->ready && k->until <= io_now()) {
			unlist(g->keys, k);
			k = NULL;
		}
		if (!k) {
			k = add(g->keys, name, len);
			if (!k)
				return -ENOMEM;
			fetch(g, k, fn, arg, deadline);
			break;
		}
		k->users++;
		rc = k->ready ? 0 : io_event_wait(&k->done, deadline);
		if (rc) {
			gateway_key_put(g, k);
			return rc;
		}
		if (k->status != -ECANCELED)
			break;
		gateway_key_put(g, k);
	}
	rc = k->status;
	if (rc) {
		gateway_key_put(g, k);
		return rc;
	}
	*kept = k;
	return 0;
}

/* --- signing keys -------------------------------------------------------------------- */

struct claimed {
	struct str access_key;
	struct str date, region, service;
	enum sig_algorithm algorithm;
};

static int ask_meta(struct gateway *g, const struct claimed *c, struct meta_key *key,
		    struct link_answer *answer, int64_t deadline)
{
	const struct meta_key_ask ask = { bytes_of(c->access_key) };
	const struct link_call call = {
		META_KEY, &meta_key_ask_schema, &ask, -1, &meta_key_schema, key, 0,
	};
	int rc;

	do {
		link_answer_free(answer);
		*answer = LINK_ANSWER_NONE;
		rc = link_do(g->backend, &call, answer, deadline);
	} while (rc == -ECONNRESET && io_now() < deadline);
	return rc;
}

static int ask_vault(struct gateway *g, u16 operation, const struct vault_ask *ask,
		     struct vault_give *give, struct link_answer *answer, int64_t deadline)
{
	const struct link_call call = {
		operation, &vault_ask_schema, ask, -1, &vault_give_schema, give, 0,
	};
	int rc;

	do {
		link_answer_free(answer);
		*answer = LINK_ANSWER_NONE;
		rc = link_do(g->vault, &call, answer, deadline);
	} while (rc == -ECONNRESET && io_now() < deadline);
	return rc;
}

static int take_key(struct kept_key *k, enum sig_algorithm algorithm,
		    const struct vault_give *give)
{
	if (algorithm == SIG_ECDSA) {
		if (give->blob.len != P256_POINT_BYTES)
			return -EBADMSG;
		k->ecdsa = ecdsa_public(give->blob.data);
		return k->ecdsa ? 0 : -EBADMSG;
	}
	if (give->secret.len != sizeof(k->secret))
		return -EBADMSG;
	memcpy(k->secret, give->secret.data, sizeof(k->secret));
	hmac_key_set(&k->hmac, k->secret, sizeof(k->secret));
	return 0;
}

static u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

/* A key that is good now; @ask receives what the vault is asked for its secret with. */
static int find_key(struct gateway *g, const struct claimed *c, struct meta_key *key,
		    struct vault_ask *ask, struct link_answer *answer, int64_t deadline)
{
	int rc = ask_meta(g, c, key, answer, deadline);

	if (rc)
		return rc;
	*ask = (struct vault_ask){
		.kind = VAULT_API_SECRET, .owner = key->team, .name = bytes_of(c->access_key),
		.blob = key->secret, .date = bytes_of(c->date), .region = bytes_of(c->region),
		.service = bytes_of(c->service),
	};
	return key->expires && key->expires <= now_us() ? meta_status(S3_INVALID_ACCESS_KEY_ID) :
							  0;
}

static int fetch_key(struct gateway *g, struct kept_key *k, const void *arg, int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer of_key = LINK_ANSWER_NONE, of_vault = LINK_ANSWER_NONE;
	const struct claimed *c = arg;
	struct vault_give give = { 0 };
	struct meta_key key = { 0 };
	struct vault_ask ask;
	u64 left;
	int rc = find_key(g, c, &key, &ask, &of_key, deadline);

	if (!rc)
		rc = ask_vault(g, c->algorithm == SIG_ECDSA ? VAULT_DERIVE_POINT : VAULT_DERIVE,
			       &ask, &give, &of_vault, deadline);
	if (rc)
		return rc;
	if (!str_copy(str_from(key.owner), k->owner, sizeof(k->owner)))
		return -EBADMSG;
	k->team = key.team;
	k->until = io_after_ms(key.keep_ms);
	if (key.expires) {
		left = key.expires - now_us();
		left = (int64_t)left > 0 ? left / 1000 : 0;
		if (left < key.keep_ms)
			k->until = io_after_ms(left);
	}
	return take_key(k, c->algorithm, &give);
}

int gateway_form(struct gateway *g, struct str access_key, struct str policy, struct str signature,
		 int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer of_key = LINK_ANSWER_NONE, of_vault = LINK_ANSWER_NONE;
	const struct claimed c = { .access_key = access_key };
	u8 mac[HASH_SHA1_BYTES];
	struct vault_give give = { 0 };
	struct meta_key key = { 0 };
	struct vault_ask ask;
	int rc;

	if (access_key.len > ACCESS_KEY_MAX)
		return meta_status(S3_INVALID_ACCESS_KEY_ID);
	if (base64_decode(signature, mac, sizeof(mac)) != sizeof(mac) ||
	    policy.len > VAULT_POLICY_MAX)
		return meta_status(S3_SIGNATURE_DOES_NOT_MATCH);
	rc = find_key(g, &c, &key, &ask, &of_key, deadline);
	if (rc)
		return rc;
	ask.text = bytes_of(policy);
	ask.mac = (struct rpc_bytes){ mac, sizeof(mac) };
	rc = ask_vault(g, VAULT_CHECK_FORM, &ask, &give, &of_vault, deadline);
	return rc || give.value ? rc : meta_status(S3_SIGNATURE_DOES_NOT_MATCH);
}

int gateway_key(struct gateway *g, const struct sig_scope *scope, enum sig_algorithm algorithm,
		struct kept_key **kept, int64_t deadline)
{
	const struct claimed c = {
		scope->access_key, scope->date, scope->region, scope->service, algorithm,
	};
	char name[NAME_MAX_BYTES];
	struct out o = OUT(name, sizeof(name));

	if (!scope->access_key.len || scope->access_key.len > ACCESS_KEY_MAX)
		return meta_status(S3_INVALID_ACCESS_KEY_ID);
	/* A point is the same for all days. */
	out_char(&o, algorithm == SIG_ECDSA ? 'E' : 'H');
	if (algorithm != SIG_ECDSA)
		out_str(&o, scope->whole);
	out_char(&o, '\n');
	out_str(&o, scope->access_key);
	return o.err ? meta_status(S3_INVALID_ACCESS_KEY_ID) :
		       get(g, name, o.len, fetch_key, &c, deadline, kept);
}

/* --- leases -------------------------------------------------------------------------- */

static int fetch_lease(struct gateway *g, struct kept_key *k, const void *arg, int64_t deadline)
{
	CLEANUP_ANSWER struct link_answer answer = LINK_ANSWER_NONE;
	const struct meta_policy *p = arg;
	const struct vault_ask ask = {
		.kind = VAULT_BUCKET, .owner = p->team, .number = p->bucket, .blob = p->key,
		.value = LEASE_MS,
	};
	struct vault_give give = { 0 };
	int rc = ask_vault(g, VAULT_LEASE, &ask, &give, &answer, deadline);

	if (rc)
		return rc;
	if (give.secret.len != sizeof(k->secret))
		return -EBADMSG;
	memcpy(k->secret, give.secret.data, sizeof(k->secret));
	k->until = io_after_ms(give.value < LEASE_MS ? give.value : LEASE_MS);
	return 0;
}

int gateway_lease(struct gateway *g, const struct meta_policy *policy, u8 key[32],
		  int64_t deadline)
{
	struct kept_key *k = NULL;
	char name[NAME_MAX_BYTES];
	struct out o = OUT(name, sizeof(name));
	int rc;

	out_char(&o, 'L');
	out_number(&o, policy->team);
	out_char(&o, '/');
	out_number(&o, policy->bucket);
	out_char(&o, '/');
	out_bytes(&o, policy->key.data, policy->key.len);
	if (o.err)
		return -EBADMSG;
	rc = get(g, name, o.len, fetch_lease, policy, deadline, &k);
	if (rc)
		return rc;
	memcpy(key, k->secret, sizeof(k->secret));
	/* The backend has named it, and the vault has opened it. */
	gateway_key_proven(g, k);
	gateway_key_put(g, k);
	return 0;
}

/* --- life ---------------------------------------------------------------------------- */

int gateway_keys_open(struct gateway *g)
{
	g->keys = calloc(1, sizeof(*g->keys));
	if (!g->keys)
		return -ENOMEM;
	g->keys->proven.most = PROVEN_MAX;
	g->keys->unproven.most = UNPROVEN_MAX;
	return 0;
}

static void sweep(struct gateway_keys *keys, struct kept_list *list, int64_t now)
{
	struct kept_key *k, *newer;

	for (k = list->oldest; k; k = newer) {
		newer = k->newer;
		if (k->ready && k->until <= now)
			unlist(keys, k);
	}
}

void gateway_keys_sweep(struct gateway *g)
{
	int64_t now = io_now();

	sweep(g->keys, &g->keys->proven, now);
	sweep(g->keys, &g->keys->unproven, now);
}

void gateway_keys_close(struct gateway *g)
{
	if (!g->keys)
		return;
	sweep(g->keys, &g->keys->proven, INT64_MAX);
	sweep(g->keys, &g->keys->unproven, INT64_MAX);
	free(g->keys);
	g->keys = NULL;
}
