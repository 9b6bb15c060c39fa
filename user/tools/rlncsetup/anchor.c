// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The epochs of a volume that this machine's TPM accepts: a lease while it is open, and the very
 * epoch when it has been closed in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "crypto/keyring.h"
#include "rlncsetup.h"
#include "tpm_esys/anchor.h"

#define LOCK_DIR	"/run/rlncsetup"
#define LOCK_FILE	LOCK_DIR "/anchor.lock"

/* An anchor is read and then written: one at a time, whoever it is. */
struct anchoring {
	struct anchor_volume volume;
	struct device *tpm;
	int lock;
};

static void anchoring_end(struct anchoring *a)
{
	explicit_bzero(a->volume.key, sizeof(a->volume.key));
	device_close(a->tpm);
	if (a->lock >= 0)
		close(a->lock);
}

#define CLEANUP_ANCHORING	__attribute__((__cleanup__(anchoring_end)))
#define ANCHORING_NONE		((struct anchoring){ .lock = -1 })

static int anchoring_begin(struct anchoring *a, const struct options *o)
{
	mkdir(LOCK_DIR, 0700);
	a->lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (a->lock < 0 || flock(a->lock, LOCK_EX))
		return fail(errno, "%s: %s", LOCK_FILE, strerror(errno));
	return tpm2_open(o, &a->tpm);
}

static void key_name(const char *uuid, char name[64])
{
	snprintf(name, 64, "rlnc-anchor:%s", uuid);
}

/* What anchor_begin() has left for whoever comes later. */
static int volume_of(const char *uuid, struct anchor_volume *v)
{
	char name[64];

	key_name(uuid, name);
	return keyring_read(name, v, sizeof(*v));
}

/**
 * anchor_forget - the volume is not open, and nobody will ask for the anchor's key
 */
void anchor_forget(const char *uuid)
{
	char name[64];

	key_name(uuid, name);
	keyring_drop(name);
}

/* --- opening ---------------------------------------------------------------------------- */

static int unknown(const struct volume *v)
{
	fail(EPERM, "volume %s: this machine's TPM does not know it", v->uuid);
	hint("--anchor-reset, once, has it take the volume as it is now");
	return -EPERM;
}

static int not_believed(const struct volume *v)
{
	fail(EPERM, "volume %s: what the TPM remembers of it was changed by somebody without its key",
	     v->uuid);
	hint("members may have been put back to an earlier state, all of them; if you know that they were not, say --anchor-reset");
	return -EPERM;
}

/* What the members say, and they are authentic, against what the TPM accepts. */
static int judge(const struct volume *v, const struct anchor *a)
{
	unsigned long long epoch = v->newest->epoch, low = a->low, high = a->high;

	if (epoch < low) {
		fail(EPERM, "volume %s is at epoch %llu, and was at %llu when this machine saw it last: an earlier state was put back on its members",
		     v->uuid, epoch, low);
		hint("bring the members that have the newer state; if there are none, --anchor-reset takes the older one, and what was written since is lost");
		return -EPERM;
	}
	if (epoch <= high)
		return 0;
	if (a->open) {
		fail(EPERM, "volume %s is at epoch %llu, beyond its lease, which was up to %llu",
		     v->uuid, epoch, high);
		hint("was rlncsetup-monitor not running, or was it open without --anchor?  then --anchor-reset takes it as it is");
	} else {
		fail(EPERM, "volume %s is at epoch %llu, and was closed at %llu: it has been open elsewhere, or without --anchor",
		     v->uuid, epoch, high);
		hint("if that was you, --anchor-reset takes it as it is");
	}
	return -EPERM;
}

static int replace(struct anchoring *a, const struct anchor *now)
{
	unsigned int which;
	int rc = anchor_find(a->tpm, a->volume.id, &which);

	if (!rc)
		rc = anchor_remove(a->tpm, which);
	return rc && rc != -ENOENT ? rc : anchor_make(a->tpm, &a->volume, now);
}

