// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "crypto/hmac.h"
#include "govern_private.h"

#define FORMAT		"skyhold-governance-1"
#define DUMP		(JSON_COMPACT | JSON_SORT_KEYS)
#define DEPTH		16u
#define TIME_MAX	((1ll << 53) - 1)

static const char *const documents[GOVERN_DOCUMENTS] = {
	[GOVERN_ATTESTATION] = "attestation", [GOVERN_ADMISSION] = "admission",
};

int govern_refuse(char why[GOVERN_WHY], int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, GOVERN_WHY, fmt, ap);
	va_end(ap);
	return rc;
}

/* --- JSON ------------------------------------------------------------------------------ */

/* A reader that recurses reads only what is shallow. */
static bool is_shallow(struct str text)
{
	unsigned int depth = 0;
	bool quoted = false;
	size_t i;

	for (i = 0; i < text.len; i++) {
		const char c = text.at[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '[') && ++depth > DEPTH)
			return false;
		else if (!quoted && (c == '}' || c == ']') && depth)
			depth--;
	}
	return true;
}

/*
 * jansson writes what RFC 8785 does but for control characters, in which hexadecimal digits are
 * capitals: there are none.  Names are ASCII, so that they have one order.
 */
static bool has_controls(struct str text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < ' ')
			return true;
	for (i = 0; i + 1 < text.len; i++)
		if (text.at[i] == '\\') {
			if (!strchr("\"\\nt", text.at[i + 1]))
				return true;
			i++;
		}
	return false;
}

int govern_json_print(const json_t *j, char **bytes, size_t *len, char hash[GOVERN_ID])
{
	uint8_t digest[SHA256_BYTES];
	struct out o = OUT(hash, GOVERN_ID - 1);

	*bytes = json_dumps(j, DUMP);
	if (!*bytes)
		return -ENOMEM;
	*len = strlen(*bytes);
	sha256_of(*bytes, *len, digest);
	out_hex(&o, digest, sizeof(digest));
	hash[o.len] = 0;
	return 0;
}

int govern_json_read(json_t **to, struct str bytes, size_t max, const char *what,
		     char why[GOVERN_WHY])
{
	CLEANUP_FREE char *again = NULL;
	json_error_t err;

	*to = NULL;
	if (bytes.len > max || !is_shallow(bytes) || has_controls(bytes))
		return govern_refuse(why, -EBADMSG, "%s is too long, too deep, or has control characters",
				     what);
	*to = json_loadb(bytes.at ? bytes.at : "", bytes.len, JSON_REJECT_DUPLICATES, &err);
	if (!*to)
		return govern_refuse(why, json_error_code(&err) == json_error_out_of_memory ?
				     -ENOMEM : -EBADMSG, "%s is not JSON: %.120s", what, err.text);
	again = json_dumps(*to, DUMP);
	if (!again)
		return -ENOMEM;
	if (json_is_object(*to) && str_is(bytes, again))
		return 0;
	json_decref(*to);
	*to = NULL;
	return govern_refuse(why, -EBADMSG, "%s is not in its one form (RFC 8785)", what);
}

bool govern_json_only(const json_t *j, const char *names)
{
	struct str rest = str_of(names), name;
	size_t count = 0;

	while (str_cut(&rest, ' ', &name))
		count += !!json_object_getn(j, name.at, name.len);
	return json_is_object(j) && count == json_object_size(j);
}

const char *govern_json_text(const json_t *j, const char *name, size_t max)
{
	const json_t *text = json_object_get(j, name);
	const size_t len = json_string_length(text);

	return len && len <= max && len == strlen(json_string_value(text)) ?
		       json_string_value(text) : NULL;
}

/* --- members and quorum ---------------------------------------------------------------- */

static bool read_roles(const json_t *roles, struct govern_member *m)
{
	size_t i;
	json_t *role;

	json_array_foreach(roles, i, role) {
		const char *text = json_string_value(role);
		bool *is = !text ? NULL : !strcmp(text, "voter") ? &m->voter :
			   !strcmp(text, "custodian") ? &m->custodian : NULL;

		if (!is || *is)
			return false;
		*is = true;
	}
	return json_is_array(roles) && (m->voter || m->custodian);
}

