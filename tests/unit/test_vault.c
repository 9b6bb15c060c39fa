// SPDX-License-Identifier: GPL-2.0-or-later
/* The vault: what it must refuse, and what it does for whom. */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "../../user/skyd/vault.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "http/date.h"
#include "io_util.h"
#include "s3/grant.h"
#include "s3/sig.h"

#define SOON	io_after_ms(20000)

static char top[64], path[96];
static char audited[65536];

static void hear(const char *line)
{
	size_t len = strlen(audited);

	snprintf(audited + len, sizeof(audited) - len, "%s\n", line);
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test_vault.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/keys", top);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(top);
	return 0;
}

/* --- the file ------------------------------------------------------------------------ */

static const struct argon_cost cheap = { 1, 8, 1 };

static void test_file(void **state)
{
	struct secret pass, wrong;
	struct vault_keys keys, read;
	u8 file[VAULT_FILE_MAX], bad[VAULT_FILE_MAX];
	int len, i, n, rc;

	(void)state;
	assert_int_equal(secret_copy(&pass, "correct horse", 13), 0);
	assert_int_equal(secret_copy(&wrong, "correct horsf", 13), 0);
	assert_int_equal(vault_keys_make(&keys, 1700000000), 0);
	assert_int_equal(vault_keys_rotate(&keys, 1700000001), 0);
	for (n = 0; n < 2; n++) {
		const struct secret *p = n ? &pass : NULL;

		len = vault_keys_seal(&keys, p, &cheap, file);
		assert_int_equal(len, VAULT_FILE_HEAD + 32 + 2 * 48);
		assert_int_equal(vault_keys_open(&read, p, file, len), 0);
		assert_memory_equal(&read, &keys, sizeof(keys));
		/* Neither key nor scalar can be seen. */
		assert_null(memmem(file, len, keys.master[0].key, 32));
		assert_null(memmem(file, len, keys.scalar, 32));
		for (i = 0; i < len; i++) {
			memcpy(bad, file, len);
			bad[i] ^= 1 << i % 8;
			/* A cost that is believed could take minutes. */
			if (n && i >= 20 && i < 32)
				continue;
			rc = vault_keys_open(&read, p, bad, len);
			assert_true(rc == -EBADMSG || rc == -EOPNOTSUPP || rc == -EKEYREJECTED ||
				    rc == -ENOKEY);
			assert_int_equal(read.count, 0);
		}
		for (i = 0; i < len; i++)
			assert_int_equal(vault_keys_open(&read, p, file, i), -EBADMSG);
		assert_int_equal(vault_keys_open(&read, p, file, len + 1), -EBADMSG);
	}
	assert_int_equal(vault_keys_open(&read, NULL, file, len), -ENOKEY);
	assert_int_equal(vault_keys_open(&read, &wrong, file, len), -EKEYREJECTED);
	file[12] = VAULT_WRAP_TPM;
	assert_int_equal(vault_keys_open(&read, &pass, file, len), -EOPNOTSUPP);
	file[12] = VAULT_WRAP_PASSPHRASE;
	file[8] = 2;
	assert_int_equal(vault_keys_open(&read, &pass, file, len), -EOPNOTSUPP);
	secret_free(&pass);
	secret_free(&wrong);
}

static void test_epochs(void **state)
{
	struct vault_keys keys;
	u32 i;

	(void)state;
	assert_int_equal(vault_keys_make(&keys, 1), 0);
	assert_int_equal(vault_keys_forget(&keys, 1), -EBUSY);
	for (i = 1; i < VAULT_EPOCHS; i++)
		assert_int_equal(vault_keys_rotate(&keys, i), 0);
	assert_int_equal(vault_keys_rotate(&keys, i), -ENOSPC);
	assert_int_equal(vault_keys_forget(&keys, 7), 0);
	assert_int_equal(vault_keys_forget(&keys, 7), -ENOENT);
	assert_int_equal(vault_keys_rotate(&keys, i), 0);
	assert_int_equal(keys.master[VAULT_EPOCHS - 1].epoch, VAULT_EPOCHS + 1);
}

