// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "base/hex.h"
#include "predict.h"

/* Besides the sequences of 4, 9 and 11: what cannot differ between two boots of one machine. */
#define PCRS_OF_VALUE	(1u << 0 | 1u << 2 | 1u << 3 | 1u << 7 | 1u << 12 | 1u << 13)

static json_t *digest_json(const struct tpm_alg *alg, const uint8_t *digest)
{
	char hex[2 * TPM_DIGEST_MAX + 1];

	hex_encode(digest, alg->size, hex);
	return json_string(hex);
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
