// SPDX-License-Identifier: GPL-2.0-or-later
/* Measured boots, judged from files: nobody is asked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "base/version.h"
#include "base/text.h"
#include "skyctl.h"
#include "tpm/attest.h"
#include "tpm/ear.h"
#include "tpm/event_bind.h"
#include "tpm/event_keys.h"
#include "tpm/ima.h"
#include "tpm/tpm_attest.h"

#define PCRS_MAX	65536u
#define KEY_MAX		16384u
#define LINE		640u

static int read_file(const char *path, size_t max, char **data, struct str *text)
{
	size_t len = 0;
	int rc = file_read(path, max, data, &len);

	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	*text = (struct str){ *data, len };
	return 0;
}

static int read_pcrs(const char *path, struct tpm_pcr_set *set)
{
	CLEANUP_FREE char *data = NULL;
	struct str text = STR_NONE;
	unsigned int line;
	int rc = read_file(path, PCRS_MAX, &data, &text);

	if (!rc && tpm_pcrs_parse(set, text, &line))
		rc = fail(EINVAL, "%s:%u: a line is \"BANK PCR HEX\", such as sha256 0 1f2e...",
			  path, line);
	return rc;
}

/* The PCRs that are known, as a file of --pcrs has them. */
static void print_pcrs(const struct tpm_pcr_set *set)
{
	char hex[2 * TPM_DIGEST_MAX + 1];
	unsigned int i, pcr;

	for (i = 0; i < set->count; i++)
		for (pcr = 0; pcr < TPM_PCRS; pcr++)
			if (set->bank[i].known & (1u << pcr)) {
				hex_encode(set->bank[i].value[pcr], set->bank[i].alg->size, hex);
				printf("%s %u %s\n", set->bank[i].alg->name, pcr, hex);
			}
}

static json_t *pcrs_json(const struct tpm_pcr_set *set)
{
	char hex[2 * TPM_DIGEST_MAX + 1], name[8];
	json_t *banks = json_object(), *bank;
	unsigned int i, pcr;

	for (i = 0; i < set->count; i++) {
		bank = json_object();
		for (pcr = 0; pcr < TPM_PCRS; pcr++)
			if (set->bank[i].known & (1u << pcr)) {
				hex_encode(set->bank[i].value[pcr], set->bank[i].alg->size, hex);
				snprintf(name, sizeof(name), "%u", pcr);
				json_object_set_new(bank, name, json_string(hex));
			}
		json_object_set_new(banks, set->bank[i].alg->name, bank);
	}
	return banks;
}

static int print_json(json_t *o)
{
	int rc = o ? json_dumpf(o, stdout, JSON_INDENT(2)) : -1;

	putchar('\n');
	json_decref(o);
	return rc ? fail(ENOMEM, "cannot print the answer") : 0;
}

/* --- replay ------------------------------------------------------------------------ */

static void print_event(const struct event *ev, const struct tpm_alg *alg)
{
	static const char *const bound[] = { "-", "data", "value" };
	const uint8_t *digest = event_digest_of(ev, alg);
	char name[11], text[80], keys[160], hex[2 * TPM_DIGEST_MAX + 1] = "-";
	int how = event_binding(ev, alg);

	if (digest && ev->type != EV_NO_ACTION)
		hex_encode(digest, alg->size, hex);
	event_keys(ev, keys, sizeof(keys));
	printf("%u %d %s %s %s %s%s%s\n", ev->index, (int)ev->pcr, event_type_name(ev->type, name),
	       hex, bound[how < 0 ? 0 : how], event_describe(ev, text, sizeof(text)),
	       *keys ? ": " : "", keys);
}

static json_t *event_json(const struct event *ev)
{
	char name[11], text[80], hex[2 * TPM_DIGEST_MAX + 1];
	json_t *digests = json_object();
	unsigned int i;

	for (i = 0; i < ev->digests; i++)
		if (ev->digest[i].alg && ev->type != EV_NO_ACTION) {
			hex_encode(ev->digest[i].at, ev->digest[i].alg->size, hex);
			json_object_set_new(digests, ev->digest[i].alg->name, json_string(hex));
		}
	return json_pack("{s:i, s:i, s:s, s:o, s:s}", "index", (int)ev->index, "pcr", (int)ev->pcr,
			 "type", event_type_name(ev->type, name), "digests", digests, "about",
			 event_describe(ev, text, sizeof(text)));
}

