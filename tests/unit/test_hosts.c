// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Machines that attest, to a backend: with two TPMs that are not ours (swtpm), honest and not.
 * Whatever is refused is refused for its own reason, and costs nobody else a lease.
 */
#include "hosts_util.h"

/* --- enrolling --------------------------------------------------------------------------- */

/* Nobody has named it: refused, but seen.  Then by its key, and judged. */
static int named(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct tpm_name other;
	struct machine a;
	struct site s;

	(void)arg;
	site_open(&s);
	machine_open(&a, &s, "a", "A");
	must_equal(begin(&a), 0);
	must(a.begun.enrol);
	must_equal(send_piece(&a, ATTEST_LOG_IMA, 0, "x", 1), -EKEYREJECTED);
	must_equal(enrol(&a), -EPERM);
	row_of(&s, "a", &arena, &row);
	must_equal(row.state, STORE_HOST_WAITING);
	must_equal(row.shown.len, a.ek_name.len);
	must(!memcmp(row.shown.data, a.ek_name.at, row.shown.len));
	/* Named, but another key; then without one, where no maker is believed. */
	other = a.ek_name;
	other.at[9] ^= 1;
	expect_host(&s, "a", &other);
	must_equal(enrol(&a), -EPERM);
	expect_host(&s, "a", NULL);
	must_equal(enrol(&a), -EPERM);
	expect_host(&s, "a", &a.ek_name);
	must_equal(enrol(&a), 0);
	must(!holds(&s, "a"));
	must(attest(&a, ENTRIES));
	row_of(&s, "a", &arena, &row);
	must_equal(row.state, STORE_HOST_ENROLLED);
	must(row.clock && row.enrolled && row.judged && row.trusted && row.lease > row.judged);
	/* Incremental: what is there is not sent again. */
	must_equal(begin(&a), 0);
	must_equal(a.begun.have[ATTEST_LOG_IMA], list_end[ENTRIES]);
	/* What the administrator has revoked stays so. */
	row.state = STORE_HOST_REVOKED;
	row.lease = 0;
	must_equal(host_keep(s.h.b.hosts, host_of(s.h.b.hosts, STR("a")), &row), 0);
	must(!holds(&s, "a"));
	must_equal(begin(&a), -EPERM);
	must_equal(enrol(&a), -EPERM);
	/* Also by who has read the row before; until it is named again. */
	row.state = STORE_HOST_ENROLLED;
	row.lease = row.judged + 1;
	must_equal(store_host_put(s.h.b.store, &row), -EKEYREJECTED);
	row.state = STORE_HOST_EXPECTED;
	must_equal(store_host_put(s.h.b.store, &row), -EKEYREJECTED);
	store_arena_free(&arena);
	row_of(&s, "a", &arena, &row);
	must(row.state == STORE_HOST_REVOKED && !row.lease);
	expect_host(&s, "a", &a.ek_name);
	must_equal(enrol(&a), 0);
	must(attest(&a, ENTRIES));
	device_close(a.device);
	store_arena_free(&arena);
	site_close(&s);
	return 0;
}

