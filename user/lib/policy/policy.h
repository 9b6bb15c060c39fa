/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Storage policies: what is done to the objects of a bucket, and where they may lie. */
#ifndef SKY_POLICY_POLICY_H
#define SKY_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sky_manifest.h"

#define POLICY_MAX_BYTES	65536		/* of a document */
#define POLICY_MAX_NAME		63
#define POLICY_MAX_DESCRIPTION	1023
#define POLICY_MAX_PLACES	255

#define POLICY_MIN_GENERATION	4096u
#define POLICY_DEFAULT_K	4
#define POLICY_DEFAULT_REDUNDANT	2
#define POLICY_DEFAULT_GENERATION	(4u << 20)

enum policy_compression {
	POLICY_PLAIN,
	POLICY_DEFLATE,
	POLICY_ZSTD,
};

/* Numbers of locations, in the document's order; none: any location. */
struct policy_places {
	uint16_t count;
	uint16_t id[POLICY_MAX_PLACES];
};

struct policy {
	int64_t id;				/* above 0; 0: not given one yet */
	char name[POLICY_MAX_NAME + 1];
	char description[POLICY_MAX_DESCRIPTION + 1];
	struct policy_places backends;		/* clouds */
	struct policy_places edge_devices;
	uint8_t k;				/* "symbols", 1 to SKY_MAX_K */
	uint8_t redundant;			/* "redundant_packets" */
	uint8_t quorum;				/* fragments that must be durable */
	bool dense;
	bool coeffs_inside;			/* coefficients in the fragments */
	uint32_t generation_bytes;
	uint8_t compression;			/* enum policy_compression */
	int8_t wbits;				/* DEFLATE: as zlib's */
	int8_t level;
	bool cache;				/* gateways may keep what is read and written */
};

static inline unsigned int policy_n(const struct policy *p)
{
	return p->k + p->redundant;
}

/* What is wrong, with the field's name: "redundancy.symbols: 0 is not from 1 to 128". */
struct policy_error {
	char text[256];
};

/* The policy that a bucket has when nothing is said, without a name. */
void policy_default(struct policy *p);

/* enum sky_compression for a policy's scheme and wbits. */
int policy_scheme(const struct policy *p);

/**
 * policy_parse_json() - Read the document of the API.
 * @p: filled in on success, undefined otherwise
 * @text: @len untrusted bytes
 * @len: up to POLICY_MAX_BYTES
 * @err: receives what is wrong
 *
 * What is absent gets its default, what is unknown is an error.
 *
 * Return: 0, -EINVAL with @err, or -ENOMEM.
 */
int policy_parse_json(struct policy *p, const char *text, size_t len, struct policy_error *err);

/* The same for the older form in YAML, which has one policy under its name. */
int policy_parse_yaml(struct policy *p, const char *text, size_t len, struct policy_error *err);

/**
 * policy_print_json() - The document in one form only.
 * @p: a policy
 *
 * Every field is there, in a fixed order, without blanks: equal policies give equal
 * bytes, and what is read back is equal.
 *
 * Return: a string for free(), or NULL when there is no memory.
 */
char *policy_print_json(const struct policy *p);

#endif /* SKY_POLICY_POLICY_H */
