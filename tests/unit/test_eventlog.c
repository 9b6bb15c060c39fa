// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event logs: those of recorded boots lead to the PCRs that were read then, and so do logs of
 * other makers' machines; what is damaged or forged is refused, or leads elsewhere.
 */
#include <errno.h>

#include <jansson.h>

#include "tpm_util.h"

#define LOG		"binary_bios_measurements"
#define UKI		"ovmf-uki-quote"
#define SHA1		tpm_alg_by_id(TPM_ALG_SHA1)
#define SHA256		tpm_alg_by_id(TPM_ALG_SHA256)

/* Where the logs of other makers' machines are, beside this tree unless it is said. */
#define OTHERS		"../shared/fixtures/eventlog"

static const char *const boots[] = {
	"ovmf-crb-direct", "ovmf-direct-quote-imabuf", "ovmf-secureboot-dm", "ovmf-secureboot-uki",
	"ovmf-tis-direct-sha256", "ovmf-uki-min-predicted", "ovmf-uki-min-tampered-cmdline", UKI,
	"seabios-dm-ima-critical-data", "seabios-tis",
};

static int replay(struct blob b, struct eventlog *log, struct tpm_pcr_set *set)
{
	int rc = eventlog_open(log, b.at, b.len);

	memset(set, 0, sizeof(*set));
	return rc ? rc : eventlog_replay(log, set);
}

/* All banks, all PCRs but IMA's: those that no event has extended as well. */
static void recorded(void **state)
{
	unsigned int i, bank, pcr;

	(void)state;
	for (i = 0; i < COUNT(boots); i++) {
		struct tpm_pcr_set want = pcrs_of(boots[i], "pcrs.txt"), set;
		struct blob b = blob_of(boots[i], LOG);
		struct eventlog log;

		assert_int_equal(replay(b, &log, &set), 0);
		assert_int_equal(set.count, want.count);
		for (bank = 0; bank < set.count; bank++)
			for (pcr = 0; pcr < TPM_PCRS; pcr++) {
				struct tpm_pcr_bank *have = &set.bank[bank];
				struct tpm_pcr_bank *w = tpm_pcr_find(&want, have->alg->id);

				if (pcr != TPM_PCR_IMA &&
				    memcmp(have->value[pcr], w->value[pcr], have->alg->size))
					fail_msg("%s: PCR %u of %s is not what was read",
						 boots[i], pcr, have->alg->name);
			}
		blob_free(&b);
	}
}

static void compare_bank(const char *file, const struct tpm_pcr_set *set, const char *name,
			 const json_t *pcrs)
{
	const struct tpm_alg *alg = tpm_alg_by_name(str_of(name));
	const struct tpm_pcr_bank *bank = alg ? tpm_pcr_get(set, alg->id) : NULL;
	const char *index, *hex;
	json_t *value;
	char text[2 * TPM_DIGEST_MAX + 1];

	if (!bank)
		fail_msg("%s: no bank %s", file, name);
	json_object_foreach((json_t *)pcrs, index, value) {
		struct out o = OUT(text, sizeof(text));

		hex = json_string_value(value);
		out_hex(&o, bank->value[atoi(index)], alg->size);
		if (!str_is(out_written(&o), hex))
			fail_msg("%s: PCR %s of %s is %.*s, not %s", file, index, name,
				 STR_ARG(out_written(&o)), hex);
	}
}

static void compare_row(const char *folder, const json_t *row)
{
	const char *file = json_string_value(json_object_get(row, "file")), *name;
	json_t *events = json_object_get(row, "events"), *banks;
	struct tpm_pcr_set set;
	struct eventlog log;
	struct blob b;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	if (!blob_try(path, &b))
		fail_msg("%s cannot be read", path);
	if (replay(b, &log, &set))
		fail_msg("%s: event %u at %zu: %s", file, log.fault.index, log.fault.offset,
			 log.fault.why);
	if (events)
		assert_int_equal(log.index, json_integer_value(events));
	json_object_foreach(json_object_get(row, "replayed"), name, banks)
		compare_bank(file, &set, name, banks);
	json_object_foreach(json_object_get(row, "real_pcrs"), name, banks)
		compare_bank(file, &set, name, banks);
	blob_free(&b);
}

