// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verifier, between a real backend and a real vault: an honest backend carries statements, and
 * one that was broken into makes no lease, whatever it writes into its store or asks for.
 */
#include "hosts_util.h"

#include "../../user/skyd/verifier.h"

struct court {
	struct site s;
	struct verifier v;
	struct io_stream end;
	char key[96], public[112];
};

static int serve_verifier(void *arg)
{
	struct court *c = arg;
	struct link_service service;

	verifier_service(&c->v, ROLE_BACKEND, &service);
	link_serve(&service, &c->end);
	io_stream_close(&c->end);
	return 0;
}

/* As the parent does when a verifier has started. */
static void start_verifier(struct court *c)
{
	int fd[2];

	must_equal(verifier_prepare(&c->v, &c->s.h.config), 0);
	must_equal(verifier_open(&c->v), 0);
	stream_pair(fd);
	io_stream_socket(&c->end, fd[0]);
	must_equal(io_spawn(&c->s.h.group, serve_verifier, c, NULL), 0);
	link_attach(c->s.h.b.verifier, fd[1]);
}

static void open_court(struct court *c)
{
	RUN(0, "rm -rf %s/court %s/policies/*.ek; mkdir -m 755 %s/court", top, top, top);
	memset(c, 0, sizeof(*c));
	site_open(&c->s);
	snprintf(c->key, sizeof(c->key), "%s/court/key", top);
	snprintf(c->public, sizeof(c->public), "%s.pub", c->key);
	c->s.h.config.attest_required = true;
	c->s.h.config.attest_verifier_key = c->key;
	leases_init(&c->s.h.vault.leases, &c->s.h.config);
	must_equal(proofs_open(&c->s.h.vault.proofs, c->public), 0);
	must_equal(link_open(&c->s.h.b.verifier, NULL, &c->s.h.group), 0);
	start_verifier(c);
	/* Its fiber that tells the vault is begun where leases are required. */
	end_ticking(&c->s);
	must_equal(hosts_start(&c->s.h.b, &c->s.ticking), 0);
}

static void close_court(struct court *c)
{
	struct link *verifier = c->s.h.b.verifier;

	hang_up(&c->s);
	end_ticking(&c->s);
	link_close(verifier);
	must_equal(io_sleep_until(io_after_ms(20)), 0);
	verifier_close(&c->v);
	site_close(&c->s);
}

/* The administrator's file. */
static void put_down(const char *host, const struct tpm_name *ek)
{
	char path[128], text[2 * TPM_NAME_MAX + 2];

	hex_encode(ek->at, ek->len, text);
	strcat(text, "\n");
	snprintf(path, sizeof(path), "%s/policies/%s.ek", top, host);
	must_equal(file_write_atomic(path, text, strlen(text), 0600), 0);
}

/* What the vault would give a gateway on that host: at last, as it is told by another fiber. */
static bool proven(struct court *c, const char *host, bool want)
{
	unsigned int i;

	for (i = 0; i < 200; i++) {
		if ((vault_lease_left(&c->s.h.vault, str_of(host)) > 0) == want)
			return want;
		must_equal(io_sleep_until(io_after_ms(20)), 0);
	}
	return !want;
}

/* It is not, and does not become so when the backend has told all again. */
static bool never_proven(struct court *c, const char *host)
{
	unsigned int i;

	for (i = 0; i < 12; i++) {
		io_event_set(&c->s.h.b.hosts->changed);
		must_equal(io_sleep_until(io_after_ms(25)), 0);
		if (vault_lease_left(&c->s.h.vault, str_of(host)) > 0)
			return false;
	}
	/* And that was the vault's own doing: the backend says that it holds one. */
	must(lease_held(&c->s.h.vault.leases, str_of(host), io_now()));
	return true;
}

static int ask_verifier(struct court *c, u16 operation, const struct verifier_ask *question,
			const struct rpc_schema *give, void *reply, struct link_answer *answer)
{
	return ask_link(c->s.h.b.verifier, operation, &verifier_ask_schema, question, give, reply,
			answer);
}