/* The bank whose digests a person is shown: the strongest that the log has. */
static const struct tpm_alg *shown_alg(const struct eventlog *log)
{
	const struct tpm_alg *best = NULL;
	unsigned int i;

	for (i = 0; i < log->algs; i++)
		if (log->alg[i].alg && (!best || log->alg[i].alg->id > best->id))
			best = log->alg[i].alg;
	return best;
}

/* Print events, or put them into @list.  What is damaged ends them. */
static void each_event(struct str text, json_t *list)
{
	struct eventlog log;
	struct event ev;

	if (eventlog_open(&log, text.at, text.len) || !shown_alg(&log))
		return;
	while (eventlog_next(&log, &ev) == 1)
		if (list)
			json_array_append_new(list, event_json(&ev));
		else
			print_event(&ev, shown_alg(&log));
}

/* PCRs that the log extends and the file knows.  Return: 0 or -EPERM, reported. */
static int compare(const struct tpm_pcr_set *have, const struct tpm_pcr_set *want)
{
	unsigned int i, pcr, compared = 0, wrong = 0;

	for (i = 0; i < want->count; i++) {
		const struct tpm_pcr_bank *w = &want->bank[i], *h = tpm_pcr_get(have, w->alg->id);

		for (pcr = 0; h && pcr < TPM_PCRS; pcr++) {
			if (!(h->known & w->known & (1u << pcr)))
				continue;
			compared++;
			if (tpm_pcr_equal(h, w, pcr))
				continue;
			fail(EPERM, "PCR %u of %s is not what the log leads to", pcr, w->alg->name);
			wrong++;
		}
	}
	if (!compared)
		return fail(EPERM, "the log and the PCRs have no bank in common");
	return wrong ? -EPERM : 0;
}

/* A log's damaged end is nobody's loss where all PCRs of the machine agree without it. */
static bool knows_all(const struct tpm_pcr_set *want)
{
	const uint32_t all = 0xffffu & ~(1u << TPM_PCR_IMA);
	unsigned int i;

	for (i = 0; i < want->count; i++)
		if ((want->bank[i].known & all) != all)
			return false;
	return want->count;
}

static int replay(const char *path, struct str text, struct eventlog *log, struct tpm_pcr_set *set)
{
	int rc = eventlog_open(log, text.at, text.len);

	memset(set, 0, sizeof(*set));
	if (!rc)
		rc = eventlog_replay(log, set);
	if (rc == -EBADMSG)
		return fail(EBADMSG, "%s: event %u, at byte %zu: %s", path, log->fault.index,
			    log->fault.offset, log->fault.why);
	return rc ? fail(-rc, "cannot replay %s", path) : 0;
}

int cmd_attest_replay(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *data = NULL;
	struct tpm_pcr_set set, want = { .count = 0 };
	struct eventlog log;
	struct str text = STR_NONE;
	json_t *out;
	int rc = read_file(argv[0], EVENTLOG_MAX_BYTES, &data, &text), wrong = 0;

	(void)argc;
	if (!rc && o->pcrs)
		rc = read_pcrs(o->pcrs, &want);
	if (rc)
		return rc;
	rc = replay(argv[0], text, &log, &set);
	if (o->pcrs)
		wrong = compare(&set, &want);
	if (o->json) {
		out = json_pack("{s:b, s:i, s:I, s:o, s:o}", "agile", log.agile, "events",
				(int)log.index, "padding", (json_int_t)log.padding, "pcrs",
				pcrs_json(&set), "event", json_array());
		each_event(text, json_object_get(out, "event"));
		rc = print_json(out) ? -ENOMEM : rc;
	} else {
		if (o->events)
			each_event(text, NULL);
		else
			print_pcrs(&set);
	}
	if (rc == -EBADMSG && o->pcrs && !wrong && knows_all(&want)) {
		warn("all PCRs agree without the end of the log");
		rc = 0;
	}
	return rc ? rc : wrong;
}

/* --- ima --------------------------------------------------------------------------- */

static void print_entry(const struct ima_entry *e)
{
	char hex[2 * TPM_DIGEST_MAX + 1] = "", name[300], text[300];

	if (e->value.len <= TPM_DIGEST_MAX)
		hex_encode(e->value.at, e->value.len, hex);
	snprintf(name, sizeof(name), "%.*s", STR_ARG(e->name));
	printf("%u %u %.*s:%s %s %s\n", e->index, e->pcr, STR_ARG(e->hash), hex,
	       e->violation ? "violation" : e->has_buffer ? "record" : "file",
	       text_printable(name, text, sizeof(text)));
}

