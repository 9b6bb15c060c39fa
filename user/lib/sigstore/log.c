// SPDX-License-Identifier: GPL-2.0-or-later
/* The transparency log: its promises (SET), and proofs of inclusion. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/hex.h"
#include "base/out.h"
#include "private.h"

/* The key of the log that an entry names; NULL with a fault. */
static const struct sig_log *find(struct sig_case *c, const struct sig_entry *e, int64_t t)
{
	const struct sigstore_trust *trust = c->w->trust;
	const struct sig_log *outside = NULL, *unusable = NULL;
	char id[2 * SIG_SHA256 + 1];
	unsigned int i;

	for (i = 0; i < trust->tlogs; i++) {
		const struct sig_log *log = &trust->tlog[i];

		if (!str_equal(log->id, e->log_id))
			continue;
		if (!log->key || log->why)
			unusable = log;
		else if (!sig_in(&log->valid, t))
			outside = log;
		else
			return log;
	}
	hex_encode(e->log_id.at, SIG_SHA256, id);
	if (outside)
		sig_refuse(&c->r->fault, SIGSTORE_LOG_OUTSIDE,
			   "log %.16s is not trusted at the time %" PRId64, id, t);
	else
		sig_refuse(&c->r->fault, SIGSTORE_LOG_UNKNOWN, "log %.16s %s", id,
			   unusable ? unusable->why : "is not in the trusted root");
	return NULL;
}

/* --- SET ---------------------------------------------------------------------------------- */

/* RFC 8785's form of {"body", "integratedTime", "logID", "logIndex"}. */
static char *promised(const struct sig_entry *e, size_t *len)
{
	struct out o = OUT(NULL, 0);
	char id[2 * SIG_SHA256 + 1];

	o.size = e->body.len / 3 * 4 + 512;
	o.at = malloc(o.size);
	if (!o.at)
		return NULL;
	hex_encode(e->log_id.at, SIG_SHA256, id);
	out_text(&o, "{\"body\":\"");
	out_base64(&o, e->body.at, e->body.len);
	out_text(&o, "\",\"integratedTime\":");
	out_number(&o, e->time);
	out_text(&o, ",\"logID\":\"");
	out_text(&o, id);
	out_text(&o, "\",\"logIndex\":");
	out_number(&o, e->index);
	out_char(&o, '}');
	*len = o.len;
	return o.at;
}

static int check_promise(struct sig_case *c, const struct sig_entry *e)
{
	CLEANUP_FREE char *text = NULL;
	const struct sig_log *log;
	size_t len = 0;

	if (!e->time)
		return sig_refuse(&c->r->fault, SIGSTORE_PROMISE,
				  "the log's promise has no integratedTime");
	log = find(c, e, e->time);
	if (!log)
		return -EKEYREJECTED;
	text = promised(e, &len);
	if (!text)
		return sig_no_memory(&c->r->fault);
	if (!sig_key_verify_text(log->key, (struct str){ text, len }, e->promise))
		return sig_refuse(&c->r->fault, SIGSTORE_PROMISE,
				  "the log's promise (SET) is not its signature of this entry");
	return sig_add_time(c, e->time);
}

int sig_check_promises(struct sig_case *c)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < c->b->entries; i++) {
		const struct sig_entry *e = &c->b->entry[i];

		if (e->promise.at)
			rc = check_promise(c, e);
		else if (c->b->version == 1)
			rc = sig_refuse(&c->r->fault, SIGSTORE_PROMISE_MISSING,
					"entry %u of a bundle of v0.1 has no promise of its log (SET)",
					i);
	}
	return rc;
}

/* --- proofs ------------------------------------------------------------------------------- */

static bool hash_children(const uint8_t *left, const uint8_t *right, uint8_t *to)
{
	const struct str pieces[] = {
		{ "\x01", 1 }, { (const char *)left, SIG_SHA256 },
		{ (const char *)right, SIG_SHA256 },
	};

	return sig_sha256(pieces, 3, to);
}

