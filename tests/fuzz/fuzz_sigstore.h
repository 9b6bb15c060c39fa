/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small sigstore of the unit tests, for fuzz targets: who may be believed is fixed. */
#ifndef TESTS_FUZZ_SIGSTORE_H
#define TESTS_FUZZ_SIGSTORE_H

#include "fuzz_util.h"
#include "sigstore/admission.h"
#include "../unit/sigstore_make.h"

struct fuzz_world {
	struct sigstore_trust *trust;
	struct sigstore_key *key;
	struct sigstore_artefact artefact;
};

static inline struct str fuzz_text(json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);
	struct str s = keep(text, strlen(text));

	free(text);
	return s;
}

static inline const struct fuzz_world *fuzz_world(void)
{
	static struct fuzz_world f;
	struct sigstore_fault fault;
	struct world w;
	json_t *root;

	if (f.trust)
		return &f;
	world_open(&w);
	root = make_root(&w);
	require(!sigstore_trust_parse(fuzz_text(root), &f.trust, &fault));
	require(!sigstore_key_parse(pem_of(NULL, w.signer), &f.key, &fault));
	require(!sigstore_artefact_memory(&f.artefact, STR(ARTEFACT)));
	json_decref(root);
	world_close(&w);
	forget();
	return &f;
}

#endif /* TESTS_FUZZ_SIGSTORE_H */