static void others(void **state)
{
	const char *folder = getenv("EVENTLOG_FIXTURES");
	json_t *index, *row;
	char path[512];
	size_t i;

	(void)state;
	folder = folder ? folder : OTHERS;
	snprintf(path, sizeof(path), "%s/INDEX.json", folder);
	index = json_load_file(path, 0, NULL);
	if (!index) {
		print_message("# %s is not there: recorded logs of other machines are not tried; EVENTLOG_FIXTURES may say where they are\n",
			      path);
		skip();
	}
	assert_true(json_array_size(index) > 0);
	json_array_foreach(index, i, row)
		compare_row(folder, row);
	print_message("# %zu logs of other machines\n", json_array_size(index));
	json_decref(index);
}

/* --- logs that are written here */

static void put_digest(struct made *m, const struct tpm_alg *alg, const void *data, size_t len)
{
	uint8_t digest[TPM_DIGEST_MAX];

	assert_int_equal(tpm_hash(alg, data, len, digest), 0);
	put16(m, alg->id);
	put(m, digest, alg->size);
}

/* A header of these algorithms, each an id and a size. */
static void put_header(struct made *m, const uint16_t (*alg)[2], unsigned int algs)
{
	static const uint8_t zeros[20];
	unsigned int i;

	put32(m, 0);
	put32(m, EV_NO_ACTION);
	put(m, zeros, 20);
	put32(m, 28 + 4 * algs + 1);
	put(m, "Spec ID Event03", 16);
	put32(m, 0);
	put(m, (uint8_t[]){ 0, 2, 0, 2 }, 4);
	put32(m, algs);
	for (i = 0; i < algs; i++) {
		put16(m, alg[i][0]);
		put16(m, alg[i][1]);
	}
	put(m, "", 1);
}

static const uint16_t both[2][2] = { { TPM_ALG_SHA1, 20 }, { TPM_ALG_SHA256, 32 } };

static void put_event(struct made *m, uint32_t pcr, uint32_t type, const char *text)
{
	put32(m, pcr);
	put32(m, type);
	put32(m, 2);
	put_digest(m, SHA1, text, strlen(text));
	put_digest(m, SHA256, text, strlen(text));
	put32(m, strlen(text));
	put(m, text, strlen(text));
}

static void put_sha1(struct made *m, uint32_t pcr, uint32_t type, const void *data, size_t len)
{
	uint8_t digest[20];

	tpm_hash(SHA1, data, len, digest);
	put32(m, pcr);
	put32(m, type);
	put(m, digest, 20);
	put32(m, len);
	put(m, data, len);
}

static void put_locality(struct made *m, unsigned char locality)
{
	static const uint8_t zeros[32];

	put32(m, 0);
	put32(m, EV_NO_ACTION);
	put32(m, 2);
	put16(m, TPM_ALG_SHA1);
	put(m, zeros, 20);
	put16(m, TPM_ALG_SHA256);
	put(m, zeros, 32);
	put32(m, 17);
	put(m, "StartupLocality", 16);
	put(m, &locality, 1);
}

static int replay_made(const struct made *m, struct eventlog *log, struct tpm_pcr_set *set)
{
	struct blob b = blob_copy(m->at, m->len);
	int rc = replay(b, log, set);

	blob_free(&b);
	return rc;
}

/* H(start || H(text)), with @last as the last byte of what is otherwise zeros. */
static void expect(const struct tpm_pcr_set *set, const struct tpm_alg *alg, uint32_t pcr,
		   uint8_t last, const char *text)
{
	uint8_t both_parts[2 * TPM_DIGEST_MAX] = { 0 }, want[TPM_DIGEST_MAX];

	both_parts[alg->size - 1] = last;
	tpm_hash(alg, text, strlen(text), both_parts + alg->size);
	tpm_hash(alg, both_parts, 2 * alg->size, want);
	assert_memory_equal(tpm_pcr_get(set, alg->id)->value[pcr], want, alg->size);
}

