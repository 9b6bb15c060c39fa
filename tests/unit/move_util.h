/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts between which a volume moves, in memory: a disk that can be put back, a TPM that cannot,
 * and a fuse, which ends everything before or after any step.
 */
#ifndef TESTS_MOVE_UTIL_H
#define TESTS_MOVE_UTIL_H

#include "tpm_fake.h"

#include "crypto/kdf.h"
#include "move/move.h"

#define HOSTS		3u
#define FIRST_EPOCH	5u

/* What a backup has. */
struct disk {
	uint8_t journal[MOVE_JOURNAL_MAX];
	size_t journal_len;
	bool have_key;
	uint64_t bound;			/* to which of the TPM's times the key is sealed */
	uint64_t epoch;
};

struct host {
	char name;
	struct disk disk;
	/* The TPM. */
	struct fake_key ek, ak;
	uint8_t ak_name[MOVE_NAME_BYTES];
	uint64_t counter;		/* 0: not defined */
	uint64_t highest;		/* that it ever was */
	uint64_t time;			/* what was sealed before is of no use */
	uint32_t resets;
	/* Memory. */
	bool open;
	struct move_ops ops;
	struct move move;
	unsigned int told;
	bool bad;			/* it runs what it should not */
};

static struct host hosts[HOSTS];
static const uint8_t volume_id[MOVE_ID_BYTES] = "a volume's name";
static const uint8_t volume_key[32] = "nobody else is to have this one";
static const uint8_t volume_root[MOVE_ROOT_BYTES] = "the root of all that it has";

/* Calls until the power is lost; below 0: never. */
static int fuse = -1;
static bool fuse_after;			/* what the call does is done */
static unsigned int calls;
static uint64_t clock_us = 1795348800000000ull;
static uint64_t best_epoch;		/* that was ever usable */

/* Could somebody who has the disk and the TPM open it? */
static inline bool usable(const struct host *h)
{
	return h->disk.have_key && h->disk.bound == h->time;
}

static inline void check_world(void)
{
	unsigned int i, live = 0;

	for (i = 0; i < HOSTS; i++)
		live += usable(&hosts[i]);
	if (live > 1)
		fail_msg("it lives on %u hosts", live);
	for (i = 0; i < HOSTS; i++) {
		if (!usable(&hosts[i]))
			continue;
		if (hosts[i].disk.epoch < best_epoch)
			fail_msg("the epoch goes back");
		best_epoch = hosts[i].disk.epoch;
	}
}

/* Before what a call does: is the power gone? */
static inline bool dead(void)
{
	calls++;
	return fuse == 0 || (fuse > 0 && --fuse == 0 && !fuse_after);
}

/* And after. */
static inline int done(int rc)
{
	check_world();
	return fuse == 0 ? -ECANCELED : rc;
}

/* --- what a host can do -------------------------------------------------------------------- */

static inline int do_load(void *ctx, uint8_t *to, size_t max, size_t *len)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	if (!h->disk.journal_len)
		return done(-ENOENT);
	assert_true(h->disk.journal_len <= max);
	memcpy(to, h->disk.journal, h->disk.journal_len);
	*len = h->disk.journal_len;
	return done(0);
}

static inline int do_save(void *ctx, const uint8_t *from, size_t len)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	memcpy(h->disk.journal, from, len);
	h->disk.journal_len = len;
	return done(0);
}

static inline int do_identity(void *ctx, struct move_identity *to)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	memcpy(to->ek, h->ek.area, h->ek.len);
	to->ek_len = h->ek.len;
	memcpy(to->ak, h->ak.area, h->ak.len);
	to->ak_len = h->ak.len;
	to->cert_len = 4;
	memcpy(to->cert, "cert", 4);
	return done(0);
}

static inline int do_evidence(void *ctx, struct move_evidence *to)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	*to = (struct move_evidence){ .mask = 0x81 };
	memset(to->pcr, h->bad, 2 * SHA256_BYTES);
	to->log = (struct move_bytes){ (const uint8_t *)"log", 3 };
	return done(0);
}

static inline int do_quote(void *ctx, uint32_t mask, const uint8_t nonce[SHA256_BYTES],
			   struct move_quote *to)
{
	struct host *h = ctx;

	(void)mask;
	if (dead())
		return -ECANCELED;
	to->message_len = fake_quote(nonce, h->resets, 0x81, to->message, sizeof(to->message));
	CLEANUP_FILE struct file s = fake_sign(&h->ak, to->message, to->message_len);