/* By certificates: each of its own key, and no host with the TPM of another. */
static int vouched(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct attest_enrol ask;
	struct machine a, b, c;
	struct site s;
	char why[HOST_LINE];
	u64 kept;

	(void)arg;
	site_open(&s);
	s.h.config.attest_roots = s.roots;
	s.h.config.attest_between = s.between;
	must_equal(hosts_read_roots(&s.h.config, &s.h.b.hosts->roots, why), 0);
	expect_host(&s, "a", NULL);
	expect_host(&s, "b", NULL);
	expect_host(&s, "c", NULL);
	machine_open(&a, &s, "a", "A");
	machine_open(&b, &s, "b", "B");
	/* The certificate of another key, none, and a damaged one. */
	ask = enrolment(&a);
	ask.certificate = (struct rpc_bytes){ b.cert, b.cert_len };
	must_equal(enrol_with(&a, &ask, &a), -EPERM);
	ask.certificate = (struct rpc_bytes){ NULL, 0 };
	must_equal(enrol_with(&a, &ask, &a), -EPERM);
	ask = enrolment(&a);
	a.cert[100] ^= 1;
	must_equal(enrol_with(&a, &ask, &a), -EPERM);
	a.cert[100] ^= 1;
	must_equal(enrol(&a), 0);
	must(attest(&a, ENTRIES));
	/* Somebody else's endorsement key: both are public, and the credential opens only there. */
	c = b;
	c.name = "c";
	c.link = call_as(&s, ROLE_ATTESTER, "c", false);
	c.ek = a.ek;
	memcpy(c.cert, a.cert, sizeof(c.cert));
	c.cert_len = a.cert_len;
	must_equal(enrol(&c), -EXDEV);
	must_equal(activate(&c, "01234567012345670123456701234567", 32), -EACCES);
	/* There is one try. */
	must_equal(activate(&c, "01234567012345670123456701234567", 32), -ESTALE);
	must_equal(begin(&c), 0);
	must(c.begun.enrol);
	/* And if it could be opened: a TPM is one host's. */
	c.ak = a.ak;
	ask = enrolment(&c);
	must_equal(enrol_with(&c, &ask, &a), -EPERM);
	row_of(&s, "c", &arena, &row);
	must(row.refused.len && row.shown.len == a.ek_name.len);
	/* That is told once: the second time there is only the try. */
	kept = s.h.b.hosts->kept;
	must_equal(enrol_with(&c, &ask, &a), -EPERM);
	must_equal(s.h.b.hosts->kept - kept, 2);
	/* Nor is an attestation key of another TPM taken with one's own endorsement key. */
	ask = enrolment(&b);
	ask.ak = (struct rpc_bytes){ a.ak.at, a.ak.len };
	must_equal(enrol_with(&b, &ask, &b), -EXDEV);
	/* Nor one that may sign anything, as the endorsement key is no attestation key. */
	ask.ak = ask.ek;
	must_equal(enrol_with(&b, &ask, &b), -EINVAL);
	/* Nobody else has lost anything by it. */
	must(holds(&s, "a"));
	must_equal(enrol(&b), 0);
	must(attest(&b, ENTRIES));
	/* A host that is known by its TPM does not get another one. */
	ask = enrolment(&a);
	ask.ek = (struct rpc_bytes){ b.ek.at, b.ek.len };
	ask.certificate = (struct rpc_bytes){ b.cert, b.cert_len };
	must_equal(enrol_with(&a, &ask, &b), -EPERM);
	must(attest(&a, ENTRIES));
	device_close(a.device);
	device_close(b.device);
	store_arena_free(&arena);
	site_close(&s);
	return 0;
}

/* --- evidence ---------------------------------------------------------------------------- */

/* What was said before is not said again, by nobody. */
static int replayed(void *arg)
{
	struct quoted old, new;
	struct machine a;
	struct site s;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	must_equal(begin(&a), 0);
	must_equal(send_list(&a, ENTRIES), 0);
	quote(&a, &a, &old);
	must_equal(say(&a, &old), 0);
	must(a.judged.trusted);
	must_equal(say(&a, &old), -ESTALE);
	must_equal(begin(&a), 0);
	must_equal(say(&a, &old), -ESTALE);
	/* That has cost nothing: the lease goes on as far as it goes. */
	must(holds(&s, "a"));
	/* Evidence without a question. */
	must_equal(begin(&a), 0);
	quote(&a, &a, &new);
	must_equal(begin(&a), 0);
	must_equal(say(&a, &new), -ESTALE);
	/* A new nonce around an old quote. */
	must_equal(begin(&a), 0);
	memcpy(old.nonce, a.begun.nonce, sizeof(old.nonce));
	must_equal(say(&a, &old), 0);
	must(!a.judged.trusted && !holds(&s, "a"));
	refused(&a, "nonce");
	/* Good again. */
	must(attest(&a, ENTRIES));
	device_close(a.device);
	site_close(&s);
	return 0;
}