static int take_lease(struct anchoring *a, const struct options *o, const struct volume *v,
		      uint64_t *low)
{
	struct anchor before = { .low = v->newest->epoch }, now = { .open = true };
	int rc = anchor_read(a->tpm, &a->volume, &before);
	bool known = !rc;

	if (rc == -EIO)
		return tpm2_trouble(a->tpm, rc, "the anchor cannot be read");
	if (!o->anchor_reset)
		rc = rc == -ENOENT ? unknown(v) : rc ? not_believed(v) : judge(v, &before);
	else
		rc = 0;
	if (rc)
		return rc;
	/* After a crash the newest epoch may be one that too few members have. */
	now.low = o->anchor_reset || !before.open ? v->newest->epoch : before.low;
	now.high = v->newest->epoch + o->anchor_lease;
	*low = now.low;
	rc = known ? anchor_write(a->tpm, &a->volume, &now) : replace(a, &now);
	return rc ? tpm2_trouble(a->tpm, rc, "the anchor cannot be written") : 0;
}

/**
 * anchor_begin - may this volume be opened at its epoch?  And take a lease
 * @o:		--anchor-reset, --anchor-lease, --tpm2-device; min_epoch is raised
 * @v:		authenticated
 * @key:	the volume key
 *
 * Return: 0 or -errno, reported.
 */
int anchor_begin(struct options *o, const struct volume *v, const struct secret *key)
{
	CLEANUP_ANCHORING struct anchoring a = ANCHORING_NONE;
	uint64_t low = 0;
	char name[64];
	int rc = anchor_key(v->id, key, &a.volume);

	if (rc)
		return fail(-rc, "the anchor's key cannot be derived");
	rc = anchoring_begin(&a, o);
	if (!rc)
		rc = take_lease(&a, o, v, &low);
	if (rc)
		return rc;
	key_name(v->uuid, name);
	rc = keyring_keep(name, &a.volume, sizeof(a.volume));
	if (rc)
		return fail(-rc, "the anchor's key cannot be kept for the monitor: %s",
			    strerror(-rc));
	if (o->min_epoch < low)
		o->min_epoch = low;
	return 0;
}

/* --- while it is open, and afterwards ---------------------------------------------------- */

/**
 * anchor_has - was this volume opened with an anchor?
 */
bool anchor_has(const char *uuid)
{
	struct anchor_volume v;
	int rc = volume_of(uuid, &v);

	explicit_bzero(&v, sizeof(v));
	return !rc;
}

/**
 * anchor_renew - take another lease before the one there is ends
 * @o:		--anchor-lease, --tpm2-device
 * @uuid:	of a volume that anchor_has()
 * @epoch:	that is durable now
 * @high:	receives where the lease ends; 0: it begins too early, ask again at the next epoch
 *
 * Nothing is written unless anchor_due() says so, nor when the volume has been closed meanwhile.
 *
 * Return: 0 or -errno, reported.
 */
int anchor_renew(const struct options *o, const char *uuid, uint64_t epoch, uint64_t *high)
{
	CLEANUP_ANCHORING struct anchoring a = ANCHORING_NONE;
	struct anchor now;
	int rc = volume_of(uuid, &a.volume);

	*high = UINT64_MAX;
	if (rc)
		return rc == -ENOKEY ? 0 : fail(-rc, "the key of anchor %s: %s", uuid,
						 strerror(-rc));
	rc = anchoring_begin(&a, o);
	if (rc)
		return rc;
	rc = anchor_read(a.tpm, &a.volume, &now);
	if (!rc && !now.open)
		return 0;
	if (!rc && anchor_due(&now, o->anchor_lease, epoch)) {
		now = (struct anchor){ epoch, epoch + o->anchor_lease, true };
		rc = anchor_write(a.tpm, &a.volume, &now);
	}
	if (!rc)
		*high = now.high - now.low > o->anchor_lease ? 0 : now.high;
	return rc ? tpm2_trouble(a.tpm, rc, "the lease of epochs cannot be renewed") : 0;
}

/**
 * anchor_end - the volume was closed in order: this epoch, and no other
 *
 * Return: 0 or -errno, reported.
 */
int anchor_end(const struct options *o, const char *uuid, uint64_t epoch)
{
	CLEANUP_ANCHORING struct anchoring a = ANCHORING_NONE;
	const struct anchor closed = { epoch, epoch, false };
	int rc = volume_of(uuid, &a.volume);

	anchor_forget(uuid);
	if (rc)
		return fail(-rc, "the key of anchor %s: %s", uuid, strerror(-rc));
	rc = anchoring_begin(&a, o);
	if (!rc) {
		rc = anchor_write(a.tpm, &a.volume, &closed);
		if (rc)
			tpm2_trouble(a.tpm, rc, "the epoch cannot be anchored");
	}
	return rc;
}