	memcpy(to->signature, s.at, s.len);
	to->signature_len = s.len;
	return done(0);
}

static inline bool oaep(EVP_PKEY *key, struct tpm_blob from, uint8_t seed[32])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	uint8_t to[TPM_RSA_MAX];
	size_t len = sizeof(to);
	bool ok = EVP_PKEY_decrypt_init(c) == 1 &&
		  EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_OAEP_PADDING) == 1 &&
		  EVP_PKEY_CTX_set_rsa_oaep_md(c, EVP_sha256()) == 1 &&
		  EVP_PKEY_CTX_set_rsa_mgf1_md(c, EVP_sha256()) == 1 &&
		  EVP_PKEY_CTX_set0_rsa_oaep_label(c, OPENSSL_memdup("IDENTITY", 9), 9) == 1 &&
		  EVP_PKEY_decrypt(c, to, &len, from.at, from.len) == 1 && len == 32;

	EVP_PKEY_CTX_free(c);
	memcpy(seed, to, 32);
	return ok;
}

/* TPM2_ActivateCredential (Part 1, 24.4). */
static inline int activate(struct host *h, struct move_bytes credential, struct move_bytes secret,
			   uint8_t *to, size_t size, size_t *len)
{
	struct tpm_reader r = TPM_READER(secret.at, secret.len), inner;
	struct tpm_blob sealed = tpm_read_2b(&r, TPM_RSA_MAX), mac, object;
	const struct tpm_alg *alg = tpm_alg_by_id(TPM_ALG_SHA256);
	uint8_t seed[32], key[32], want[32], text[256];
	struct tpm_blob name = { h->ak_name, MOVE_NAME_BYTES };
	EVP_CIPHER_CTX *c;
	int n = 0;

	if (!tpm_read_end(&r) || !oaep(h->ek.key, sealed, seed))
		return -EACCES;
	r = TPM_READER(credential.at, credential.len);
	object = tpm_read_2b(&r, TPM_CREDENTIAL_MAX);
	if (!tpm_read_end(&r))
		return -EBADMSG;
	inner = TPM_READER(object.at, object.len);
	mac = tpm_read_2b(&inner, 32);
	assert_true(inner.left <= 100);
	memcpy(text, inner.at, inner.left);
	memcpy(text + inner.left, name.at, name.len);
	tpm_kdfa(alg, seed, 32, "INTEGRITY", TPM_BLOB_NONE, TPM_BLOB_NONE, key, 32);
	hmac_sha256(key, 32, text, inner.left + name.len, want);
	if (mac.len != 32 || memcmp(mac.at, want, 32))
		return -EACCES;
	tpm_kdfa(alg, seed, 32, "STORAGE", name, TPM_BLOB_NONE, key, 16);
	memset(want, 0, 16);
	c = EVP_CIPHER_CTX_new();
	EVP_DecryptInit_ex(c, EVP_aes_128_cfb128(), NULL, key, want);
	EVP_DecryptUpdate(c, text, &n, inner.at, inner.left);
	EVP_CIPHER_CTX_free(c);
	r = TPM_READER(text, n);
	object = tpm_read_2b(&r, 32);
	if (!tpm_read_end(&r) || object.len > size)
		return -EBADMSG;
	memcpy(to, object.at, object.len);
	*len = object.len;
	return 0;
}

static inline int do_activate(void *ctx, struct move_bytes credential, struct move_bytes secret,
			      uint8_t *to, size_t size, size_t *len)
{
	if (dead())
		return -ECANCELED;
	return done(activate(ctx, credential, secret, to, size, len));
}

static inline int do_read(void *ctx, uint64_t *value)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	*value = h->counter;
	return done(h->counter ? 0 : -ENOENT);
}

static inline int do_define(void *ctx)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	if (h->counter)
		return done(-EEXIST);
	h->counter = 100 * (h->name - 'A' + 1);
	if (h->counter <= h->highest)
		h->counter = h->highest + 1;
	return done(0);
}

static inline int do_remove(void *ctx)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	assert_true(h->counter);
	h->highest = h->counter;
	h->counter = 0;
	return done(0);
}

static inline int do_increment(void *ctx)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	assert_true(h->counter);
	h->counter++;
	return done(0);
}

static inline int do_random(void *ctx, void *to, size_t len)
{
	(void)ctx;
	if (dead())
		return -ECANCELED;
	return done(random_bytes(to, len));
}

