/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the members of an object one by one.  Both forms of a policy become a
 * jansson tree first; each member that is read is taken out, so that what is left is
 * unknown.
 */
#ifndef SKY_POLICY_TREE_H
#define SKY_POLICY_TREE_H

#include <jansson.h>

#include "policy.h"

/* An object of the document and the way to it. */
struct node {
	json_t *object;			/* not owned */
	const struct node *parent;	/* NULL: the document */
	const char *name;		/* in the parent */
	struct policy_error *err;
};

/* Say what is wrong with a member; -EINVAL. */
int node_error(const struct node *n, const char *name, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/*
 * Each of these leaves @value as it is when the member is absent, and returns 0 or
 * -EINVAL.
 */
int node_integer(const struct node *n, const char *name, int64_t min, int64_t max,
		 int64_t *value);
int node_boolean(const struct node *n, const char *name, bool *value);
int node_string(const struct node *n, const char *name, char *value, size_t size);
int node_places(const struct node *n, const char *name, struct policy_places *value);

/* One of @count words, case ignored; @value is its index. */
int node_word(const struct node *n, const char *name, const char *const words[], int count,
	      int *value);

/* An object inside; sub->object is NULL when it is absent. */
int node_object(const struct node *n, const char *name, struct node *sub);

/* May a policy have this name? */
int policy_check_name(const struct node *n, const char *name);

/* Is everything read? */
int node_end(const struct node *n);

#endif /* SKY_POLICY_TREE_H */
