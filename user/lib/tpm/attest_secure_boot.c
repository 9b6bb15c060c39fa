// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCR 7 (PC Client Platform Firmware Profile 3.3.4.8): the state and the keys of Secure Boot, in
 * a fixed order, a separator, and the authorities that have vouched for what was loaded.
 */
#include <stdio.h>
#include <string.h>

#include "attest_private.h"
#include "event_keys.h"

#define PCR_SECURE_BOOT	7
#define STATES		5
#define STATE_DB	3

/* EFI_GLOBAL_VARIABLE and EFI_IMAGE_SECURITY_DATABASE_GUID, as they lie in memory. */
static const uint8_t global_guid[16] = {
	0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
	0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c,
};
static const uint8_t database_guid[16] = {
	0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
	0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f,
};

static const struct {
	const char *name;
	const uint8_t *guid;
} states[STATES] = {
	{ "SecureBoot", global_guid }, { "PK", global_guid }, { "KEK", global_guid },
	{ "db", database_guid }, { "dbx", database_guid },
};

struct state {
	struct attest_case *c;
	unsigned int states;		/* of the five that were seen */
	bool separated;
};

/* The list for a state; NULL: any will do. */
static const struct attest_digests *list_of(const struct attest_secure_boot *b, unsigned int state)
{
	switch (state) {
	case 1:
		return b->any_pk ? NULL : &b->pk;
	case 2:
		return b->any_kek ? NULL : &b->kek;
	case STATE_DB:
		return b->any_db ? NULL : &b->db;
	case 4:
		return b->any_dbx ? NULL : &b->dbx;
	}
	return NULL;
}

static void judge_listed(struct state *s, const struct event *ev,
			 const struct attest_digests *list, const char *what)
{
	const struct tpm_alg *alg = s->c->quoted->alg;
	const uint8_t *digest = event_digest_of(ev, alg);
	struct attest_finding *f;

	if (!list || attest_digests_have(list, alg, digest))
		return;
	f = attest_find_event(s->c, "secure-boot", ev, "%s is not one that the policy lists", what);
	if (list->count)
		attest_expected(f, alg, list->item[0].bytes);
	attest_found(f, alg, digest);
}

static void judge_state(struct state *s, const struct event *ev, const struct event_variable *var)
{
	const char *name = states[s->states].name;

	if (!event_variable_is(var, name) || memcmp(var->guid, states[s->states].guid, 16)) {
		attest_find_event(s->c, "secure-boot", ev,
				  "it is another variable than %s, which belongs here", name);
		return;
	}
	if (!s->states && (var->value.len != 1 || var->value.at[0] != 1))
		attest_find_event(s->c, "secure-boot", ev, "Secure Boot is off");
	else if (!s->states)
		s->c->verdict->secure_boot = true;
	if (s->states == STATE_DB)
		event_keys(ev, s->c->verdict->db, ATTEST_KEYS);
	judge_listed(s, ev, list_of(&s->c->policy->boot, s->states), name);
	s->states++;
}

static void judge_variable(struct state *s, const struct event *ev)
{
	struct event_variable var;

	if (!event_variable(ev, &var))
		attest_find_event(s->c, "secure-boot", ev, "its data is no variable");
	else if (s->states < STATES)
		judge_state(s, ev, &var);
	else
		judge_listed(s, ev, &s->c->policy->boot.others, "this variable");
}

static void add_authority(struct attest_verdict *v, const struct event *ev)
{
	size_t len = strlen(v->authorities);
	char name[ATTEST_KEYS];

	if (*event_keys(ev, name, sizeof(name)))
		snprintf(v->authorities + len, ATTEST_KEYS - len, "%s%s", len ? ", " : "", name);
}

static void judge_event(struct state *s, const struct event *ev)
{
	const struct attest_secure_boot *b = &s->c->policy->boot;

	/* A type is a claim: only the place tells the machine's state from what came later. */
	if (s->states < STATES && ev->type != EV_EFI_VARIABLE_DRIVER_CONFIG) {
		attest_find_event(s->c, "secure-boot", ev, "it comes before %s",
				  states[s->states].name);
		return;
	}
	switch (ev->type) {
	case EV_EFI_VARIABLE_DRIVER_CONFIG:
		judge_variable(s, ev);
		break;
	case EV_SEPARATOR:
		s->separated = true;
		break;
	case EV_EFI_VARIABLE_AUTHORITY:
		if (!s->separated)
			attest_find_event(s->c, "secure-boot", ev,
					  "an authority comes before the separator");
		add_authority(s->c->verdict, ev);
		judge_listed(s, ev, b->any_authority ? NULL : &b->authorities, "the authority");
		break;
	default:
		attest_find_event(s->c, "secure-boot", ev, "it does not belong to Secure Boot");
	}
}

/* That it does not is told by who judges the log; here, nothing that it says is repeated. */
static bool leads_to_quoted(const struct attest_case *c)
{
	const struct tpm_pcr_bank *bank = tpm_pcr_get(&c->replayed, c->quoted->alg->id);

	return bank && c->quoted->known & 1u << PCR_SECURE_BOOT &&
	       tpm_pcr_equal(bank, c->quoted, PCR_SECURE_BOOT);
}

static void forget(struct attest_verdict *v)
{
	v->secure_boot = false;
	*v->db = '\0';
	*v->authorities = '\0';
}

int attest_judge_secure_boot(struct attest_case *c)
{
	struct state s = { .c = c };
	struct eventlog log;
	struct event ev;
	int rc;

	c->verdict->claimed[CLAIM_CONFIGURATION] = true;
	if (!c->evidence->log.at ||
	    eventlog_open(&log, c->evidence->log.at, c->evidence->log.len)) {
		attest_find(c, CLAIM_CONFIGURATION, "secure-boot", PCR_SECURE_BOOT,
			    "without a log nothing is known of Secure Boot");
		return 0;
	}
	while (eventlog_next(&log, &ev) == 1) {
		if (ev.type == EV_NO_ACTION || ev.pcr != PCR_SECURE_BOOT ||
		    !event_digest_of(&ev, c->quoted->alg))
			continue;
		rc = event_binding(&ev, c->quoted->alg);
		if (rc < 0)
			return rc;
		/*
		 * What is not under the digest could say anything, and was told already.  Values
		 * alone are bound of boot options and of errors: neither belongs here.
		 */
		if (rc == EVENT_BOUND)
			judge_event(&s, &ev);
		else if (rc == EVENT_BOUND_VALUE || !event_must_be_bound(&ev))
			attest_find_event(c, "secure-boot", &ev, "it does not belong to Secure Boot");
	}
	if (!leads_to_quoted(c))
		forget(c->verdict);
	if (s.states < STATES)
		attest_find(c, CLAIM_CONFIGURATION, "secure-boot", PCR_SECURE_BOOT,
			    "the log has no measurement of %s", states[s.states].name);
	if (!s.separated)
		attest_find(c, CLAIM_CONFIGURATION, "secure-boot", PCR_SECURE_BOOT,
			    "the log has no separator behind the variables");
	return 0;
}
