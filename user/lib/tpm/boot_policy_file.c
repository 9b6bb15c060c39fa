// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of signed policies. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/out.h"
#include "boot_policy.h"

static int find(const struct boot_policies *in, const struct boot_policy *p)
{
	unsigned int i;

	for (i = 0; i < in->count; i++)
		if (in->at[i].bank == p->bank && in->at[i].pcrs == p->pcrs &&
		    in->at[i].epoch == p->epoch && !strcmp(in->at[i].pkfp, p->pkfp) &&
		    !memcmp(in->at[i].digest, p->digest, sizeof(p->digest)))
			return (int)i;
	return -1;
}

int boot_policies_add(struct boot_policies *to, const struct boot_policy *p)
{
	int i = find(to, p);
	struct boot_policy *more;

	if (i >= 0) {
		to->at[i] = *p;
		return 0;
	}
	if (to->count == BOOT_POLICIES_MAX)
		return -E2BIG;
	more = realloc(to->at, (to->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	to->at = more;
	to->at[to->count++] = *p;
	return 0;
}

void boot_policies_free(struct boot_policies *p)
{
	free(p->at);
	*p = (struct boot_policies){ .count = 0 };
}

/* --- reading ----------------------------------------------------------------------------- */

static bool read_pcrs(const json_t *list, uint32_t *pcrs)
{
	const json_t *one;
	size_t i;

	*pcrs = 0;
	json_array_foreach(list, i, one) {
		json_int_t n = json_integer_value(one);

		if (!json_is_integer(one) || n < 0 || n >= TPM_PCRS || *pcrs & 1u << n)
			return false;
		*pcrs |= 1u << n;
	}
	return *pcrs;
}

static bool read_hex(const json_t *value, void *to, size_t len)
{
	const char *text = json_string_value(value);

	return text && strlen(text) == 2 * len && !hex_decode(text, to, len);
}

/* "values", which may be missing: {"4": HEX, ...} */
static bool read_values(const json_t *of, struct boot_policy *p)
{
	uint8_t value[TPM_DIGEST_MAX];
	const char *key;
	const json_t *one;
	uint64_t n;

	tpm_pcr_reset(&p->values, p->bank);
	if (of && !json_is_object(of))
		return false;
	json_object_foreach((json_t *)of, key, one)
		if (!str_number(str_of(key), TPM_PCRS - 1, &n) ||
		    !read_hex(one, value, p->bank->size) || tpm_pcr_put(&p->values, n, value))
			return false;
	return true;
}

static const char *read_policy(const json_t *from, const struct tpm_alg *bank,
			       struct boot_policy *p)
{
	const json_t *epoch = json_object_get(from, "epoch");
	const char *sig = json_string_value(json_object_get(from, "sig"));
	uint8_t id[TPM_SHA256_BYTES];
	int len;

	*p = (struct boot_policy){ .bank = bank };
	if (!json_is_integer(epoch) || json_integer_value(epoch) < 0)
		return "an \"epoch\" that is no number";
	p->epoch = (uint64_t)json_integer_value(epoch);
	if (!read_pcrs(json_object_get(from, "pcrs"), &p->pcrs))
		return "\"pcrs\" that are no list of PCRs";
	if (!read_hex(json_object_get(from, "pkfp"), id, sizeof(id)))
		return "a \"pkfp\" that is no digest of a key";
	hex_encode(id, sizeof(id), p->pkfp);
	if (!read_hex(json_object_get(from, "pol"), p->digest, sizeof(p->digest)))
		return "a \"pol\" that is no digest";
	len = sig ? base64_decode(str_of(sig), p->signature, sizeof(p->signature)) : 0;
	if (len <= 0)
		return "a \"sig\" that is no signature";
	p->signature_len = len;
	return read_values(json_object_get(from, "values"), p) ? NULL :
	       "\"values\" that are none of PCRs";
}

static int read_bank(const json_t *list, const struct tpm_alg *bank, struct boot_policies *to,
		     const char **why)
{
	CLEANUP_FREE struct boot_policy *p = malloc(sizeof(*p));
	const json_t *one;
	size_t i;
	int rc = p ? 0 : -ENOMEM;

	*why = p ? "a bank that is no list" : "out of memory";
	if (p && !json_is_array(list))
		rc = -EBADMSG;
	for (i = 0; !rc && i < json_array_size(list); i++) {
		one = json_array_get(list, i);
		/* Of systemd's own. */
		if (json_is_object(one) && !json_object_get(one, "epoch"))
			continue;
		*why = read_policy(one, bank, p);
		if (*why)
			return -EBADMSG;
		*why = "more policies than can be";
		rc = boot_policies_add(to, p);
	}
	return rc;
}

int boot_policies_read(const char *text, size_t len, struct boot_policies *to, const char **why)
{
	json_t *all = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const struct tpm_alg *bank;
	const char *name;
	json_t *list;
	int rc = json_is_object(all) ? 0 : -EBADMSG;

	*why = "no JSON object";
	json_object_foreach(all, name, list) {
		if (rc)
			break;
		bank = tpm_alg_by_name(str_of(name));
		*why = "a bank that is not known";
		rc = bank ? read_bank(list, bank, to, why) : -EBADMSG;
	}
	json_decref(all);
	return rc;
}

/* --- writing ----------------------------------------------------------------------------- */

json_t *boot_policy_json(const struct boot_policy *p)
{
	json_t *of = json_object(), *pcrs = json_array(), *values = json_object();
	char hex[2 * TPM_DIGEST_MAX + 1], sig[2 * sizeof(p->signature)], number[8];
	struct out o = OUT(sig, sizeof(sig));
	unsigned int i;

	for (i = 0; i < TPM_PCRS; i++) {
		if (!(p->pcrs & 1u << i))
			continue;
		json_array_append_new(pcrs, json_integer(i));
		if (!(p->values.known & 1u << i))
			continue;
		snprintf(number, sizeof(number), "%u", i);
		hex_encode(p->values.value[i], p->bank->size, hex);
		json_object_set_new(values, number, json_string(hex));
	}
	out_base64(&o, p->signature, p->signature_len);
	hex_encode(p->digest, sizeof(p->digest), hex);
	json_object_set_new(of, "pcrs", pcrs);
	json_object_set_new(of, "pkfp", json_string(p->pkfp));
	json_object_set_new(of, "pol", json_string(hex));
	json_object_set_new(of, "sig", json_stringn(sig, o.len));
	json_object_set_new(of, "epoch", json_integer((json_int_t)p->epoch));
	json_object_set_new(of, "values", values);
	return of;
}

char *boot_policies_text(const struct boot_policies *p)
{
	json_t *all = json_object(), *list;
	char *text, *with_end = NULL;
	unsigned int i;
	size_t len;

	for (i = 0; i < p->count; i++) {
		list = json_object_get(all, p->at[i].bank->name);
		if (!list) {
			list = json_array();
			json_object_set_new(all, p->at[i].bank->name, list);
		}
		json_array_append_new(list, boot_policy_json(&p->at[i]));
	}
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	len = text ? strlen(text) : 0;
	if (text)
		with_end = realloc(text, len + 2);
	if (!with_end) {
		free(text);
		return NULL;
	}
	memcpy(with_end + len, "\n", 2);
	return with_end;
}