/* Another TPM's quote; PCRs that were not quoted; a list that is behind, or another. */
static int forged(void *arg)
{
	struct machine a, b;
	struct quoted q;
	struct site s;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	enrolled(&s, &b, "b", "B");
	must(attest(&b, ENTRIES));
	must_equal(begin(&a), 0);
	must_equal(send_list(&a, ENTRIES), 0);
	quote(&a, &b, &q);
	must_equal(say(&a, &q), 0);
	refused(&a, "signature");
	must(!holds(&s, "a"));
	must(attest(&a, ENTRIES));
	must_equal(begin(&a), 0);
	quote(&a, &a, &q);
	q.pcrs[4 * 32] ^= 1;
	must_equal(say(&a, &q), 0);
	refused(&a, "not those that were quoted");
	must(!holds(&s, "a"));
	/* An attester that starts anew has another key, and the logs are sent anew. */
	must_equal(enrol(&a), 0);
	must(!attest(&a, ENTRIES - 1));
	refused(&a, "log incomplete");
	must(attest(&a, ENTRIES));
	/* It may be ahead: what comes behind is for the next quote. */
	must(attest(&a, ENTRIES + 1));
	must_equal(enrol(&a), 0);
	must_equal(begin(&a), 0);
	must_equal(send_piece(&a, ATTEST_LOG_IMA, 0, list_file.at + 1, 4000), 0);
	quote(&a, &a, &q);
	must_equal(say(&a, &q), 0);
	must(!a.judged.trusted && !holds(&s, "a"));
	must(holds(&s, "b"));
	device_close(a.device);
	device_close(b.device);
	site_close(&s);
	return 0;
}

/* The TPM has counted more before, as one that was set back has: until it is enrolled anew. */
static int set_back(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct machine a;
	struct site s;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	must(attest(&a, ENTRIES));
	row_of(&s, "a", &arena, &row);
	row.clock += 1000000;
	must_equal(host_keep(s.h.b.hosts, host_of(s.h.b.hosts, STR("a")), &row), 0);
	must(!attest(&a, ENTRIES));
	refused(&a, "clock");
	/* What was counted is not forgotten by what is refused. */
	must(!attest(&a, ENTRIES));
	row_of(&s, "a", &arena, &row);
	row.resets += 1;
	row.clock = 1;
	must_equal(host_keep(s.h.b.hosts, host_of(s.h.b.hosts, STR("a")), &row), 0);
	must(!attest(&a, ENTRIES));
	refused(&a, "reset less often");
	expect_host(&s, "a", &a.ek_name);
	must_equal(enrol(&a), 0);
	must(attest(&a, ENTRIES));
	device_close(a.device);
	store_arena_free(&arena);
	site_close(&s);
	return 0;
}

/* Logs of a host that has booted since are of before: it sends them all again. */
static int booted(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct quoted q;
	struct machine a;
	struct site s;
	char path[128];

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	must(attest(&a, ENTRIES));
	row_of(&s, "a", &arena, &row);
	must(row.resets);
	row.resets--;
	must_equal(host_keep(s.h.b.hosts, host_of(s.h.b.hosts, STR("a")), &row), 0);
	host_of(s.h.b.hosts, STR("a"))->log[ATTEST_LOG_IMA].at[9] ^= 1;
	must_equal(begin(&a), 0);
	must_equal(a.begun.have[ATTEST_LOG_IMA], list_end[ENTRIES]);
	quote(&a, &a, &q);
	must_equal(say(&a, &q), -ESTALE);
	must(attest(&a, ENTRIES));
	/* One that is bad is told so: it is asked again once for each time that it boots. */
	row_of(&s, "a", &arena, &row);
	row.resets--;
	must_equal(host_keep(s.h.b.hosts, host_of(s.h.b.hosts, STR("a")), &row), 0);
	put_policy("a", BAD_POLICY);
	must(!attest(&a, ENTRIES));
	refused(&a, "pcr-value: PCR 4");
	snprintf(path, sizeof(path), "%s/policies/a.json", top);
	must_equal(unlink(path), 0);
	device_close(a.device);
	store_arena_free(&arena);
	site_close(&s);
	return 0;
}

