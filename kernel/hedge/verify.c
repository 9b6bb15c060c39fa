// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who vouches for an image: the list of digests that /proc/monitor was given, or a
 * signature behind the file in the form that modules have (scripts/sign-file), by a key
 * of the kernel's.  What is checked is the buffer that will be loaded.
 *
 * Each image that is started is measured first, vouched for or not.
 */
#include <linux/ima.h>
#include <linux/list.h>
#include <linux/module_signature.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <crypto/sha2.h>
#include "compat.h"
#include "hedge.h"

#define MAX_ALLOWED	4096

static const char *const mode_words[] = {
	[HEDGE_VERIFY_OFF] = "off",
	[HEDGE_VERIFY_WARN] = "warn",
	[HEDGE_VERIFY_ENFORCE] = "enforce",
};

static int least_mode = HEDGE_VERIFY_OFF;

static int set_mode(const char *text, const struct kernel_param *kp)
{
	int mode = sysfs_match_string(mode_words, text);

	if (mode < 0)
		return mode;
	WRITE_ONCE(least_mode, mode);
	return 0;
}

static int get_mode(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%s\n", mode_words[READ_ONCE(least_mode)]);
}

static const struct kernel_param_ops mode_ops = {
	.set = set_mode,
	.get = get_mode,
};

module_param_cb(verify, &mode_ops, NULL, 0644);
MODULE_PARM_DESC(verify, "images that nobody vouches for: off (they run), warn, enforce (they do not)");

/* --- the list -------------------------------------------------------------------- */

struct allowed {
	struct list_head link;
	u8 digest[32];
};

static DEFINE_MUTEX(allowed_lock);	/* protects list and count */
static LIST_HEAD(allowed_list);
static u32 allowed_count;

static struct allowed *find_locked(const u8 *digest)
{
	struct allowed *a;

	lockdep_assert_held(&allowed_lock);
	list_for_each_entry(a, &allowed_list, link)
		if (!memcmp(a->digest, digest, sizeof(a->digest)))
			return a;
	return NULL;
}

/**
 * hedge_verify_allow - vouch for images with a digest
 * @digest:	SHA-256
 *
 * Return: 0, also if it was allowed before; -ENOSPC; or -ENOMEM.
 */
int hedge_verify_allow(const u8 *digest)
{
	struct allowed *a = kmalloc(sizeof(*a), GFP_KERNEL);
	int ret = 0;

	if (!a)
		return -ENOMEM;
	memcpy(a->digest, digest, sizeof(a->digest));
	mutex_lock(&allowed_lock);
	if (!find_locked(digest)) {
		if (allowed_count < MAX_ALLOWED) {
			list_add_tail(&a->link, &allowed_list);
			allowed_count++;
			a = NULL;
		} else {
			ret = -ENOSPC;
		}
	}
	mutex_unlock(&allowed_lock);
	kfree(a);
	return ret;
}

/**
 * hedge_verify_disallow - vouch for them no longer
 *
 * VMs that run are not concerned.
 *
 * Return: 0 or -ENOENT.
 */
int hedge_verify_disallow(const u8 *digest)
{
	struct allowed *a;

	mutex_lock(&allowed_lock);
	a = find_locked(digest);
	if (a) {
		list_del(&a->link);
		allowed_count--;
	}
	mutex_unlock(&allowed_lock);
	kfree(a);
	return a ? 0 : -ENOENT;
}

/* Whether a digest is on the list. */
bool hedge_verify_is_allowed(const u8 *digest)
{
	bool found;

	mutex_lock(&allowed_lock);
	found = find_locked(digest);
	mutex_unlock(&allowed_lock);
	return found;
}

void hedge_verify_exit(void)
{
	struct allowed *a, *next;

	list_for_each_entry_safe(a, next, &allowed_list, link)
		kfree(a);
}

/* --- signatures ------------------------------------------------------------------ */

#define MARK_SIZE	(sizeof(MODULE_SIG_STRING) - 1)

