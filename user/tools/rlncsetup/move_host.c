// SPDX-License-Identifier: GPL-2.0-or-later
/* This host's TPM, journal and ledger, for a volume that moves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/report.h"
#include "crypto/hmac.h"
#include "move_host.h"
#include "tpm_esys/nv.h"
#include "tpm_esys/seal.h"

#define COUNTERS	0x01b00000u	/* NV indexes of moves: 2^20, above ANCHOR_COUNTER() */
#define SHA256_BANK	TPM_ALG_SHA256
#define PCRS		0xbffu		/* all that a boot leaves; 10 only with IMA's list */
#define FIRMWARE_LOG	"/sys/kernel/security/tpm0/binary_bios_measurements"

/* --- the journal ------------------------------------------------------------------------- */

static int load(void *ctx, uint8_t *to, size_t max, size_t *len)
{
	CLEANUP_FREE char *data = NULL;
	struct move_host *h = ctx;
	int rc = file_read(h->journal, max, &data, len);

	if (!rc)
		memcpy(to, data, *len);
	return rc;
}

static int save(void *ctx, const uint8_t *from, size_t len)
{
	struct move_host *h = ctx;

	return file_write_atomic(h->journal, from, len, 0600);
}

/* --- the TPM ----------------------------------------------------------------------------- */

static int area_of(const struct device_bytes *from, uint8_t *to, size_t *len)
{
	struct tpm_reader r = TPM_READER(from->at, from->len);
	struct tpm_blob area = tpm_read_2b(&r, MOVE_AREA_MAX);

	if (!tpm_read_end(&r))
		return -EBADMSG;
	memcpy(to, area.at, area.len);
	*len = area.len;
	return 0;
}

static int identity(void *ctx, struct move_identity *to)
{
	static uint8_t nv[DEVICE_NV_MAX];
	struct move_host *h = ctx;
	size_t len = 0;
	int rc = area_of(&h->tpm.ek, to->ek, &to->ek_len);

	if (!rc)
		rc = area_of(&h->tpm.ak, to->ak, &to->ak_len);
	if (rc)
		return rc;
	/* Without a certificate nobody can tell whose TPM it is; whether that matters is A's. */
	rc = device_nv_read(h->tpm.device, DEVICE_EK_CERT_RSA, nv, &len);
	to->cert_len = rc || len > sizeof(to->cert) ? 0 : len;
	memcpy(to->cert, nv, to->cert_len);
	return rc == -ENOENT ? 0 : rc;
}

static int evidence(void *ctx, struct move_evidence *to)
{
	struct move_host *h = ctx;
	uint8_t value[64];
	unsigned int i, n = 0;
	size_t len;
	int rc;

	*to = (struct move_evidence){
		.mask = PCRS | (h->ima ? 1u << TPM_PCR_IMA : 0),
		.log = { (uint8_t *)h->log, h->log_len }, .ima = { (uint8_t *)h->ima, h->ima_len },
	};
	for (i = 0; i < TPM_PCRS; i++) {
		if (!(to->mask & 1u << i))
			continue;
		rc = seal_read_pcr(h->tpm.device, SHA256_BANK, i, value, &len);
		if (rc || len != SHA256_BYTES)
			return rc ? rc : -ENODEV;
		memcpy(to->pcr + SHA256_BYTES * n++, value, SHA256_BYTES);
	}
	return 0;
}

static int quote(void *ctx, uint32_t mask, const uint8_t nonce[SHA256_BYTES],
		 struct move_quote *to)
{
	const struct device_selection select = { SHA256_BANK, mask ? mask : 1 };
	struct device_bytes message, signature;
	struct move_host *h = ctx;
	int rc = device_quote(h->tpm.device, nonce, SHA256_BYTES, &select, 1, &message, &signature);

	if (rc)
		return rc;
	memcpy(to->message, message.at, message.len);
	to->message_len = message.len;
	memcpy(to->signature, signature.at, signature.len);
	to->signature_len = signature.len;
	return 0;
}

