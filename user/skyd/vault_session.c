// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A wrapped secret of a session has the label: owner, version, "SESSION/SECRET/DIGEST/NUMBER".
 * DIGEST is SHA-256 of the document and NUMBER is drawn each time that a version is taken, both in
 * hexadecimal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/hex.h"
#include "log.h"
#include "sigstore/shelf.h"
#include "vault_session.h"

#define JUDGE_MS	5000
#define LABEL		(2 * (SESSION_NAME_MAX + 1) + 2 * SESSION_DIGEST + 1 + 16 + 1)

static struct str bytes(struct rpc_bytes b)
{
	return (struct str){ b.data, b.len };
}

static struct vault_label label_of(const struct session *s, u64 owner, u64 number,
				   const struct session_secret *secret, char text[LABEL])
{
	char digest[2 * SESSION_DIGEST + 1];

	hex_encode(s->digest, SESSION_DIGEST, digest);
	snprintf(text, LABEL, "%.*s/%.*s/%s/%016llx", STR_ARG(s->name), STR_ARG(secret->name),
		 digest, (unsigned long long)number);
	return (struct vault_label){ VAULT_SESSION, owner, s->version, str_of(text) };
}

/* Keys stay as they are, and nobody else computes, while it runs; once begun it is ended. */
static int on_pool(struct link_request *r, io_fn *fn, void *arg)
{
	struct vault *v = r->ctx;
	int rc = io_acquire(&v->one, 1, r->deadline);

	if (rc)
		return rc;
	io_shield();
	rc = io_work(v->pool, fn, arg, 0);
	io_unshield();
	io_release(&v->one, 1);
	return rc;
}

/* --- state, and dropping ---------------------------------------------------------------- */

struct looking {
	struct vault *vault;
	u64 owner;
	struct str name;
	u64 stored;
	bool drop;
	struct vault_session_state *give;
};

static int look(void *arg)
{
	struct looking *l = arg;
	struct vault_sessions t;
	struct vault_session *row;
	struct box_key key;
	int rc = vault_sessions_open(&t, l->vault);

	row = rc ? NULL : vault_sessions_find(&t, l->owner, l->name);
	if (row && l->drop) {
		/* What was only taken counts: boxes for that version are good for nothing. */
		row->version += row->next != 0;
		row->number = 0;
		row->next = 0;
		row->dropped = true;
		rc = vault_sessions_write(&t);
	} else if (row && row->next && row->next == l->stored) {
		vault_sessions_settle(row);
		rc = vault_sessions_write(&t);
	}
	if (!rc)
		rc = box_key_derive(&key, l->vault->keys->scalar);
	if (!rc)
		memcpy(l->give->point, key.point, sizeof(key.point));
	explicit_bzero(&key, sizeof(key));
	if (!rc && row) {
		l->give->version = row->version;
		l->give->releases = row->releases;
		l->give->number = row->number;
		l->give->dropped = row->dropped;
	}
	vault_sessions_close(&t);
	return rc;
}

static int find(struct link_request *r, const void *asked, void *give, bool drop)
{
	const struct vault_ask *ask = asked;
	struct looking l = { r->ctx, ask->owner, bytes(ask->name), ask->number, drop, give };

	return session_name_ok(l.name) ? on_pool(r, look, &l) : -EINVAL;
}

int vault_session_state(struct link_request *r, const void *ask, void *give)
{
	return find(r, ask, give, false);
}

int vault_session_drop(struct link_request *r, const void *ask, void *give)
{
	return find(r, ask, give, true);
}

void vault_session_log(const struct vault *v)
{
	char point[2 * P256_POINT_BYTES + 1];
	struct box_key key;

	if (!box_key_derive(&key, v->keys->scalar)) {
		hex_encode(key.point, sizeof(key.point), point);
		log_line(LEVEL_INFO, "secrets are encrypted for %s", point);
	}
	explicit_bzero(&key, sizeof(key));
}

/* --- taking ----------------------------------------------------------------------------- */

struct taking {
	struct vault *vault;
	const struct vault_take *ask;
	struct session s, old;
	u64 number, old_number;
	struct box_key key;
	struct secret value;		/* of one */
	u8 *wrapped;			/* VAULT_SESSION_WRAPPED of each */
	int len[SESSION_SECRETS];
	char why[SESSION_WHY];
};

