// SPDX-License-Identifier: GPL-2.0-or-later
/* A key slot that this machine's TPM opens. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/report.h"
#include "rlncsetup.h"
#include "tpm/boot_policy.h"
#include "tpm_esys/nv.h"
#include "tpm_esys/seal.h"
#include "volume/keyslot_tpm2.h"

#define PEM_MAX		65536u
#define SEALED_BYTES	32u

static void close_tpm(struct device **tpm)
{
	device_close(*tpm);
}

#define CLEANUP_TPM	__attribute__((__cleanup__(close_tpm)))

static int read_key(const struct options *o, struct boot_key *key)
{
	CLEANUP_FREE char *text = NULL;
	const char *why;
	size_t len;
	int rc;

	if (!o->tpm2_public_key) {
		fail(EINVAL, "who signs policies? --tpm2-public-key FILE");
		hint("openssl genrsa -out boot.key 2048; openssl rsa -in boot.key -pubout -out boot.pem");
		return -EINVAL;
	}
	rc = file_read(o->tpm2_public_key, PEM_MAX, &text, &len);
	if (rc)
		return fail(-rc, "%s: %s", o->tpm2_public_key, strerror(-rc));
	rc = boot_key_from_pem(text, len, key, &why);
	explicit_bzero(text, len);
	return rc ? fail(EINVAL, "%s: %s", o->tpm2_public_key, why) : 0;
}

/* "4+7+9+11" */
static int read_pcrs(const char *text, uint32_t *pcrs)
{
	struct str rest = str_of(text), one;
	uint64_t pcr;

	*pcrs = 0;
	while (str_cut(&rest, '+', &one)) {
		if (!str_number(one, TPM_PCRS - 1, &pcr) || *pcrs & 1u << pcr)
			return fail(EINVAL, "--tpm2-pcrs %s: write it as 4+7+9+11", text);
		*pcrs |= 1u << pcr;
	}
	if (!(*pcrs & 1u << TPM2_CAP_PCR))
		warn("without PCR %u the TPM gives the key up as often as it is asked to in a boot",
		     TPM2_CAP_PCR);
	return *pcrs ? 0 : fail(EINVAL, "--tpm2-pcrs: at least one");
}

static int check_bank(struct device *tpm, const struct tpm_alg *bank)
{
	uint8_t value[TPM_DIGEST_MAX];
	size_t len;
	int rc = seal_read_pcr(tpm, bank->id, 0, value, &len);

	if (rc)
		return tpm2_trouble(tpm, rc, "PCRs cannot be read");
	return len == bank->size ? 0 :
	       fail(EINVAL, "--tpm2-bank %s: the TPM has no such bank", bank->name);
}

/* The counter is there from the first slot on. */
static int have_epoch(struct device *tpm, uint64_t *epoch)
{
	int rc = nv_counter_read(tpm, BOOT_POLICY_EPOCH, epoch);

	if (rc == -ENOENT) {
		rc = nv_counter_define(tpm, BOOT_POLICY_EPOCH);
		if (!rc)
			rc = nv_counter_read(tpm, BOOT_POLICY_EPOCH, epoch);
	}
	return rc ? tpm2_trouble(tpm, rc, "the counter of epochs cannot be made") : 0;
}

static struct keyslot_bytes part(const struct device_bytes *b)
{
	return (struct keyslot_bytes){ b->at, (u16)b->len };
}

static int seal_secret(struct device *tpm, const struct boot_key *key,
		       const struct secret *secret, struct sealed *s)
{
	uint8_t policy[BOOT_POLICY_BYTES];
	int rc = boot_sealed_policy(key, policy);

	if (rc)
		return fail(-rc, "OpenSSL cannot hash");
	rc = seal(tpm, policy, secret, s);
	return rc ? tpm2_trouble(tpm, rc, "the TPM does not seal") : 0;
}

/**
 * tpm2_slot_make - seal a secret, and wrap the volume key with it in a new slot
 * @set:	receives the slot
 * @o:		number, label, --tpm2-device, --tpm2-public-key, --tpm2-pcrs, --tpm2-bank
 * @volume_key:	what is wrapped
 *
 * Return: the slot's number, or -errno, reported.
 */
int tpm2_slot_make(struct keyslot_set *set, const struct options *o,
		   const struct secret *volume_key)
{
	const struct tpm_alg *bank = tpm_alg_by_name(str_of(o->tpm2_bank));
	CLEANUP_SECRET struct secret secret = SECRET_NONE;
	CLEANUP_TPM struct device *tpm = NULL;
	struct keyslot_tpm2 t = { .epoch_index = BOOT_POLICY_EPOCH };
	struct boot_key key;
	struct keyslot slot;
	struct sealed s;
	uint64_t epoch;
	int rc, number = slot_begin(set, o, &slot);

	if (number < 0)
		return number;
	if (!bank)
		return fail(EINVAL, "--tpm2-bank %s: there is no such bank", o->tpm2_bank);
	rc = read_key(o, &key);
	if (!rc)
		rc = read_pcrs(o->tpm2_pcrs, &t.pcrs);
	if (!rc)
		rc = tpm2_open(o, &tpm);
	if (!rc)
		rc = check_bank(tpm, bank);
	if (!rc)
		rc = have_epoch(tpm, &epoch);
	if (!rc && (secret_alloc(&secret, SEALED_BYTES) || random_bytes(secret.data, SEALED_BYTES)))
		rc = fail(EIO, "no random bytes");
	secret.len = rc ? 0 : SEALED_BYTES;
	if (!rc)
		rc = seal_secret(tpm, &key, &secret, &s);
	if (rc)
		return rc;
	t.bank = bank->id;
	t.parent = part(&s.parent);
	t.key = (struct keyslot_bytes){ key.area, (u16)key.len };
	t.public = part(&s.public);
	t.private = part(&s.private);
	rc = keyslot_tpm2_put(&slot, &t);
	if (!rc)
		rc = keyslot_wrap(set, &slot, &secret, volume_key);
	if (!rc)
		rc = keyslot_add(set, &slot);
	if (rc)
		return fail(-rc, "key slot %d: %s", number, strerror(-rc));
	note("policies for it: of epoch %" PRIu64 " or later, signed by %s", epoch, key.pkfp);
	return number;
}