static inline int do_now(void *ctx, uint64_t *us)
{
	(void)ctx;
	if (dead())
		return -ECANCELED;
	*us = clock_us++;
	return done(0);
}

static inline int do_take(void *ctx, struct move_volume *to)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	if (!usable(h))
		return done(-EACCES);
	to->epoch = h->disk.epoch;
	to->least = h->disk.epoch - 1;
	memcpy(to->root, volume_root, sizeof(to->root));
	return done(secret_copy(&to->key, volume_key, sizeof(volume_key)));
}

static inline int do_close(void *ctx)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	h->open = false;
	return done(0);
}

static inline int do_revoke(void *ctx)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	assert_false(h->open);
	h->time++;
	h->disk.have_key = false;
	return done(0);
}

static inline int do_keep(void *ctx, const struct move_volume *v)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	assert_int_equal(v->key.len, sizeof(volume_key));
	assert_memory_equal(v->key.data, volume_key, sizeof(volume_key));
	assert_memory_equal(v->root, volume_root, sizeof(volume_root));
	h->disk.have_key = true;
	h->disk.bound = h->time;
	h->disk.epoch = v->epoch;
	return done(0);
}

static inline int do_erase(void *ctx)
{
	struct host *h = ctx;

	if (dead())
		return -ECANCELED;
	assert_false(usable(h));
	return done(0);
}

static inline int do_judge(void *ctx, const struct move_who *who, const struct move_offer *o,
			   const struct move_message *m, char why[MOVE_WHY])
{
	(void)ctx;
	if (dead())
		return -ECANCELED;
	assert_int_equal(o->cert.len, 4);
	assert_int_equal(m->log.len, 3);
	assert_true(who->ek.len);
	if (!o->pcrs.at[0])
		return done(0);
	strcpy(why, "it boots what it should not");
	return done(-EACCES);
}

static inline int do_tell(void *ctx, const char *action, const uint8_t digest[SHA256_BYTES])
{
	struct host *h = ctx;

	(void)digest;
	if (dead())
		return -ECANCELED;
	assert_true(!strncmp(action, "volume.", 7));
	h->told++;
	return done(0);
}

/* --- the world ----------------------------------------------------------------------------- */

static inline void world_keys(void)
{
	struct tpm_name name;
	unsigned int i;

	for (i = 0; i < HOSTS; i++) {
		struct host *h = &hosts[i];

		fake_make(&h->ak, "P-256", TPM_ALG_ECDSA, TPM_ALG_SHA256, FAKE_AK);
		fake_make(&h->ek, NULL, TPM_ALG_NULL, TPM_ALG_NULL, FAKE_EK);
		assert_int_equal(tpm_public_name(&h->ak.public, &name), 0);
		memcpy(h->ak_name, name.at, MOVE_NAME_BYTES);
		h->ops = (struct move_ops){
			do_load, do_save, do_identity, do_evidence, do_quote, do_activate,
			do_read, do_define, do_increment, do_remove, do_random, do_now, do_take,
			do_close, do_revoke, do_keep, do_erase, do_judge, do_tell, h,
		};
		h->move.ops = &h->ops;
		memcpy(h->move.volume, volume_id, MOVE_ID_BYTES);
		h->name = 'A' + i;
	}
}

static inline void world_free(void)
{
	unsigned int i;

	for (i = 0; i < HOSTS; i++) {
		EVP_PKEY_free(hosts[i].ak.key);
		EVP_PKEY_free(hosts[i].ek.key);
	}
}

/* It lives on A, and never was elsewhere. */
static inline void world_begin(void)
{
	unsigned int i;

	fuse = -1;
	calls = 0;
	best_epoch = 0;
	for (i = 0; i < HOSTS; i++) {
		struct host *h = &hosts[i];

		memset(&h->disk, 0, sizeof(h->disk));
		h->counter = 0;
		h->highest = 0;
		/* No two TPMs have a time in common. */
		h->time = 1000 * (i + 1);
		h->open = false;
		h->told = 0;
		h->bad = false;
	}
	hosts[0].disk.have_key = true;
	hosts[0].disk.bound = hosts[0].time;
	hosts[0].disk.epoch = FIRST_EPOCH;
	hosts[0].open = true;
}

/* A message, of exactly its size. */
struct paper {
	uint8_t *at;
	size_t len;
};

static inline void paper_free(struct paper *p)
{
	free(p->at);
	*p = (struct paper){ NULL, 0 };
}