static void test_modes(void **state)
{
	CLEANUP_FREE char *other = NULL;
	struct vault v;
	struct stat st;

	(void)state;
	assert_int_equal(vault_create(path, NULL, NULL), 0);
	assert_int_equal(vault_create(path, NULL, NULL), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(vault_load(&v, path, NULL, NULL), 0);
	vault_unload(&v);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(vault_load(&v, path, NULL, NULL), -EPERM);
	vault_unload(&v);
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(asprintf(&other, "%s.link", path) > 0);
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(vault_load(&v, other, NULL, NULL), -ELOOP);
	vault_unload(&v);
	unlink(other);
}

/* --- what is wrapped ------------------------------------------------------------------ */

static void test_wrapped(void **state)
{
	const struct vault_label label = { VAULT_CREDENTIAL, 3, 9, STR("AKIDEXAMPLE") };
	struct vault_label wrong[] = { label, label, label, label, label };
	u8 wrapped[VAULT_WRAPPED_MAX + 1], bad[VAULT_WRAPPED_MAX + 1], out[VAULT_SECRET_MAX];
	struct vault_keys keys, others;
	size_t i;
	int len, rc;

	(void)state;
	assert_int_equal(vault_keys_make(&keys, 1), 0);
	assert_int_equal(vault_keys_make(&others, 1), 0);
	len = vault_wrap(&keys, &label, "a secret", 8, wrapped);
	assert_int_equal(len, 8 + VAULT_WRAP_OVERHEAD);
	assert_int_equal(vault_unwrap(&keys, &label, wrapped, len, out), 8);
	assert_memory_equal(out, "a secret", 8);
	assert_int_equal(vault_unwrap(&others, &label, wrapped, len, out), -EKEYREJECTED);
	/* Moved to where it does not belong. */
	wrong[0].owner = 4;
	wrong[1].number = 8;
	wrong[2].name = STR("AKIDEXAMPLF");
	wrong[3].name = STR("AKIDEXAMPL");
	wrong[4].kind = VAULT_API_SECRET;
	for (i = 0; i < 5; i++)
		assert_int_equal(vault_unwrap(&keys, &wrong[i], wrapped, len, out),
				 i == 4 ? -EBADMSG : -EKEYREJECTED);
	for (i = 0; i < len; i++) {
		memcpy(bad, wrapped, len);
		bad[i] ^= 1 << i % 8;
		rc = vault_unwrap(&keys, &label, bad, len, out);
		assert_true(rc == -EBADMSG || rc == -EOPNOTSUPP || rc == -ENOKEY ||
			    rc == -EKEYREJECTED);
		rc = vault_unwrap(&keys, &label, wrapped, i, out);
		assert_true(rc == -EBADMSG || rc == -EKEYREJECTED);
	}
	/* A kind that is changed in the head as well as by the caller. */
	memcpy(bad, wrapped, len);
	bad[1] = VAULT_API_SECRET;
	assert_int_equal(vault_unwrap(&keys, &wrong[4], bad, len, out), -EKEYREJECTED);
	bad[0] = 2;
	assert_int_equal(vault_unwrap(&keys, &wrong[4], bad, len, out), -EOPNOTSUPP);

	assert_int_equal(vault_wrap(&keys, &label, bad, 0, wrapped), -EINVAL);
	assert_int_equal(vault_wrap(&keys, &label, bad, VAULT_SECRET_MAX + 1, wrapped), -EINVAL);
	/* A master key that has been forgotten. */
	assert_int_equal(vault_keys_rotate(&keys, 2), 0);
	assert_int_equal(vault_unwrap(&keys, &label, wrapped, len, out), 8);
	assert_int_equal(vault_keys_forget(&keys, 1), 0);
	assert_int_equal(vault_unwrap(&keys, &label, wrapped, len, out), -ENOKEY);
}

/* --- calls ---------------------------------------------------------------------------- */

struct side {
	struct vault *vault;
	enum role peer;
	struct io_stream stream;
};

static int serve(void *arg)
{
	struct side *side = arg;
	struct link_service service;
	int rc;

	vault_service(side->vault, side->peer, &service);
	rc = link_serve(&service, &side->stream);
	io_stream_close(&side->stream);
	return rc;
}

static struct link *dial(struct io_group *group, struct side *side)
{
	struct link *link;
	int fd[2];

	stream_pair(fd);
	io_stream_socket(&side->stream, fd[0]);
	must_equal(io_spawn(group, serve, side, NULL), 0);
	must_equal(link_open(&link, NULL, group), 0);
	link_attach(link, fd[1]);
	return link;
}

/* Answers stay in @a until the next call. */
static int ask(struct link *link, u16 operation, const struct vault_ask *question,
	       struct vault_give *give, struct link_answer *a)
{
	const struct link_call call = {
		operation, &vault_ask_schema, question, -1, &vault_give_schema, give, 0,
	};

	link_answer_free(a);
	return link_do(link, &call, a, SOON);
}

#define BYTES(text)	((struct rpc_bytes){ text, sizeof(text) - 1 })

static void check_sessions(struct link *backend, struct link *gateway)
{
	CLEANUP_ANSWER struct link_answer a = LINK_ANSWER_NONE, b = LINK_ANSWER_NONE;
	struct vault_ask q = {
		.kind = VAULT_API_SECRET, .owner = 1, .name = BYTES("AKIAIOSFODNN7EXAMPLE"),
	};
	struct vault_give made, derived;
	struct hmac_key theirs, ours;
	char date[AMZ_DATE_LEN];
	struct out o = OUT(date, sizeof(date));
	u8 mac[2][32];

	must_equal(ask(backend, VAULT_MAKE_SECRET, &q, &made, &a), 0);
	must_equal(made.secret.len, 40);
	q.blob = made.blob;
	q.date = BYTES("20260102");
	q.region = BYTES("local");
	q.service = BYTES("s3");
	must_equal(ask(gateway, VAULT_DERIVE, &q, &derived, &b), 0);
	must_equal(derived.secret.len, 32);
	hmac_key_set(&ours, derived.secret.data, 32);
	sig_derive((struct str){ made.secret.data, 40 }, STR("20260102"), STR("local"), STR("s3"),
		   &theirs);
	hmac_with(&ours, "text", 4, mac[0]);
	hmac_with(&theirs, "text", 4, mac[1]);
	must(!memcmp(mac[0], mac[1], 32));
	q.date = BYTES("2026010x");
	must_equal(ask(gateway, VAULT_DERIVE, &q, &derived, &b), -EINVAL);
	/* Of tomorrow, and no later. */
	amz_date_write(&o, time(NULL) + 86400);
	q.date = (struct rpc_bytes){ date, 8 };
	must_equal(ask(gateway, VAULT_DERIVE, &q, &derived, &b), 0);
	o = OUT(date, sizeof(date));
	amz_date_write(&o, time(NULL) + 3 * 86400);
	must_equal(ask(gateway, VAULT_DERIVE, &q, &derived, &b), -EINVAL);
	q.date = BYTES("99991231");
	must_equal(ask(gateway, VAULT_DERIVE, &q, &derived, &b), -EINVAL);
	q.date = BYTES("20260102");
	q.owner = 2;
	must_equal(ask(gateway, VAULT_DERIVE, &q, &derived, &b), -EKEYREJECTED);
	/* Each has its own. */
	must_equal(ask(backend, VAULT_DERIVE, &q, &derived, &b), -EACCES);
	must_equal(ask(gateway, VAULT_MAKE_SECRET, &q, &derived, &b), -EACCES);
	must_equal(ask(gateway, VAULT_REWRAP, &q, &derived, &b), -EACCES);
}

/* A form that was signed by version 2: is it told right from wrong, and nothing else? */
static void check_forms(struct link *backend, struct link *gateway)
{
	CLEANUP_ANSWER struct link_answer a = LINK_ANSWER_NONE, b = LINK_ANSWER_NONE;
	struct vault_ask q = {
		.kind = VAULT_API_SECRET, .owner = 1, .name = BYTES("AKIAIOSFODNN7EXAMPLE"),
	};
	struct vault_give made, give;
	u8 mac[HASH_SHA1_BYTES];

	must_equal(ask(backend, VAULT_MAKE_SECRET, &q, &made, &a), 0);
	must_equal(hash_mac(HASH_SHA1, made.secret.data, made.secret.len, "policy", 6, mac), 0);
	q.blob = made.blob;
	q.text = BYTES("policy");
	q.mac = (struct rpc_bytes){ mac, sizeof(mac) };
	must_equal(ask(gateway, VAULT_CHECK_FORM, &q, &give, &b), 0);
	must(give.value == 1 && !give.secret.len && !give.blob.len);
	q.text = BYTES("policies");
	must_equal(ask(gateway, VAULT_CHECK_FORM, &q, &give, &b), 0);
	must_equal(give.value, 0);
	q.text = BYTES("policy");
	mac[19] ^= 1;
	must_equal(ask(gateway, VAULT_CHECK_FORM, &q, &give, &b), 0);
	must_equal(give.value, 0);
	q.mac.len--;
	must_equal(ask(gateway, VAULT_CHECK_FORM, &q, &give, &b), -EINVAL);
	q.mac.len++;
	q.owner = 2;
	must_equal(ask(gateway, VAULT_CHECK_FORM, &q, &give, &b), -EKEYREJECTED);
	q.owner = 1;
	q.kind = VAULT_BUCKET;
	must_equal(ask(gateway, VAULT_CHECK_FORM, &q, &give, &b), -EINVAL);
	must_equal(ask(backend, VAULT_CHECK_FORM, &q, &give, &b), -EACCES);
}

static void check_leases(struct link *backend, struct link *gateway)
{
	CLEANUP_ANSWER struct link_answer a = LINK_ANSWER_NONE, b = LINK_ANSWER_NONE,
					  c = LINK_ANSWER_NONE;
	struct vault_ask q = { .kind = VAULT_BUCKET, .owner = 1, .number = 5 };
	struct vault_give made, first, second, again;
	u8 key[32];

	must_equal(ask(backend, VAULT_MAKE_KEY, &q, &made, &a), 0);
	must_equal(made.secret.len, 0);
	q.blob = made.blob;
	q.value = 1000;
	must_equal(ask(gateway, VAULT_LEASE, &q, &first, &b), 0);
	must_equal(first.secret.len, 32);
	must_equal(first.value, 1000);
	memcpy(key, first.secret.data, 32);
	q.value = UINT64_MAX;
	must_equal(ask(gateway, VAULT_LEASE, &q, &first, &b), 0);
	must_equal(first.value, VAULT_LEASE_MS);
	must_equal(ask(backend, VAULT_LEASE, &q, &first, &b), -EACCES);
	q.number = 6;
	must_equal(ask(gateway, VAULT_LEASE, &q, &first, &b), -EKEYREJECTED);
	q.number = 5;

	/* Rotation: the same key, wrapped again; then the old wrapping is good for nothing. */
	must_equal(ask(backend, VAULT_ROTATE, &(struct vault_ask){ 0 }, &again, &c), 0);
	must_equal(again.value, 2);
	must_equal(ask(backend, VAULT_REWRAP, &q, &second, &b), 0);
	must_equal(ask(backend, VAULT_FORGET, &(struct vault_ask){ .value = 2 }, &again, &c),
		   -EBUSY);
	must_equal(ask(backend, VAULT_FORGET, &(struct vault_ask){ .value = 1 }, &again, &c), 0);
	must_equal(ask(gateway, VAULT_LEASE, &q, &again, &c), -ENOKEY);
	q.blob = second.blob;
	must_equal(ask(gateway, VAULT_LEASE, &q, &again, &c), 0);
	must(!memcmp(again.secret.data, key, 32));
}

/* Verified as a server does it. */
static void verify(const struct vault_url *url, struct rpc_bytes query, const struct sig_key *key,
		   u64 now)
{
	const struct sig_header host = { STR("Host"), STR("edge.example:9000") };
	const struct sig_rules rules = {
		.region = STR("local"), .service = STR("s3"), .now = now, .skew = SIG_SKEW_MAX,
	};
	struct sig_message m = {
		.method = { url->method.data, url->method.len },
		.path = { url->path.data, url->path.len },
		.query = { query.data, query.len }, .headers = &host, .count = 1,
	};
	struct sig_claim claim;
	struct s3_fault fault;

	must_equal(sig_parse(&m, &rules, &claim, &fault), 0);
	must_equal(claim.expires, 60);
	must_equal(sig_verify(&m, &claim, key, &fault), 0);
	m.path = STR("/other");
	must(sig_verify(&m, &claim, key, &fault) != 0);
}

static void check_urls(struct link *backend)
{
	CLEANUP_ANSWER struct link_answer a = LINK_ANSWER_NONE, b = LINK_ANSWER_NONE,
					  c = LINK_ANSWER_NONE;
	const struct vault_header host = { BYTES("Host"), BYTES("edge.example:9000") };
	struct vault_url urls[VAULT_URLS_MAX];
	struct vault_presign q = { urls, VAULT_URLS_MAX, time(NULL) };
	struct vault_ask credential = {
		.kind = VAULT_CREDENTIAL, .owner = 0, .number = 4, .name = BYTES("AKID"),
		.blob = BYTES("their secret"),
	};
	struct vault_presigned reply;
	const struct link_call call = {
		VAULT_PRESIGN, &vault_presign_schema, &q, -1, &vault_presigned_schema, &reply,
		VAULT_URLS_MAX * sizeof(struct vault_signed),
	};
	struct vault_give point, wrapped;
	struct hmac_key hmac;
	struct sig_key key = { .hmac = &hmac };
	char date[AMZ_DATE_LEN];
	struct out o = OUT(date, sizeof(date));
	u32 i;

	must_equal(ask(backend, VAULT_POINT, &(struct vault_ask){ 0 }, &point, &a), 0);
	must_equal(point.blob.len, P256_POINT_BYTES);
	key.ecdsa = ecdsa_public(point.blob.data);
	must(key.ecdsa);
	must_equal(ask(backend, VAULT_WRAP, &credential, &wrapped, &b), 0);
	amz_date_write(&o, q.now);
	sig_derive(STR("their secret"), (struct str){ date, 8 }, STR("local"), STR("s3"), &hmac);
	for (i = 0; i < VAULT_URLS_MAX; i++) {
		urls[i] = (struct vault_url){
			.method = BYTES("PUT"), .path = BYTES("/bucket/fragment"), .expires = 60,
			.query = BYTES("X-Sky-Nonce=00112233445566778899aabbccddeeff"),
			.headers = &host, .header_count = 1, .access_key = BYTES("AKID"),
			.region = i % 2 ? BYTES("local") : BYTES("*"), .location = 4,
		};
		if (i % 2)
			urls[i].credential = wrapped.blob;
	}
	/* Wrong ones among them are refused, one by one. */
	urls[7].location = 5;
	urls[8].expires = 0;
	urls[9].credential.len--;
	must_equal(link_do(backend, &call, &c, SOON), 0);
	must_equal(reply.count, VAULT_URLS_MAX);
	for (i = 0; i < VAULT_URLS_MAX; i++) {
		if (i >= 7 && i <= 9) {
			must_equal(reply.urls[i].error, i == 8 ? EINVAL : EKEYREJECTED);
			must_equal(reply.urls[i].query.len, 0);
			continue;
		}
		must_equal(reply.urls[i].error, 0);
		verify(&urls[i], reply.urls[i].query, &key, q.now);
	}
	ecdsa_free(key.ecdsa);
}

/* What the edge makes of a token with its own key is what the backend was given. */
static void check_grants(struct link *backend, struct link *gateway)
{
	CLEANUP_ANSWER struct link_answer a = LINK_ANSWER_NONE, b = LINK_ANSWER_NONE;
	static const u8 scalar[P256_SCALAR_BYTES] = { 1, 2, 3 };
	u8 own[P256_POINT_BYTES];
	struct vault_ask q = {
		.name = BYTES("000102030405060708090a0b0c0d0e0f"), .value = 1700000000,
	};
	struct vault_give point, give;
	struct grant_session session;
	struct ecdsa_key *key = ecdsa_private(scalar), *signer;
	struct grant grant;

	ecdsa_point(key, own);
	ecdsa_free(key);
	must_equal(ask(backend, VAULT_POINT, &(struct vault_ask){ 0 }, &point, &a), 0);
	signer = ecdsa_public(point.blob.data);
	q.blob = (struct rpc_bytes){ own, sizeof(own) };
	must_equal(ask(gateway, VAULT_GRANT, &q, &give, &b), -EACCES);
	must_equal(ask(backend, VAULT_GRANT, &q, &give, &b), 0);
	must_equal(give.value, 1700000000 + GRANT_LIFE_MAX);
	must_equal(give.secret.len, sizeof(session));
	must(grant_parse((struct str){ give.blob.data, give.blob.len }, &grant));
	must(grant_verify(&grant, signer));
	must_equal(grant.issued, 1700000000);
	must_equal(grant.edge[15], 15);
	must_equal(grant_open(&grant, scalar, &session), 0);
	must(!memcmp(&session, give.secret.data, sizeof(session)));

	own[5] ^= 1;
	must_equal(ask(backend, VAULT_GRANT, &q, &give, &b), -EINVAL);
	own[5] ^= 1;
	q.blob.len--;
	must_equal(ask(backend, VAULT_GRANT, &q, &give, &b), -EINVAL);
	q.blob.len++;
	q.name.len--;
	must_equal(ask(backend, VAULT_GRANT, &q, &give, &b), -EINVAL);
	q.name = BYTES("000102030405060708090a0b0c0d0e0g");
	must_equal(ask(backend, VAULT_GRANT, &q, &give, &b), -EINVAL);
	q.name = BYTES("000102030405060708090a0b0c0d0e0f");
	q.value = UINT64_MAX;
	must_equal(ask(backend, VAULT_GRANT, &q, &give, &b), -EINVAL);
	ecdsa_free(signer);
}

static void check_status(struct link *backend)
{
	CLEANUP_ANSWER struct link_answer a = LINK_ANSWER_NONE;
	struct vault_ask q = { 0 };
	struct vault_counts counts;
	const struct link_call call = {
		VAULT_STATUS, &vault_ask_schema, &q, -1, &vault_counts_schema, &counts, 0,
	};

	must_equal(link_do(backend, &call, &a, SOON), 0);
	must_equal(counts.leases, 3);
	must_equal(counts.derived, 2);
	must_equal(counts.urls, VAULT_URLS_MAX);
	must_equal(counts.masters, 1);
	must(counts.refused > 5);
}

static int calls(void *arg)
{
	CLEANUP_GROUP struct io_group group = IO_GROUP(group);
	struct vault v;
	struct side b = { &v, ROLE_BACKEND, { 0 } }, g = { &v, ROLE_GATEWAY, { 0 } };
	struct secret pass = SECRET_NONE;
	struct link *backend, *gateway;

	(void)arg;
	unlink(path);
	must_equal(secret_copy(&pass, "words", 5), 0);
	must_equal(vault_create(path, &pass, &cheap), 0);
	must_equal(vault_load(&v, path, NULL, NULL), -ENOKEY);
	vault_unload(&v);
	must_equal(vault_load(&v, path, &pass, hear), 0);
	audited[0] = 0;
	backend = dial(&group, &b);
	gateway = dial(&group, &g);
	check_sessions(backend, gateway);
	check_forms(backend, gateway);
	check_leases(backend, gateway);
	check_urls(backend);
	check_status(backend);
	check_grants(backend, gateway);
	link_close(backend);
	link_close(gateway);
	must_equal(io_group_drain(&group, SOON), 0);
	vault_unload(&v);
	/* What was rotated is what the file has. */
	must_equal(vault_load(&v, path, &pass, NULL), 0);
	must_equal(v.keys->count, 1);
	must_equal(v.keys->master[0].epoch, 2);
	vault_unload(&v);
	secret_free(&pass);
	return 0;
}

static void test_calls(void **state)
{
	assert_int_equal(on_loop(state, calls, NULL), 0);
	assert_non_null(strstr(audited, "gateway asked for lease kind 1 owner 1 number 5: done\n"));
	assert_non_null(strstr(audited, "gateway asked for rewrap kind 2 owner 2 number 0 name AKIAI"));
	assert_non_null(strstr(audited, "OSFODNN7EXAMPLE: Permission denied\n"));
	assert_non_null(strstr(audited, "backend asked for presign urls 64: done\n"));
	assert_null(strstr(audited, "their secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_epochs),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_wrapped),
		ON_BOTH(test_calls),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