static int activate(void *ctx, struct move_bytes credential, struct move_bytes secret, uint8_t *to,
		    size_t size, size_t *len)
{
	struct device_bytes got = { .len = 0 };
	struct move_host *h = ctx;
	int rc = device_activate(h->tpm.device, credential.at, credential.len, secret.at,
				 secret.len, &got);

	if (!rc && got.len > size)
		rc = -EBADMSG;
	if (!rc) {
		memcpy(to, got.at, got.len);
		*len = got.len;
	}
	explicit_bzero(&got, sizeof(got));
	return rc;
}

static int counter_read(void *ctx, uint64_t *value)
{
	struct move_host *h = ctx;

	return nv_counter_read(h->tpm.device, h->index, value);
}

static int counter_define(void *ctx)
{
	struct move_host *h = ctx;

	return nv_counter_define(h->tpm.device, h->index);
}

static int counter_increment(void *ctx)
{
	struct move_host *h = ctx;

	return nv_counter_increment(h->tpm.device, h->index);
}

static int counter_remove(void *ctx)
{
	struct move_host *h = ctx;

	return nv_remove(h->tpm.device, h->index);
}

static int some_random(void *ctx, void *to, size_t len)
{
	(void)ctx;
	return random_bytes(to, len);
}

static int now(void *ctx, uint64_t *us)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &t);
	*us = t.tv_sec * 1000000ull + t.tv_nsec / 1000;
	return 0;
}

/* --- the ledger -------------------------------------------------------------------------- */

static int tell(void *ctx, const char *action, const uint8_t digest[SHA256_BYTES])
{
	char object[64] = "volume:", result[80] = "sha256:", why[LEDGER_WHY], uuid[UUID_TEXT_MAX];
	struct move_host *h = ctx;
	struct ledger_item item = { .event = { .actor = STR("rlncsetup") } };
	int rc;

	if (!h->ledger.ledger)
		return 0;
	strcat(object, uuid_format(h->move.volume, uuid));
	hex_encode(digest, SHA256_BYTES, result + strlen(result));
	item.event.action = str_of(action);
	item.event.object = str_of(object);
	item.event.result = str_of(result);
	now(ctx, &item.time);
	rc = ledger_append(h->ledger.ledger, &item, 1, NULL, why);
	return rc ? fail(-rc, "the ledger: %s", why) : 0;
}

/* --- all of it --------------------------------------------------------------------------- */

/* One that was not named may be missing. */
static int read_log(const char *path, const char *otherwise, char **to, size_t *len)
{
	int rc;

	*to = NULL;
	*len = 0;
	if (!path && (!otherwise || access(otherwise, R_OK)))
		return 0;
	rc = file_read(path ? path : otherwise, MOVE_LOG_MAX, to, len);
	return rc ? fail(-rc, "cannot read %s", path ? path : otherwise) : 0;
}

static int open_logs(struct move_host *h)
{
	int rc = read_log(h->o->move.log, FIRMWARE_LOG, &h->log, &h->log_len);

	return rc ? rc : read_log(h->o->move.ima, NULL, &h->ima, &h->ima_len);
}

static int open_ledger(struct move_host *h)
{
	const char *dir = h->o->move.ledger;
	CLEANUP_FREE char *key = NULL;
	char why[LEDGER_WHY];
	int rc;

	if (!dir)
		return 0;
	if (asprintf(&key, "%s.key", dir) < 0 || asprintf(&h->epoch, "%s.epoch", dir) < 0)
		return fail(ENOMEM, "out of memory");
	rc = ledger_own_open(&h->ledger, dir, key, h->epoch, why);
	return rc ? fail(-rc, "%s", why) : 0;
}

static uint32_t index_of(const uint8_t id[UUID_BYTES])
{
	uint8_t digest[SHA256_BYTES];

	sha256_of(id, UUID_BYTES, digest);
	return COUNTERS | (digest[0] & 15u) << 16 | digest[1] << 8 | digest[2];
}

