// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "crypto/hash.h"
#include "session.h"

#define TIER_FIRST	2u	/* those below run on hosts of which nothing is known */
#define TIER_LAST	4u
#define TIER_UNIKERNEL	2u	/* the only one whose arguments no process of the host shows */
#define POLICY	"{\"apiVersion\":\"policy.sigstore.dev/v1beta1\",\"kind\":\"ClusterImagePolicy\"," \
		"\"metadata\":{\"name\":\"session\"},\"spec\":{\"images\":[{\"glob\":\"**\"}]}}"

bool session_name_ok(struct str name)
{
	static const char chars[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!memchr(chars, name.at[i], sizeof(chars) - 1))
			return false;
	return name.len && name.len <= SESSION_NAME_MAX && *name.at != '.' && *name.at != '-';
}

/* --- members ---------------------------------------------------------------------------- */

static int read_name(const struct spot *s, const char *member, struct str *to)
{
	int rc = spot_text(s, member, to);

	if (!rc && !session_name_ok(*to))
		rc = spot_error(s, member,
				"is not 1 to 63 of A-Z a-z 0-9 _ . -, no dot or dash first");
	return rc;
}

/* Integers are written as such; what is absent stays as it is. */
static int read_number(const struct spot *s, const char *member, uint32_t *to)
{
	json_t *j = json_object_get(s->at, member);

	if (!j)
		return 0;
	if (!json_is_integer(j) || json_integer_value(j) < 1 || json_integer_value(j) > INT32_MAX)
		return spot_error(s, member, "is not a whole number of 1 to 2147483647");
	*to = json_integer_value(j);
	return 0;
}

/* A list that is there has an entry: an empty one would seem to say that nothing is good. */
static int open_list(const struct spot *s, const char *member, struct spot *list, size_t most)
{
	int rc = spot_list(s, member, list, most);

	if (!rc && list->at && !spot_count(list))
		rc = spot_error(s, member, "has no entry; leave it out");
	return rc;
}

static int read_digests(const struct spot *s, const char *member, size_t most,
			uint8_t (**to)[SESSION_DIGEST], unsigned int *count)
{
	struct str text;
	char hex[2 * SESSION_DIGEST + 1];
	struct spot list;
	size_t i;
	int rc = open_list(s, member, &list, most);

	if (rc || !list.at)
		return rc;
	*to = doc_alloc(s->doc, spot_count(&list) * SESSION_DIGEST);
	if (!*to)
		return -ENOMEM;
	for (i = 0; i < spot_count(&list); i++) {
		rc = spot_item_text(&list, i, &text);
		if (rc)
			return rc;
		if (!str_starts(text, STR("sha256:")) ||
		    !str_copy(str_skip(text, 7), hex, sizeof(hex)) ||
		    hex_decode(hex, (*to)[i], SESSION_DIGEST))
			return spot_error(s, member, "has an entry that is not sha256:HEX");
	}
	*count = spot_count(&list);
	return 0;
}

static int read_hosts(const struct spot *s, struct session *to)
{
	struct spot list;
	size_t i;
	int rc = open_list(s, "hosts", &list, SESSION_HOSTS);

	if (rc || !list.at)
		return rc;
	to->host = doc_alloc(s->doc, spot_count(&list) * sizeof(*to->host));
	if (!to->host)
		return -ENOMEM;
	for (i = 0; !rc && i < spot_count(&list); i++) {
		rc = spot_item_text(&list, i, &to->host[i]);
		if (!rc && !session_name_ok(to->host[i]))
			rc = spot_error(s, "hosts", "has an entry that is no name");
	}
	to->hosts = spot_count(&list);
	return rc;
}

static int read_tiers(const struct spot *s, struct session *to)
{
	struct spot list;
	size_t i;
	int rc = open_list(s, "tiers", &list, TIER_LAST + 1);

	if (!rc && !list.at)
		rc = spot_error(s, "tiers", "is missing");
	for (i = 0; !rc && i < spot_count(&list); i++) {
		const json_t *j = json_array_get(list.at, i);
		const json_int_t tier = json_is_integer(j) ? json_integer_value(j) : 0;

		if (tier < (int)TIER_FIRST || tier > (int)TIER_LAST || to->tiers & 1u << tier)
			return spot_error(s, "tiers", "is not of 2, 3 and 4, each once at most");
		to->tiers |= 1u << tier;
	}
	return rc;
}

