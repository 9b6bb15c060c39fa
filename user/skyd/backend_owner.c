// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Canonical ids: the team's number in 16 digits, then 48 digits of the SHA-256 of the number
 * and the time when the team was made, so that an id names one team for all time, whatever
 * happens to the numbers of a store.  They are public, as S3's are.
 */
#include <errno.h>
#include <string.h>

#include <asm/byteorder.h>

#include "base/hex.h"
#include "backend_private.h"
#include "crypto/hmac.h"
#include "log.h"

#define NUMBER_BYTES	8u
#define HASH_BYTES	(OWNER_LEN / 2 - NUMBER_BYTES)

void owner_write(u64 team, u64 created, char id[OWNER_LEN + 1])
{
	struct {
		char what[16];
		__be64 team, created;
	} text = { "skyhold team", cpu_to_be64(team), cpu_to_be64(created) };
	u8 digest[SHA256_BYTES];

	sha256_of(&text, sizeof(text), digest);
	hex_encode(&text.team, NUMBER_BYTES, id);
	hex_encode(digest, HASH_BYTES, id + 2 * NUMBER_BYTES);
}

int owner_team(struct backend *b, u64 team, struct store_arena *a, struct store_team *row)
{
	struct store_team *rows;
	int n = team ? store_team_list(b->store, team - 1, 1, a, &rows) : 0;

	if (n < 0)
		return n;
	if (!n || rows[0].id != team)
		return -STORE_NO_SUCH_TEAM;
	*row = rows[0];
	return 0;
}

/* The team of that id.  -STORE_INVALID if there is none. */
static int find_id(struct call *c, struct rpc_bytes id, struct store_team *team)
{
	char text[OWNER_LEN + 1], wanted[OWNER_LEN + 1];
	u8 bytes[OWNER_LEN / 2];
	__be64 number;
	int rc;

	if (id.len != OWNER_LEN)
		return -STORE_INVALID;
	memcpy(text, id.data, OWNER_LEN);
	text[OWNER_LEN] = '\0';
	if (hex_decode(text, bytes, sizeof(bytes)))
		return -STORE_INVALID;
	memcpy(&number, bytes, sizeof(number));
	rc = owner_team(c->b, be64_to_cpu(number), &c->arena, team);
	if (rc)
		return rc == -STORE_NO_SUCH_TEAM ? -STORE_INVALID : rc;
	owner_write(team->id, team->created, wanted);
	return strcmp(text, wanted) ? -STORE_INVALID : 0;
}

static bool group_known(struct rpc_bytes uri)
{
	struct str s = str_of_bytes(uri);

	return str_is(s, GRANTS_ALL_USERS) || str_is(s, GRANTS_AUTHENTICATED) ||
	       str_is(s, GRANTS_LOG_DELIVERY);
}

/* -STORE_INVALID: it grants to nobody. */
static int check_grant(struct call *c, const struct meta_grant *g, const char *owner, bool *others)
{
	struct store_team team;

	/* A name is looked up when it is told. */
	if (g->permission >= S3_PERMISSIONS || !!g->id.len == !!g->uri.len || g->name.len)
		return -STORE_INVALID;
	if (g->uri.len) {
		*others = true;
		return group_known(g->uri) ? 0 : -STORE_INVALID;
	}
	if (str_is(str_of_bytes(g->id), owner))
		return 0;
	*others = true;
	return find_id(c, g->id, &team);
}

int owner_check(const struct call *c, struct rpc_bytes named)
{
	return !named.len || str_equal(str_of_bytes(named), str_of(c->bucket->owner)) ?
	       0 : meta_status(S3_ACCESS_DENIED);
}

bool grants_to_nobody(const struct call *c, const struct meta_grant *grant, u32 grants)
{
	u32 i;

	for (i = 0; i < grants; i++)
		if (!str_is(str_of_bytes(grant[i].id), c->bucket->owner))
			return false;
	return true;
}

/* What is canned is for the bucket's owner, whoever sends it, and then for others. */
static int canned_list(struct call *c, const struct authz_acl *acl, const char *owner,
		       struct meta_document *list)
{
	struct meta_grant *grant = store_alloc(&c->arena, (acl->grants + 1) * sizeof(*grant));

	if (!grant)
		return -ENOMEM;
	grant[0] = (struct meta_grant){
		.permission = S3_FULL_CONTROL, .id = { owner, OWNER_LEN },
	};
	memcpy(grant + 1, acl->grant, acl->grants * sizeof(*grant));
	*list = (struct meta_document){ .grant = grant, .grants = acl->grants + 1 };
	return 0;
}

