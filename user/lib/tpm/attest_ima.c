// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The measurement list: judged as far as the quote reaches.  An entry is judged by what it holds,
 * not by the name of its template: every entry without exception has to be allowed.
 */
#include <errno.h>
#include <string.h>

#include "attest_private.h"

static const char *const module_ends[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };

static bool is_module(struct str path)
{
	unsigned int i;

	for (i = 0; i < sizeof(module_ends) / sizeof(module_ends[0]); i++)
		if (str_ends(path, str_of(module_ends[i])))
			return true;
	return false;
}

static void judge_aggregate(struct attest_case *c, const struct ima_entry *e, int match)
{
	const struct tpm_alg *alg = tpm_alg_by_name(e->hash);

	if (match == AGGREGATE_WRONG)
		attest_find_entry(c, CLAIM_EXECUTABLES, "ima-aggregate", e,
				  "boot_aggregate is not of the PCRs that were quoted");
	else if (match == AGGREGATE_UNKNOWN)
		attest_find_entry(c, CLAIM_EXECUTABLES, "ima-aggregate", e,
				  "boot_aggregate is of PCRs of %s that were not quoted",
				  alg ? alg->name : "another bank");
}

static bool record_allowed(const struct attest_ima *p, const struct ima_entry *e)
{
	unsigned int i, k;

	for (i = 0; i < p->records; i++) {
		if (!str_match(p->record[i].name, e->name))
			continue;
		for (k = 0; k < p->record[i].texts; k++)
			if (str_match(p->record[i].text[k], e->buffer))
				return true;
		if (!p->record[i].texts)
			return true;
	}
	return false;
}

static void judge_file(struct attest_case *c, const struct ima_entry *e)
{
	const struct attest_ima *p = &c->policy->ima;
	const struct tpm_alg *alg = tpm_alg_by_name(e->hash);
	struct attest_finding *f;
	bool module = p->modules_asked && is_module(e->name), good;

	/* Without its algorithm nobody can tell whether it is a record. */
	if (!alg)
		good = false;
	else if (module)
		good = attest_digests_have(&p->modules, alg, e->value.at);
	else
		good = attest_digests_have(&p->digests, alg, e->value.at) ||
		       attest_files_allow(&p->files, e->name, alg, e->value.at);
	if (good)
		return;
	f = attest_find_entry(c, CLAIM_EXECUTABLES, module ? "ima-module" : "ima-file", e,
			      "%.*s (%.*s) is not on the policy's list", STR_ARG(e->name),
			      STR_ARG(e->hash));
	if (alg)
		attest_found(f, alg, (const uint8_t *)e->value.at);
}

/* A file could be called a record; but the digest of a record is that of its buffer. */
static int judge_record(struct attest_case *c, const struct ima_entry *e)
{
	const struct tpm_alg *alg = tpm_alg_by_name(e->hash);
	uint8_t digest[TPM_DIGEST_MAX];
	int rc = alg ? tpm_hash(alg, e->buffer.at, e->buffer.len, digest) : 0;

	if (rc)
		return rc;
	if (!alg || memcmp(digest, e->value.at, alg->size))
		attest_find_entry(c, CLAIM_EXECUTABLES, "ima-record", e,
				  "the digest of %.*s is not of its record", STR_ARG(e->name));
	else if (!attest_judge_record(c, e) && !record_allowed(&c->policy->ima, e))
		attest_find_entry(c, CLAIM_EXECUTABLES, "ima-record", e,
				  "the record %.*s is not one that the policy allows",
				  STR_ARG(e->name));
	return 0;
}

static int judge_entry(struct attest_case *c, const struct ima_entry *e)
{
	const struct attest_ima *p = &c->policy->ima;
	int rc;

	if (e->pcr != TPM_PCR_IMA) {
		attest_find_entry(c, CLAIM_EXECUTABLES, "ima-pcr", e,
				  "it is of a PCR whose entries nothing proves here");
		return 0;
	}
	/* Of a violation nothing is proven but that there was one: its name is a claim. */
	if (e->violation) {
		if (!p->violations)
			attest_find_entry(c, CLAIM_EXECUTABLES, "ima-violation", e,
					  "a file was open for writing while it was measured");
		return 0;
	}
	/* The first is the kernel's in any case; later ones could be files of that name. */
	if (str_is(e->name, IMA_AGGREGATE) && !e->has_buffer) {
		rc = p->aggregate || e->index ? ima_aggregate(e, &c->evidence->pcrs) :
						AGGREGATE_RIGHT;
		if (rc >= 0)
			judge_aggregate(c, e, rc);
		return rc < 0 ? rc : 0;
	}
	if (e->has_buffer)
		return judge_record(c, e);
	judge_file(c, e);
	return 0;
}