static int oversized(void *arg)
{
	static const u64 most[ATTEST_LOGS] = { ATTEST_LOG_MAX, 1u << 20 };
	static u8 zeros[ATTEST_PIECE_MAX];
	struct machine a;
	struct site s;
	u8 log;
	u64 at;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	must_equal(begin(&a), 0);
	must_equal(send_piece(&a, ATTEST_LOG_IMA, 1, "x", 1), -ESTALE);
	must_equal(send_piece(&a, ATTEST_LOG_IMA, UINT64_MAX, "x", 1), -ESTALE);
	must_equal(send_piece(&a, ATTEST_LOGS, 0, "x", 1), -EINVAL);
	must_equal(send_piece(&a, ATTEST_LOG_IMA, 0, "", 0), -EINVAL);
	for (log = 0; log < ATTEST_LOGS; log++) {
		for (at = 0; at < most[log]; at += sizeof(zeros))
			must_equal(send_piece(&a, log, at, zeros, sizeof(zeros)), 0);
		must_equal(send_piece(&a, log, at, "x", 1), -EFBIG);
	}
	must_equal(begin(&a), 0);
	must_equal(a.begun.have[ATTEST_LOG_IMA], 1u << 20);
	must(!attest(&a, 0));
	/* From the start again, with another key. */
	must_equal(enrol(&a), 0);
	must(attest(&a, ENTRIES));
	device_close(a.device);
	site_close(&s);
	return 0;
}

/* --- messages ---------------------------------------------------------------------------- */

struct raw {
	struct rpc_bytes bytes;
};

static const struct rpc_field raw_fields[] = { RPC_BYTES(struct raw, bytes, 1u << 20) };
static const struct rpc_schema raw_schema = RPC_SCHEMA("raw", struct raw, raw_fields);

/* Bytes in which no message is; keys and quotes that are none. */
static int malformed(void *arg)
{
	static const u16 all[] = {
		ATTEST_ENROL, ATTEST_ACTIVATE, ATTEST_PIECE, ATTEST_EVIDENCE,
	};
	struct attest_enrol ask;
	struct machine a;
	struct quoted q;
	struct site s;
	u8 noise[300];
	unsigned int i, len;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	srand(1);
	for (len = 0; len < sizeof(noise); len += 7) {
		ANSWER answer = LINK_ANSWER_NONE;
		const struct raw raw = { { noise, len } };

		for (i = 0; i < len; i++)
			noise[i] = rand();
		must(ask_link(a.link, all[len % ARRAY_SIZE(all)], &raw_schema, &raw, NULL, NULL,
			      &answer) < 0);
	}
	/* Truncated at each byte. */
	for (len = 0; len < a.ek.len; len++) {
		ask = enrolment(&a);
		ask.ek.len = len;
		must_equal(enrol_with(&a, &ask, &a), -EINVAL);
	}
	for (len = 0; len < a.ak.len; len++) {
		ask = enrolment(&a);
		ask.ak.len = len;
		must_equal(enrol_with(&a, &ask, &a), -EINVAL);
	}
	for (len = 0; len < 150; len += 15) {
		must_equal(begin(&a), 0);
		must_equal(send_list(&a, ENTRIES), 0);
		quote(&a, &a, &q);
		q.message.len = len < q.message.len ? len : 0;
		must_equal(say(&a, &q), 0);
		must(!a.judged.trusted && !holds(&s, "a"));
	}
	must(attest(&a, ENTRIES));
	device_close(a.device);
	site_close(&s);
	return 0;
}

/* --- policies ---------------------------------------------------------------------------- */

/* Another policy counts from the next evidence on, and the verdict says what was wrong. */
static int judged(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct machine a;
	struct site s;
	char path[128];

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	must(attest(&a, ENTRIES));
	put_policy("a", BAD_POLICY);
	must(!attest(&a, ENTRIES));
	refused(&a, "pcr-value: PCR 4");
	row_of(&s, "a", &arena, &row);
	must(!row.trusted && !row.lease);
	must(memmem(row.verdict.data, row.verdict.len, "\"policy\":\"bad\"", 14));
	must(memmem(row.verdict.data, row.verdict.len, "\"pcr\":4", 7));
	put_policy("a", "{");
	must(!attest(&a, ENTRIES));
	refused(&a, "policy: ");
	snprintf(path, sizeof(path), "%s/policies/a.json", top);
	must_equal(unlink(path), 0);
	must(attest(&a, ENTRIES));
	snprintf(path, sizeof(path), "%s/policies/default.json", top);
	must_equal(unlink(path), 0);
	must(!attest(&a, ENTRIES));
	refused(&a, "there is no policy");
	device_close(a.device);
	store_arena_free(&arena);
	site_close(&s);
	return 0;
}

