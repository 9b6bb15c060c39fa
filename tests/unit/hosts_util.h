/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of machines that attest: a backend with its vault, two TPMs (swtpm), an attester. */
#ifndef TEST_HOSTS_UTIL_H
#define TEST_HOSTS_UTIL_H

#include "backend_util.h"
#include "tpm_fake.h"
#include "tpm_swtpm.h"

#include "../../user/skyd/hosts.h"
#include "tpm/ima.h"
#include "tpm_esys/device.h"

#define ENTRIES		3u	/* of IMA's list, that PCR 10 of both TPMs has */
#define LEASE_MS	60000u

static char top[64] = "/tmp/test_hosts.XXXXXX";
static struct file list_file;			/* IMA's list, all of it */
static size_t list_end[ENTRIES + 2];		/* bytes of the first entries */

/* --- TPMs -------------------------------------------------------------------------------- */

static inline void on_tpm(const char *name, const char *command)
{
	RUN(0, "TPM2TOOLS_TCTI=swtpm:path=%s/%s/s TSS2_LOG=all+NONE; export TPM2TOOLS_TCTI TSS2_LOG; %s",
	    top, name, command);
}

/* Both have measured the same files. */
static inline void measure(void)
{
	const struct tpm_alg *alg = tpm_alg_by_id(TPM_ALG_SHA256);
	uint8_t digest[TPM_DIGEST_MAX];
	char command[200], hex[2 * TPM_DIGEST_MAX + 1];
	struct ima_list list;
	struct ima_entry e;
	unsigned int i;

	list_file = fixture("ovmf-uki-quote", "ima_binary");
	assert_int_equal(ima_open(&list, list_file.at, list_file.len, NULL), 0);
	for (i = 0; i < ENTRIES + 1; i++) {
		assert_int_equal(ima_next(&list, &e), 1);
		list_end[i + 1] = list.offset;
		if (i >= ENTRIES)
			continue;
		assert_int_equal(ima_digest(&e, alg, digest), 0);
		hex_encode(digest, alg->size, hex);
		snprintf(command, sizeof(command), "tpm2_pcrextend 10:sha256=%s", hex);
		on_tpm("A", command);
		on_tpm("B", command);
	}
}

static inline int setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(top));
	setenv("TSS2_LOG", "all+NONE", 1);
	swtpm_authority(top);
	swtpm_start(top, "A");
	swtpm_start(top, "B");
	measure();
	RUN(0, "cd %s && mkdir policies && cat ca/swtpm-localca-rootca-cert.pem >roots.pem", top);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	file_free(&list_file);
	swtpm_stop(top, "A");
	swtpm_stop(top, "B");
	return sh("rm -rf %s", top);
}

/* --- a backend, and what asks it --------------------------------------------------------- */

struct site;

struct caller {
	struct site *s;
	enum role role;
	const char *host;
	bool vault;			/* asks that one instead */
	struct io_stream end;
	struct link *link;
};

struct site {
	struct home h;
	char policies[96], roots[96], between[96];
	struct caller callers[8];
	unsigned int count;
	struct io_group serving, ticking;
};

static inline int serve(void *arg)
{
	struct caller *c = arg;
	struct link_service service;

	if (c->vault)
		vault_service(&c->s->h.vault, c->role, &service);
	else
		backend_service(&c->s->h.b, c->role, &service);
	service.host = c->host;
	link_serve(&service, &c->end);
	io_stream_close(&c->end);
	return 0;
}

static inline struct link *call_as(struct site *s, enum role as, const char *host, bool vault)
{
	const struct link_options options = { .body_max = META_LINK_MAX };
	struct caller *c = &s->callers[s->count++];
	int fd[2];

	must(s->count <= ARRAY_SIZE(s->callers));
	*c = (struct caller){ .s = s, .role = as, .host = host, .vault = vault };
	stream_pair(fd);
	io_stream_socket(&c->end, fd[0]);
	must_equal(io_spawn(&s->serving, serve, c, NULL), 0);
	must_equal(link_open(&c->link, &options, &s->serving), 0);
	link_attach(c->link, fd[1]);
	return c->link;
}

static inline void put_policy(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/policies/%s.json", top, name);
	must_equal(file_write_atomic(path, text, strlen(text), 0600), 0);
}

#define GOOD_POLICY \
	"{\"version\":1,\"name\":\"good\",\"pcrs\":{\"4\":[\"" \
	"0000000000000000000000000000000000000000000000000000000000000000\"]}," \
	"\"ima\":{\"files\":[{\"path\":\"/*\"}],\"boot_aggregate\":false}}"