/* Whether a key of the kernel's has signed the file: 0, -ENODATA without a signature. */
static int check_signature(const struct hedge_image *image)
{
	const void *end = image->data + image->size;
	struct module_signature sig;
	size_t left = image->size, len;

	if (left <= MARK_SIZE + sizeof(sig) ||
	    memcmp(end - MARK_SIZE, MODULE_SIG_STRING, MARK_SIZE))
		return -ENODATA;
	left -= MARK_SIZE + sizeof(sig);
	memcpy(&sig, image->data + left, sizeof(sig));
	len = be32_to_cpu(sig.sig_len);
	if (len >= left)
		return -EBADMSG;
	if (sig.id_type != PKEY_ID_PKCS7)
		return -ENOPKG;
	if (sig.algo || sig.hash || sig.signer_len || sig.key_id_len ||
	    memchr_inv(sig.__pad, 0, sizeof(sig.__pad)))
		return -EBADMSG;
	left -= len;
	return hedge_verify_pkcs7(image->data, left, image->data + left, len);
}

/* --- the decision ---------------------------------------------------------------- */

static void measure(const char *what, const u8 *digest)
{
	char event[96];

	snprintf(event, sizeof(event), "%s%*phN", what, SHA256_DIGEST_SIZE, digest);
	ima_measure_critical_data("hedge", "hedge-image", event, strlen(event), false, NULL, 0);
}

/* Who may put an image here does not vouch for it; nor is a signature asked. */
static int decide_staged(const struct hedge_image *image, struct hedge_failure *failure)
{
	if (hedge_verify_is_allowed(image->digest))
		return 0;
	snprintf(failure->text, sizeof(failure->text),
		 "put here by another machine, and not allowed: tell /proc/monitor allow|%*phN",
		 SHA256_DIGEST_SIZE, image->digest);
	failure->err.why = failure->text;
	return -EACCES;
}

static int decide(const struct hedge_image *image, const u8 *digest, const char **why)
{
	int ret;

	if (hedge_verify_is_allowed(digest))
		return 0;
	/* A snapshot has no place for a signature. */
	ret = image->snapshot ? -ENODATA : check_signature(image);
	if (!ret)
		return 0;
	*why = ret == -ENODATA ? "nobody vouches for the image: no digest, no signature" :
	       ret == -ENOKEY ? "the image is signed with a key that the kernel does not trust" :
				"the signature of the image is bad";
	return ret == -ENODATA || ret == -ENOKEY ? -EACCES : -EKEYREJECTED;
}

/**
 * hedge_verify - measure an image, and decide whether it may run
 * @image:	read and checked
 * @mode:	that the command asks for; the stricter of this and the module's holds
 * @failure:	says why it may not
 *
 * What another machine has put here runs if its digest is allowed, whatever the mode.
 * Of a snapshot all of the file counts, and where nobody asks for that, since it takes
 * its time, its head is measured.
 *
 * Return: 0; -EACCES if nobody vouches for it; -EKEYREJECTED for a bad signature; or
 * another -errno.
 */
int hedge_verify(const struct hedge_image *image, enum hedge_verify mode,
		 struct hedge_failure *failure)
{
	u8 digest[SHA256_DIGEST_SIZE];
	int ret;

	mode = max_t(int, mode, READ_ONCE(least_mode));
	if (!image->snapshot) {
		memcpy(digest, image->digest, sizeof(digest));
		measure("sha256:", digest);
	} else if (mode == HEDGE_VERIFY_OFF) {
		sha256((const u8 *)image->snapshot, HEDGE_SNAPSHOT_HEAD_SIZE, digest);
		measure("snapshot-head-sha256:", digest);
	} else {
		failure->err.why = "the snapshot cannot be read";
		ret = hedge_snapshot_digest(image, digest);
		if (ret)
			return ret;
		measure("snapshot-sha256:", digest);
	}
	if (hedge_staging_has(image->path))
		return decide_staged(image, failure);
	if (mode == HEDGE_VERIFY_OFF)
		return 0;
	ret = decide(image, digest, &failure->err.why);
	if (!ret || mode == HEDGE_VERIFY_ENFORCE)
		return ret;
	pr_warn("%s: %s\n", image->path, failure->err.why);
	return 0;
}
