// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile bundles beside a root that is believed: whatever is taken says who signed the one
 * artefact that was, and no other artefact and no other signer is taken with it.
 */
#include "fuzz_sigstore.h"

static void judge(const struct sigstore_bundle *b, const struct fuzz_world *w,
		  const struct sigstore_key *key)
{
	struct sigstore_want want = { .trust = w->trust, .key = key, .now = T0 };
	struct sigstore_artefact other;
	struct sigstore_result r;
	int rc = sigstore_verify(b, &w->artefact, &want, &r);

	require(!rc == !r.fault.code && !rc == !*r.fault.text);
	if (rc)
		return;
	require(r.logged && (key || (r.times && *r.issuer)));
	require(key ? !*r.identity : !!*r.identity);
	sigstore_artefact_memory(&other, STR("another"));
	require(sigstore_verify(b, &other, &want, &r));
	want.identity = "nobody";
	require(sigstore_verify(b, &w->artefact, &want, &r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_world *w = fuzz_world();
	struct str text = own_copy(data, size);
	struct sigstore_bundle *b = NULL;
	struct sigstore_fault f;

	if (!sigstore_bundle_parse(text, &b, &f)) {
		judge(b, w, NULL);
		judge(b, w, w->key);
	} else {
		require(f.code && *f.text);
	}
	sigstore_bundle_free(b);
	free((void *)text.at);
	return 0;
}