static int read_member(struct govern_state *s, const json_t *j, char why[GOVERN_WHY])
{
	struct govern_member *m = &s->member[s->members];
	const char *key = govern_json_text(j, "key", NOTE_KEY_TEXT_MAX);
	unsigned int i;

	if (s->members == GOVERN_MEMBERS)
		return govern_refuse(why, -EINVAL, "there are more than %u members",
				     GOVERN_MEMBERS);
	if (!key || note_verifier_parse(str_of(key), &m->key) || m->key.type != NOTE_ED25519 ||
	    strlen(m->key.name) > GOVERN_NAME_MAX)
		return govern_refuse(why, -EINVAL, "a member has no verifier key NAME+ID+KEY of Ed25519");
	if (!govern_json_only(j, "key roles") ||
	    !read_roles(json_object_get(j, "roles"), m))
		return govern_refuse(why, -EINVAL, "member %s: roles are \"voter\", \"custodian\" or both",
				     m->key.name);
	for (i = 0; i < s->members; i++) {
		if (!strcmp(s->member[i].key.name, m->key.name))
			return govern_refuse(why, -EINVAL, "member %s: is there already",
					     m->key.name);
		if (!memcmp(s->member[i].key.public, m->key.public, sizeof(m->key.public)))
			return govern_refuse(why, -EINVAL, "member %s: has the key of %s",
					     m->key.name, s->member[i].key.name);
		/* It names the file of a ballot. */
		if (s->member[i].key.id == m->key.id)
			return govern_refuse(why, -EINVAL, "member %s: has the key id of %s",
					     m->key.name, s->member[i].key.name);
	}
	s->members++;
	return 0;
}

/* All witnesses are voters, who were there before; nobody else can be named. */
static int read_quorum(struct govern_state *s, const char *text, char why[GOVERN_WHY])
{
	char line[TLOG_WHY];
	unsigned int i, voters;

	for (i = 0; i < s->members; i++)
		if (s->member[i].voter)
			s->quorum->witness[s->quorum->witnesses++] = (struct tlog_witness){
				.name = str_of(s->member[i].key.name), .key = s->member[i].key,
			};
	voters = s->quorum->witnesses;
	if (!text)
		return govern_refuse(why, -EINVAL, "there is no quorum");
	if (tlog_policy_parse(s->quorum, str_of(text), line))
		return govern_refuse(why, -EINVAL, "quorum: %s", line);
	if (s->quorum->witnesses != voters || s->quorum->logs)
		return govern_refuse(why, -EINVAL, "quorum: members are not defined in it");
	return s->quorum->none ? govern_refuse(why, -EINVAL, "quorum: it takes somebody") : 0;
}

static int read_members(struct govern_state *s, char why[GOVERN_WHY])
{
	const json_t *members = json_object_get(s->root, "members");
	json_t *one;
	size_t i;
	int rc;

	if (!json_is_array(members))
		return govern_refuse(why, -EINVAL, "there are no members");
	json_array_foreach(members, i, one) {
		rc = read_member(s, one, why);
		if (rc)
			return rc;
	}
	return read_quorum(s, govern_json_text(s->root, "quorum", TLOG_POLICY_MAX), why);
}

/* --- the rest -------------------------------------------------------------------------- */