/* --- honest ------------------------------------------------------------------------------ */

static int honest(void *arg)
{
	struct court c;
	struct machine a;

	(void)arg;
	open_court(&c);
	machine_open(&a, &c.s, "a", "A");
	expect_host(&c.s, "a", &a.ek_name);
	/* The backend would let it in, and the verifier knows nothing of it. */
	must_equal(enrol(&a), -EPERM);
	put_down("a", &a.ek_name);
	must_equal(enrol(&a), 0);
	must(attest(&a, ENTRIES));
	must(proven(&c, "a", true));
	must(vault_lease_left(&c.s.h.vault, STR("a")) <= (LEASE_MS + 1000) * 1000000ll);
	must(!!vault_lease_policy(&c.s.h.vault, STR("a")));
	/* Round after round, and only what is new of the list. */
	must(attest(&a, ENTRIES));
	must_equal(begin(&a), 0);
	must_equal(c.s.h.b.hosts->first->verifier_has[ATTEST_LOG_IMA], list_end[ENTRIES]);
	/* A vault that has started anew is told again. */
	proofs_free(&c.s.h.vault.proofs);
	must_equal(proofs_open(&c.s.h.vault.proofs, c.public), 0);
	must(proven(&c, "a", true));
	/* A backend that has, from its store. */
	free(c.s.h.b.hosts->first->statement);
	c.s.h.b.hosts->first->statement = NULL;
	c.s.h.b.hosts->first->told = 0;
	proofs_free(&c.s.h.vault.proofs);
	must_equal(proofs_open(&c.s.h.vault.proofs, c.public), 0);
	must(proven(&c, "a", true));
	/* What it must not run ends it, and what it may begins it again. */
	put_policy("a", BAD_POLICY);
	must(!attest(&a, ENTRIES));
	must(!proven(&c, "a", false));
	must_equal(proof_left(&c.s.h.vault.proofs, STR("a"), io_now()), 0);
	RUN(0, "rm %s/policies/a.json", top);
	must_equal(io_sleep_until(io_after_ms(1100)), 0);
	must(attest(&a, ENTRIES));
	must(proven(&c, "a", true));
	device_close(a.device);
	close_court(&c);
	return 0;
}

/* A verifier that has started anew has the host enrol, and nobody notices. */
static int restarted(void *arg)
{
	struct court c;
	struct machine a;
	struct link *old;

	(void)arg;
	open_court(&c);
	machine_open(&a, &c.s, "a", "A");
	expect_host(&c.s, "a", &a.ek_name);
	put_down("a", &a.ek_name);
	must_equal(enrol(&a), 0);
	must(attest(&a, ENTRIES));
	must(proven(&c, "a", true));
	old = c.s.h.b.verifier;
	must_equal(link_open(&c.s.h.b.verifier, NULL, &c.s.h.group), 0);
	link_close(old);
	must_equal(io_sleep_until(io_after_ms(20)), 0);
	verifier_close(&c.v);
	start_verifier(&c);
	must_equal(begin(&a), 0);
	must(a.begun.enrol);
	must(holds(&c.s, "a") && proven(&c, "a", true));
	must_equal(enrol(&a), 0);
	must(attest(&a, ENTRIES));
	must(proven(&c, "a", true));
	device_close(a.device);
	close_court(&c);
	return 0;
}

/* --- a backend that was broken into ------------------------------------------------------ */

