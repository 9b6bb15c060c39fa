// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>

#include "govern_private.h"

/* Ballots as they are kept: in the order of the members. */
static json_t *kept(const struct str which[GOVERN_MEMBERS])
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < GOVERN_MEMBERS; i++)
		if (which[i].len &&
		    json_array_append_new(list, json_stringn(which[i].at, which[i].len))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static int judge(const struct govern_state *s, const struct govern_proposal *p,
		 const struct str *ballots, unsigned int count, uint64_t now,
		 struct str which[GOVERN_MEMBERS], char why[GOVERN_WHY])
{
	struct govern_count c;
	int rc;

	if (strcmp(p->base, s->hash))
		return govern_refuse(why, -ESTALE,
				     "the proposal is made for another state (%.16s...) than %.16s...",
				     p->base, s->hash);
	if (now > p->not_after)
		return govern_refuse(why, -ETIME, "the proposal's time is over");
	if (now < s->time)
		return govern_refuse(why, -EINVAL, "the state is of a time to come: is the clock right?");
	rc = govern_count(&c, s, p->id, ballots, count, which, why);
	if (rc)
		return rc;
	return c.passed ? 0 :
	       govern_refuse(why, -EAGAIN, "%u of %u voters said yes, which is %s quorum", c.yes,
			     c.voters, c.rejected ? "no, and can become no," : "no");
}

int govern_step(struct govern_state *next, const struct govern_state *s,
		const struct govern_proposal *p, const struct str *ballots, unsigned int count,
		uint64_t now, char why[GOVERN_WHY])
{
	struct str which[GOVERN_MEMBERS];
	json_t *root, *decision;
	int rc;

	*next = (struct govern_state){ 0 };
	*why = 0;
	rc = judge(s, p, ballots, count, now, which, why);
	if (rc)
		return rc;
	root = json_deep_copy(s->root);
	decision = json_pack("{s:O, s:o}", "proposal", p->root, "ballots", kept(which));
	rc = root && decision ? govern_actions(root, p->actions, why) : -ENOMEM;
	if (!rc && (json_object_set_new(root, "version", json_integer(s->version + 1)) ||
		    json_object_set_new(root, "base", json_string(s->hash)) ||
		    json_object_set_new(root, "time", json_integer(now)) ||
		    json_object_set(root, "decision", decision)))
		rc = -ENOMEM;
	json_decref(decision);
	if (rc) {
		json_decref(root);
		return rc;
	}
	rc = govern_state_take(next, root, why);
	if (rc)
		govern_state_close(next);
	return rc;
}

/* The decision that is in a state, as it was when it was made. */
static int read_decision(const struct govern_state *s, struct govern_proposal *p,
			 struct str ballots[GOVERN_MEMBERS], unsigned int *count,
			 char why[GOVERN_WHY])
{
	const json_t *decision = json_object_get(s->root, "decision");
	const json_t *list = json_object_get(decision, "ballots");
	const json_t *proposal = json_object_get(decision, "proposal");
	CLEANUP_FREE char *bytes = NULL;
	char hash[GOVERN_ID];
	json_t *one;
	size_t len, i;
	int rc;

	*p = (struct govern_proposal){ 0 };
	if (!json_is_object(proposal) || !json_is_array(list) ||
	    json_array_size(list) > GOVERN_MEMBERS)
		return govern_refuse(why, -EBADMSG, "version %" PRIu64 " has no decision",
				     s->version);
	json_array_foreach(list, i, one)
		ballots[i] = (struct str){ json_string_value(one), json_string_length(one) };
	*count = i;
	rc = govern_json_print(proposal, &bytes, &len, hash);
	return rc ? rc : govern_proposal_open(p, (struct str){ bytes, len }, why);
}

int govern_step_verify(const struct govern_state *s, const struct govern_state *next,
		       char why[GOVERN_WHY])
{
	struct str ballots[GOVERN_MEMBERS];
	struct govern_state again = { 0 };
	struct govern_proposal p;
	unsigned int count = 0;
	int rc;

	*why = 0;
	rc = read_decision(next, &p, ballots, &count, why);
	rc = rc ? rc : govern_step(&again, s, &p, ballots, count, next->time, why);
	if (!rc && strcmp(again.hash, next->hash))
		rc = govern_refuse(why, -EBADMSG, "version %" PRIu64 " is not what its decision makes of version %" PRIu64,
				   next->version, s->version);
	govern_state_close(&again);
	govern_proposal_close(&p);
	return rc;
}