static int read_documents(const struct govern_state *s, char why[GOVERN_WHY])
{
	json_t *storage = json_object_get(s->root, "storage"), *text, *set;
	const json_t *pcrs = govern_pcrs(s);
	const char *name, *one;
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < GOVERN_DOCUMENTS; i++) {
		one = govern_json_text(s->root, documents[i], GOVERN_DOCUMENT_MAX);
		if (one)
			rc = govern_check_document(i, one, why);
		else if (json_object_get(s->root, documents[i]))
			rc = govern_refuse(why, -EINVAL, "the %s policy is no text", documents[i]);
	}
	if (rc)
		return rc;
	if (!json_is_object(storage) || json_object_size(storage) > GOVERN_ENTRIES ||
	    !json_is_array(pcrs) || json_array_size(pcrs) > GOVERN_ENTRIES)
		return govern_refuse(why, -EINVAL, "it has too many storage policies or PCRs, or none where they should be");
	json_object_foreach(storage, name, text) {
		one = govern_json_text(storage, name, GOVERN_DOCUMENT_MAX);
		rc = one ? govern_check_storage(name, one, why) :
			   govern_refuse(why, -EINVAL, "storage policy %.60s: is no text", name);
		if (rc)
			return rc;
	}
	json_array_foreach(pcrs, i, set) {
		rc = govern_check_pcrs(set, why);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_numbers(struct govern_state *s, char why[GOVERN_WHY])
{
	const json_t *version = json_object_get(s->root, "version");
	const json_t *time = json_object_get(s->root, "time");
	const char *base = govern_json_text(s->root, "base", GOVERN_ID - 1);
	const json_t *decision = json_object_get(s->root, "decision");
	const char *format = govern_json_text(s->root, "format", 64);

	if (!format || strcmp(format, FORMAT) ||
	    !govern_json_only(s->root, "admission attestation base decision format members pcrs quorum storage time version"))
		return govern_refuse(why, -EBADMSG, "is no state of governance, or of another version");
	if (!json_is_integer(version) || json_integer_value(version) < 0 ||
	    json_integer_value(version) > TIME_MAX || !json_is_integer(time) ||
	    json_integer_value(time) < 0 || json_integer_value(time) > TIME_MAX)
		return govern_refuse(why, -EBADMSG, "its version or its time is no number");
	s->version = json_integer_value(version);
	s->time = json_integer_value(time);
	if (!s->version != !base || !s->version != !decision)
		return govern_refuse(why, -EBADMSG, "the first state has no base, and each other has a decision");
	return 0;
}

int govern_state_take(struct govern_state *s, json_t *root, char why[GOVERN_WHY])
{
	int rc;

	*s = (struct govern_state){ .root = root };
	rc = root ? govern_json_print(root, &s->bytes, &s->len, s->hash) : -ENOMEM;
	if (!rc && (s->len > GOVERN_STATE_MAX || has_controls((struct str){ s->bytes, s->len })))
		rc = govern_refuse(why, -EINVAL, "the state is too large, or has control characters");
	s->member = calloc(GOVERN_MEMBERS, sizeof(*s->member));
	s->quorum = calloc(1, sizeof(*s->quorum));
	if (!rc && (!s->member || !s->quorum))
		rc = -ENOMEM;
	rc = rc ? rc : read_numbers(s, why);
	rc = rc ? rc : read_members(s, why);
	return rc ? rc : read_documents(s, why);
}

int govern_state_open(struct govern_state *s, struct str bytes, char why[GOVERN_WHY])
{
	json_t *root;
	int rc;

	*s = (struct govern_state){ 0 };
	rc = govern_json_read(&root, bytes, GOVERN_STATE_MAX, "the state", why);
	rc = rc ? rc : govern_state_take(s, root, why);
	return rc == -EINVAL ? -EBADMSG : rc;
}

void govern_state_close(struct govern_state *s)
{
	json_decref(s->root);
	free(s->bytes);
	free(s->member);
	free(s->quorum);
	*s = (struct govern_state){ 0 };
}

int govern_state_begin(struct govern_state *s, const json_t *members, const char *quorum,
		       uint64_t time, char why[GOVERN_WHY])
{
	*why = 0;
	return govern_state_take(s, json_pack("{s:s, s:i, s:I, s:O, s:s, s:{}, s:[]}",
					      "format", FORMAT, "version", 0, "time",
					      (json_int_t)time, "members", members, "quorum",
					      quorum, "storage", "pcrs"), why);
}

struct str govern_document(const struct govern_state *s, enum govern_document which)
{
	return str_of(json_string_value(json_object_get(s->root, documents[which])));
}

const json_t *govern_storage(const struct govern_state *s)
{
	return json_object_get(s->root, "storage");
}

const json_t *govern_pcrs(const struct govern_state *s)
{
	return json_object_get(s->root, "pcrs");
}

static const json_t *done(const struct govern_state *s)
{
	return json_object_get(json_object_get(s->root, "decision"), "proposal");
}

const json_t *govern_done(const struct govern_state *s)
{
	return json_object_get(done(s), "actions");
}

const char *govern_done_by(const struct govern_state *s)
{
	const char *id = json_string_value(json_object_get(done(s), "id"));

	return id ? id : "";
}

/* As long as its proposal would be good, and nothing else has been decided since. */
bool govern_may_recover(const struct govern_state *s, const char *group, uint64_t now)
{
	const json_t *until = json_object_get(done(s), "not_after");
	const json_t *actions = govern_done(s);
	json_t *one;
	size_t i;

	json_array_foreach(actions, i, one) {
		const char *is = json_string_value(json_object_get(one, "do"));
		const char *of = json_string_value(json_object_get(one, "group"));

		if (is && of && !strcmp(is, "recover") && !strcmp(of, group))
			return (json_int_t)now <= json_integer_value(until);
	}
	return false;
}