#define PAPER_MAX	40000u

static inline struct move_bytes bytes_of_paper(const struct paper *p)
{
	return (struct move_bytes){ p->at, p->len };
}

enum step { OFFER, CHALLENGE, ANSWER, FREEZE, PACKAGE, ACCEPT, DESTROY, STEPS, CANCEL = STEPS };

/* What a freeze is given beside the offer. */
static struct paper answer;

/* One step of a host.  @to: receives the message, unless there is none. */
static inline int step(struct host *h, enum step s, const struct host *from,
		       const struct paper *in, struct paper *to)
{
	uint8_t *buf = malloc(PAPER_MAX);
	struct tpm_writer w = TPM_WRITER(buf, PAPER_MAX);
	struct move_bytes bytes = in ? bytes_of_paper(in) : (struct move_bytes){ NULL, 0 };
	int rc = 0;

	*h->move.why = 0;
	switch (s) {
	case OFFER:
		rc = move_offer(&h->move, from->ak_name, &w);
		break;
	case CHALLENGE:
		rc = move_challenge(&h->move, bytes, &w);
		break;
	case ANSWER:
		rc = move_answer(&h->move, bytes, &w);
		break;
	case CANCEL:
		rc = move_cancel(&h->move, bytes, &w);
		break;
	case FREEZE:
		rc = move_freeze(&h->move, bytes, bytes_of_paper(&answer));
		break;
	case PACKAGE:
		rc = move_package(&h->move, &w);
		break;
	case ACCEPT:
		rc = move_accept(&h->move, bytes, &w);
		break;
	default:
		rc = move_destroy(&h->move, bytes, &w);
	}
	if (!rc && to) {
		free(to->at);
		to->len = w.len;
		to->at = malloc(w.len ? w.len : 1);
		memcpy(to->at, buf, w.len);
	}
	if (rc && !*h->move.why)
		fail_msg("step %u: %d, and it does not say why", s, rc);
	free(buf);
	return rc;
}

/* --- a move ------------------------------------------------------------------------------- */

static struct host *const a = &hosts[0], *const b = &hosts[1], *const c = &hosts[2];
static struct paper offer, challenge, package, acceptance, destruction, cancellation;

static inline int setup(void **state)
{
	(void)state;
	world_keys();
	return 0;
}

static inline void forget(void)
{
	paper_free(&offer);
	paper_free(&challenge);
	paper_free(&answer);
	paper_free(&cancellation);
	paper_free(&package);
	paper_free(&acceptance);
	paper_free(&destruction);
}

static inline int teardown(void **state)
{
	(void)state;
	forget();
	world_free();
	return 0;
}

static inline int begin(void **state)
{
	(void)state;
	forget();
	world_begin();
	return 0;
}

/* A step of the move from @from to @to. */
static inline int do_step(enum step s, struct host *from, struct host *to)
{
	switch (s) {
	case OFFER:
		return step(to, s, from, NULL, &offer);
	case CHALLENGE:
		return step(from, s, NULL, &offer, &challenge);
	case ANSWER:
		return step(to, s, NULL, &challenge, &answer);
	case FREEZE:
		return step(from, s, NULL, &offer, NULL);
	case PACKAGE:
		return step(from, s, NULL, NULL, &package);
	case ACCEPT:
		return step(to, s, NULL, &package, &acceptance);
	default:
		return step(from, s, NULL, &acceptance, &destruction);
	}
}

static inline void must(enum step s, struct host *from, struct host *to)
{
	int rc = do_step(s, from, to);

	if (rc)
		fail_msg("step %u: %d: %s%s", s, rc, from->move.why, to->move.why);
}

/* It is refused so, with this word. */
static inline void refused(int rc, int want, const struct host *h, const char *why)
{
	if (rc != want || !strstr(h->move.why, why))
		fail_msg("%d, not %d: \"%s\" is not \"%s\"", rc, want, h->move.why, why);
}

static inline void all(struct host *from, struct host *to)
{
	enum step s;

	for (s = OFFER; s < STEPS; s++)
		must(s, from, to);
}

/* @to has answered. */
static inline void asked(struct host *from, struct host *to)
{
	must(OFFER, from, to);
	must(CHALLENGE, from, to);
	must(ANSWER, from, to);
}

static inline enum move_state state_of(struct host *h)
{
	struct move_status s;

	assert_int_equal(move_look(&h->move, &s), 0);
	return s.state;
}

#endif /* TESTS_MOVE_UTIL_H */
