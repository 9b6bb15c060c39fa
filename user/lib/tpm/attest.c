// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "attest_private.h"
#include "base/hex.h"
#include "base/text.h"

#define PCRS_OF_CONFIGURATION	(1u << 1 | 1u << 3 | 1u << 5 | 1u << 7)

enum attest_claim attest_claim_of(int pcr)
{
	return pcr >= 0 && pcr < TPM_PCRS && (PCRS_OF_CONFIGURATION & (1u << pcr)) ?
	       CLAIM_CONFIGURATION : CLAIM_EXECUTABLES;
}

/* What does not fit any more is counted, and written where nobody looks. */
static struct attest_finding *add(struct attest_case *c, enum attest_claim claim, const char *code,
				  int pcr, const char *fmt, va_list args)
{
	static __thread struct attest_finding surplus;
	struct attest_verdict *v = c->verdict;
	struct attest_finding *f;
	char text[sizeof(f->text)];

	f = v->findings < ATTEST_FINDINGS ? &v->finding[v->findings] : &surplus;
	v->findings++;
	v->trusted = false;
	v->refused[claim] = true;
	memset(f, 0, sizeof(*f));
	f->claim = claim;
	f->code = code;
	f->pcr = pcr;
	f->index = -1;
	vsnprintf(text, sizeof(text), fmt, args);
	text_printable(text, f->text, sizeof(f->text));
	return f;
}

struct attest_finding *attest_find(struct attest_case *c, enum attest_claim claim,
				   const char *code, int pcr, const char *fmt, ...)
{
	struct attest_finding *f;
	va_list args;

	va_start(args, fmt);
	f = add(c, claim, code, pcr, fmt, args);
	va_end(args);
	return f;
}

struct attest_finding *attest_find_event(struct attest_case *c, const char *code,
					 const struct event *ev, const char *fmt, ...)
{
	int pcr = ev->pcr < TPM_PCRS ? (int)ev->pcr : -1;
	struct attest_finding *f;
	va_list args;

	va_start(args, fmt);
	f = add(c, attest_claim_of(pcr), code, pcr, fmt, args);
	va_end(args);
	f->boot = true;
	f->index = ev->index;
	f->type = ev->type;
	return f;
}

struct attest_finding *attest_find_entry(struct attest_case *c, enum attest_claim claim,
					 const char *code, const struct ima_entry *e,
					 const char *fmt, ...)
{
	struct attest_finding *f;
	va_list args;

	va_start(args, fmt);
	f = add(c, claim, code, (int)e->pcr, fmt, args);
	va_end(args);
	f->index = e->index;
	return f;
}

void attest_expected(struct attest_finding *f, const struct tpm_alg *alg, const uint8_t *digest)
{
	hex_encode(digest, alg->size, f->expected);
}

void attest_found(struct attest_finding *f, const struct tpm_alg *alg, const uint8_t *digest)
{
	hex_encode(digest, alg->size, f->found);
}

/* The first of the allowed values, so that a person sees what was meant. */
static void judge_values(struct attest_case *c)
{
	const struct attest_policy *p = c->policy;
	const struct tpm_pcr_bank *q = c->quoted;
	struct attest_finding *f;
	int pcr;

	for (pcr = 0; pcr < TPM_PCRS; pcr++) {
		if (!(p->listed & (1u << pcr)))
			continue;
		c->verdict->claimed[attest_claim_of(pcr)] = true;
		if (!(q->known & (1u << pcr))) {
			attest_find(c, attest_claim_of(pcr), "pcr-missing", pcr,
				    "the policy lists its values, and it was not quoted");
			continue;
		}
		if (attest_digests_have(&p->pcr[pcr], p->bank, q->value[pcr]))
			continue;
		f = attest_find(c, attest_claim_of(pcr), "pcr-value", pcr,
				"its value is not one of the policy's %u", p->pcr[pcr].count);
		attest_expected(f, p->bank, p->pcr[pcr].item[0].bytes);
		attest_found(f, p->bank, q->value[pcr]);
	}
}

