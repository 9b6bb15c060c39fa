// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile images of firmware: nothing is read outside, sections lie in the file, and what is
 * measured is measured the same way twice.
 */
#include "fuzz_util.h"

#include "tpm/predict.h"

static void check_sections(const struct pe_image *im)
{
	const struct pe_section *s;
	struct tpm_blob data;
	unsigned int i;

	require(im->sections <= PE_SECTIONS_MAX && im->headers <= im->len);
	require(im->certificates <= im->len - im->headers);
	for (i = 0; i < im->sections; i++) {
		s = &im->section[i];
		require(!s->raw_size || (s->offset >= im->headers &&
					 s->raw_size <= im->len - im->certificates - s->offset));
		if (!pe_section_data(im, s->name, &data) && data.len)
			require(data.at >= im->at && data.at + data.len <= im->at + im->len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tpm_alg *alg = tpm_alg_by_id(TPM_ALG_SHA256);
	struct str in = own_copy(data, size);
	uint8_t digest[TPM_DIGEST_MAX];
	struct uki_digests d;
	struct pe_image im;
	const char *why;
	int image = pe_parse(in.at, in.len, &im, &why);

	if (!image) {
		check_sections(&im);
		require(!pe_authenticode(&im, alg, digest));
	} else {
		require(why && *why);
	}
	if (!uki_measure(in.at, in.len, alg, &d, &why)) {
		require(!image && !memcmp(digest, d.image, alg->size));
		require(d.present & 1 << UKI_LINUX);
	} else {
		require(why && *why);
	}
	free((char *)in.at);
	return 0;
}