/* A lease in its store that nobody has given; with what the verifier has said of another host. */
static int forged_row(void *arg)
{
	STORE_ARENA arena = { 0 };
	struct store_host row;
	struct machine a;
	struct court c;
	char *stolen;

	(void)arg;
	open_court(&c);
	machine_open(&a, &c.s, "a", "A");
	expect_host(&c.s, "a", &a.ek_name);
	put_down("a", &a.ek_name);
	must_equal(enrol(&a), 0);
	must(attest(&a, ENTRIES));
	must(proven(&c, "a", true));
	row_of(&c.s, "a", &arena, &row);
	/* No one's. */
	row.name = stext("evil");
	row.ek = (struct store_text){ 0 };
	row.lease = backend_now() + LEASE_MS * 1000;
	row.token = (struct store_text){ 0 };
	must_equal(host_keep(c.s.h.b.hosts, host_of(c.s.h.b.hosts, STR("evil")), &row), 0);
	must(holds(&c.s, "evil"));
	must(never_proven(&c, "evil"));
	/* With a's statement. */
	row_of(&c.s, "a", &arena, &row);
	stolen = strndup(row.token.data, row.token.len);
	host_state(c.s.h.b.hosts, host_of(c.s.h.b.hosts, STR("evil")), stolen);
	must(never_proven(&c, "evil"));
	must_equal(c.s.h.b.hosts->first->told, c.s.h.vault.proofs.id);
	free(stolen);
	/* And a's lease made longer. */
	row.lease = backend_now() + 30ull * LEASE_MS * 1000;
	c.s.h.config.attest_lease_ms = 30 * LEASE_MS;
	must_equal(host_keep(c.s.h.b.hosts, host_of(c.s.h.b.hosts, STR("a")), &row), 0);
	io_event_set(&c.s.h.b.hosts->changed);
	must_equal(io_sleep_until(io_after_ms(100)), 0);
	must(lease_left(&c.s.h.vault.leases, STR("a"), io_now()) > 20ll * LEASE_MS * 1000000);
	must(vault_lease_left(&c.s.h.vault, STR("a")) <= (LEASE_MS + 1000) * 1000000ll);
	store_arena_free(&arena);
	device_close(a.device);
	close_court(&c);
	return 0;
}

/* It has a TPM of its own, and asks the verifier for what it would like. */
static int own_tpm(void *arg)
{
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER begun_answer = LINK_ANSWER_NONE;
	ANSWER judged_answer = LINK_ANSWER_NONE;
	struct attest_credential credential;
	struct verifier_begun begun;
	struct verifier_judged judged;
	struct verifier_evidence evidence = { .host = rtext("a") };
	struct machine a, b;
	struct quoted q;
	struct court c;

	(void)arg;
	open_court(&c);
	machine_open(&a, &c.s, "a", "A");
	machine_open(&b, &c.s, "b", "B");
	put_down("a", &a.ek_name);
	/* As host a, with the endorsement key of b. */
	must_equal(ask_verifier(&c, VERIFIER_ENROL, &(struct verifier_ask){ .host = rtext("a"),
				.ek = { b.ek.at, b.ek.len }, .ak = { b.ak.at, b.ak.len } },
				&attest_credential_schema, &credential, &answer), -EPERM);
	link_answer_free(&answer);
	/* With a's, and an attestation key of b: only a's TPM could open it. */
	must_equal(ask_verifier(&c, VERIFIER_ENROL, &(struct verifier_ask){ .host = rtext("a"),
				.ek = { a.ek.at, a.ek.len }, .ak = { b.ak.at, b.ak.len } },
				&attest_credential_schema, &credential, &answer), 0);
	link_answer_free(&answer);
	must_equal(ask_verifier(&c, VERIFIER_ACTIVATE, &(struct verifier_ask){ .host = rtext("a"),
				.data = rtext("01234567012345670123456701234567") }, NULL, NULL,
				&answer), -EACCES);
	must_equal(ask_verifier(&c, VERIFIER_PIECE, &(struct verifier_ask){ .host = rtext("a"),
				.data = rtext("x") }, NULL, NULL, &answer), -EKEYREJECTED);
	/* Names that would be other files. */
	must_equal(ask_verifier(&c, VERIFIER_BEGIN, &(struct verifier_ask){
				.host = rtext("../a") }, &verifier_begun_schema, &begun, &answer),
		   -EINVAL);
	must_equal(ask_verifier(&c, VERIFIER_BEGIN, &(struct verifier_ask){ .host = rtext(".a") },
				&verifier_begun_schema, &begun, &answer), -EINVAL);
	/* The honest a enrols; then a quote of b for the verifier's nonce. */
	expect_host(&c.s, "a", &a.ek_name);
	must_equal(enrol(&a), 0);
	must_equal(ask_verifier(&c, VERIFIER_BEGIN, &(struct verifier_ask){ .host = rtext("a"),
				.ak = { a.ak.at, a.ak.len } }, &verifier_begun_schema, &begun,
				&begun_answer), 0);
	must(!begun.enrol);
	a.begun = (struct attest_begun){ .bank = TPM_ALG_SHA256, .mask = 0xffffff };
	memcpy(a.begun.nonce, begun.nonce, sizeof(begun.nonce));
	quote(&a, &b, &q);
	memcpy(evidence.said.nonce, q.nonce, sizeof(q.nonce));
	evidence.said.message = (struct rpc_bytes){ q.message.at, q.message.len };
	evidence.said.signature = (struct rpc_bytes){ q.signature.at, q.signature.len };
	evidence.said.pcrs = (struct rpc_bytes){ q.pcrs, sizeof(q.pcrs) };
	must_equal(ask_link(c.s.h.b.verifier, VERIFIER_JUDGE, &verifier_evidence_schema, &evidence,
			    &verifier_judged_schema, &judged, &judged_answer), 0);
	must(!judged.trusted && judged.why.len);
	link_answer_free(&judged_answer);
	/* Once more for the same nonce, and for one that it has made up. */
	must_equal(ask_link(c.s.h.b.verifier, VERIFIER_JUDGE, &verifier_evidence_schema, &evidence,
			    &verifier_judged_schema, &judged, &judged_answer), -ESTALE);
	/* What was said of it by the verifier opens nothing. */
	must_equal(vault_lease_left(&c.s.h.vault, STR("a")), 0);
	must(attest(&a, ENTRIES));
	must(proven(&c, "a", true));
	/* The administrator takes the name back: from then on nothing is stated of it. */
	RUN(0, "rm %s/policies/a.ek", top);
	must_equal(begin(&a), 0);
	must_equal(send_list(&a, ENTRIES), 0);
	quote(&a, &a, &q);
	must_equal(say(&a, &q), 0);
	must(!c.v.first->bound);
	must_equal(begin(&a), 0);
	must(a.begun.enrol);
	must_equal(enrol(&a), -EPERM);
	device_close(a.device);
	device_close(b.device);
	close_court(&c);
	return 0;
}

