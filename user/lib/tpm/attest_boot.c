// SPDX-License-Identifier: GPL-2.0-or-later
/* The firmware's log: it must lead to what was quoted, say what it digests, and be as listed. */
#include <errno.h>
#include <string.h>

#include "attest_private.h"

#define PCRS_OF_FIRMWARE	0xffu		/* 0 to 7: each has a separator */
#define PCR_BOOT_OPTIONS	1
#define PCRS_BEFORE_LINUX	0x43ffu		/* nobody extends these once Linux runs */
#define PCRS_STATIC		0xffffu		/* 0 to 15 */

struct walk {
	struct attest_case *c;
	uint32_t pcrs;				/* that are judged */
	unsigned int step[TPM_PCRS];		/* events of each so far */
	unsigned int separators[TPM_PCRS];
};

static bool leads_to(const struct attest_case *c, int pcr)
{
	const struct tpm_pcr_bank *bank = tpm_pcr_get(&c->replayed, c->quoted->alg->id);

	return !memcmp(bank->value[pcr], c->quoted->value[pcr], bank->alg->size);
}

/*
 * Without its end a log is good enough only where no PCR says that there was more.  Without a
 * beginning it says nothing, also of PCRs that are zeros.
 */
static void judge_damage(struct attest_case *c, const struct eventlog *log)
{
	const uint32_t all = PCRS_STATIC & ~(1u << TPM_PCR_IMA);
	bool proven = log->index && (c->quoted->known & all) == all;
	int pcr;

	for (pcr = 0; pcr < TPM_PCRS; pcr++)
		if ((all & (1u << pcr)) && !leads_to(c, pcr))
			proven = false;
	c->verdict->log_cut = proven;
	if (proven)
		return;
	attest_find(c, CLAIM_EXECUTABLES, "log-damaged", -1,
		    "the log is damaged at byte %zu, event %u: %s", log->fault.offset,
		    log->fault.index, log->fault.why);
}

static void judge_replay(struct attest_case *c, uint32_t pcrs)
{
	const struct tpm_pcr_bank *bank = tpm_pcr_get(&c->replayed, c->quoted->alg->id);
	struct attest_finding *f;
	int pcr;

	for (pcr = 0; pcr < TPM_PCRS; pcr++) {
		if (!(pcrs & (1u << pcr)))
			continue;
		c->verdict->claimed[attest_claim_of(pcr)] = true;
		if (!(c->quoted->known & (1u << pcr))) {
			attest_find(c, attest_claim_of(pcr), "pcr-missing", pcr,
				    "the log has to lead to it, and it was not quoted");
		} else if (!leads_to(c, pcr)) {
			f = attest_find(c, attest_claim_of(pcr), "log-mismatch", pcr,
					"the log leads to another value than was quoted");
			attest_expected(f, bank->alg, c->quoted->value[pcr]);
			attest_found(f, bank->alg, bank->value[pcr]);
		}
	}
}

static void judge_step(struct walk *w, const struct event *ev, const uint8_t *digest)
{
	const struct attest_sequence *s = &w->c->policy->sequence[ev->pcr];
	const struct tpm_alg *alg = w->c->quoted->alg;
	unsigned int step = w->step[ev->pcr]++;
	struct attest_finding *f;

	if (!(w->c->policy->sequenced & (1u << ev->pcr)))
		return;
	if (step >= s->steps) {
		f = attest_find_event(w->c, "event-surplus", ev,
				      "the policy's sequence has ended %u events before", s->steps);
		attest_found(f, alg, digest);
	} else if (!attest_digests_have(&s->step[step], alg, digest)) {
		f = attest_find_event(w->c, "event-digest", ev,
				      "it is not what step %u of the policy's sequence allows", step);
		attest_expected(f, alg, s->step[step].item[0].bytes);
		attest_found(f, alg, digest);
	}
}

/* An order of boot options may have the bytes of an error: 1, 0. */
static bool may_be_order(const struct event *ev, int bound)
{
	return ev->pcr == PCR_BOOT_OPTIONS && ev->type == EV_EFI_VARIABLE_BOOT &&
	       bound == EVENT_BOUND_VALUE;
}

