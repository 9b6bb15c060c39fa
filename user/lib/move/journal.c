// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "move_private.h"

#define MAGIC	0x534b594au	/* "SKYJ" */
#define SEAL	"skyhold move journal 1"

const char *move_state_name(enum move_state s)
{
	static const char *const names[MOVE_STATES] = {
		"none", "offered", "accepting", "accepted", "freezing", "frozen", "destroying",
		"destroyed", "asked", "kept", "answered", "withdrawing", "withdrawn",
	};

	return s < MOVE_STATES ? names[s] : "?";
}

int move_fail(struct move *m, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->why, sizeof(m->why), fmt, ap);
	va_end(ap);
	return rc;
}

/* --- its bytes --------------------------------------------------------------------------- */

static size_t print(const struct move_journal *j, uint8_t to[MOVE_JOURNAL_MAX])
{
	struct tpm_writer w = TPM_WRITER(to, MOVE_JOURNAL_MAX);
	uint8_t digest[SHA256_BYTES];

	tpm_write_u32(&w, MAGIC);
	tpm_write_u16(&w, j->state);
	tpm_write_bytes(&w, j->volume, sizeof(j->volume));
	tpm_write_u64(&w, j->counter);
	tpm_write_u64(&w, j->epoch);
	tpm_write_bytes(&w, j->id, sizeof(j->id));
	tpm_write_bytes(&w, j->crate_digest, sizeof(j->crate_digest));
	tpm_write_bytes(&w, j->peer, sizeof(j->peer));
	tpm_write_2b(&w, j->peer_ak, j->peer_ak_len);
	tpm_write_2b(&w, j->part, j->part_len);
	tpm_write_u16(&w, j->was);
	tpm_write_u16(&w, j->fresh);
	tpm_write_bytes(&w, (const uint8_t *)&j->asked, sizeof(j->asked));
	/* Against damage; what was put back is the counter's to tell. */
	move_digest(SEAL, (struct move_bytes){ to, w.len }, digest);
	tpm_write_bytes(&w, digest, sizeof(digest));
	return w.bad ? 0 : w.len;
}

static void take(struct tpm_reader *r, void *to, size_t len)
{
	struct tpm_blob b = tpm_read_bytes(r, len);

	if (b.len == len)
		memcpy(to, b.at, len);
}

static size_t take_2b(struct tpm_reader *r, uint8_t *to, size_t max)
{
	struct tpm_blob b = tpm_read_2b(r, max);

	if (b.len)
		memcpy(to, b.at, b.len);
	return b.len;
}

static int parse(const uint8_t *from, size_t len, struct move_journal *j)
{
	struct tpm_reader r;
	uint8_t digest[SHA256_BYTES];

	if (len < sizeof(digest))
		return -EBADMSG;
	len -= sizeof(digest);
	move_digest(SEAL, (struct move_bytes){ from, len }, digest);
	r = TPM_READER(from, len);
	if (memcmp(from + len, digest, sizeof(digest)) || tpm_read_u32(&r) != MAGIC)
		return -EBADMSG;
	j->state = tpm_read_u16(&r);
	take(&r, j->volume, sizeof(j->volume));
	j->counter = tpm_read_u64(&r);
	j->epoch = tpm_read_u64(&r);
	take(&r, j->id, sizeof(j->id));
	take(&r, j->crate_digest, sizeof(j->crate_digest));
	take(&r, j->peer, sizeof(j->peer));
	j->peer_ak_len = take_2b(&r, j->peer_ak, sizeof(j->peer_ak));
	j->part_len = take_2b(&r, j->part, sizeof(j->part));
	/* Those that were written before there were challenges end here. */
	if (r.left) {
		j->was = tpm_read_u16(&r);
		j->fresh = tpm_read_u16(&r);
		take(&r, &j->asked, sizeof(j->asked));
	}
	return tpm_read_end(&r) && j->state > MOVE_NONE && j->state < MOVE_STATES ? 0 : -EBADMSG;
}

/* --- and the counter --------------------------------------------------------------------- */

/* What the TPM has; 0: nothing. */
static int read_counter(struct move *m, uint64_t *value)
{
	int rc = m->ops->counter_read(m->ops->ctx, value);

	if (rc == -ENOENT) {
		*value = 0;
		return 0;
	}
	return rc ? move_fail(m, rc, "the TPM's counter cannot be read") : 0;
}

