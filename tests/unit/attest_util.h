/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of judgements: a policy that fits a recorded boot, and evidence of one. */
#ifndef TESTS_ATTEST_UTIL_H
#define TESTS_ATTEST_UTIL_H

#include "tpm_util.h"

#include "base/hex.h"
#include "tpm/attest.h"

#define PREDICTED	"ovmf-uki-min-predicted"
#define TAMPERED	"ovmf-uki-min-tampered-cmdline"
#define UKI		"ovmf-uki-quote"
#define SECURE		"ovmf-secureboot-uki"
#define DM		"seabios-dm-ima-critical-data"

struct boot {
	struct attest_evidence e;
	struct blob log, ima;
};

static inline struct boot boot_of(const char *name)
{
	struct boot b = { .log = blob_of(name, "binary_bios_measurements"),
			  .ima = blob_of(name, "ima_binary") };

	b.e.pcrs = pcrs_of(name, "pcrs.txt");
	b.e.log = (struct str){ (char *)b.log.at, b.log.len };
	b.e.ima = (struct str){ (char *)b.ima.at, b.ima.len };
	return b;
}

static inline void boot_free(struct boot *b)
{
	blob_free(&b->log);
	blob_free(&b->ima);
}

static inline json_t *hex_json(const struct tpm_alg *alg, const void *digest)
{
	char hex[2 * TPM_DIGEST_MAX + 1];

	hex_encode(digest, alg->size, hex);
	return json_string(hex);
}

static inline json_t *sequences_of(const struct boot *b, const struct tpm_alg *alg)
{
	json_t *all = json_object();
	struct eventlog log;
	struct event ev;
	char name[8];

	assert_int_equal(eventlog_open(&log, b->log.at, b->log.len), 0);
	while (eventlog_next(&log, &ev) == 1) {
		if (ev.type == EV_NO_ACTION)
			continue;
		snprintf(name, sizeof(name), "%u", ev.pcr);
		if (!json_object_get(all, name))
			json_object_set_new(all, name, json_array());
		json_array_append_new(json_object_get(all, name),
				      hex_json(alg, event_digest_of(&ev, alg)));
	}
	return all;
}

/* All files by path and digest, all records by name and text. */
static inline json_t *ima_of(const struct boot *b)
{
	json_t *files = json_array(), *records = json_array(), *o;
	char hex[2 * TPM_DIGEST_MAX + 32];
	struct ima_list list;
	struct ima_entry e;
	size_t n;

	assert_int_equal(ima_open(&list, b->ima.at, b->ima.len, NULL), 0);
	while (ima_next(&list, &e) == 1) {
		n = (size_t)snprintf(hex, sizeof(hex), "%.*s:", STR_ARG(e.hash));
		hex_encode(e.value.at, e.value.len, hex + n);
		if (e.has_buffer)
			json_array_append_new(records,
					      json_pack("{s:s%, s:[s%]}", "name", e.name.at,
							e.name.len, "text", e.buffer.at,
							e.buffer.len));
		else if (!e.violation && !str_is(e.name, IMA_AGGREGATE))
			json_array_append_new(files,
					      json_pack("{s:s%, s:[s]}", "path", e.name.at,
							e.name.len, "digests", hex));
	}
	o = json_object();
	if (json_array_size(files))
		json_object_set(o, "files", files);
	if (json_array_size(records))
		json_object_set(o, "records", records);
	json_decref(files);
	json_decref(records);
	return o;
}

/* What a boot was: values of the firmware's PCRs, sequences, and all that IMA has seen. */
static inline json_t *policy_of(const struct boot *b, const char *bank)
{
	const struct tpm_alg *alg = tpm_alg_by_name(str_of(bank));
	const struct tpm_pcr_bank *values = tpm_pcr_get(&b->e.pcrs, alg->id);
	json_t *pcrs = json_object();
	char name[8];
	int pcr;

	for (pcr = 0; pcr < 15; pcr++) {
		if (pcr == TPM_PCR_IMA)
			continue;
		snprintf(name, sizeof(name), "%d", pcr);
		json_object_set_new(pcrs, name, hex_json(alg, values->value[pcr]));
	}
	return json_pack("{s:i, s:s, s:s, s:o, s:o, s:o}", "version", 1, "name", "test", "bank",
			 bank, "pcrs", pcrs, "sequences", sequences_of(b, alg), "ima", ima_of(b));
}

static inline struct attest_policy *compiled(const json_t *document)
{
	char *text = json_dumps(document, 0);
	struct attest_policy *p = NULL;
	struct attest_fault fault;

	assert_non_null(text);
	if (attest_policy_parse(&p, str_of(text), &fault))
		fail_msg("%s", fault.text);
	free(text);
	return p;
}

static inline struct attest_verdict *judged(const json_t *document, const struct attest_evidence *e)
{
	static struct attest_verdict v;
	struct attest_policy *p = compiled(document);

	assert_int_equal(attest_judge(p, e, &v), 0);
	assert_int_equal(v.trusted, !v.findings);
	attest_policy_free(p);
	return &v;
}

/* Is there a finding of that code, at that PCR or event (below 0: any)? */
static inline const struct attest_finding *found(const struct attest_verdict *v, const char *code,
						 int pcr, int64_t index)
{
	unsigned int i;

	for (i = 0; i < v->findings && i < ATTEST_FINDINGS; i++) {
		const struct attest_finding *f = &v->finding[i];

		if (!strcmp(f->code, code) && (pcr < 0 || f->pcr == pcr) &&
		    (index < 0 || f->index == index))
			return f;
	}
	return NULL;
}

static inline void assert_found(const struct attest_verdict *v, const char *code, int pcr,
				int64_t index)
{
	char line[640];

	assert_false(v->trusted);
	if (!found(v, code, pcr, index))
		fail_msg("no %s of PCR %d, index %lld among %u, the first: %s", code, pcr,
			 (long long)index, v->findings,
			 attest_finding_text(&v->finding[0], line, sizeof(line)));
}

static inline void assert_trusted(const struct attest_verdict *v)
{
	char line[640];

	if (!v->trusted)
		fail_msg("%u findings, the first: %s", v->findings,
			 attest_finding_text(&v->finding[0], line, sizeof(line)));
}

/* PCR 10 as a list leads to it. */
static inline void quote_list(struct boot *b, struct blob list_file)
{
	struct ima_replay r;
	struct ima_list list;
	struct ima_entry e;
	unsigned int i;

	ima_replay_begin(&r, &b->e.pcrs);
	for (i = 0; i < r.pcrs.count; i++)
		memset(r.pcrs.bank[i].value[TPM_PCR_IMA], 0, TPM_DIGEST_MAX);
	assert_int_equal(ima_open(&list, list_file.at, list_file.len, NULL), 0);
	while (ima_next(&list, &e) == 1)
		assert_int_equal(ima_replay_entry(&r, &list, &e), 0);
	b->e.pcrs = r.pcrs;
}

#endif /* TESTS_ATTEST_UTIL_H */