/* --- leases ------------------------------------------------------------------------------ */

/* Who says nothing any more: its lease ends, once, and not the other's. */
static int lapses(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct machine a, b;
	struct site s;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	enrolled(&s, &b, "b", "B");
	must(attest(&b, ENTRIES));
	s.h.config.attest_lease_ms = 300;
	must(attest(&a, ENTRIES));
	must_equal(io_sleep_until(io_after_ms(350)), 0);
	must(!holds(&s, "a") && holds(&s, "b"));
	do {
		must_equal(io_sleep_until(io_after_ms(20)), 0);
		row_of(&s, "a", &arena, &row);
	} while (row.lease);
	must(row.trusted);
	/* It is back. */
	s.h.config.attest_lease_ms = LEASE_MS;
	must(attest(&a, ENTRIES));
	device_close(a.device);
	device_close(b.device);
	store_arena_free(&arena);
	site_close(&s);
	return 0;
}

/* The verifier starts anew: leases and counters hold, logs and nonces do not. */
static int restarted(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct machine a;
	struct quoted q;
	struct site s;
	u64 clock;

	(void)arg;
	site_open(&s);
	enrolled(&s, &a, "a", "A");
	must(attest(&a, ENTRIES));
	must_equal(begin(&a), 0);
	quote(&a, &a, &q);
	row_of(&s, "a", &arena, &row);
	clock = row.clock;
	link_close(s.h.link);
	while (s.h.served == 1)
		must_equal(io_sleep_until(io_after_ms(1)), 0);
	hang_up(&s);
	s.h.run.stopping = true;
	end_ticking(&s);
	backend_close(&s.h.b);
	s.h.run.stopping = false;
	must_equal(backend_open(&s.h.b, &s.h.run), 0);
	must_equal(hosts_start(&s.h.b, &s.ticking), 0);
	must_equal(link_open(&s.h.link, NULL, &s.h.group), 0);
	home_connect(&s.h);
	must(holds(&s, "a"));
	a.link = call_as(&s, ROLE_ATTESTER, "a", false);
	must_equal(say(&a, &q), -ESTALE);
	must_equal(begin(&a), 0);
	must(!a.begun.enrol);
	must_equal(a.begun.have[ATTEST_LOG_IMA], 0);
	row_of(&s, "a", &arena, &row);
	must_equal(row.clock, clock);
	must(attest(&a, ENTRIES));
	device_close(a.device);
	store_arena_free(&arena);
	site_close(&s);
	return 0;
}

static int list_as(struct link *link)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_list ask = {
		.caller = caller_of(OWNER), .bucket = rtext("photos"), .max = 1000,
	};
	struct meta_listing give;
	const struct link_call call = {
		META_LIST, &meta_list_schema, &ask, -1, &meta_listing_schema, &give, 512u << 10,
	};

	return link_do(link, &call, &answer, SOON);
}

static int derive_as(struct link *link)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct vault_ask ask = { .kind = VAULT_API_SECRET };
	struct vault_give give;
	const struct link_call call = {
		VAULT_DERIVE, &vault_ask_schema, &ask, -1, &vault_give_schema, &give, 0,
	};

	return link_do(link, &call, &answer, io_after_ms(1000));
}

static void until_vault(struct link *link, int rc)
{
	int64_t end = SOON;

	while (derive_as(link) != rc) {
		must(io_now() < end);
		must_equal(io_sleep_until(io_after_ms(5)), 0);
	}
}

static unsigned int life_for(struct site *s, u32 peer, const char *host)
{
	const struct link_request request = { .ctx = &s->h.b, .peer = peer, .host = host };

	return hosts_url_life(&request);
}

