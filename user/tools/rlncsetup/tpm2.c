// SPDX-License-Identifier: GPL-2.0-or-later
/* The volume key from this machine's TPM. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "rlncsetup.h"
#include "tpm/boot_policy.h"
#include "tpm_esys/nv.h"
#include "tpm_esys/seal.h"
#include "volume/keyslot_tpm2.h"

#define WHY_MAX		512u

/* Where policies are looked for; all that are there are read. */
static const char *const places[] = {
	"/etc/rlnc/tpm2-pcr-signature.json",
	"/run/systemd/tpm2-pcr-signature.json",
	"/.extra/tpm2-pcr-signature.json",
};

/* How near a slot came to being opened; the nearest is what is told. */
enum nearness {
	NOT_TRIED,
	OTHER_TPM,
	NO_POLICY,
	OTHER_PCRS,
	PCRS_DIFFER,
	ALL_BUT_THE_END,
};

struct unlocking {
	struct device *tpm;
	struct boot_policies policies;
	enum nearness near;
	int err;
	char why[WHY_MAX], hint[WHY_MAX];
};

static void unlocking_end(struct unlocking *u)
{
	device_close(u->tpm);
	boot_policies_free(&u->policies);
}

#define CLEANUP_UNLOCKING	__attribute__((__cleanup__(unlocking_end)))

/**
 * tpm2_open - speak to this machine's TPM
 * @o:		--tpm2-device
 * @tpm:	receives it; device_close() it
 *
 * Return: 0 or -errno, reported.
 */
int tpm2_open(const struct options *o, struct device **tpm)
{
	int rc;

	/* What the library prints of its own accord says less than we do. */
	setenv("TSS2_LOG", "all+NONE", 0);
	rc = device_open(o->tpm2_device, tpm);
	if (rc == -ENOMEM)
		return fail(ENOMEM, "out of memory");
	if (!rc)
		return 0;
	fail(ENODEV, "there is no TPM 2.0 at %s", o->tpm2_device);
	hint("is it turned on in the firmware's setup, and is its driver there (modprobe tpm_tis, tpm_crb)?  --tpm2-device names another");
	return -ENODEV;
}

/**
 * tpm2_trouble - what a TPM's refusal means
 * @tpm:	that refused
 * @rc:		from nv.h or seal.h
 * @what:	was tried, as in "the epoch cannot be ended"
 *
 * Return: @rc, reported.
 */
int tpm2_trouble(const struct device *tpm, int rc, const char *what)
{
	switch (-rc) {
	case EACCES:
		fail(EACCES, "%s: the TPM's owner has a password", what);
		hint("only an empty one is known here: tpm2_changeauth -c owner -p PASSWORD \"\" takes it away");
		break;
	case EAGAIN:
		fail(EAGAIN, "%s: the TPM is locked out after wrong passwords", what);
		hint("it forgives with time; tpm2_dictionarylockout --clear-lockout does so at once");
		break;
	case ENOSPC:
		fail(ENOSPC, "%s: the TPM has no room for another NV index", what);
		hint("tpm2_getcap handles-nv-index lists them, tpm2_nvundefine removes one");
		break;
	case EPROTO:
		fail(EPROTO, "%s: somebody else's NV index is in the place of ours", what);
		hint("tpm2_nvreadpublic shows it, tpm2_nvundefine removes it");
		break;
	default:
		fail(-rc, "%s: TPM error 0x%08x", what, device_error(tpm));
	}
	return rc;
}

/* --- policies --------------------------------------------------------------------------- */

static int read_place(const char *path, bool must, struct boot_policies *to)
{
	CLEANUP_FREE char *text = NULL;
	const char *why;
	size_t len;
	int rc = file_read(path, BOOT_POLICY_FILE_MAX, &text, &len);

	if (rc == -ENOENT && !must)
		return 0;
	if (rc)
		return fail(-rc, "signed policies %s: %s", path, strerror(-rc));
	rc = boot_policies_read(text, len, to, &why);
	if (!rc)
		return 0;
	if (must || rc == -ENOMEM)
		return fail(-rc, "signed policies %s: %s", path, why);
	warn("signed policies %s are left out: %s", path, why);
	return 0;
}

