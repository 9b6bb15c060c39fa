// SPDX-License-Identifier: GPL-2.0-or-later
/* Roots that are damaged: read or refused, and what is read can be used to judge. */
#include "fuzz_sigstore.h"

#define SEED_BYTES	3469	/* corpus/fuzz_trusted_root/root */

static struct sigstore_bundle *bundle(void)
{
	static struct sigstore_bundle *b;
	struct recipe r = { .body = 2, .tiles = true, .stamped = true };
	struct sigstore_fault f;
	struct world w;
	struct made m;

	if (b)
		return b;
	world_open(&w);
	make(&w, &r, &m);
	require(!sigstore_bundle_parse(fuzz_text(m.bundle), &b, &f));
	made_free(&m);
	world_close(&w);
	return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sigstore_bundle *b = bundle();
	struct sigstore_want want = { .now = T0, .identity = IDENTITY, .issuer = OIDC_ISSUER };
	struct str text = own_copy(data, size);
	struct sigstore_trust *t = NULL;
	struct sigstore_result r;
	struct sigstore_fault f;
	uint64_t sum = 0;

	digest_str(&sum, text);
	if (!sigstore_trust_parse(text, &t, &f)) {
		/* Judging takes most of the time; the first seed is always among those judged. */
		want.trust = t;
		if (size == SEED_BYTES || sum % 8 == 0)
			require(!sigstore_verify(b, &fuzz_world()->artefact, &want, &r) ==
				!r.fault.code);
	} else {
		require(f.code && *f.text);
	}
	sigstore_trust_free(t);
	free((void *)text.at);
	return 0;
}
