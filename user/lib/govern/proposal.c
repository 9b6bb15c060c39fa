// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "govern_private.h"

#define TIME_MAX	((1ll << 53) - 1)

/* The id is the hash of all the rest. */
static int find_id(const json_t *root, char id[GOVERN_ID])
{
	CLEANUP_JSON *rest = json_copy((json_t *)root);
	CLEANUP_FREE char *bytes = NULL;
	size_t len;

	if (!rest)
		return -ENOMEM;
	json_object_del(rest, "id");
	return govern_json_print(rest, &bytes, &len, id);
}

static int take(struct govern_proposal *p, json_t *root, char why[GOVERN_WHY])
{
	const json_t *until = json_object_get(root, "not_after");
	const char *id = govern_json_text(root, "id", GOVERN_ID - 1);
	char hash[GOVERN_ID];
	int rc;

	*p = (struct govern_proposal){ .root = root };
	rc = root ? find_id(root, p->id) : -ENOMEM;
	rc = rc ? rc : govern_json_print(root, &p->bytes, &p->len, hash);
	if (rc)
		return rc;
	p->base = govern_json_text(root, "base", GOVERN_ID - 1);
	p->actions = json_object_get(root, "actions");
	if (!govern_json_only(root, "actions base id not_after") || !p->base ||
	    strlen(p->base) != GOVERN_ID - 1 || !json_is_array(p->actions) ||
	    !json_is_integer(until) || json_integer_value(until) < 0 ||
	    json_integer_value(until) > TIME_MAX || p->len > GOVERN_PROPOSAL_MAX)
		return govern_refuse(why, -EBADMSG, "is no proposal {actions, base, id, not_after}");
	p->not_after = json_integer_value(until);
	return id && !strcmp(id, p->id) ? 0 :
	       govern_refuse(why, -EBADMSG, "the proposal's id is not its hash, %s", p->id);
}

int govern_proposal_open(struct govern_proposal *p, struct str bytes, char why[GOVERN_WHY])
{
	json_t *root;
	int rc;

	*p = (struct govern_proposal){ 0 };
	rc = govern_json_read(&root, bytes, GOVERN_PROPOSAL_MAX, "the proposal", why);
	return rc ? rc : take(p, root, why);
}

void govern_proposal_close(struct govern_proposal *p)
{
	json_decref(p->root);
	free(p->bytes);
	p->root = NULL;
	p->bytes = NULL;
}

/* Would it lead to a state that makes sense? */
static int try_actions(const struct govern_state *s, const json_t *actions, char why[GOVERN_WHY])
{
	json_t *root = json_deep_copy(s->root);
	struct govern_state after = { 0 };
	int rc = root ? govern_actions(root, actions, why) : -ENOMEM;

	if (rc) {
		json_decref(root);
		return rc;
	}
	rc = govern_state_take(&after, root, why);
	govern_state_close(&after);
	return rc;
}

int govern_proposal_make(struct govern_proposal *p, const struct govern_state *s,
			 const json_t *actions, uint64_t not_after, char why[GOVERN_WHY])
{
	json_t *root;
	char id[GOVERN_ID];
	int rc;

	*p = (struct govern_proposal){ 0 };
	*why = 0;
	rc = try_actions(s, actions, why);
	if (rc)
		return rc;
	root = json_pack("{s:O, s:s, s:I}", "actions", actions, "base", s->hash, "not_after",
			 (json_int_t)not_after);
	rc = root ? find_id(root, id) : -ENOMEM;
	if (!rc && json_object_set_new(root, "id", json_string(id)))
		rc = -ENOMEM;
	if (rc) {
		json_decref(root);
		return rc;
	}
	return take(p, root, why);
}
