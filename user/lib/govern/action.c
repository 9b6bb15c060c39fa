// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a proposal can do.  Actions are done one after the other to the document; what comes out is
 * looked at as a whole, so that members and quorum can change together.
 *
 *	{"do":"add_member","key":KEY,"roles":["voter","custodian"]}
 *	{"do":"remove_member","name":NAME}
 *	{"do":"replace_member","key":KEY}			who has the name of the key
 *	{"do":"replace_member","key":KEY,"roles":[...]}
 *	{"do":"set_quorum","quorum":TEXT}
 *	{"do":"set_attestation_policy","document":TEXT}
 *	{"do":"set_admission_policy","document":TEXT}
 *	{"do":"set_storage_policy","name":NAME,"document":TEXT}
 *	{"do":"approve_pcrs","name":NAME,"bank":"sha256","pcrs":{"4":DIGITS,"11":DIGITS}}
 *	{"do":"approve_pcrs","name":NAME,"bank":"sha256","pcrs":{...},"epoch":NUMBER}
 *	{"do":"revoke_pcrs","name":NAME}
 *	{"do":"recover","group":DIGITS,"reason":TEXT}
 */
#include <errno.h>
#include <stdio.h>

#include "base/hex.h"
#include "govern_private.h"
#include "policy/policy.h"
#include "sigstore/admission.h"
#include "tpm/attest_policy.h"

#define REASON_MAX	512u
#define GROUP_DIGITS	16u
#define EPOCH_MAX	((1ll << 53) - 1)	/* that JSON has exactly */

/* --- what documents should be ---------------------------------------------------------- */

int govern_check_document(enum govern_document which, const char *text, char why[GOVERN_WHY])
{
	struct attest_policy *attestation = NULL;
	struct admission *admission = NULL;
	struct sigstore_fault fault = { 0 };
	struct attest_fault wrong = { 0 };
	int rc;

	if (which == GOVERN_ADMISSION) {
		rc = admission_parse(str_of(text), &admission, &fault);
		if (!rc)
			admission_free(admission);
		return rc == -EKEYREJECTED ?
		       govern_refuse(why, -EINVAL, "admission policy: %.200s", fault.text) : rc;
	}
	rc = attest_policy_parse(&attestation, str_of(text), &wrong);
	if (!rc)
		attest_policy_free(attestation);
	return rc && rc != -ENOMEM ?
	       govern_refuse(why, -EINVAL, "attestation policy: %.200s", wrong.text) : rc;
}

int govern_check_storage(const char *name, const char *text, char why[GOVERN_WHY])
{
	CLEANUP_FREE struct policy *p = calloc(1, sizeof(*p));
	struct policy_error err = { 0 };
	int rc;

	if (!p)
		return -ENOMEM;
	rc = policy_parse_json(p, text, strlen(text), &err);
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return govern_refuse(why, -EINVAL, "storage policy %.60s: %.160s", name, err.text);
	if (p->id || strcmp(p->name, name))
		return govern_refuse(why, -EINVAL, "storage policy %.60s: has an id, or another name",
				     name);
	return 0;
}

static bool is_digits(const char *text, size_t bytes)
{
	uint8_t to[32];
	size_t i;

	for (i = 0; text && text[i]; i++)
		if (text[i] >= 'A' && text[i] <= 'F')
			return false;
	return text && strlen(text) == 2 * bytes && !hex_decode(text, to, bytes);
}

/* Of PCRs that are for key slots of rlncsetup; a counter that was written has no 0. */
static bool epoch_ok(const json_t *set)
{
	const json_t *epoch = json_object_get(set, "epoch");

	return !epoch || (json_is_integer(epoch) && json_integer_value(epoch) > 0 &&
			  json_integer_value(epoch) <= EPOCH_MAX);
}

int govern_check_pcrs(const json_t *set, char why[GOVERN_WHY])
{
	const char *name = govern_json_text(set, "name", GOVERN_NAME_MAX), *index;
	const char *bank = govern_json_text(set, "bank", GOVERN_NAME_MAX);
	json_t *pcrs = json_object_get(set, "pcrs"), *value;
	char again[24];
	uint64_t n;

	if (!name || !bank || strcmp(bank, "sha256") ||
	    !govern_json_only(set, "bank epoch name pcrs"))
		return govern_refuse(why, -EINVAL, "PCRs have a name, the bank sha256, and values");
	if (!epoch_ok(set))
		return govern_refuse(why, -EINVAL, "PCRs %.60s: the epoch is no number from 1 on",
				     name);
	if (!json_is_object(pcrs) || !json_object_size(pcrs))
		return govern_refuse(why, -EINVAL, "PCRs %.60s: there are none", name);
	json_object_foreach(pcrs, index, value) {
		if (!str_number(str_of(index), 23, &n))
			return govern_refuse(why, -EINVAL, "PCRs %.60s: %.20s is none of 0 to 23",
					     name, index);
		snprintf(again, sizeof(again), "%u", (unsigned int)n);
		if (strcmp(again, index) || !is_digits(json_string_value(value), 32))
			return govern_refuse(why, -EINVAL, "PCRs %.60s: PCR %.20s is not 64 small hexadecimal digits",
					     name, index);
	}
	return 0;
}

/* --- members --------------------------------------------------------------------------- */

/* The place of whom a key's or a member's name is; as many as there are: nobody. */
static size_t find_member(const json_t *state, struct str name)
{
	const json_t *members = json_object_get(state, "members");
	json_t *one;
	size_t i;

	json_array_foreach(members, i, one) {
		struct str key = str_of(json_string_value(json_object_get(one, "key"))), has;

		if (str_cut(&key, '+', &has) && str_equal(has, name))
			return i;
	}
	return json_array_size(members);
}