int attest_judge(const struct attest_policy *policy, const struct attest_evidence *evidence,
		 struct attest_verdict *verdict)
{
	struct attest_case c = {
		.policy = policy, .evidence = evidence, .verdict = verdict,
		.quoted = tpm_pcr_get(&evidence->pcrs, policy->bank->id),
	};
	int rc = 0;

	memset(verdict, 0, sizeof(*verdict));
	verdict->trusted = true;
	if (!c.quoted) {
		verdict->claimed[CLAIM_EXECUTABLES] = true;
		attest_find(&c, CLAIM_EXECUTABLES, "bank-missing", -1,
			    "no PCRs of the bank %s were quoted", policy->bank->name);
		return 0;
	}
	judge_values(&c);
	tpm_pcr_add(&c.replayed, policy->bank);
	if (policy->replayed || evidence->log.at)
		rc = attest_judge_log(&c);
	if (!rc && policy->boot.asked)
		rc = attest_judge_secure_boot(&c);
	if (!rc && policy->ima.asked)
		rc = attest_judge_ima(&c);
	return rc;
}

const char *attest_finding_text(const struct attest_finding *f, char *text, size_t size)
{
	char name[11], where[96] = "", pcr[16] = "";

	if (f->pcr >= 0)
		snprintf(pcr, sizeof(pcr), "PCR %d", f->pcr);
	if (f->index >= 0 && f->boot)
		snprintf(where, sizeof(where), "event %lld (%s%s%s): ", (long long)f->index,
			 event_type_name(f->type, name), *pcr ? ", " : "", pcr);
	else if (f->index >= 0)
		snprintf(where, sizeof(where), "IMA entry %lld: ", (long long)f->index);
	else if (*pcr)
		snprintf(where, sizeof(where), "%s: ", pcr);
	snprintf(text, size, "%s%s%s%s%s%s", where, f->text, *f->expected ? "; expected " : "",
		 f->expected, *f->found ? "; found " : "", f->found);
	return text;
}

static json_t *finding_json(const struct attest_finding *f)
{
	char name[11];
	json_t *o = json_pack("{s:s, s:s}", "code", f->code, "text", f->text);

	if (!o)
		return NULL;
	if (f->pcr >= 0)
		json_object_set_new(o, "pcr", json_integer(f->pcr));
	if (f->index >= 0) {
		json_object_set_new(o, "log", json_string(f->boot ? "boot" : "ima"));
		json_object_set_new(o, "index", json_integer(f->index));
	}
	if (f->boot)
		json_object_set_new(o, "type", json_string(event_type_name(f->type, name)));
	if (*f->expected)
		json_object_set_new(o, "expected", json_string(f->expected));
	if (*f->found)
		json_object_set_new(o, "found", json_string(f->found));
	return o;
}

static json_t *secure_boot_json(const struct attest_verdict *v)
{
	return json_pack("{s:s, s:s}", "db", v->db, "authorities", v->authorities);
}

json_t *attest_verdict_json(const struct attest_verdict *v)
{
	json_t *list = json_array(), *o;
	unsigned int i;

	for (i = 0; i < v->findings && i < ATTEST_FINDINGS; i++)
		json_array_append_new(list, finding_json(&v->finding[i]));
	o = json_pack("{s:b, s:i, s:o, s:i, s:i, s:I, s:b, s:b}", "trusted", v->trusted, "findings",
		      (int)v->findings, "finding", list, "events", (int)v->events, "entries",
		      (int)v->entries, "ima_bytes", (json_int_t)v->ima_bytes, "log_cut",
		      v->log_cut, "padded", v->padded);
	if (o && v->secure_boot)
		json_object_set_new(o, "secure_boot", secure_boot_json(v));
	return o;
}