static int judge_entries(struct attest_case *c, struct ima_list *list, unsigned int count)
{
	bool first = true;
	struct ima_entry e;
	int rc = 0;

	while (!rc && list->index < count) {
		rc = ima_next(list, &e);
		if (rc <= 0)
			return rc;
		if (first && c->policy->ima.aggregate &&
		    (e.violation || !str_is(e.name, IMA_AGGREGATE)))
			attest_find_entry(c, CLAIM_EXECUTABLES, "ima-aggregate", &e,
					  "the list does not begin with boot_aggregate");
		first = false;
		rc = judge_entry(c, &e);
	}
	if (!rc && first)
		attest_find(c, CLAIM_EXECUTABLES, "ima-aggregate", TPM_PCR_IMA,
			    "nothing was measured, not even boot_aggregate");
	return rc;
}

/* Return: enum ima_match, IMA_BEHIND also where it was said what is wrong, or an error. */
static int match_list(struct attest_case *c, struct ima_list *list, struct ima_replay *r)
{
	int rc = ima_match(r, list, c->quoted, 1u << TPM_PCR_IMA);
	struct attest_finding *f;

	if (rc == -EBADMSG) {
		attest_find(c, CLAIM_EXECUTABLES, "ima-damaged", TPM_PCR_IMA,
			    "the list is damaged at byte %zu, entry %u: %s", list->offset,
			    list->index, list->why);
		return IMA_BEHIND;
	}
	if (rc == IMA_BEHIND) {
		f = attest_find(c, CLAIM_EXECUTABLES, "ima-incomplete", TPM_PCR_IMA,
				"log incomplete: its %u entries do not lead to what was quoted",
				list->index);
		attest_expected(f, c->quoted->alg, c->quoted->value[TPM_PCR_IMA]);
		attest_found(f, c->quoted->alg,
			     tpm_pcr_get(&r->pcrs, c->quoted->alg->id)->value[TPM_PCR_IMA]);
	}
	if (rc == IMA_MATCH_PADDED) {
		c->verdict->padded = true;
		if (!c->policy->ima.padded)
			attest_find(c, CLAIM_EXECUTABLES, "ima-padded", TPM_PCR_IMA,
				    "the bank %s holds SHA-1 digests with zeros behind them",
				    c->quoted->alg->name);
	}
	return rc;
}

int attest_judge_ima(struct attest_case *c)
{
	struct ima_replay r;
	struct ima_list list;
	unsigned int count;
	int rc;

	c->verdict->claimed[CLAIM_EXECUTABLES] = true;
	c->verdict->claimed[CLAIM_STORAGE] = c->policy->ima.volumes_asked;
	if (!c->evidence->ima.at) {
		attest_find(c, CLAIM_EXECUTABLES, "ima-missing", TPM_PCR_IMA,
			    "there is no list of IMA's measurements");
		return 0;
	}
	if (!(c->quoted->known & (1u << TPM_PCR_IMA))) {
		attest_find(c, CLAIM_EXECUTABLES, "pcr-missing", TPM_PCR_IMA, "it was not quoted");
		return 0;
	}
	rc = ima_open(&list, c->evidence->ima.at, c->evidence->ima.len, NULL);
	if (rc == -EMSGSIZE) {
		attest_find(c, CLAIM_EXECUTABLES, "ima-damaged", TPM_PCR_IMA,
			    "the list is too long");
		return 0;
	}
	if (rc)
		return rc;
	/* The list begins with the kernel: what came before would be entries that nobody sees. */
	if (tpm_pcr_get(&c->replayed, c->quoted->alg->id)->known & (1u << TPM_PCR_IMA)) {
		attest_find(c, CLAIM_EXECUTABLES, "ima-incomplete", TPM_PCR_IMA,
			    "the firmware's log has events of it, which are no entries");
		return 0;
	}
	ima_replay_begin(&r, &c->replayed);
	rc = match_list(c, &list, &r);
	if (rc <= IMA_BEHIND)
		return rc;
	count = r.entries;
	c->verdict->entries = count;
	c->verdict->ima_bytes = r.offset;
	rc = ima_open(&list, c->evidence->ima.at, c->evidence->ima.len, list.alg);
	return rc ? rc : judge_entries(c, &list, count);
}
