/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions, as the backend's store has them: documents, and secrets that are wrapped. */
#ifndef SKYD_STORE_SESSION_H
#define SKYD_STORE_SESSION_H

#include "store.h"

struct store_session {
	struct store_text name;
	u32 version;
	u64 changed;			/* us since 1970 */
	struct store_text document;
	struct store_text secrets;	/* a struct vault_taken, packed; in lists nothing */
};

/*
 * Make a row of a team's, or replace it by its next version, or by the same that the vault has
 * taken once more.
 * -EEXIST: a newer version is there.
 */
int store_session_put(struct store *s, u64 team, const struct store_session *row);
/* -ENOENT: there is no such. */
int store_session_get(struct store *s, u64 team, struct store_text name, struct store_arena *a,
		      struct store_session *row);
int store_session_delete(struct store *s, u64 team, struct store_text name);
/* By name above @after, at most @max (STORE_LIST_MAX).  Return: how many. */
int store_session_list(struct store *s, u64 team, struct store_text after, unsigned int max,
		       struct store_arena *a, struct store_session **rows);

#endif /* SKYD_STORE_SESSION_H */