static void judge_separator(struct walk *w, const struct event *ev, int bound, bool failure)
{
	enum event_separator kind = event_separator(ev);

	if (!(PCRS_OF_FIRMWARE & (1u << ev->pcr)))
		return;
	if (ev->type != EV_SEPARATOR && failure && !may_be_order(ev, bound))
		attest_find_event(w->c, "separator", ev,
				  "its digest is that of a measurement that failed");
	if (ev->type != EV_SEPARATOR || bound == EVENT_UNBOUND)
		return;
	w->separators[ev->pcr]++;
	if (failure || kind != SEPARATOR_NORMAL)
		attest_find_event(w->c, "separator", ev,
				  "the firmware reports that a measurement failed");
	else if (w->separators[ev->pcr] > 1)
		attest_find_event(w->c, "separator", ev, "there is a second one of this PCR");
}

static int judge_event(struct walk *w, const struct event *ev)
{
	const struct tpm_alg *alg = w->c->quoted->alg;
	const uint8_t *digest = event_digest_of(ev, alg);
	struct attest_finding *f;
	int bound, failure;

	/* What has extended nothing is no event of this bank. */
	if (ev->type == EV_NO_ACTION || !digest || !(w->pcrs & (1u << ev->pcr)))
		return 0;
	bound = event_binding(ev, alg);
	failure = event_is_failure(ev, alg);
	if (bound < 0 || failure < 0)
		return bound < 0 ? bound : failure;
	if (bound == EVENT_UNBOUND && event_must_be_bound(ev)) {
		f = attest_find_event(w->c, "event-unbound", ev, "its digest is not of its data");
		attest_found(f, alg, digest);
	}
	judge_separator(w, ev, bound, failure);
	judge_step(w, ev, digest);
	return 0;
}

static void judge_ends(struct walk *w)
{
	const struct attest_policy *p = w->c->policy;
	struct attest_finding *f;
	int pcr;

	for (pcr = 0; pcr < TPM_PCRS; pcr++) {
		const struct attest_sequence *s = &p->sequence[pcr];

		if ((p->sequenced & (1u << pcr)) && w->step[pcr] < s->steps) {
			f = attest_find(w->c, attest_claim_of(pcr), "event-missing", pcr,
					"the log has %u events of the policy's %u", w->step[pcr],
					s->steps);
			attest_expected(f, p->bank, s->step[w->step[pcr]].item[0].bytes);
		}
		if ((p->replayed & PCRS_OF_FIRMWARE & (1u << pcr)) && !w->separators[pcr])
			attest_find(w->c, attest_claim_of(pcr), "separator", pcr,
				    "the log has no separator: the firmware did not hand over");
	}
}

static int walk_events(struct attest_case *c, uint32_t pcrs)
{
	struct walk w = { .c = c, .pcrs = pcrs };
	struct eventlog log;
	struct event ev;
	int rc = eventlog_open(&log, c->evidence->log.at, c->evidence->log.len);

	while (!rc && eventlog_next(&log, &ev) == 1)
		rc = judge_event(&w, &ev);
	if (rc)
		return rc;
	c->verdict->events = log.index;
	c->verdict->log_padding = log.padding;
	judge_ends(&w);
	return 0;
}

int attest_judge_log(struct attest_case *c)
{
	const struct tpm_alg *alg = c->quoted->alg;
	struct eventlog log;
	uint32_t pcrs;
	int rc;

	if (!c->evidence->log.at) {
		attest_find(c, CLAIM_EXECUTABLES, "log-missing", -1, "there is no log of the boot");
		c->verdict->claimed[CLAIM_EXECUTABLES] = true;
		return 0;
	}
	rc = eventlog_open(&log, c->evidence->log.at, c->evidence->log.len);
	if (!rc)
		rc = eventlog_replay(&log, &c->replayed);
	if (rc == -EMSGSIZE)
		log.fault = (struct eventlog_fault){ 0, 0, "it is too long" };
	else if (rc && rc != -EBADMSG)
		return rc;
	if (!tpm_pcr_get(&c->replayed, alg->id)) {
		tpm_pcr_add(&c->replayed, alg);
		attest_find(c, CLAIM_EXECUTABLES, "log-bank", -1,
			    "the log has no digests of the bank %s", alg->name);
		return 0;
	}
	if (rc)
		judge_damage(c, &log);
	pcrs = tpm_pcr_get(&c->replayed, alg->id)->known & c->quoted->known & PCRS_BEFORE_LINUX;
	pcrs = (pcrs | c->policy->replayed) & ~(1u << TPM_PCR_IMA);
	judge_replay(c, pcrs);
	/* What could be read of a log with a damaged end, too: to name what is wrong. */
	return rc == -EMSGSIZE || !log.index ? 0 : walk_events(c, pcrs);
}
