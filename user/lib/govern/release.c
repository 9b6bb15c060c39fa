// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "base/hex.h"
#include "govern_private.h"
#include "release.h"
#include "tpm/pcr_policy.h"

static int sign_set(const json_t *action, struct str pem, json_t *list)
{
	json_t *pcrs = json_object_get(action, "pcrs"), *value, *entry;
	struct tpm_pcr_bank bank = { .alg = tpm_alg_by_id(TPM_ALG_SHA256) };
	uint8_t bytes[PCR_POLICY_BYTES];
	const char *index;
	int rc;

	json_object_foreach(pcrs, index, value) {
		rc = hex_decode(json_string_value(value), bytes, sizeof(bytes));
		rc = rc ? rc : tpm_pcr_put(&bank, atoi(index), bytes);
		if (rc)
			return rc;
	}
	rc = pcr_policy_sign(pem, &bank, bank.known, &entry);
	if (rc)
		return rc;
	return json_array_append_new(list, entry) ? -ENOMEM : 0;
}

int govern_release(const struct govern_state *s, struct str pem, json_t **to)
{
	const json_t *actions = govern_done(s);
	json_t *list = json_array(), *one;
	size_t i;
	int rc = 0;

	*to = NULL;
	json_array_foreach(actions, i, one) {
		const char *is = json_string_value(json_object_get(one, "do"));

		if (!rc && is && !strcmp(is, "approve_pcrs"))
			rc = sign_set(one, pem, list);
	}
	if (!rc && json_array_size(list)) {
		*to = json_pack("{s:O}", "sha256", list);
		rc = *to ? 0 : -ENOMEM;
	}
	json_decref(list);
	return rc;
}
