/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share. */
#ifndef SKY_GOVERN_PRIVATE_H
#define SKY_GOVERN_PRIVATE_H

#include "base/cleanup.h"
#include "base/report.h"
#include "govern.h"

static inline void govern_json_free(json_t **j)
{
	json_decref(*j);
}

#define CLEANUP_JSON	CLEANUP(govern_json_free) json_t

/* @rc, with a text. */
int govern_refuse(char why[GOVERN_WHY], int rc, const char *fmt, ...) PRINTF(3, 4);

/* --- state.c */

/* Read canonical JSON: an object.  Return: 0, -EBADMSG, -ENOMEM. */
int govern_json_read(json_t **to, struct str bytes, size_t max, const char *what,
		     char why[GOVERN_WHY]);
/* The canonical bytes of an object, to be freed, and the hash of them. */
int govern_json_print(const json_t *j, char **bytes, size_t *len, char hash[GOVERN_ID]);
/* Are these, with blanks between them, the names of all its members? */
bool govern_json_only(const json_t *j, const char *names);
/* A member that is a text of 1 to @max bytes; NULL: it is not. */
const char *govern_json_text(const json_t *j, const char *name, size_t max);
/* @root is taken over.  As govern_state_open(). */
int govern_state_take(struct govern_state *s, json_t *root, char why[GOVERN_WHY]);

/* --- action.c: do all of them to a state's document.  Return: 0 or an error. */
int govern_actions(json_t *state, const json_t *actions, char why[GOVERN_WHY]);
/* Are the policies of a state what they should be? */
int govern_check_document(enum govern_document which, const char *text, char why[GOVERN_WHY]);
int govern_check_storage(const char *name, const char *text, char why[GOVERN_WHY]);
int govern_check_pcrs(const json_t *set, char why[GOVERN_WHY]);

#endif /* SKY_GOVERN_PRIVATE_H */