static void locality(void **state)
{
	struct tpm_pcr_set set;
	struct eventlog log;
	struct made m = { .len = 0 };
	struct event ev;
	int rc;

	(void)state;
	put_header(&m, both, 2);
	put_locality(&m, 3);
	put_event(&m, 0, EV_S_CRTM_VERSION, "1");
	assert_int_equal(replay_made(&m, &log, &set), 0);
	expect(&set, SHA1, 0, 3, "1");
	expect(&set, SHA256, 0, 3, "1");
	/* Behind the first measurement it cannot be true any more. */
	put_locality(&m, 4);
	put_event(&m, 7, EV_ACTION, "behind");
	assert_int_equal(replay_made(&m, &log, &set), -EBADMSG);
	assert_int_equal(log.fault.index, 3);
	assert_int_equal(set.bank[0].known, 1);
	/* Who reads without replaying gets no further either. */
	assert_int_equal(eventlog_open(&log, m.at, m.len), 0);
	while ((rc = eventlog_next(&log, &ev)) == 1)
		;
	assert_int_equal(rc, -EBADMSG);
	assert_int_equal(log.index, 3);
}

/* An H-CRTM measures from locality 4, with the event that says so and without. */
static void hcrtm(void **state)
{
	struct tpm_pcr_set set;
	struct eventlog log;
	unsigned int said;

	(void)state;
	for (said = 0; said < 2; said++) {
		struct made m = { .len = 0 };

		put_header(&m, both, 2);
		if (said)
			put_locality(&m, 4);
		put_event(&m, 0, EV_EFI_HCRTM_EVENT, "HCRTM");
		assert_int_equal(replay_made(&m, &log, &set), 0);
		expect(&set, SHA1, 0, 4, "HCRTM");
		expect(&set, SHA256, 0, 4, "HCRTM");
		/* Of another PCR it is an event like others. */
		put_event(&m, 4, EV_EFI_HCRTM_EVENT, "HCRTM");
		assert_int_equal(replay_made(&m, &log, &set), 0);
		expect(&set, SHA256, 4, 0, "HCRTM");
	}
}

/* EV_NO_ACTION is nobody's measurement, wherever it stands and whatever PCR it names. */
static void no_action(void **state)
{
	struct tpm_pcr_set set;
	struct eventlog log;
	struct made m = { .len = 0 };

	(void)state;
	put_header(&m, both, 2);
	put_event(&m, 0, EV_NO_ACTION, "SP800-155 Event3");
	put_event(&m, 5, EV_EFI_ACTION, "x");
	put_event(&m, 5, EV_NO_ACTION, "between");
	put_event(&m, 0xffffffff, EV_NO_ACTION, "trust point");
	assert_int_equal(replay_made(&m, &log, &set), 0);
	assert_int_equal(set.bank[0].known, 1 << 5);
	expect(&set, SHA256, 5, 0, "x");
	assert_int_equal(log.index, 5);
	/* Others must name one that there is. */
	put_event(&m, 24, EV_ACTION, "x");
	assert_int_equal(replay_made(&m, &log, &set), -EBADMSG);
}

/* A bank that an event has no digest for was not extended by it. */
static void banks(void **state)
{
	static const uint16_t strange[3][2] = {
		{ TPM_ALG_SHA256, 32 }, { 0x7777, 5 }, { TPM_ALG_SHA1, 20 },
	};
	struct tpm_pcr_set set;
	struct eventlog log;
	struct made m = { .len = 0 };

	(void)state;
	put_header(&m, strange, 3);
	put32(&m, 1);
	put32(&m, EV_ACTION);
	put32(&m, 2);
	put16(&m, 0x7777);
	put(&m, "12345", 5);
	put_digest(&m, SHA1, "x", 1);
	put32(&m, 1);
	put(&m, "x", 1);
	assert_int_equal(replay_made(&m, &log, &set), 0);
	assert_int_equal(set.count, 2);
	assert_int_equal(tpm_pcr_get(&set, TPM_ALG_SHA256)->known, 0);
	expect(&set, SHA1, 1, 0, "x");
}