static int add_member(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	if (!json_object_get(action, "roles"))
		return govern_refuse(why, -EINVAL, "a member needs roles");
	return json_array_append_new(json_object_get(state, "members"),
				     json_pack("{s:O, s:O}", "key", json_object_get(action, "key"),
					       "roles", json_object_get(action, "roles"))) ?
	       -ENOMEM : 0;
}

static int remove_member(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	const char *name = govern_json_text(action, "name", GOVERN_NAME_MAX);

	if (!name || json_array_remove(json_object_get(state, "members"),
				       find_member(state, str_of(name))))
		return govern_refuse(why, -EINVAL, "there is no member %s", name ? name : "");
	return 0;
}

static int replace_member(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	json_t *members = json_object_get(state, "members"), *to;
	struct str key = str_of(govern_json_text(action, "key", NOTE_KEY_TEXT_MAX)), name;
	json_t *roles = json_object_get(action, "roles");

	to = str_cut(&key, '+', &name) ? json_array_get(members, find_member(state, name)) : NULL;
	if (!to)
		return govern_refuse(why, -EINVAL, "there is no member of the name of the key");
	if (json_object_set(to, "key", json_object_get(action, "key")) ||
	    (roles && json_object_set(to, "roles", roles)))
		return -ENOMEM;
	return 0;
}

/* --- what is set ----------------------------------------------------------------------- */

static int set(json_t *state, const char *name, const json_t *action, const char *from)
{
	return json_object_set(state, name, json_object_get(action, from)) ? -ENOMEM : 0;
}

static int set_quorum(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	(void)why;
	return set(state, "quorum", action, "quorum");
}

static int set_attestation(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	(void)why;
	return set(state, "attestation", action, "document");
}

static int set_admission(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	(void)why;
	return set(state, "admission", action, "document");
}

static int set_storage(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	const char *name = govern_json_text(action, "name", GOVERN_NAME_MAX);

	return name ? set(json_object_get(state, "storage"), name, action, "document") :
		      govern_refuse(why, -EINVAL, "a storage policy needs a name");
}

static bool drop_pcrs(json_t *pcrs, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(pcrs, i, one)
		if (!strcmp(json_string_value(json_object_get(one, "name")), name))
			return !json_array_remove(pcrs, i);
	return false;
}

static int approve_pcrs(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	json_t *pcrs = json_object_get(state, "pcrs");
	CLEANUP_JSON *one = json_copy((json_t *)action);
	int rc;

	if (!one || json_object_del(one, "do"))
		return -ENOMEM;
	rc = govern_check_pcrs(one, why);
	if (rc)
		return rc;
	drop_pcrs(pcrs, json_string_value(json_object_get(one, "name")));
	return json_array_append(pcrs, one) ? -ENOMEM : 0;
}

static int revoke_pcrs(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	const char *name = govern_json_text(action, "name", GOVERN_NAME_MAX);

	return name && drop_pcrs(json_object_get(state, "pcrs"), name) ? 0 :
	       govern_refuse(why, -EINVAL, "there are no PCRs %.60s", name ? name : "");
}

/* It changes nothing: the decision itself is what is asked for. */
static int recover(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	const char *group = govern_json_text(action, "group", GROUP_DIGITS);

	(void)state;
	if (!is_digits(group, GROUP_DIGITS / 2) || !govern_json_text(action, "reason", REASON_MAX))
		return govern_refuse(why, -EINVAL, "recovery needs the group of the shares, %u hexadecimal digits, and a reason",
				     GROUP_DIGITS);
	return 0;
}

static const struct {
	const char *name;
	const char *members;		/* all that it may have */
	const char *needed;		/* a text; NULL: none */
	int (*run)(json_t *state, const json_t *action, char why[GOVERN_WHY]);
} rows[] = {
	{ "add_member", "do key roles", "key", add_member },
	{ "remove_member", "do name", "name", remove_member },
	{ "replace_member", "do key roles", "key", replace_member },
	{ "set_quorum", "do quorum", "quorum", set_quorum },
	{ "set_attestation_policy", "do document", "document", set_attestation },
	{ "set_admission_policy", "do document", "document", set_admission },
	{ "set_storage_policy", "do document name", "document", set_storage },
	{ "approve_pcrs", "bank do epoch name pcrs", "name", approve_pcrs },
	{ "revoke_pcrs", "do name", "name", revoke_pcrs },
	{ "recover", "do group reason", "group", recover },
};

static int run_one(json_t *state, const json_t *action, char why[GOVERN_WHY])
{
	const char *name = govern_json_text(action, "do", GOVERN_NAME_MAX);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (name && !strcmp(name, rows[i].name))
			break;
	if (i == sizeof(rows) / sizeof(rows[0]))
		return govern_refuse(why, -EINVAL, "there is no action \"%.60s\"",
				     name ? name : "");
	if (!govern_json_only(action, rows[i].members) ||
	    !govern_json_text(action, rows[i].needed, GOVERN_DOCUMENT_MAX))
		return govern_refuse(why, -EINVAL, "%s: has other members than \"%s\", or none of the text \"%s\"",
				     name, rows[i].members, rows[i].needed);
	return rows[i].run(state, action, why);
}

int govern_actions(json_t *state, const json_t *actions, char why[GOVERN_WHY])
{
	json_t *one;
	size_t i;
	int rc;

	if (!json_is_array(actions) || !json_array_size(actions) ||
	    json_array_size(actions) > GOVERN_ACTIONS)
		return govern_refuse(why, -EINVAL, "there are no actions, or more than %u",
				     GOVERN_ACTIONS);
	json_array_foreach(actions, i, one) {
		rc = run_one(state, one, why);
		if (rc)
			return rc;
	}
	return 0;
}