static int open_box(struct taking *t, const struct session_secret *secret, struct rpc_bytes box)
{
	u8 context[BOX_CONTEXT];
	int rc = box_context_intake(t->s.digest, secret->name, context);

	if (rc)
		return rc;
	if (box.len <= BOX_OVERHEAD || box.len - BOX_OVERHEAD > SESSION_VALUE_MAX)
		return -EMSGSIZE;
	rc = box_open(&t->key, context, box.data, box.len, t->value.data);
	return rc == -EBADMSG ? -EKEYREJECTED : rc;
}

/* What it was bound to so far says whom it is for: that has to stay so. */
static int open_kept(struct taking *t, const struct session_secret *secret, struct rpc_bytes old)
{
	const struct session_secret *before = session_find(&t->old, secret->name);
	struct vault_label label;
	char text[LABEL];

	if (!before || before->deliver != secret->deliver || !session_same_terms(&t->s, &t->old))
		return -EPERM;
	label = label_of(&t->old, t->ask->owner, t->old_number, before, text);
	return vault_unwrap(t->vault->keys, &label, old.data, old.len, t->value.data);
}

static int draw(struct taking *t, const struct session_secret *secret, u32 size)
{
	char digits[SESSION_WORD_MAX + 1];

	if (!size || size > SESSION_WORD_MAX / 2)
		return -EINVAL;
	if (random_bytes(t->value.data, size))
		return -EIO;
	if (secret->deliver != SESSION_CMDLINE)
		return size;
	hex_encode(t->value.data, size, digits);
	memcpy(t->value.data, digits, 2 * size);
	explicit_bzero(digits, sizeof(digits));
	return 2 * size;
}

/* Return: bytes of the secret, or -errno. */
static int take_one(struct taking *t, unsigned int i)
{
	const struct session_secret *secret = &t->s.secret[i];
	const struct vault_take_secret *from = &t->ask->secret[i];
	struct vault_label label;
	char text[LABEL];
	int len = from->how == VAULT_BOXED ? open_box(t, secret, from->data) :
		  from->how == VAULT_KEPT ? open_kept(t, secret, from->data) :
		  from->how == VAULT_RANDOM ? draw(t, secret, from->size) : -EINVAL;

	if (len < 0)
		return len;
	if (secret->deliver == SESSION_CMDLINE && !session_word_ok(t->value.data, len))
		return -EILSEQ;
	label = label_of(&t->s, t->ask->owner, t->number, secret, text);
	t->len[i] = vault_wrap(t->vault->keys, &label, t->value.data, len,
			       t->wrapped + i * VAULT_SESSION_WRAPPED);
	return t->len[i] < 0 ? t->len[i] : len;
}

/*
 * The version before stays as it is until this one is known to be stored.  A count that says how
 * often secrets may still be given goes on as long as one of them does.
 */
static int take_row(struct taking *t, struct vault_sessions *table, bool kept)
{
	struct vault_session *row = vault_sessions_find(table, t->ask->owner, t->s.name);
	int rc;

	if (t->s.version != (row ? row->version + 1 : 1))
		return -ESTALE;
	if (kept && (!row || row->dropped || t->old.version != row->version))
		return -ESTALE;
	rc = row ? 0 : vault_sessions_add(table, t->ask->owner, t->s.name, &row);
	while (!rc && !t->number)
		rc = random_bytes(&t->number, sizeof(t->number)) ? -EIO : 0;
	if (rc)
		return rc;
	t->old_number = row->number;
	row->next = t->number;
	row->next_kept = kept;
	return 0;
}

static int take_all(struct taking *t)
{
	unsigned int i, total = 0;
	bool kept = false;
	struct vault_sessions table;
	int rc, len;

	for (i = 0; i < t->s.secrets; i++)
		kept |= t->ask->secret[i].how == VAULT_KEPT;
	if (kept && session_parse(bytes(t->ask->old), &t->old, t->why))
		return -EINVAL;
	/* Of another name it would not be this session's older version. */
	if (kept && !str_equal(t->old.name, t->s.name))
		return -EPERM;
	rc = vault_sessions_open(&table, t->vault);
	if (!rc)
		rc = take_row(t, &table, kept);
	for (i = 0; !rc && i < t->s.secrets; i++) {
		len = take_one(t, i);
		rc = len < 0 ? len : 0;
		total += rc ? 0 : len;
		if (!rc && total > SESSION_VALUES_MAX)
			rc = -EMSGSIZE;
	}
	if (!rc)
		rc = vault_sessions_write(&table);
	vault_sessions_close(&table);
	return rc;
}