static int read_policies(const struct options *o, struct boot_policies *to)
{
	unsigned int i;
	int rc = 0;

	if (o->tpm2_signature)
		return read_place(o->tpm2_signature, true, to);
	for (i = 0; i < sizeof(places) / sizeof(places[0]) && !rc; i++)
		rc = read_place(places[i], false, to);
	return rc;
}

/**
 * tpm2_last_epoch - the last epoch that any policy which can be read here is good in
 * @o:		--tpm2-signature
 * @epoch:	receives it; 0: there is no policy
 *
 * Return: 0 or -errno, reported.
 */
int tpm2_last_epoch(const struct options *o, uint64_t *epoch)
{
	struct boot_policies policies = { .count = 0 };
	int rc = read_policies(o, &policies);
	unsigned int i;

	*epoch = 0;
	for (i = 0; i < policies.count; i++)
		if (policies.at[i].epoch > *epoch)
			*epoch = policies.at[i].epoch;
	boot_policies_free(&policies);
	return rc;
}

/* Remember why a slot did not open, unless another came nearer. */
__attribute__((__format__(__printf__, 5, 6)))
static int because(struct unlocking *u, enum nearness near, int err, const char *do_what,
		   const char *fmt, ...)
{
	va_list ap;

	if (near < u->near)
		return -EKEYREJECTED;
	u->near = near;
	u->err = err;
	va_start(ap, fmt);
	vsnprintf(u->why, sizeof(u->why), fmt, ap);
	va_end(ap);
	snprintf(u->hint, sizeof(u->hint), "%s", do_what);
	return -EKEYREJECTED;
}

static int read_pcrs(struct unlocking *u, const struct tpm_alg *alg, uint32_t mask,
		     struct tpm_pcr_bank *bank)
{
	unsigned int i;
	size_t len;
	int rc;

	tpm_pcr_reset(bank, alg);
	for (i = 0; i < TPM_PCRS; i++) {
		if (!(mask & 1u << i))
			continue;
		rc = seal_read_pcr(u->tpm, alg->id, i, bank->value[i], &len);
		if (rc)
			return rc;
		if (len != alg->size)
			return -ENOENT;
		bank->known |= 1u << i;
	}
	return 0;
}

static unsigned int count_bits(uint32_t mask)
{
	return (unsigned int)__builtin_popcount(mask);
}

/* PCRs that are not what a policy's author expected; those of which he said nothing count. */
static uint32_t differing(const struct boot_policy *p, const struct tpm_pcr_bank *now)
{
	uint32_t mask = 0;
	unsigned int i;

	for (i = 0; i < TPM_PCRS; i++)
		if (p->pcrs & 1u << i && !tpm_pcr_equal(&p->values, now, i))
			mask |= 1u << i;
	return mask;
}

/* Is it what it would be, but for our own cap? */
static bool is_capped(const struct boot_policy *p, const struct tpm_pcr_bank *now)
{
	struct tpm_pcr_bank after = p->values;
	uint8_t digest[TPM_DIGEST_MAX];

	return differing(p, now) == 1u << TPM2_CAP_PCR && p->values.known & 1u << TPM2_CAP_PCR &&
	       !tpm_hash(p->bank, TPM2_CAP_EVENT, strlen(TPM2_CAP_EVENT), digest) &&
	       !tpm_pcr_extend(&after, TPM2_CAP_PCR, digest) &&
	       tpm_pcr_equal(&after, now, TPM2_CAP_PCR);
}

static const char *list_pcrs(uint32_t mask, char text[128])
{
	size_t len = 0;
	unsigned int i;

	*text = 0;
	for (i = 0; i < TPM_PCRS; i++)
		if (mask & 1u << i)
			len += (size_t)snprintf(text + len, 128 - len, "%s%u", len ? ", " : "", i);
	return text;
}