static const struct move_ops all_ops = {
	.load = load, .save = save, .identity = identity, .evidence = evidence,
	.quote = quote, .activate = activate, .counter_read = counter_read,
	.counter_define = counter_define, .counter_increment = counter_increment,
	.counter_remove = counter_remove,
	.random = some_random, .now = now, .take = move_volume_take, .close = move_volume_close,
	.revoke = move_volume_revoke, .keep = move_volume_keep, .erase = move_volume_erase,
	.judge = move_host_judge, .tell = tell,
};

static int begin(struct move_host *h, const struct options *o, const uint8_t id[UUID_BYTES])
{
	char uuid[UUID_TEXT_MAX];

	*h = (struct move_host){ .o = o, .ops = all_ops, .lock = -1 };
	h->ops.ctx = h;
	h->move.ops = &h->ops;
	memcpy(h->move.volume, id, UUID_BYTES);
	h->index = index_of(id);
	if (asprintf(&h->journal, "%s/%s", o->move.journals, uuid_format(id, uuid)) < 0) {
		h->journal = NULL;
		return fail(ENOMEM, "out of memory");
	}
	return 0;
}

/*
 * Steps of one volume, and whoever opens it, wait for each other.  Return: 0, or a positive errno:
 * ENOENT, EROFS: nobody can have a journal there, or write one.
 */
static int lock_journal(struct move_host *h)
{
	CLEANUP_FREE char *path = NULL;

	if (mkdir(h->o->move.journals, 0700) && errno != EEXIST)
		return errno;
	if (asprintf(&path, "%s.lock", h->journal) < 0) {
		path = NULL;
		return ENOMEM;
	}
	h->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (h->lock < 0 && errno == EROFS)
		h->lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (h->lock < 0)
		return errno;
	if (!flock(h->lock, LOCK_EX | LOCK_NB))
		return 0;
	note("waiting for another move, or open, of this volume");
	return flock(h->lock, LOCK_EX) ? errno : 0;
}

static int cannot_lock(const struct move_host *h, int err)
{
	return fail(err, "%s.lock: %s", h->journal, strerror(err));
}

int move_host_open(struct move_host *h, const struct options *o, const uint8_t id[UUID_BYTES],
		   char **member, int members)
{
	char why[LEDGER_WHY];
	int rc = begin(h, o, id);

	if (rc)
		return rc;
	h->member = member;
	h->members = members;
	rc = lock_journal(h);
	if (rc)
		return cannot_lock(h, rc);
	setenv("TSS2_LOG", "all+NONE", 0);
	rc = certify_open(&h->tpm, o->tpm2_device, o->move.ak, why);
	if (rc)
		return fail(-rc, "%s", why);
	rc = open_ledger(h);
	return rc ? rc : open_logs(h);
}

/* That was named, or that every machine with a TPM has. */
static bool has_tpm(const struct options *o)
{
	return strcmp(o->tpm2_device, TPM2_DEVICE) || !access(TPM2_NODE, F_OK) || errno != ENOENT;
}

int move_host_look(struct move_host *h, const struct options *o, const uint8_t id[UUID_BYTES])
{
	int rc = begin(h, o, id);

	if (rc)
		return rc;
	rc = lock_journal(h);
	if (rc && rc != ENOENT && rc != EROFS)
		return cannot_lock(h, rc);
	if (!access(h->journal, F_OK))
		return tpm2_open(o, &h->tpm.device);
	if (errno != ENOENT)
		return fail_errno("%s", h->journal);
	/* None may be there because somebody took it away. */
	return has_tpm(o) ? tpm2_open(o, &h->tpm.device) : 0;
}

void move_host_close(struct move_host *h)
{
	certify_close(&h->tpm);
	ledger_own_close(&h->ledger);
	if (h->o && h->lock >= 0)
		close(h->lock);
	free(h->journal);
	free(h->epoch);
	free(h->log);
	free(h->ima);
}