static int take(void *arg)
{
	struct taking *t = arg;
	int rc = session_parse(bytes(t->ask->document), &t->s, t->why);

	if (!rc && t->s.secrets != t->ask->secrets)
		rc = -EINVAL;
	if (!rc)
		rc = secret_alloc(&t->value, SESSION_VALUE_MAX);
	if (!rc)
		rc = box_key_derive(&t->key, t->vault->keys->scalar);
	if (!rc)
		rc = take_all(t);
	explicit_bzero(&t->key, sizeof(t->key));
	secret_free(&t->value);
	session_free(&t->old);
	session_free(&t->s);
	return rc;
}

int vault_session_take(struct link_request *r, const void *asked, void *given)
{
	struct vault_taken *give = given;
	struct taking t = { .vault = r->ctx, .ask = asked };
	struct vault_wrapped *list;
	unsigned int i;
	int rc;

	list = link_scratch(r, SESSION_SECRETS * (sizeof(*list) + VAULT_SESSION_WRAPPED));
	if (!list)
		return -ENOMEM;
	t.wrapped = (u8 *)(list + SESSION_SECRETS);
	rc = on_pool(r, take, &t);
	if (rc)
		return rc;
	for (i = 0; i < t.ask->secrets; i++)
		list[i].data = (struct rpc_bytes){
			t.wrapped + i * VAULT_SESSION_WRAPPED, t.len[i],
		};
	give->secret = list;
	give->secrets = t.ask->secrets;
	give->number = t.number;
	return 0;
}

/* --- giving ----------------------------------------------------------------------------- */

struct releasing {
	struct vault *vault;
	const struct vault_release *ask;
	struct str host;
	bool judged;			/* by a policy that is known: */
	u8 policy[LEASE_POLICY];
	struct session s;
	u64 number;
	struct secret plain;
	u8 *box;			/* VAULT_SESSION_BOX */
	size_t box_len;
	u32 releases;
	char name[SESSION_NAME_MAX + 1], why[SESSION_WHY];
};

static int refuse(struct releasing *t, int rc, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%s", why);
	return rc;
}

/* The vault's own, as the backend's word would be worth nothing. */
static int read_trust(struct releasing *t, struct shelf *shelf)
{
	const struct config *c = t->vault->leases.config;
	char why[SHELF_WHY];

	if (!t->s.signers || !c || !c->admission_root || !*c->admission_root)
		return 0;
	if (!shelf_trust(shelf, c->admission_root, why))
		return 0;
	log_line(LEVEL_WARNING, "sessions: %s", why);
	return refuse(t, -EACCES, "the vault cannot read its trusted root; see its log");
}

static int judge(struct releasing *t)
{
	CLEANUP_SHELF shelf = { 0 };
	int rc = read_trust(t, &shelf);
	const struct session_start start = {
		.tier = t->ask->tier, .image = t->ask->image, .host = t->host,
		.policy = t->judged ? t->policy : NULL, .bundle = bytes(t->ask->bundle),
		.trust = shelf.trust, .now = time(NULL), .until = io_after_ms(JUDGE_MS),
	};

	if (rc)
		return rc;
	rc = session_judge(&t->s, &start, t->why);
	return rc == -ETIMEDOUT ? refuse(t, rc, "the image could not be judged in time") : rc;
}

static int unwrap_all(struct releasing *t)
{
	unsigned int i, k;
	char text[LABEL];
	u8 *at;

	if (t->ask->secrets != t->s.secrets)
		return refuse(t, -EKEYREJECTED, "there are not as many secrets as the session has");
	/* In the end a secret may be unwrapped that is too long for what is left. */
	if (secret_alloc(&t->plain, VAULT_SESSION_BOX + SESSION_VALUE_MAX))
		return -ENOMEM;
	t->plain.len = 0;
	for (i = 0; i < t->s.secrets; i++) {
		const struct rpc_bytes from = t->ask->secret[i].data;
		const struct vault_label label = label_of(&t->s, t->ask->owner, t->number,
							  &t->s.secret[i], text);
		int len;

		at = t->plain.data + t->plain.len;
		len = vault_unwrap(t->vault->keys, &label, from.data, from.len, at + 4);
		if (len == -ENOKEY)
			return refuse(t, len, "the master key that they were wrapped under was forgotten");
		if (len < 0)
			return refuse(t, len, "what is stored is not what was taken, or not of this session, version and document");
		for (k = 0; k < 4; k++)
			at[k] = (u32)len >> 8 * k;
		t->plain.len += 4 + len;
		if (t->plain.len > VAULT_SESSION_BOX - BOX_OVERHEAD)
			return refuse(t, -EMSGSIZE, "the secrets are too long");
	}
	return 0;
}