#define BAD_POLICY \
	"{\"version\":1,\"name\":\"bad\",\"pcrs\":{\"4\":[\"" \
	"1111111111111111111111111111111111111111111111111111111111111111\"]}}"

static inline void site_open(struct site *s)
{
	memset(s, 0, sizeof(*s));
	io_group_init(&s->serving);
	io_group_init(&s->ticking);
	put_policy("default", GOOD_POLICY);
	home_open(&s->h);
	s->h.config.attest_policies = s->policies;
	s->h.config.attest_lease_ms = LEASE_MS;
	s->h.config.attest_list = 1;
	s->h.config.attest_hosts = (char *)"";
	snprintf(s->policies, sizeof(s->policies), "%s/policies", top);
	snprintf(s->roots, sizeof(s->roots), "%s/roots.pem", top);
	snprintf(s->between, sizeof(s->between), "%s/ca/issuer.pem", top);
	must_equal(hosts_start(&s->h.b, &s->ticking), 0);
}

static inline void hang_up(struct site *s)
{
	while (s->count)
		link_close(s->callers[--s->count].link);
	io_group_end(&s->serving);
	io_group_init(&s->serving);
}

/* As a process does that ends. */
static inline void end_ticking(struct site *s)
{
	io_group_end(&s->ticking);
	io_group_init(&s->ticking);
}

static inline void site_close(struct site *s)
{
	hang_up(s);
	s->h.run.stopping = true;
	end_ticking(s);
	io_group_cancel(&s->h.group);
	home_close(&s->h);
}

/* The administrator has named a host; @ek NULL: any that is vouched for. */
static inline void expect_host(struct site *s, const char *name, const struct tpm_name *ek)
{
	struct store_host row = { .name = stext(name), .state = STORE_HOST_EXPECTED,
				  .named = true };

	if (ek)
		row.ek = (struct store_text){ ek->at, ek->len };
	must_equal(host_keep(s->h.b.hosts, host_of(s->h.b.hosts, str_of(name)), &row), 0);
}

static inline void row_of(struct site *s, const char *name, struct store_arena *a,
			  struct store_host *row)
{
	must_equal(store_host_get(s->h.b.store, stext(name), a, row), 0);
}

static inline bool holds(struct site *s, const char *name)
{
	return host_holds_lease(&s->h.b, str_of(name));
}

/* --- an attester ------------------------------------------------------------------------- */

struct machine {
	struct site *s;
	const char *name;
	struct link *link;
	struct device *device;
	struct device_bytes ek, ak;
	struct tpm_name ek_name;
	uint8_t cert[DEVICE_NV_MAX];
	size_t cert_len;
	struct attest_begun begun;
	/* what was said last */
	struct attest_judged judged;
	char why[ATTEST_WHY_MAX + 1];
};

static inline void machine_open(struct machine *m, struct site *s, const char *host,
				const char *tpm)
{
	struct tpm_public ek;
	const char *why;
	char tcti[128];

	memset(m, 0, sizeof(*m));
	m->s = s;
	m->name = host;
	m->link = call_as(s, ROLE_ATTESTER, host, false);
	snprintf(tcti, sizeof(tcti), "swtpm:path=%s/%s/s", top, tpm);
	must_equal(device_open(tcti, &m->device), 0);
	must_equal(device_keys(m->device, &m->ek, &m->ak), 0);
	must_equal(device_nv_read(m->device, DEVICE_EK_CERT_RSA, m->cert, &m->cert_len), 0);
	must_equal(tpm_public_parse_2b(m->ek.at, m->ek.len, &ek, &why), 0);
	must_equal(tpm_public_name(&ek, &m->ek_name), 0);
}

static inline int ask_link(struct link *link, u16 operation, const struct rpc_schema *ask,
			   const void *question, const struct rpc_schema *give, void *reply,
			   struct link_answer *answer)
{
	const struct link_call call = { operation, ask, question, -1, give, reply, 0 };

	return link_do(link, &call, answer, SOON);
}

static inline int begin(struct machine *m)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct attest_begin ask = { { m->ak.at, m->ak.len } };

	return ask_link(m->link, ATTEST_BEGIN, &attest_begin_schema, &ask, &attest_begun_schema,
			&m->begun, &answer);
}

