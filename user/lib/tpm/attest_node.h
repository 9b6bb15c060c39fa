/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places in a policy's document, which errors are reported by. */
#ifndef SKY_TPM_ATTEST_NODE_H
#define SKY_TPM_ATTEST_NODE_H

#include "attest_policy.h"

struct attest_node {
	json_t *value;			/* not owned; NULL: it is not there */
	const struct attest_node *parent;	/* NULL: the document */
	const char *name;		/* in the parent; NULL: an element of an array */
	size_t index;			/* of the element */
	struct attest_fault *fault;
};

/* Say what is wrong with a place; -EINVAL. */
int node_fault(const struct attest_node *n, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/* Are all members of an object among these, which NULL ends?  0 or -EINVAL. */
int node_members(const struct attest_node *n, const char *const names[]);

/* A member; its value is NULL when it is absent. */
struct attest_node node_member(const struct attest_node *n, const char *name);
struct attest_node node_element(const struct attest_node *n, size_t i);

/*
 * These leave @value as it is when the place is empty, and return 0 or -EINVAL.  A text has at
 * least one character and no NUL.
 */
int node_text(const struct attest_node *n, struct str *value);
int node_bool(const struct attest_node *n, bool *value);
int node_number(const struct attest_node *n, int64_t min, int64_t max, int64_t *value);

/**
 * node_digests() - A list of digests, or one, sorted.
 * @n: the place
 * @bank: their algorithm; NULL: each names its own
 * @set: receives them, allocated
 *
 * Return: 0, also when the place is empty, -EINVAL or -ENOMEM.
 */
int node_digests(const struct attest_node *n, const struct tpm_alg *bank,
		 struct attest_digests *set);

/**
 * node_list() - Read each element of a list.
 * @n: the place
 * @size: bytes of an item
 * @items: receives a pointer to them, allocated
 * @count: receives how many were begun, also after an error: what they hold is to be freed
 * @read: reads one, into zeros
 * @arg: for @read
 *
 * Return: 0, also when the place is empty, -EINVAL when it has something else than a list, or an
 * empty one, -ENOMEM, or what @read has returned.
 */
int node_list(const struct attest_node *n, size_t size, void *items, unsigned int *count,
	      int (*read)(const struct attest_node *n, const void *arg, void *item),
	      const void *arg);

#endif /* SKY_TPM_ATTEST_NODE_H */
