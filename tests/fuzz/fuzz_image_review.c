// SPDX-License-Identifier: GPL-2.0-or-later
/* Hostile requests of Kubernetes: the answer is always a review, and never allows anything. */
#include "fuzz_sigstore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct admission *a;
	struct admission_store store = { .trust = fuzz_world()->trust, .now = T0 };
	struct str text = own_copy(data, size);
	struct sigstore_fault f;
	json_t *answer;
	char *said;

	if (!a)
		require(!admission_parse(STR("{\"noMatch\":\"deny\"}"), &a, &f));
	said = admission_review(a, &store, text);
	require(!!said);
	answer = json_loads(said, JSON_REJECT_DUPLICATES, NULL);
	require(json_is_false(json_object_get(json_object_get(answer, "status"), "allowed")));
	json_decref(answer);
	free(said);
	free((void *)text.at);
	return 0;
}
