// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "boot_policy.h"
#include "predict.h"

/* Besides the sequences of 4 and 9: what cannot differ between two boots of one machine. */
#define PCRS_OF_VALUE	(1u << 0 | 1u << 2 | 1u << 3 | 1u << 7 | 1u << 11 | 1u << 12 | 1u << 13)

static json_t *digest_json(const struct tpm_alg *alg, const uint8_t *digest)
{
	char hex[2 * TPM_DIGEST_MAX + 1];

	hex_encode(digest, alg->size, hex);
	return json_string(hex);
}

/* The same machine when it has opened a volume.  No log says so: it is a value, no sequence. */
static void append_capped(json_t *list, const struct tpm_pcr_bank *bank)
{
	struct tpm_pcr_bank after = *bank;
	uint8_t digest[TPM_DIGEST_MAX];

	if (!tpm_hash(bank->alg, BOOT_CAP_EVENT, strlen(BOOT_CAP_EVENT), digest) &&
	    !tpm_pcr_extend(&after, BOOT_CAP_PCR, digest))
		json_array_append_new(list, digest_json(bank->alg, after.value[BOOT_CAP_PCR]));
}

static json_t *values_json(const struct tpm_pcr_bank *bank)
{
	json_t *of = json_object(), *list;
	unsigned int i;
	char key[8];

	for (i = 0; i < TPM_PCRS; i++) {
		if (!(bank->known & PCRS_OF_VALUE & 1u << i))
			continue;
		list = json_array();
		json_array_append_new(list, digest_json(bank->alg, bank->value[i]));
		if (i == BOOT_CAP_PCR)
			append_capped(list, bank);
		snprintf(key, sizeof(key), "%u", i);
		json_object_set_new(of, key, list);
	}
	return of;
}

static json_t *sequences_json(const struct prediction *p)
{
	json_t *of = json_object(), *list;
	unsigned int i;
	char key[8];

	for (i = 0; i < p->events; i++) {
		if (p->event[i].pcr == BOOT_CAP_PCR)
			continue;
		snprintf(key, sizeof(key), "%u", p->event[i].pcr);
		list = json_object_get(of, key);
		if (!list) {
			list = json_array();
			json_object_set_new(of, key, list);
		}
		json_array_append_new(list, digest_json(p->bank.alg, p->event[i].digest));
	}
	return of;
}

json_t *predict_policy(const struct prediction *p, const char *name)
{
	return json_pack("{s:i, s:s, s:s, s:o, s:o}", "version", 1, "name", name, "bank",
			 p->bank.alg->name, "pcrs", values_json(&p->bank), "sequences",
			 sequences_json(p));
}
