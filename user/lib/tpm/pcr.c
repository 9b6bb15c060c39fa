// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "pcr.h"
#include "wire.h"

#define FIRST_ONES	17	/* the locality-4 PCRs and those above them */
#define LAST_ONES	22

#define SELECT_BYTES	3u
#define CC_POLICY_PCR	0x0000017fu	/* TPM_CC, Part 2, 6.5.2 */

void tpm_pcr_reset(struct tpm_pcr_bank *bank, const struct tpm_alg *alg)
{
	unsigned int i;

	memset(bank, 0, sizeof(*bank));
	bank->alg = alg;
	for (i = FIRST_ONES; i <= LAST_ONES; i++)
		memset(bank->value[i], 0xff, alg->size);
}

int tpm_pcr_extend(struct tpm_pcr_bank *bank, uint32_t index, const uint8_t *digest)
{
	struct tpm_part part[2] = {
		{ index < TPM_PCRS ? bank->value[index] : NULL, bank->alg->size },
		{ digest, bank->alg->size },
	};
	uint8_t next[TPM_DIGEST_MAX];
	int rc;

	if (index >= TPM_PCRS)
		return -EINVAL;
	rc = tpm_hash_parts(bank->alg, part, 2, next);
	return rc ? rc : tpm_pcr_put(bank, index, next);
}

int tpm_pcr_policy(const struct tpm_pcr_bank *bank, uint32_t select, uint8_t *digest)
{
	const struct tpm_alg *sha256 = tpm_alg_by_id(TPM_ALG_SHA256);
	uint8_t of[TPM_SHA256_BYTES], bytes[64];
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	struct tpm_part value[TPM_PCRS], part[2];
	unsigned int i, count = 0;
	int rc;

	for (i = 0; i < TPM_PCRS; i++)
		if (select & 1u << i)
			value[count++] = (struct tpm_part){ bank->value[i], bank->alg->size };
	rc = tpm_hash_parts(sha256, value, count, of);
	if (rc)
		return rc;
	tpm_write_u32(&w, CC_POLICY_PCR);
	tpm_write_u32(&w, 1);
	tpm_write_u16(&w, bank->alg->id);
	tpm_write_bytes(&w, (const uint8_t[]){ SELECT_BYTES, select, select >> 8, select >> 16 },
			1 + SELECT_BYTES);
	tpm_write_bytes(&w, of, sizeof(of));
	part[0] = (struct tpm_part){ digest, TPM_SHA256_BYTES };
	part[1] = (struct tpm_part){ w.at, w.len };
	return w.bad ? -EIO : tpm_hash_parts(sha256, part, 2, digest);
}

int tpm_pcr_put(struct tpm_pcr_bank *bank, uint32_t index, const uint8_t *value)
{
	if (index >= TPM_PCRS)
		return -EINVAL;
	memcpy(bank->value[index], value, bank->alg->size);
	bank->known |= 1u << index;
	return 0;
}

bool tpm_pcr_equal(const struct tpm_pcr_bank *a, const struct tpm_pcr_bank *b, uint32_t index)
{
	return index < TPM_PCRS && a->alg == b->alg && (a->known & b->known & (1u << index)) &&
	       !memcmp(a->value[index], b->value[index], a->alg->size);
}

struct tpm_pcr_bank *tpm_pcr_find(struct tpm_pcr_set *set, uint16_t alg)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (set->bank[i].alg->id == alg)
			return &set->bank[i];
	return NULL;
}

const struct tpm_pcr_bank *tpm_pcr_get(const struct tpm_pcr_set *set, uint16_t alg)
{
	return tpm_pcr_find((struct tpm_pcr_set *)set, alg);
}

struct tpm_pcr_bank *tpm_pcr_add(struct tpm_pcr_set *set, const struct tpm_alg *alg)
{
	struct tpm_pcr_bank *bank = tpm_pcr_find(set, alg->id);

	if (bank)
		return bank;
	/* There is room: a bank for each row of the table of algorithms. */
	bank = &set->bank[set->count++];
	tpm_pcr_reset(bank, alg);
	return bank;
}

static bool hex_bytes(struct str hex, uint8_t *to, size_t len)
{
	size_t i;

	if (hex.len != 2 * len)
		return false;
	for (i = 0; i < len; i++) {
		int high = hex_value(hex.at[2 * i]), low = hex_value(hex.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int parse_line(struct tpm_pcr_set *set, struct str line)
{
	const struct tpm_alg *alg;
	uint8_t value[TPM_DIGEST_MAX];
	struct tpm_pcr_bank *bank;
	struct str name, number;
	uint64_t index;

	if (!str_cut(&line, ' ', &name) || !str_cut(&line, ' ', &number))
		return -EINVAL;
	alg = tpm_alg_by_name(name);
	if (!alg || !str_number(number, TPM_PCRS - 1, &index) ||
	    !hex_bytes(line, value, alg->size))
		return -EINVAL;
	bank = tpm_pcr_add(set, alg);
	return bank->known & (1u << index) ? -EINVAL : tpm_pcr_put(bank, (uint32_t)index, value);
}

int tpm_pcrs_parse(struct tpm_pcr_set *set, struct str text, unsigned int *line)
{
	struct str rest = text, one;
	unsigned int n = 0;
	int rc = 0;

	memset(set, 0, sizeof(*set));
	while (!rc && rest.len) {
		if (!str_cut(&rest, '\n', &one)) {
			one = rest;
			rest = STR_NONE;
		}
		one = str_trim(one);
		n++;
		if (one.len)
			rc = parse_line(set, one);
	}
	if (line)
		*line = n;
	return rc;
}