/* Who needs a lease and holds none gets nothing, of the backend or the vault; others go on. */
static int needed(void *arg)
{
	struct link *a_meta, *b_meta, *a_vault, *b_vault;
	struct machine a;
	struct site s;

	(void)arg;
	site_open(&s);
	s.h.config.attest_required = true;
	s.h.config.attest_hosts = (char *)"a  c";
	s.h.config.attest_url_ms = 3000;
	leases_init(&s.h.vault.leases, &s.h.config);
	must_equal(make_bucket(&s.h, OWNER, "photos"), 0);
	enrolled(&s, &a, "a", "A");
	a_meta = call_as(&s, ROLE_GATEWAY, "a", false);
	b_meta = call_as(&s, ROLE_GATEWAY, "b", false);
	a_vault = call_as(&s, ROLE_GATEWAY, "a", true);
	b_vault = call_as(&s, ROLE_GATEWAY, "b", true);
	must_equal(list_as(a_meta), REFUSED(SERVICE_UNAVAILABLE));
	must_equal(list_as(b_meta), 0);
	/* Nobody has told the vault of anything yet. */
	must_equal(derive_as(a_vault), -ETIMEDOUT);
	/* What is refused there then is the question, not who asks. */
	must_equal(derive_as(b_vault), -EINVAL);
	must_equal(hosts_start(&s.h.b, &s.ticking), 0);
	until_vault(a_vault, -EACCES);
	must(attest(&a, ENTRIES));
	must_equal(list_as(a_meta), 0);
	must_equal(life_for(&s, ROLE_GATEWAY, "a"), 3);
	must_equal(life_for(&s, ROLE_GATEWAY, "b"), 0);
	must_equal(life_for(&s, ROLE_EDGE, "a"), 0);
	until_vault(a_vault, -EINVAL);
	put_policy("a", BAD_POLICY);
	must(!attest(&a, ENTRIES));
	must_equal(list_as(a_meta), REFUSED(SERVICE_UNAVAILABLE));
	until_vault(a_vault, -EACCES);
	must_equal(list_as(b_meta), 0);
	must_equal(derive_as(b_vault), -EINVAL);
	put_policy("a", GOOD_POLICY);
	must(attest(&a, ENTRIES));
	must_equal(list_as(a_meta), 0);
	until_vault(a_vault, -EINVAL);
	put_policy("a", GOOD_POLICY);
	device_close(a.device);
	site_close(&s);
	return 0;
}

/* --- who is told ---------------------------------------------------------------------------- */

#define POSTED	300u

/* A webhook at which nobody is costs what fits the queue, and no more. */
static int unheard(void *arg)
{
	struct config config = {
		.attest_webhook = (char *)"http://127.0.0.1:1/told", .attest_webhook_ca = (char *)"",
	};
	struct webhook_counts counts;
	struct webhook *w = NULL;
	struct io_group group;
	unsigned int i;

	(void)arg;
	io_group_init(&group);
	config.attest_webhook = (char *)"nowhere";
	must_equal(webhook_open(&w, &config, NULL, &group), -EINVAL);
	webhook_close(w);
	config.attest_webhook = (char *)"http://127.0.0.1:1/told";
	must_equal(webhook_open(&w, &config, NULL, &group), 0);
	webhook_post(w, json_pack("{s:i}", "number", 0));
	/* The first is on its way. */
	must_equal(io_sleep_until(io_after_ms(50)), 0);
	for (i = 1; i < POSTED; i++)
		webhook_post(w, json_pack("{s:i}", "number", i));
	webhook_counts(w, &counts);
	must_equal(counts.dropped, POSTED - 1 - 256);
	must_equal(counts.posted, 0);
	must_equal(counts.failed, 0);
	io_group_end(&group);
	webhook_close(w);
	return 0;
}

#define CASE(name) \
	static void test_##name(void **state) \
	{ \
		assert_int_equal(on_loop(state, name, NULL), 0); \
	}

CASE(named)
CASE(vouched)
CASE(replayed)
CASE(forged)
CASE(set_back)
CASE(booted)
CASE(oversized)
CASE(malformed)
CASE(judged)
CASE(lapses)
CASE(restarted)
CASE(needed)
CASE(unheard)

#define ON_EPOLL(fn)	{ #fn, fn, NULL, NULL, (void *)"epoll" }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EPOLL(test_named), ON_EPOLL(test_vouched), ON_EPOLL(test_replayed),
		ON_EPOLL(test_forged), ON_EPOLL(test_set_back), ON_EPOLL(test_booted),
		ON_EPOLL(test_oversized),
		ON_EPOLL(test_malformed), ON_EPOLL(test_judged), ON_EPOLL(test_lapses),
		ON_EPOLL(test_restarted), ON_EPOLL(test_needed), ON_EPOLL(test_unheard),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