/* What firmware leaves behind the last event in its buffer. */
static void padding(void **state)
{
	static const unsigned char fills[] = { 0, 0xff };
	struct tpm_pcr_set set;
	struct eventlog log;
	unsigned int i, n, form;
	struct made none = { .len = 0 };

	(void)state;
	/* All of it is padding: that is no log, and no event of zeros in PCR 0. */
	for (n = 1; n < 100; n++) {
		none.len = n;
		assert_int_equal(replay_made(&none, &log, &set), -EBADMSG);
		assert_int_equal(log.index, 0);
	}
	for (form = 0; form < 2; form++)
		for (i = 0; i < COUNT(fills); i++)
			for (n = 1; n < 100; n++) {
				struct made m = { .len = 0 };

				if (form) {
					put_header(&m, both, 2);
					put_event(&m, 4, EV_ACTION, "x");
				} else {
					put_sha1(&m, 4, EV_ACTION, "x", 1);
				}
				memset(m.at + m.len, fills[i], n);
				m.len += n;
				assert_int_equal(replay_made(&m, &log, &set), 0);
				assert_int_equal(log.padding, n);
				assert_int_equal(log.index, 1 + form);
				expect(&set, SHA1, 4, 0, "x");
			}
}

/* TPM 1.2 and TrEE: the SHA-1 form, with and without a header. */
static void sha1_form(void **state)
{
	static const char *const headers[] = { NULL, "Spec ID Event00", "Spec ID Event02" };
	struct tpm_pcr_set set;
	struct eventlog log;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(headers); i++) {
		struct made m = { .len = 0 };

		if (headers[i])
			put_sha1(&m, 0, EV_NO_ACTION, headers[i], 16);
		put_sha1(&m, 0, EV_S_CRTM_VERSION, "v", 1);
		assert_int_equal(replay_made(&m, &log, &set), 0);
		assert_false(log.agile);
		assert_int_equal(set.count, 1);
		expect(&set, SHA1, 0, 0, "v");
	}
}

static void refused(void **state)
{
	static const uint16_t twice[2][2] = { { 11, 32 }, { 11, 32 } };
	static const uint16_t wrong[1][2] = { { 11, 20 } };
	static const uint16_t none[1][2] = { { 0x7777, 0 } };
	static uint16_t many[EVENTLOG_ALGS + 1][2];
	static const struct {
		const uint16_t (*alg)[2];
		unsigned int algs;
		const char *why;
	} headers[] = {
		{ twice, 2, "twice" },
		{ wrong, 1, "another length" }, { none, 1, "another length" },
		{ many, EVENTLOG_ALGS + 1, "too many" }, { none, 0, "no algorithms" },
	};
	static const struct {
		uint16_t first, second;
		unsigned int count;
		uint32_t size;
		const char *why;
	} events[] = {
		{ TPM_ALG_SHA1, TPM_ALG_SHA1, 2, 0, "two digests" },
		{ TPM_ALG_SHA512, TPM_ALG_SHA1, 2, 0, "does not name" },
		{ TPM_ALG_SHA1, 0, 0xffffffff, 0, "too many" },
		{ TPM_ALG_SHA1, 0, EVENTLOG_ALGS + 1, 0, "too many" },
		{ TPM_ALG_SHA1, 0, 1, 0xffffffff, "reaches behind" },
		{ TPM_ALG_SHA1, 0, 1, 65, "reaches behind" },
		{ TPM_ALG_SHA1, TPM_ALG_SHA256, 3, 0, "does not name" },
	};
	struct tpm_pcr_set set;
	struct eventlog log;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(many); i++) {
		many[i][0] = 0x4000 + i;
		many[i][1] = 1;
	}
	for (i = 0; i < COUNT(headers); i++) {
		struct made m = { .len = 0 };

		put_header(&m, headers[i].alg, headers[i].algs);
		assert_int_equal(replay_made(&m, &log, &set), -EBADMSG);
		assert_non_null(strstr(log.fault.why, headers[i].why));
	}
	for (i = 0; i < COUNT(events); i++) {
		static const uint8_t junk[64] = { 1 };
		struct made m = { .len = 0 };

		put_header(&m, both, 2);
		put32(&m, 1);
		put32(&m, EV_ACTION);
		put32(&m, events[i].count);
		put16(&m, events[i].first);
		put(&m, junk, 20);
		if (events[i].second) {
			put16(&m, events[i].second);
			put(&m, junk, events[i].second == TPM_ALG_SHA1 ? 20 : 32);
		}
		put32(&m, events[i].size);
		if (events[i].count == 1)
			put(&m, junk, 64);
		assert_int_equal(replay_made(&m, &log, &set), -EBADMSG);
		if (!strstr(log.fault.why, events[i].why))
			fail_msg("event %u: %s", i, log.fault.why);
		assert_int_equal(log.fault.index, 1);
	}
	assert_int_equal(eventlog_open(&log, "", 0), -EBADMSG);
	assert_int_equal(eventlog_open(&log, "", EVENTLOG_MAX_BYTES + 1), -EMSGSIZE);
}

