// SPDX-License-Identifier: GPL-2.0-or-later
/* Hostile policies in JSON and YAML: refused with a reason, or able to judge. */
#include "fuzz_sigstore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char image[] =
		"reg.example.org/a@sha256:0000000000000000000000000000000000000000000000000000000000000000";
	struct admission_store store = { .trust = fuzz_world()->trust, .now = T0 };
	struct str text = own_copy(data, size);
	struct admission *a = NULL;
	struct admission_result r;
	struct sigstore_fault f;

	if (!admission_parse(text, &a, &f)) {
		require(!admission_judge(a, &store, str_of(image), &r) && *r.reason);
		/* Without a digest nothing runs, whatever a policy says. */
		require(!admission_judge(a, &store, STR("reg.example.org/a:1"), &r));
		require(r.verdict == ADMISSION_DENY);
	} else {
		require(f.code && *f.text);
	}
	admission_free(a);
	free((void *)text.at);
	return 0;
}