static int seal(struct releasing *t)
{
	u8 context[BOX_CONTEXT];
	int rc = box_context_release(t->s.digest, t->ask->owner, t->ask->tier, t->ask->image,
				     bytes(t->ask->workload), context);

	if (!rc)
		rc = box_seal(t->ask->point, context, t->plain.data, t->plain.len, t->box);
	t->box_len = t->plain.len + BOX_OVERHEAD;
	return rc;
}

/*
 * What is given is counted before it is given.  What was only taken is stored, as here it is, if it
 * opens: from then on the version before is not given any more.
 */
static int give_all(struct releasing *t, struct vault_sessions *table)
{
	struct vault_session *row = vault_sessions_find(table, t->ask->owner, t->s.name);
	bool next = row && row->next && t->s.version == row->version + 1;
	u32 before;
	int rc;

	if (!row)
		return refuse(t, -ENOENT, "the vault knows no such session");
	if (!next && row->dropped)
		return refuse(t, -ESTALE, "the session was removed");
	if (!next && row->version != t->s.version)
		return refuse(t, -ESTALE, "this is not the session's newest version");
	rc = judge(t);
	if (rc)
		return rc;
	before = next && !row->next_kept ? 0 : row->releases;
	if (t->s.max_releases && before >= t->s.max_releases)
		return refuse(t, -EDQUOT, "its secrets were given as often as they may be");
	t->number = next ? row->next : row->number;
	rc = unwrap_all(t);
	if (!rc)
		rc = seal(t);
	if (rc)
		return rc;
	if (next)
		vault_sessions_settle(row);
	row->releases++;
	t->releases = row->releases;
	return vault_sessions_write(table);
}

static int release(void *arg)
{
	struct releasing *t = arg;
	struct vault_sessions table;
	int rc = session_parse(bytes(t->ask->document), &t->s, t->why);

	if (rc)
		return rc;
	str_copy(t->s.name, t->name, sizeof(t->name));
	rc = vault_sessions_open(&table, t->vault);
	if (rc == -EBADMSG)
		refuse(t, rc, "the vault's file of sessions is damaged");
	if (!rc)
		rc = give_all(t, &table);
	vault_sessions_close(&table);
	secret_free(&t->plain);
	return rc;
}

static void tell(struct releasing *t, int rc)
{
	char line[SESSION_WHY + 4 * ROLE_HOST + 128];

	if (!t->vault->audit)
		return;
	snprintf(line, sizeof(line), "secrets of session %s version %u for %.*s on %.*s: %s",
		 *t->name ? t->name : "?", t->s.version, (int)t->ask->workload.len,
		 (const char *)t->ask->workload.data, STR_ARG(t->host),
		 !rc ? "given" : *t->why ? t->why : strerror(-rc));
	t->vault->audit(line);
}

static bool holds(struct vault *v, struct str host)
{
	return vault_lease_left(v, host) > 0;
}

static bool same_policy(struct vault *v, const struct releasing *t)
{
	const u8 *now = vault_lease_policy(v, t->host);

	return now ? t->judged && !memcmp(now, t->policy, sizeof(t->policy)) : !t->judged;
}

int vault_session_release(struct link_request *r, const void *asked, void *given)
{
	const size_t room = SESSION_WHY + VAULT_SESSION_BOX;
	struct vault_released *give = given;
	struct vault *v = r->ctx;
	struct releasing t = { .vault = v, .ask = asked, .host = str_of(r->host) };
	const u8 *policy = vault_lease_policy(v, t.host);
	char *why = link_scratch(r, room);
	int rc;

	if (!why)
		return -ENOMEM;
	if (!session_name_ok(bytes(t.ask->workload)))
		return -EINVAL;
	t.box = (u8 *)why + SESSION_WHY;
	t.judged = policy;
	if (policy)
		memcpy(t.policy, policy, sizeof(t.policy));
	rc = on_pool(r, release, &t);
	/* That may have taken long. */
	if (!rc && !holds(v, t.host))
		rc = refuse(&t, -EACCES, "the host holds no lease any more");
	if (!rc && !same_policy(v, &t))
		rc = refuse(&t, -EACCES, "the host is judged by another policy now");
	tell(&t, rc);
	v->counts.refused += rc < 0;
	if (rc && !*t.why)
		refuse(&t, rc, strerror(-rc));
	give->version = t.s.version;
	give->releases = t.releases;
	session_free(&t.s);
	give->error = -rc;
	if (rc) {
		memcpy(why, t.why, SESSION_WHY);
		give->why = (struct rpc_bytes){ why, strlen(why) };
		return 0;
	}
	give->box = (struct rpc_bytes){ t.box, t.box_len };
	return 0;
}