/* Are all PCRs of the firmware in all banks what was read? */
static bool proves(const struct tpm_pcr_set *set, const struct tpm_pcr_set *want)
{
	unsigned int bank, pcr;

	for (bank = 0; bank < want->count; bank++) {
		const struct tpm_pcr_bank *have = tpm_pcr_get(set, want->bank[bank].alg->id);

		for (pcr = 0; pcr < 16; pcr++)
			if (pcr != TPM_PCR_IMA &&
			    (!have || memcmp(have->value[pcr], want->bank[bank].value[pcr],
					     have->alg->size)))
				return false;
	}
	return true;
}

/* Cut anywhere, a log leads elsewhere, whether it is seen to be cut or not. */
static void truncated(void **state)
{
	static const char *const some[] = { "ovmf-uki-min-predicted", "seabios-tis" };
	unsigned int i;
	size_t len;

	(void)state;
	for (i = 0; i < COUNT(some); i++) {
		struct tpm_pcr_set want = pcrs_of(some[i], "pcrs.txt"), set;
		struct blob whole = blob_of(some[i], LOG);

		for (len = 0; len < whole.len; len++) {
			struct blob part = blob_copy(whole.at, len);
			struct eventlog log;

			replay(part, &log, &set);
			assert_false(proves(&set, &want));
			blob_free(&part);
		}
		blob_free(&whole);
	}
}

/* Where an event of the log begins and ends. */
static size_t event_at(struct blob b, unsigned int index, struct event *ev)
{
	struct eventlog log;

	assert_int_equal(eventlog_open(&log, b.at, b.len), 0);
	do
		assert_int_equal(eventlog_next(&log, ev), 1);
	while (ev->index != index);
	return log.offset;
}

static bool still_proves(struct blob b, const struct tpm_pcr_set *want)
{
	struct tpm_pcr_set set;
	struct eventlog log;

	return !replay(b, &log, &set) && proves(&set, want);
}

/* Dropped, doubled, or exchanged with the next: no event of the log can be. */
static void edited(void **state)
{
	struct tpm_pcr_set want = pcrs_of(UKI, "pcrs.txt");
	struct blob whole = blob_of(UKI, LOG);
	struct event ev, next;
	unsigned int i, moved = 0;

	(void)state;
	assert_true(still_proves(whole, &want));
	for (i = 1; i < 39; i++) {
		size_t end = event_at(whole, i, &ev), len = end - ev.offset, after;
		struct blob b = blob_copy(whole.at, whole.len);

		memmove(b.at + ev.offset, b.at + end, b.len - end);
		b.len -= len;
		assert_false(still_proves(b, &want));
		blob_free(&b);

		b.at = malloc(whole.len + len);
		b.len = whole.len + len;
		memcpy(b.at, whole.at, end);
		memcpy(b.at + end, whole.at + ev.offset, whole.len - ev.offset);
		assert_false(still_proves(b, &want));
		blob_free(&b);

		/* The order of events of different PCRs is nobody's claim. */
		after = event_at(whole, i + 1, &next);
		b = blob_copy(whole.at, whole.len);
		memcpy(b.at + ev.offset, whole.at + end, after - end);
		memcpy(b.at + ev.offset + after - end, whole.at + ev.offset, len);
		assert_int_equal(still_proves(b, &want), ev.pcr != next.pcr);
		moved += ev.pcr == next.pcr;
		blob_free(&b);
	}
	assert_true(moved > 10);
	blob_free(&whole);
}