/* The policy that is fulfilled now, but for its epoch. */
static const struct boot_policy *choose(struct unlocking *u, const struct keyslot *slot,
					const struct keyslot_tpm2 *t, const struct boot_key *key,
					const struct tpm_pcr_bank *now)
{
	const struct boot_policy *best = NULL, *nearest = NULL;
	uint8_t digest[BOOT_POLICY_BYTES];
	bool of_key = false;
	unsigned int i;
	char text[128];

	for (i = 0; i < u->policies.count; i++) {
		const struct boot_policy *p = &u->policies.at[i];

		if (strcmp(p->pkfp, key->pkfp))
			continue;
		of_key = true;
		if (p->bank != now->alg || p->pcrs != t->pcrs)
			continue;
		if (!nearest || count_bits(differing(p, now)) < count_bits(differing(nearest, now)))
			nearest = p;
		if (!boot_policy_digest(now, p->pcrs, p->epoch, t->epoch_index, digest) &&
		    !memcmp(digest, p->digest, sizeof(digest)) && (!best || best->epoch < p->epoch))
			best = p;
	}
	if (best)
		return best;
	if (!of_key)
		because(u, NO_POLICY, ENOKEY,
			"sign one with `skyctl tpm sign-policy`, and say --tpm2-signature FILE or put it into /etc/rlnc",
			"key slot %u: there is no policy signed by its key (%.16s...)", slot->number,
			key->pkfp);
	else if (!nearest)
		because(u, OTHER_PCRS, EPERM, "sign one over the same bank and PCRs as the slot's",
			"key slot %u wants a policy over PCRs %s of %s: what is signed is over others",
			slot->number, list_pcrs(t->pcrs, text), now->alg->name);
	else if (is_capped(nearest, now))
		because(u, PCRS_DIFFER, EPERM, "reboot, or give a passphrase",
			"key slot %u: the TPM has given up keys in this boot, and was told to do so no more (PCR %u)",
			slot->number, TPM2_CAP_PCR);
	else
		because(u, PCRS_DIFFER, EPERM,
			"something else was booted than what was signed for; if it is meant, sign a policy for it, with a passphrase the volume opens until then",
			"key slot %u: PCRs %s are not those of any signed policy", slot->number,
			list_pcrs(differing(nearest, now) ? differing(nearest, now) : nearest->pcrs,
				  text));
	return NULL;
}

/* --- a slot ----------------------------------------------------------------------------- */

static void explain(struct unlocking *u, int rc, const struct keyslot *slot,
		    const struct boot_policy *p, const struct keyslot_tpm2 *t)
{
	uint64_t now = 0;

	switch (-rc) {
	case EKEYREJECTED:
		because(u, ALL_BUT_THE_END, EKEYREJECTED, "have the policy signed again",
			"key slot %u: the policy for this boot is not signed by its key",
			slot->number);
		break;
	case ENOENT:
		because(u, ALL_BUT_THE_END, EPERM,
			"open with a passphrase, and add the slot again: that makes the counter anew",
			"key slot %u: the TPM has no counter of epochs any more (NV index 0x%08x)",
			slot->number, t->epoch_index);
		break;
	case ESTALE:
		nv_counter_read(u->tpm, t->epoch_index, &now);
		because(u, ALL_BUT_THE_END, EPERM,
			"it was ended with `rlncsetup tpm epoch bump`: boot what is signed for a later one, or sign this boot again",
			"key slot %u: the policy for this boot is of epoch %llu, and it is %llu now",
			slot->number, (unsigned long long)p->epoch, (unsigned long long)now);
		break;
	case EBADMSG:
		because(u, ALL_BUT_THE_END, EKEYREJECTED, "add the slot again",
			"key slot %u: what the TPM has sealed is damaged", slot->number);
		break;
	case EPERM:
		because(u, ALL_BUT_THE_END, EPERM, "add the slot again",
			"key slot %u: the TPM does not find its policy fulfilled", slot->number);
		break;
	default:
		because(u, ALL_BUT_THE_END, EIO, "tpm2_getcap properties-variable shows how it is",
			"key slot %u: TPM error 0x%08x", slot->number, device_error(u->tpm));
	}
}

static int copy(const struct keyslot_bytes *from, struct device_bytes *to)
{
	if (from->len > sizeof(to->at))
		return -EBADMSG;
	memcpy(to->at, from->at, from->len);
	to->len = from->len;
	return 0;
}