/* All banks that a TPM may have: nothing in a list says which it has. */
static void all_banks(struct tpm_pcr_set *set)
{
	static const uint16_t algs[] = {
		TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512,
	};
	unsigned int i;

	memset(set, 0, sizeof(*set));
	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
		tpm_pcr_add(set, tpm_alg_by_id(algs[i]));
}

/* Replay to the end.  Return: 0 or -errno, reported. */
static int replay_list(const char *path, struct str text, bool print, struct ima_replay *r)
{
	struct tpm_pcr_set start;
	struct ima_list list;
	struct ima_entry e;
	int rc = ima_open(&list, text.at, text.len, NULL);

	all_banks(&start);
	ima_replay_begin(r, &start);
	while (!rc && (rc = ima_next(&list, &e)) > 0) {
		if (print)
			print_entry(&e);
		rc = ima_replay_entry(r, &list, &e);
	}
	if (rc == -EBADMSG)
		return fail(EBADMSG, "%s: entry %u, at byte %zu: %s", path, list.index, list.offset,
			    list.why);
	return rc ? fail(-rc, "cannot replay %s", path) : 0;
}

/* The part of a list that leads to PCR 10 of one bank.  Return: 0 or -errno, reported. */
static int match_bank(struct str text, const struct tpm_pcr_bank *bank, json_t *out)
{
	static const char *const how[] = { "", "match", "padded" };
	struct tpm_pcr_set start = { .count = 0 };
	struct ima_replay r;
	struct ima_list list;
	int rc = ima_open(&list, text.at, text.len, NULL);

	tpm_pcr_add(&start, bank->alg);
	ima_replay_begin(&r, &start);
	if (!rc)
		rc = ima_match(&r, &list, bank, 1u << TPM_PCR_IMA);
	if (rc <= IMA_BEHIND)
		return fail(EPERM, "log incomplete: %u entries do not lead to PCR 10 of %s",
			    list.index, bank->alg->name);
	if (out)
		json_object_set_new(out, bank->alg->name,
				    json_pack("{s:s, s:i, s:I}", "how", how[rc], "entries",
					      (int)r.entries, "bytes", (json_int_t)r.offset));
	else
		printf("PCR 10 of %s: %u entries lead to it%s\n", bank->alg->name, r.entries,
		       rc == IMA_MATCH_PADDED ? ", by SHA-1 with zeros behind it" : "");
	return 0;
}

static int match_banks(struct str text, const struct tpm_pcr_set *want, json_t *out)
{
	unsigned int i, known = 0;
	int rc = 0;

	for (i = 0; i < want->count; i++) {
		if (!(want->bank[i].known & (1u << TPM_PCR_IMA)))
			continue;
		known++;
		if (match_bank(text, &want->bank[i], out))
			rc = -EPERM;
	}
	return known ? rc : fail(EINVAL, "the file of PCRs has no PCR 10");
}

int cmd_attest_ima(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *data = NULL;
	struct tpm_pcr_set want = { .count = 0 };
	struct ima_replay r;
	struct str text = STR_NONE;
	json_t *matches = o->json ? json_object() : NULL;
	int rc = read_file(argv[0], IMA_MAX_BYTES, &data, &text), wrong = 0;

	(void)argc;
	if (!rc && o->pcrs)
		rc = read_pcrs(o->pcrs, &want);
	if (!rc)
		rc = replay_list(argv[0], text, o->events && !o->json, &r);
	if (!rc && o->pcrs)
		wrong = match_banks(text, &want, matches);
	if (!rc && o->json)
		rc = print_json(json_pack("{s:i, s:I, s:o, s:O}", "entries", (int)r.entries, "bytes",
					  (json_int_t)r.offset, "pcrs", pcrs_json(&r.pcrs), "quoted",
					  matches));
	else if (!rc && !o->events && !o->pcrs)
		print_pcrs(&r.pcrs);
	json_decref(matches);
	return rc ? rc : wrong;
}

/* --- verify ------------------------------------------------------------------------ */

static int read_policy(const char *path, struct attest_policy **policy)
{
	CLEANUP_FREE char *data = NULL;
	struct attest_fault fault;
	struct str text = STR_NONE;
	int rc = read_file(path, ATTEST_POLICY_MAX, &data, &text);

	if (rc)
		return rc;
	rc = attest_policy_parse(policy, text, &fault);
	if (rc == -EINVAL)
		return fail(EINVAL, "%s: %s", path, fault.text);
	return rc ? fail(-rc, "cannot read %s: %s", path, strerror(-rc)) : 0;
}