static inline int activate(struct machine *m, const void *secret, size_t len)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct attest_secret ask = { { secret, len } };

	return ask_link(m->link, ATTEST_ACTIVATE, &attest_secret_schema, &ask, NULL, NULL, &answer);
}

/* @by: whose TPM is to open the credential.  Return: of the first that fails. */
static inline int enrol_with(struct machine *m, const struct attest_enrol *ask, struct machine *by)
{
	ANSWER answer = LINK_ANSWER_NONE;
	struct attest_credential give;
	struct device_bytes got;
	int rc = ask_link(m->link, ATTEST_ENROL, &attest_enrol_schema, ask,
			  &attest_credential_schema, &give, &answer);

	if (rc)
		return rc;
	rc = device_activate(by->device, give.blob.data, give.blob.len, give.secret.data,
			     give.secret.len, &got);
	return rc ? rc == -EACCES ? -EXDEV : rc : activate(m, got.at, got.len);
}

static inline struct attest_enrol enrolment(const struct machine *m)
{
	return (struct attest_enrol){
		{ m->ek.at, m->ek.len }, { m->cert, m->cert_len }, { m->ak.at, m->ak.len },
	};
}

static inline int enrol(struct machine *m)
{
	const struct attest_enrol ask = enrolment(m);

	return enrol_with(m, &ask, m);
}

static inline int send_piece(struct machine *m, u8 log, u64 offset, const void *data, size_t len)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct attest_piece ask = { log, offset, { data, len } };

	return ask_link(m->link, ATTEST_PIECE, &attest_piece_schema, &ask, NULL, NULL, &answer);
}

/* The list as far as @entries, from where it is. */
static inline int send_list(struct machine *m, unsigned int entries)
{
	const u64 have = m->begun.have[ATTEST_LOG_IMA];

	return have >= list_end[entries] ? 0 :
	       send_piece(m, ATTEST_LOG_IMA, have, list_file.at + have, list_end[entries] - have);
}

static inline void enrolled(struct site *s, struct machine *m, const char *host, const char *tpm)
{
	machine_open(m, s, host, tpm);
	expect_host(s, host, &m->ek_name);
	must_equal(enrol(m), 0);
}

struct quoted {
	u8 nonce[ATTEST_NONCE];
	struct device_bytes message, signature;
	u8 pcrs[24 * 32];
};

/* @by: whose TPM signs. */
static inline void quote(struct machine *m, struct machine *by, struct quoted *q)
{
	const struct device_selection select = { m->begun.bank, m->begun.mask };

	memcpy(q->nonce, m->begun.nonce, sizeof(q->nonce));
	must_equal(m->begun.mask, 0xffffff);
	must_equal(device_pcrs(by->device, &select, 32, q->pcrs), 0);
	must_equal(device_quote(by->device, q->nonce, sizeof(q->nonce), &select, 1, &q->message,
				&q->signature), 0);
}

static inline int say(struct machine *m, const struct quoted *q)
{
	ANSWER answer = LINK_ANSWER_NONE;
	struct attest_evidence_ask ask = {
		.message = { q->message.at, q->message.len },
		.signature = { q->signature.at, q->signature.len }, .pcrs = { q->pcrs, 24 * 32 },
	};
	int rc;

	memcpy(ask.nonce, q->nonce, sizeof(ask.nonce));
	memset(&m->judged, 0, sizeof(m->judged));
	rc = ask_link(m->link, ATTEST_EVIDENCE, &attest_evidence_schema, &ask,
		      &attest_judged_schema, &m->judged, &answer);
	if (!rc)
		snprintf(m->why, sizeof(m->why), "%.*s", (int)m->judged.why.len,
			 (const char *)m->judged.why.data);
	return rc;
}

/* A whole round.  Return: is it trusted? */
static inline bool attest(struct machine *m, unsigned int entries)
{
	struct quoted q;

	must_equal(begin(m), 0);
	must(!m->begun.enrol);
	must_equal(send_list(m, entries), 0);
	quote(m, m, &q);
	must_equal(say(m, &q), 0);
	must(m->judged.trusted == (m->judged.lease_ms > 0));
	must(m->judged.trusted == holds(m->s, m->name));
	return m->judged.trusted;
}

static inline void refused(const struct machine *m, const char *why)
{
	if (!strstr(m->why, why))
		printf("# \"%s\" is not \"%s\"\n", m->why, why);
	must(strstr(m->why, why));
}

#endif /* TEST_HOSTS_UTIL_H */