static int unseal_by(struct unlocking *u, const struct keyslot_tpm2 *t, const struct sealed *s,
		     const struct boot_key *key, const struct boot_policy *p, struct secret *pass)
{
	uint8_t signature[sizeof(p->signature) + 16], digest[BOOT_POLICY_BYTES];
	struct tpm_writer w = TPM_WRITER(signature, sizeof(signature));
	struct seal_policy by = {
		.select = { t->bank, t->pcrs }, .index = t->epoch_index, .epoch = p->epoch,
		.policy = p->digest, .ref = BOOT_POLICY_REF, .ref_len = strlen(BOOT_POLICY_REF),
		.digest = digest, .signature = signature, .key = key->area, .key_len = key->len,
	};

	if (boot_policy_signature(p, key, &w, digest))
		return -EKEYREJECTED;
	by.signature_len = w.len;
	return unseal(u->tpm, s, &by, pass);
}

/* Return: -EKEYREJECTED whenever it does not open; why is kept. */
static int unseal_slot(void *arg, const struct keyslot *slot, struct secret *pass)
{
	struct unlocking *u = arg;
	const struct boot_policy *p;
	struct tpm_pcr_bank now;
	struct keyslot_tpm2 t;
	struct boot_key key;
	struct sealed s;
	const char *why;
	int rc;

	if (keyslot_tpm2_get(slot, &t) || copy(&t.parent, &s.parent) ||
	    copy(&t.public, &s.public) || copy(&t.private, &s.private) ||
	    !tpm_alg_by_id(t.bank) || boot_key_from_area(t.key.at, t.key.len, &key, &why))
		return because(u, OTHER_TPM, EKEYREJECTED, "add it again",
			       "key slot %u is damaged", slot->number);
	rc = seal_is_ours(u->tpm, &s);
	if (rc == -EXDEV)
		return because(u, OTHER_TPM, ENODEV,
			       "open with a passphrase, and add a slot of this machine's",
			       "key slot %u was sealed by another TPM, or this one was cleared since",
			       slot->number);
	if (!rc)
		rc = read_pcrs(u, tpm_alg_by_id(t.bank), t.pcrs, &now);
	if (rc) {
		explain(u, -EIO, slot, NULL, &t);
		return -EKEYREJECTED;
	}
	p = choose(u, slot, &t, &key, &now);
	if (!p)
		return -EKEYREJECTED;
	rc = unseal_by(u, &t, &s, &key, p, pass);
	if (!rc)
		return 0;
	explain(u, rc, slot, p, &t);
	return -EKEYREJECTED;
}

/**
 * tpm2_unlock - the volume key, by the TPM
 * @v:		identified
 * @o:		--tpm2-device, --tpm2-signature
 * @key:	filled in
 *
 * Return: 0, -EKEYREJECTED when it opens no slot, or -errno; reported, with what to do.
 */
int tpm2_unlock(struct volume *v, const struct options *o, struct secret *key)
{
	CLEANUP_UNLOCKING struct unlocking u = { .near = NOT_TRIED };
	const struct volume_opener by = { .unseal = unseal_slot, .arg = &u };
	int rc = tpm2_open(o, &u.tpm);

	if (!rc)
		rc = read_policies(o, &u.policies);
	if (!rc)
		rc = volume_unlock(v, &by, key);
	if (rc != -EKEYREJECTED)
		return rc;
	if (u.near == NOT_TRIED) {
		fail(ENOKEY, "volume %s has no key slot of a TPM", v->uuid);
		hint("add one with `rlncsetup key add --tpm2`");
		return -ENOKEY;
	}
	fail(u.err, "%s", u.why);
	hint("%s", u.hint);
	return -EKEYREJECTED;
}

/**
 * tpm2_cap - let the TPM give up no key any more in this boot
 *
 * Return: 0 or -errno, reported.
 */
int tpm2_cap(const struct options *o)
{
	struct device *tpm;
	int rc = tpm2_open(o, &tpm);

	if (rc)
		return rc;
	rc = seal_cap(tpm, TPM2_CAP_PCR, TPM2_CAP_EVENT);
	if (rc)
		tpm2_trouble(tpm, rc, "PCR 11 cannot be capped");
	device_close(tpm);
	return rc;
}