/* --- its key ----------------------------------------------------------------------------- */

static void test_key(void **state)
{
	static const char *const wrong[] = {
		"chmod 644 key", "echo x >key", "chmod 777 .", "chown nobody key", "chown nobody .",
		"chmod 775 policies", "chown nobody policies", "rmdir policies",
	};
	char path[96];
	char policies[96];
	struct config config = { .attest_verifier_key = path, .attest_policies = policies };
	struct verifier v;
	unsigned int i;

	(void)state;
	snprintf(path, sizeof(path), "%s/court/key", top);
	snprintf(policies, sizeof(policies), "%s/court/policies", top);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (strstr(wrong[i], "chown") && getuid())
			continue;
		RUN(0, "rm -rf %s/court; mkdir -m 755 %s/court %s/court/policies", top, top, top);
		assert_int_equal(verifier_prepare(&v, &config), 0);
		verifier_close(&v);
		RUN(0, "stat -c '%%a' %s/court/key %s/court/key.pub", top, top);
		heard("600\n644\n");
		RUN(0, "cd %s/court && %s", top, wrong[i]);
		assert_true(verifier_prepare(&v, &config) < 0);
		verifier_close(&v);
	}
}

#define CASE(name) \
	static void test_##name(void **state) \
	{ \
		assert_int_equal(on_loop(state, name, NULL), 0); \
	}

CASE(honest)
CASE(restarted)
CASE(forged_row)
CASE(own_tpm)

#define ON_EPOLL(fn)	{ #fn, fn, NULL, NULL, (void *)"epoll" }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EPOLL(test_honest), ON_EPOLL(test_restarted), ON_EPOLL(test_forged_row),
		ON_EPOLL(test_own_tpm), cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests_name("verifier", tests, setup, teardown);
}