/* RFC 9162, 2.1.3.2. */
static bool is_included(const struct sig_proof *p, const uint8_t leaf[SIG_SHA256])
{
	uint64_t fn, sn;
	uint8_t r[SIG_SHA256];
	unsigned int i;

	if (p->index < 0 || p->index >= p->size)
		return false;
	fn = p->index;
	sn = p->size - 1;
	memcpy(r, leaf, sizeof(r));
	for (i = 0; i < p->hashes; i++) {
		const uint8_t *h = (const uint8_t *)p->hash[i].at;
		bool right = fn & 1 || fn == sn;

		if (!sn || !hash_children(right ? h : r, right ? r : h, r))
			return false;
		while (right && !(fn & 1) && fn) {
			fn >>= 1;
			sn >>= 1;
		}
		fn >>= 1;
		sn >>= 1;
	}
	return !sn && sig_is(p->root, r, sizeof(r));
}

static int check_checkpoint(struct sig_case *c, const struct sig_proof *p,
			    const struct sig_log *log)
{
	struct sig_checkpoint cp;
	uint8_t root[SIG_SHA256];
	int rc = sig_checkpoint_open(p->checkpoint, log, &cp, &c->r->fault);

	if (rc)
		return rc;
	if (cp.size != p->size)
		return sig_refuse(&c->r->fault, SIGSTORE_CHECKPOINT_MISMATCH,
				  "the checkpoint is of a tree of %" PRId64 " entries, the proof of one of %" PRId64,
				  cp.size, p->size);
	if (sig_base64(cp.root, root, sizeof(root)) != sizeof(root) ||
	    !sig_is(p->root, root, sizeof(root)))
		return sig_refuse(&c->r->fault, SIGSTORE_CHECKPOINT_MISMATCH,
				  "the checkpoint's root is not the proof's");
	return 0;
}

/*
 * When its log must be trusted: when it promised, or else at every time that is known; a key's
 * bundle may have none, and then now.
 */
static const struct sig_log *log_of(struct sig_case *c, const struct sig_entry *e)
{
	const struct sig_log *log = NULL;
	unsigned int i;

	if (e->promise.at)
		return find(c, e, e->time);
	if (!c->r->times)
		return find(c, e, c->w->now ? c->w->now : time(NULL));
	for (i = 0; i < c->r->times; i++) {
		log = find(c, e, c->r->time[i]);
		if (!log)
			break;
	}
	return log;
}

static int check_proof(struct sig_case *c, const struct sig_entry *e)
{
	const struct str leaf[] = { { "\0", 1 }, e->body };
	const struct sig_log *log = log_of(c, e);
	uint8_t digest[SIG_SHA256];

	if (!log)
		return -EKEYREJECTED;
	if (!sig_sha256(leaf, 2, digest))
		return sig_no_memory(&c->r->fault);
	if (!is_included(&e->proof, digest))
		return sig_refuse(&c->r->fault, SIGSTORE_PROOF,
				  "the proof of inclusion does not lead from the entry to its root");
	if (e->proof.checkpoint.at)
		return check_checkpoint(c, &e->proof, log);
	return c->b->version == 1 ? 0 :
	       sig_refuse(&c->r->fault, SIGSTORE_CHECKPOINT_MISSING,
			  "the proof of inclusion has no checkpoint");
}

int sig_check_inclusion(struct sig_case *c)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < c->b->entries; i++) {
		const struct sig_entry *e = &c->b->entry[i];

		if (e->proven)
			rc = check_proof(c, e);
		else if (c->b->version > 1)
			rc = sig_refuse(&c->r->fault, SIGSTORE_PROOF_MISSING,
					"entry %u has no proof of inclusion", i);
		if (!rc && !i)
			c->r->log_index = e->promise.at ? e->index : e->proof.index;
	}
	c->r->logged = !rc;
	return rc;
}