static int print_token(const struct options *o, const struct attest_policy *policy,
		       const struct attest_verdict *v)
{
	struct ear_about about = {
		.subject = o->subject ? o->subject : "machine", .nonce = o->nonce,
		.build = "skyctl " SKYHOLD_VERSION, .issued = time(NULL),
	};
	CLEANUP_FREE char *data = NULL;
	CLEANUP_FREE char *token = NULL;
	struct ear_key *key;
	json_t *claims;
	struct str pem = STR_NONE;
	int rc = read_file(o->sign_key, KEY_MAX, &data, &pem);

	if (rc)
		return rc;
	key = ear_key_private(pem);
	explicit_bzero(data, pem.len);
	if (!key)
		return fail(EINVAL, "%s is no private key of P-256, in PEM and without a passphrase",
			    o->sign_key);
	about.expires = about.issued + (int64_t)o->valid;
	claims = ear_claims(&about, policy, v);
	rc = claims ? ear_sign(key, claims, &token) : -ENOMEM;
	json_decref(claims);
	ear_key_free(key);
	if (rc)
		return fail(-rc, "cannot sign the result");
	printf("%s\n", token);
	return 0;
}

static void print_verdict(const struct attest_verdict *v)
{
	char line[LINE];
	unsigned int i;

	for (i = 0; i < v->findings && i < ATTEST_FINDINGS; i++)
		printf("%s: %s\n", v->finding[i].code,
		       attest_finding_text(&v->finding[i], line, sizeof(line)));
	if (v->findings > ATTEST_FINDINGS)
		printf("and %u more\n", v->findings - ATTEST_FINDINGS);
	if (v->secure_boot)
		printf("Secure Boot is on: what was started is signed by %s; db has %s\n",
		       *v->authorities ? v->authorities : "nobody", *v->db ? v->db : "no key");
	printf("%s: %u event%s of the firmware, %u entr%s of IMA\n",
	       v->trusted ? "trusted" : "not trusted", v->events, plural(v->events), v->entries,
	       v->entries == 1 ? "y" : "ies");
}

static int judge(const struct options *o, const struct attest_policy *policy,
		 const struct attest_evidence *evidence)
{
	CLEANUP_FREE struct attest_verdict *v = malloc(sizeof(*v));
	int rc = v ? attest_judge(policy, evidence, v) : -ENOMEM;

	if (rc)
		return fail(-rc, "cannot judge");
	if (o->sign_key)
		rc = print_token(o, policy, v);
	else if (o->json)
		rc = print_json(attest_verdict_json(v));
	else
		print_verdict(v);
	if (!rc && !v->trusted)
		rc = fail(EPERM, "policy %s does not trust this machine: %u finding%s", policy->name,
			  v->findings, plural(v->findings));
	return rc;
}

int cmd_attest_verify(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE struct attest_evidence *e = calloc(1, sizeof(*e));
	CLEANUP_FREE char *log = NULL;
	CLEANUP_FREE char *ima = NULL;
	struct attest_policy *policy = NULL;
	struct tpm_attest said;
	int rc = 0;

	(void)argc;
	(void)argv;
	if (!e)
		return fail(ENOMEM, "cannot judge");
	if (!o->policy || !o->pcrs)
		return fail(EINVAL, "say which --policy to judge by, and the --pcrs that were quoted");
	if (!!o->quote != !!o->ak || !!o->quote != !!o->signature)
		return fail(EINVAL, "--quote, --signature and --ak go together");
	/* Who asks for a key would believe that somebody has looked at it. */
	if (!o->quote && (o->ek || o->select || o->scheme || o->hash))
		return fail(EINVAL, "--ek, --select, --scheme and --hash are of a --quote");
	rc = read_policy(o->policy, &policy);
	if (!rc && o->quote)
		rc = quote_of_files(o, o->ak, o->quote, o->signature, &e->pcrs, &said);
	else if (!rc)
		rc = read_pcrs(o->pcrs, &e->pcrs);
	if (!rc && o->log)
		rc = read_file(o->log, EVENTLOG_MAX_BYTES, &log, &e->log);
	if (!rc && o->ima)
		rc = read_file(o->ima, IMA_MAX_BYTES, &ima, &e->ima);
	if (!rc)
		rc = judge(o, policy, e);
	attest_policy_free(policy);
	return rc;
}