static int check_counter(struct move *m, const struct move_journal *j, bool *risen)
{
	uint64_t value;
	int rc = read_counter(m, &value);

	*risen = false;
	if (rc || value == j->counter)
		return rc;
	/* Killed between its removal and the journal. */
	*risen = j->state == MOVE_WITHDRAWING && !value;
	if (j->state == MOVE_NONE)
		return move_fail(m, -ESTALE, "there is a counter of this volume and no journal: it was taken away, or an older state of this host was put back");
	/*
	 * Killed between the counter and the journal.  Who offers has a counter; who freezes may
	 * have had none, and it begins wherever the TPM likes.  A journal of that time that was
	 * put back gives out the same package once more, which its host takes once.
	 */
	if (j->state == MOVE_ACCEPTING || j->state == MOVE_FREEZING)
		*risen = j->counter ? value == j->counter + 1 :
				      j->state == MOVE_FREEZING && value != 0;
	if (*risen)
		return 0;
	return move_fail(m, -ESTALE, "the journal is of another time than the TPM's counter (%llu, not %llu): an older state was put back",
			 (unsigned long long)value, (unsigned long long)j->counter);
}

int move_load(struct move *m, struct move_journal *j, bool *risen)
{
	CLEANUP_FREE uint8_t *bytes = malloc(MOVE_JOURNAL_MAX);
	size_t len = 0;
	int rc;

	memset(j, 0, sizeof(*j));
	if (!bytes)
		return move_fail(m, -ENOMEM, "no memory");
	rc = m->ops->load(m->ops->ctx, bytes, MOVE_JOURNAL_MAX, &len);
	if (rc == -ENOENT) {
		memcpy(j->volume, m->volume, sizeof(j->volume));
		return check_counter(m, j, risen);
	}
	if (rc)
		return move_fail(m, rc, "the journal cannot be read");
	if (parse(bytes, len, j))
		return move_fail(m, -EBADMSG, "the journal is damaged");
	if (memcmp(j->volume, m->volume, sizeof(j->volume)))
		return move_fail(m, -EXDEV, "the journal is of another volume");
	return check_counter(m, j, risen);
}

int move_save(struct move *m, const struct move_journal *j)
{
	CLEANUP_FREE uint8_t *bytes = malloc(MOVE_JOURNAL_MAX);
	size_t len = bytes ? print(j, bytes) : 0;
	int rc = !bytes ? -ENOMEM : !len ? -EMSGSIZE : m->ops->save(m->ops->ctx, bytes, len);

	return rc ? move_fail(m, rc, "the journal cannot be written") : 0;
}

int move_count(struct move *m, struct move_journal *j, bool *made)
{
	int rc = read_counter(m, &j->counter);

	*made = !rc && !j->counter;
	if (!*made)
		return rc;
	rc = m->ops->counter_define(m->ops->ctx);
	if (rc)
		return move_fail(m, rc, "the TPM's counter cannot be made");
	rc = read_counter(m, &j->counter);
	return rc || j->counter ? rc : move_fail(m, -EIO, "the TPM's counter was not made");
}

int move_raise(struct move *m, struct move_journal *j, bool risen)
{
	uint64_t value;
	int rc = 0;

	if (!risen)
		rc = j->counter ? m->ops->counter_increment(m->ops->ctx) :
				  m->ops->counter_define(m->ops->ctx);
	if (rc)
		return move_fail(m, rc, "the TPM's counter cannot be raised");
	rc = read_counter(m, &value);
	if (rc)
		return rc;
	if (j->counter ? value != j->counter + 1 : !value)
		return move_fail(m, -ESTALE, "somebody else has raised the TPM's counter");
	j->counter = value;
	return 0;
}

int move_look(struct move *m, struct move_status *to)
{
	CLEANUP_FREE struct move_journal *j = malloc(sizeof(*j));
	bool risen;
	int rc = j ? move_load(m, j, &risen) : move_fail(m, -ENOMEM, "no memory");

	if (rc && rc != -ESTALE)
		return rc;
	*to = (struct move_status){ .state = j->state, .epoch = j->epoch, .counter = j->counter };
	memcpy(to->id, j->state == MOVE_ASKED ? j->asked.id : j->id, sizeof(to->id));
	memcpy(to->peer, j->state == MOVE_ASKED ? j->asked.peer : j->peer, sizeof(to->peer));
	return rc;
}

int move_may_use(struct move *m)
{
	struct move_status s;
	int rc = move_look(m, &s);

	if (!rc && s.state != MOVE_NONE && s.state != MOVE_ACCEPTED && s.state != MOVE_ASKED &&
	    s.state != MOVE_KEPT)
		rc = move_fail(m, -EPERM, "the volume has moved, or is about to (%s)",
			       move_state_name(s.state));
	return rc;
}