static int read_words(const struct spot *s, struct session *to)
{
	struct spot list;
	size_t i;
	int rc = spot_list(s, "command", &list, SESSION_WORDS);

	if (!rc && !list.at)
		rc = spot_error(s, "command", "is missing; [] is one without words");
	if (rc)
		return rc;
	to->word = doc_alloc(s->doc, spot_count(&list) * sizeof(*to->word));
	if (!to->word)
		return -ENOMEM;
	for (i = 0; !rc && i < spot_count(&list); i++) {
		rc = spot_item_text(&list, i, &to->word[i]);
		if (!rc && (!to->word[i].len || memchr(to->word[i].at, 0, to->word[i].len) ||
			    memchr(to->word[i].at, '\n', to->word[i].len) ||
			    memchr(to->word[i].at, '\r', to->word[i].len)))
			rc = spot_error(s, "command", "has an entry that is no word");
	}
	to->words = spot_count(&list);
	return rc;
}

static int read_secret(const struct spot *s, struct session *to)
{
	static const char *const ways[] = { "device", "cmdline", NULL };
	struct session_secret *one = &to->secret[to->secrets];
	struct str name = STR_NONE;
	int way = -1, rc = spot_known(s, "name deliver");

	if (!rc)
		rc = read_name(s, "name", &name);
	if (!rc)
		rc = spot_word(s, "deliver", ways, &way);
	if (!rc && way < 0)
		rc = spot_error(s, "deliver", "is missing; it is device or cmdline");
	if (!rc && session_find(to, name))
		rc = spot_error(s, "name", "is there twice");
	*one = (struct session_secret){ name, way };
	to->secrets++;
	if (!rc && one->deliver == SESSION_CMDLINE && to->tiers != 1u << TIER_UNIKERNEL)
		rc = spot_error(s, "deliver",
				"is cmdline, which processes of the host would show at tiers 3 and 4");
	return rc;
}

static int read_secrets(const struct spot *s, struct session *to)
{
	struct spot list, one;
	size_t i;
	int rc = open_list(s, "secrets", &list, SESSION_SECRETS);

	if (!rc && !list.at)
		rc = spot_error(s, "secrets", "is missing");
	if (rc)
		return rc;
	to->secret = doc_alloc(s->doc, spot_count(&list) * sizeof(*to->secret));
	if (!to->secret)
		return -ENOMEM;
	for (i = 0; !rc && i < spot_count(&list); i++) {
		rc = spot_item(&list, i, &one);
		if (!rc)
			rc = read_secret(&one, to);
	}
	return rc;
}

/* As a policy that is about all images. */
static int read_signers(const struct spot *s, struct session *to)
{
	struct sigstore_fault f;
	struct spot list;
	json_t *policy, *one;
	char *text;
	size_t i;
	int rc = open_list(s, "signers", &list, SESSION_SIGNERS);

	if (rc || !list.at)
		return rc;
	json_array_foreach(list.at, i, one)
		if (json_object_get(one, "static"))
			return spot_error(s, "signers", "has an entry that is static: anybody");
	policy = json_loads(POLICY, 0, NULL);
	if (!policy)
		return -ENOMEM;
	json_object_set(json_object_get(policy, "spec"), "authorities", list.at);
	text = json_dumps(policy, JSON_COMPACT);
	json_decref(policy);
	if (!text)
		return -ENOMEM;
	rc = admission_parse(str_of(text), &to->signers, &f);
	free(text);
	return rc == -EKEYREJECTED ? spot_error(s, "signers", f.text) : rc;
}

static int read_terms(const struct spot *s, struct session *to)
{
	static const char members[] =
		"session version images signers tiers hosts policies command secrets max_releases not_after";
	struct str when = STR_NONE;
	const char *key;
	json_t *value;
	int rc = spot_known(s, members);

	json_object_foreach(s->at, key, value)
		if (!rc && json_is_null(value))
			rc = spot_error(s, key, "is null; leave it out");
	if (!rc)
		rc = read_name(s, "session", &to->name);
	if (!rc)
		rc = read_number(s, "version", &to->version);
	if (!rc && !to->version)
		rc = spot_error(s, "version", "is missing");
	if (!rc)
		rc = read_digests(s, "images", SESSION_IMAGES, &to->image, &to->images);
	if (!rc)
		rc = read_signers(s, to);
	if (!rc && !to->images && !to->signers)
		rc = spot_error(s, "images", "and signers are missing; one of them is needed");
	if (!rc)
		rc = read_tiers(s, to);
	if (!rc)
		rc = read_hosts(s, to);
	if (!rc)
		rc = read_digests(s, "policies", SESSION_POLICIES, &to->policy, &to->policies);
	if (!rc && !to->hosts && !to->policies)
		rc = spot_error(s, "hosts", "and policies are missing; one of them is needed");
	if (!rc)
		rc = read_words(s, to);
	if (!rc)
		rc = read_secrets(s, to);
	if (!rc)
		rc = read_number(s, "max_releases", &to->max_releases);
	if (!rc)
		rc = spot_text(s, "not_after", &when);
	if (!rc && when.at)
		rc = spot_time(s, "not_after", false, &to->not_after);
	if (!rc && when.at && to->not_after <= 0)
		rc = spot_error(s, "not_after", "is before 1970");
	return rc;
}

