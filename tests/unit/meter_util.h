/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that writes records: its TPM's part is played by OpenSSL, its ledger lies in memory. */
#ifndef TESTS_METER_UTIL_H
#define TESTS_METER_UTIL_H

#include "tpm_fake.h"

#include "ledger_disk_util.h"
#include "meter/keeper.h"

#define MINUTE	60000000ull
#define NOON	1795348800000000ull	/* 2026-11-22 12:00 */

struct host {
	struct fake_key ak;
	uint32_t resets;
	char dir[96], key_file[96];
	struct ledger *ledger;
	uint64_t segment;		/* bytes; 0: the usual */
	bool broken;			/* its TPM does not answer */
};

static inline int host_quote(void *ctx, const uint8_t nonce[SHA256_BYTES], struct meter_quote *to)
{
	struct host *h = ctx;

	if (h->broken)
		return -EIO;
	to->message_len = fake_quote(nonce, h->resets, 1, to->message, sizeof(to->message));
	CLEANUP_FILE struct file s = fake_sign(&h->ak, to->message, to->message_len);

	memcpy(to->signature, s.at, s.len);
	to->signature_len = s.len;
	memcpy(to->ak, h->ak.area, h->ak.len);
	to->ak_len = h->ak.len;
	return 0;
}

static inline void host_make(struct host *h, const char *name)
{
	*h = (struct host){ .resets = 1 };
	fake_make(&h->ak, "P-256", TPM_ALG_ECDSA, TPM_ALG_SHA256, FAKE_AK);
	snprintf(h->dir, sizeof(h->dir), "%s/%s", base, name);
	snprintf(h->key_file, sizeof(h->key_file), "%s/%s.key", base, name);
}

static inline void host_free(struct host *h)
{
	EVP_PKEY_free(h->ak.key);
}

/* The key of the boot before lay in memory. */
static inline void host_reboot(struct host *h)
{
	h->resets++;
	remove(h->key_file);
}

static inline int host_try(struct host *h, struct meter_keeper **k, char why[METER_WHY])
{
	const struct meter_keeper_config config = {
		.dir = h->dir, .key_file = h->key_file, .quote = host_quote, .ctx = h,
		.ledger = h->ledger, .segment = h->segment,
	};

	return meter_keeper_open(k, &config, why);
}

static inline struct meter_keeper *host_open(struct host *h)
{
	struct meter_keeper *k;
	char why[METER_WHY];

	if (host_try(h, &k, why))
		fail_msg("%s", why);
	return k;
}

/* One VM that has used so much. */
static inline void use(struct meter_keeper *k, const char *tenant, const char *unit,
		       uint64_t cpu, uint64_t now)
{
	struct meter_counter counter[] = {
		{ STR("guest_cpu_us"), cpu }, { STR("block_read_bytes"), 3 * cpu },
	};
	struct meter_sample s = {
		.source = STR("hedge"), .tenant = str_of(tenant), .unit = str_of(unit),
		.image = { true, { 7 } }, .since = NOON, .now = now,
		.counters = 2, .counter = counter,
	};

	assert_int_equal(meter_keeper_add(k, &s), 0);
}

static inline void commit(struct meter_keeper *k, uint64_t now)
{
	char why[METER_WHY];

	if (meter_keeper_commit(k, true, now, why))
		fail_msg("%s", why);
}

/* --- what is found ------------------------------------------------------------------------ */

struct findings {
	unsigned int count[METER_FINDINGS], all;
	unsigned int line;		/* of the last one */
	char why[METER_WHY];
	uint64_t used;			/* guest_cpu_us of all */
};

static inline void on_found(void *ctx, enum meter_finding f, const char *file, unsigned int line,
			    const char *why)
{
	struct findings *to = ctx;

	(void)file;
	to->count[f]++;
	to->all++;
	to->line = line;
	snprintf(to->why, sizeof(to->why), "%s", why);
}

static inline void on_record(void *ctx, const struct meter_record *r, const uint64_t *used)
{
	struct findings *to = ctx;
	unsigned int i;

	for (i = 0; i < r->counters; i++)
		if (str_is(r->counter[i].name, "guest_cpu_us"))
			to->used += used[i];
}

/* Lines, each with what it points to. */
struct lines {
	char *text;
	struct str at[256];
	unsigned int count;
};

static inline void lines_of(struct lines *l, const char *path)
{
	struct str rest, line;
	size_t len;

	assert_int_equal(file_read(path, 1 << 20, &l->text, &len), 0);
	l->count = 0;
	for (rest = (struct str){ l->text, len }; str_cut(&rest, '\n', &line) && rest.at;) {
		assert_true(l->count < 256);
		l->at[l->count++] = line;
	}
	assert_int_equal(line.len, 0);
}

static inline void lines_free(struct lines *l)
{
	free(l->text);
}

static inline struct meter_chain *chain_of(struct findings *to, const struct host *known)
{
	struct meter_chain_config config = {
		.listener = { on_found, on_record, to }, .known = known,
	};
	struct tpm_name name;

	*to = (struct findings){ .all = 0 };
	if (known) {
		assert_int_equal(tpm_public_name(&known->ak.public, &name), 0);
		memcpy(config.ak, name.at, sizeof(config.ak));
	}
	return meter_chain_new(&config);
}

/* All lines, to the end. */
static inline struct findings judge(const struct lines *l, const struct host *known)
{
	struct findings to;
	struct meter_chain *c = chain_of(&to, known);
	unsigned int i;

	for (i = 0; i < l->count; i++)
		assert_int_equal(meter_chain_line(c, l->at[i], "lines", i + 1), 0);
	assert_int_equal(meter_chain_end(c), 0);
	assert_int_equal(meter_chain_sound(c), !to.all);
	meter_chain_free(c);
	return to;
}

static inline void is_sound(struct findings f)
{
	if (f.all)
		fail_msg("line %u: %s", f.line, f.why);
}

/* This is found, and nothing else. */
static inline void is_only(struct findings f, enum meter_finding kind)
{
	if (!f.all || f.count[kind] != f.all)
		fail_msg("%u of %u %s; line %u: %s", f.count[kind], f.all,
			 meter_finding_name(kind), f.line, f.why);
}

#endif /* TESTS_METER_UTIL_H */