/* Each bit of each digest counts.  Types do not: a replay still fits, and binding is lost. */
static void flipped(void **state)
{
	struct tpm_pcr_set want = pcrs_of(UKI, "pcrs.txt");
	struct blob whole = blob_of(UKI, LOG);
	unsigned int i, d, relabelled = 0;
	struct event ev;

	(void)state;
	for (i = 1; i < 40; i++) {
		event_at(whole, i, &ev);
		for (d = 0; d < ev.digests; d++) {
			uint8_t *byte = whole.at + (ev.digest[d].at - whole.at) + i % 20;

			*byte ^= 1 << (i % 8);
			assert_false(still_proves(whole, &want));
			*byte ^= 1 << (i % 8);
		}
		/* An image is called a separator. */
		if (ev.type != EV_EFI_BOOT_SERVICES_APPLICATION)
			continue;
		memcpy(whole.at + ev.offset + 4, (uint8_t[]){ EV_SEPARATOR, 0, 0, 0 }, 4);
		assert_true(still_proves(whole, &want));
		event_at(whole, i, &ev);
		assert_true(event_must_be_bound(&ev));
		assert_int_equal(event_binding(&ev, SHA256), EVENT_UNBOUND);
		relabelled++;
	}
	assert_int_equal(relabelled, 2);
	blob_free(&whole);
}

/* In all recorded logs the types that must be bound are, in every bank. */
static void bound(void **state)
{
	unsigned int i, d, seen = 0;

	(void)state;
	for (i = 0; i < COUNT(boots); i++) {
		struct blob b = blob_of(boots[i], LOG);
		struct eventlog log;
		struct event ev;

		assert_int_equal(eventlog_open(&log, b.at, b.len), 0);
		while (eventlog_next(&log, &ev) == 1)
			for (d = 0; d < ev.digests; d++) {
				bool is = event_binding(&ev, ev.digest[d].alg) > EVENT_UNBOUND;

				if (event_must_be_bound(&ev) && !is)
					fail_msg("%s: event %u is not bound", boots[i], ev.index);
				seen += is;
			}
		blob_free(&b);
	}
	assert_true(seen > 300);
}

static unsigned int rng = 1;

static unsigned int next_random(void)
{
	rng = rng * 1103515245u + 12345u;
	return rng >> 8;
}

/* Mutations neither crash nor, where they are in what is proven, pass. */
static void mutated(void **state)
{
	struct tpm_pcr_set want = pcrs_of(UKI, "pcrs.txt"), set;
	struct blob whole = blob_of(UKI, LOG);
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 1500; i++) {
		struct blob b = blob_copy(whole.at, whole.len);
		struct eventlog log;
		struct event ev;

		for (j = 0; j <= i % 4; j++)
			b.at[next_random() % b.len] ^= 1 << next_random() % 8;
		if (!replay(b, &log, &set) && proves(&set, &want)) {
			/* Then every digest is where it was. */
			assert_int_equal(eventlog_open(&log, b.at, b.len), 0);
			while (eventlog_next(&log, &ev) == 1)
				;
			assert_int_equal(log.index, 40);
		}
		blob_free(&b);
	}
	blob_free(&whole);
}

static void pcr_files(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} wrong[] = {
		{ "sha1 0 00", 1 }, { "sha1 24 " "0000000000000000000000000000000000000000", 1 },
		{ "md5 0 00000000000000000000000000000000", 1 },
		{ "sha1 0 000000000000000000000000000000000000000g", 1 },
		{ "\n\nsha1 0\n", 3 }, { "sha1", 1 },
		{ "sha1 1 0000000000000000000000000000000000000000\n"
		  "sha1 1 0000000000000000000000000000000000000000\n", 2 },
	};
	struct tpm_pcr_set set;
	unsigned int i, line;

	(void)state;
	assert_int_equal(tpm_pcrs_parse(&set, STR("\n"), NULL), 0);
	assert_int_equal(set.count, 0);
	for (i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(tpm_pcrs_parse(&set, str_of(wrong[i].text), &line), -EINVAL);
		assert_int_equal(line, wrong[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded), cmocka_unit_test(others), cmocka_unit_test(locality),
		cmocka_unit_test(hcrtm), cmocka_unit_test(no_action), cmocka_unit_test(banks),
		cmocka_unit_test(padding), cmocka_unit_test(sha1_form), cmocka_unit_test(refused),
		cmocka_unit_test(truncated), cmocka_unit_test(edited), cmocka_unit_test(flipped),
		cmocka_unit_test(bound), cmocka_unit_test(mutated), cmocka_unit_test(pcr_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