int grants_check(struct call *c, const struct authz_acl *acl, const char *owner,
		 struct store_text *to, bool *others)
{
	struct meta_document list = { .grant = acl->grant, .grants = acl->grants };
	size_t size = 64;
	void *buf;
	int rc = 0;
	u32 i;

	*to = (struct store_text){ 0 };
	*others = false;
	if (acl->canned_acl.len && acl->grants)
		rc = canned_list(c, acl, owner, &list);
	for (i = 0; !rc && i < list.grants; i++) {
		rc = check_grant(c, &list.grant[i], owner, others);
		size += 16 + list.grant[i].id.len + list.grant[i].uri.len;
	}
	if (rc == -STORE_INVALID)
		return meta_status(S3_INVALID_ARGUMENT);
	if (rc || !list.grants)
		return backend_status(rc);
	buf = store_alloc(&c->arena, size);
	if (!buf)
		return -ENOMEM;
	rc = rpc_encode(&meta_document_schema, &list, buf, size);
	if (rc < 0)
		return rc;
	*to = (struct store_text){ buf, (size_t)rc };
	return 0;
}

int grants_revoke(struct call *c, struct store_text *to)
{
	const struct meta_document none = { .revoked = true };
	void *buf = store_alloc(&c->arena, 64);
	int rc = buf ? rpc_encode(&meta_document_schema, &none, buf, 64) : -ENOMEM;

	if (rc < 0)
		return rc;
	*to = (struct store_text){ buf, (size_t)rc };
	return 0;
}

void grants_read(struct store_text from, struct store_arena *a, struct meta_document *to)
{
	size_t size = META_GRANTS_MAX * sizeof(struct meta_grant);
	void *room;

	*to = (struct meta_document){ 0 };
	if (!from.len)
		return;
	/* No grant takes less than four bytes. */
	if (from.len / 4 < META_GRANTS_MAX)
		size = (from.len / 4 + 1) * sizeof(struct meta_grant);
	room = store_alloc(a, size);
	if (room && !rpc_decode(&meta_document_schema, from.data, from.len, to, room, size))
		return;
	log_line(LEVEL_ERROR, "a list of grants cannot be read: nobody but the owner has any");
	*to = (struct meta_document){ 0 };
}

/* Who is no more, or whom the store cannot find now, has no name. */
static struct rpc_bytes name_of(struct call *c, struct rpc_bytes id)
{
	struct store_team team;

	if (str_is(str_of_bytes(id), c->bucket->owner))
		return bytes_of(c->bucket->owner_name);
	if (!id.len || find_id(c, id, &team))
		return (struct rpc_bytes){ 0 };
	return bytes_of(team.name);
}

int grants_tell(struct call *c, const struct meta_document *acl, const struct meta_grant **to)
{
	struct meta_grant *told = store_alloc(&c->arena, (acl->grants + 1) * sizeof(*told));
	u32 i;

	if (!told)
		return -ENOMEM;
	for (i = 0; i < acl->grants; i++) {
		told[i] = acl->grant[i];
		told[i].name = name_of(c, told[i].id);
	}
	*to = told;
	return 0;
}

static bool is_grantee(const struct meta_grant *g, const struct cached_key *key, bool groups)
{
	if (g->id.len)
		return key && str_is(str_of_bytes(g->id), key->owner);
	if (!groups)
		return false;
	return str_is(str_of_bytes(g->uri), GRANTS_ALL_USERS) ||
	       (key && str_is(str_of_bytes(g->uri), GRANTS_AUTHENTICATED));
}

bool grants_allow(const struct meta_document *acl, const struct cached_key *key,
		  enum s3_permission wanted, bool groups)
{
	u32 i;

	for (i = 0; i < acl->grants; i++) {
		const struct meta_grant *g = &acl->grant[i];

		if ((g->permission == wanted || g->permission == S3_FULL_CONTROL) &&
		    is_grantee(g, key, groups))
			return true;
	}
	return false;
}

bool grants_public(const struct meta_grant *grant, u32 grants)
{
	u32 i;

	for (i = 0; i < grants; i++)
		if (str_is(str_of_bytes(grant[i].uri), GRANTS_ALL_USERS) ||
		    str_is(str_of_bytes(grant[i].uri), GRANTS_AUTHENTICATED))
			return true;
	return false;
}
