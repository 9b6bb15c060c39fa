// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile lists of IMA's.  Digests are put right first, or nothing but a violation would ever
 * pass; then entries lie one behind the other, and their fields in them.
 */
#include "fuzz_util.h"

#include "tpm/ima.h"

static void inside(struct str whole, struct str part)
{
	require(!part.len || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

/* Where an entry is wrong for its digest alone, give it the right one. */
static void put_right(struct str text)
{
	struct ima_list list;
	struct ima_entry e;
	int rc;

	if (ima_open(&list, text.at, text.len, tpm_alg_by_id(TPM_ALG_SHA1)))
		return;
	while ((rc = ima_next(&list, &e)) != 0) {
		if (rc < 0 && (!e.digest || strcmp(list.why, "the entry's digest is not that of its data")))
			return;
		if (rc < 0)
			require(!ima_digest(&e, list.alg, (uint8_t *)e.digest));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ima_replay r;
	struct str text = own_copy(data, size);
	struct tpm_pcr_set set = { .count = 0 };
	struct ima_list list;
	struct ima_entry e;
	size_t end = 0;
	int rc;

	put_right(text);
	tpm_pcr_add(&set, tpm_alg_by_id(TPM_ALG_SHA256));
	tpm_pcr_put(&set.bank[0], TPM_PCR_IMA, (const uint8_t *)"01234567890123456789012345678901");
	ima_replay_begin(&r, &set);
	require(!ima_open(&list, text.at, text.len, NULL));
	while ((rc = ima_next(&list, &e)) == 1) {
		require(e.offset == end && list.offset > end && e.pcr < TPM_PCRS);
		end = list.offset;
		inside(text, e.data);
		inside(e.data, e.name);
		inside(e.data, e.value);
		inside(e.data, e.signature);
		inside(e.data, e.buffer);
		require(ima_aggregate(&e, &set) >= 0);
		require(!ima_replay_entry(&r, &list, &e));
	}
	require(rc ? !!list.why : end == text.len);
	require(!ima_open(&list, text.at, text.len, NULL));
	ima_replay_begin(&r, &set);
	/* It stands there already, so that no entry is needed. */
	require(ima_match(&r, &list, &set.bank[0], 1u << TPM_PCR_IMA) == IMA_MATCH && !r.entries);
	free((char *)text.at);
	return 0;
}