int session_parse(struct str text, struct session *s, char why[SESSION_WHY])
{
	struct sigstore_fault f = { 0 };
	struct spot root;
	int rc;

	*s = (struct session){ 0 };
	*why = 0;
	if (text.len > SESSION_MAX_BYTES) {
		snprintf(why, SESSION_WHY, "document: is longer than %u bytes", SESSION_MAX_BYTES);
		return -EINVAL;
	}
	rc = doc_open(&s->doc, text, SIGSTORE_POLICY, SIGSTORE_POLICY, &f);
	if (!rc) {
		root = doc_root(&s->doc);
		rc = read_terms(&root, s);
	} else if (rc == -EKEYREJECTED) {
		snprintf(why, SESSION_WHY, "document: %.256s", f.text);
		return -EINVAL;
	}
	if (rc == -EKEYREJECTED) {
		snprintf(why, SESSION_WHY, "%.256s", f.text);
		return -EINVAL;
	}
	if (!rc)
		rc = session_check_command(s, why);
	if (!rc && hash_once(HASH_SHA256, text.at, text.len, s->digest))
		rc = -EIO;
	return rc;
}

void session_free(struct session *s)
{
	admission_free(s->signers);
	doc_close(&s->doc);
	*s = (struct session){ 0 };
}

const struct session_secret *session_find(const struct session *s, struct str name)
{
	unsigned int i;

	for (i = 0; i < s->secrets; i++)
		if (str_equal(s->secret[i].name, name))
			return &s->secret[i];
	return NULL;
}

bool session_same_terms(const struct session *a, const struct session *b)
{
	json_t *one = json_copy(a->doc.root), *other = json_copy(b->doc.root);
	bool same = one && other;

	if (same) {
		json_object_del(one, "version");
		json_object_del(one, "secrets");
		json_object_del(other, "version");
		json_object_del(other, "secrets");
		same = json_equal(one, other);
	}
	json_decref(one);
	json_decref(other);
	return same;
}

/* --- judging ---------------------------------------------------------------------------- */

static int deny(char why[SESSION_WHY], int rc, const char *text)
{
	snprintf(why, SESSION_WHY, "%s", text);
	return rc;
}

static bool among(const uint8_t (*list)[SESSION_DIGEST], unsigned int count, const uint8_t *one)
{
	unsigned int i;

	for (i = 0; one && i < count; i++)
		if (!memcmp(list[i], one, SESSION_DIGEST))
			return true;
	return false;
}

/* The bundle that came, and no other. */
static int judge_signer(const struct session *s, const struct session_start *start,
			char why[SESSION_WHY])
{
	char image[8 + 7 + 2 * SESSION_DIGEST + 1] = "x@sha256:";
	struct sigstore_bundle *bundle = NULL;
	struct admission_store store = {
		.trust = start->trust, .bundle = &bundle, .bundles = 1, .now = start->now,
		.until = start->until,
	};
	struct admission_result r;
	struct sigstore_fault f;
	int rc;

	if (!start->bundle.len)
		return deny(why, -EACCES, "there is no bundle that says who has signed the image");
	rc = sigstore_bundle_parse(start->bundle, &bundle, &f);
	if (rc == -EKEYREJECTED) {
		snprintf(why, SESSION_WHY, "the bundle: %.40s: %.240s", sigstore_code_name(f.code),
			 f.text);
		return -EACCES;
	}
	if (rc)
		return rc;
	hex_encode(start->image, SESSION_DIGEST, image + strlen(image));
	rc = admission_judge(s->signers, &store, str_of(image), &r);
	sigstore_bundle_free(bundle);
	if (rc)
		return rc;
	return r.verdict == ADMISSION_ALLOW ? 0 : deny(why, -EACCES, r.reason);
}

int session_judge(const struct session *s, const struct session_start *start,
		  char why[SESSION_WHY])
{
	unsigned int i;

	if (s->not_after && start->now > s->not_after)
		return deny(why, -ETIME, "the session is over");
	if (start->tier > TIER_LAST || !(s->tiers & 1u << start->tier))
		return deny(why, -EACCES, "the session is not for this tier");
	for (i = 0; i < s->hosts && !str_equal(s->host[i], start->host); i++)
		;
	if (s->hosts && i == s->hosts)
		return deny(why, -EACCES, "the session is not for this host");
	if (s->policies && !among((const uint8_t (*)[SESSION_DIGEST])s->policy, s->policies,
				  start->policy))
		return deny(why, -EACCES, "the host was judged by another policy");
	if (s->images && !among((const uint8_t (*)[SESSION_DIGEST])s->image, s->images,
				start->image))
		return deny(why, -EACCES, "the session is not for this image");
	return s->signers ? judge_signer(s, start, why) : 0;
}
