// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile policies, as JSON, or as the older YAML if the first byte is a Y: what is
 * taken is printed, read again, and must be the same.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void round_trip(const struct policy *p)
{
	static struct policy again;
	struct policy_error err;
	char *text = policy_print_json(p), *second;

	require(text);
	require(p->k && policy_n(p) <= SKY_MAX_N);
	require(p->quorum >= p->k && p->quorum <= policy_n(p));
	require(!policy_parse_json(&again, text, strlen(text), &err));
	second = policy_print_json(&again);
	require(second && !strcmp(text, second));
	free(text);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy p;
	struct policy_error err = { "" };
	const bool yaml = size && data[0] == 'Y';
	int rc;

	if (yaml)
		rc = policy_parse_yaml(&p, (const char *)data + 1, size - 1, &err);
	else
		rc = policy_parse_json(&p, (const char *)data, size, &err);
	if (!rc)
		round_trip(&p);
	else
		require(*err.text);
	return 0;
}
