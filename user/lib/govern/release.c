// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "base/hex.h"
#include "govern_private.h"
#include "release.h"
#include "tpm/boot_policy.h"
#include "tpm/pcr_policy.h"

static int read_pcrs(json_t *pcrs, struct tpm_pcr_bank *bank)
{
	uint8_t bytes[PCR_POLICY_BYTES];
	const char *index;
	json_t *value;
	int rc = 0;

	*bank = (struct tpm_pcr_bank){ .alg = tpm_alg_by_id(TPM_ALG_SHA256) };
	json_object_foreach(pcrs, index, value) {
		rc = rc ? rc : hex_decode(json_string_value(value), bytes, sizeof(bytes));
		rc = rc ? rc : tpm_pcr_put(bank, atoi(index), bytes);
	}
	return rc;
}

/* As `skyctl tpm sign-policy` does. */
static int sign_boot(struct str pem, const struct tpm_pcr_bank *bank, uint64_t epoch, json_t **to)
{
	CLEANUP_FREE struct boot_policy *p = calloc(1, sizeof(*p));
	const char *why;
	int rc;

	if (!p)
		return -ENOMEM;
	*p = (struct boot_policy){
		.bank = bank->alg, .pcrs = bank->known, .epoch = epoch, .values = *bank,
	};
	rc = boot_policy_sign(p, BOOT_POLICY_EPOCH, pem.at, pem.len, &why);
	if (rc)
		return rc == -EBADMSG || rc == -EOPNOTSUPP ? -EINVAL : rc;
	*to = boot_policy_json(p);
	return *to ? 0 : -ENOMEM;
}

static int sign_set(const json_t *action, struct str pem, json_t *list)
{
	const json_t *epoch = json_object_get(action, "epoch");
	struct tpm_pcr_bank bank;
	json_t *entry = NULL;
	int rc = read_pcrs(json_object_get(action, "pcrs"), &bank);

	if (!rc)
		rc = epoch ? sign_boot(pem, &bank, json_integer_value(epoch), &entry) :
			     pcr_policy_sign(pem, &bank, bank.known, &entry);
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
