// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "crypto/hmac.h"
#include "witness.h"

#define STATE_MAX	4096u

struct request {
	uint64_t old_size;
	struct merkle_proof proof;
	struct note note;
	struct checkpoint said;
};

static int parse(struct str body, struct request *r)
{
	struct str line;

	if (body.len > WITNESS_REQUEST_MAX || !str_cut(&body, '\n', &line) ||
	    !str_starts(line, STR("old ")))
		return -EBADMSG;
	line = str_skip(line, 4);
	if (!str_number(line, MERKLE_SIZE_MAX, &r->old_size) ||
	    (line.len > 1 && *line.at == '0') || proof_lines_parse(&body, &r->proof) ||
	    note_parse(body, &r->note) || checkpoint_parse(r->note.text, &r->said))
		return -EBADMSG;
	return 0;
}

static const struct note_verifier *find_log(const struct witness *w, struct str origin)
{
	unsigned int i;

	for (i = 0; i < w->logs; i++)
		if (str_is(origin, w->log[i].name))
			return &w->log[i];
	return NULL;
}

/* What is known, and what the proof shows. */
static enum witness_answer judge(const struct request *r, const struct witness_state *s,
				 char body[WITNESS_BODY_MAX])
{
	struct merkle_hash nothing;

	if (r->old_size != s->size) {
		snprintf(body, WITNESS_BODY_MAX, "%llu\n", (unsigned long long)s->size);
		return WITNESS_CONFLICT;
	}
	merkle_empty(&nothing);
	if (r->said.size == s->size && !merkle_equal(&r->said.root, s->size ? &s->root : &nothing))
		return WITNESS_CONFLICT;
	return merkle_verify_consistency(s->size, s->size ? &s->root : &nothing, r->said.size,
					 &r->said.root, &r->proof) ?
		       WITNESS_SIGNED : WITNESS_INCONSISTENT;
}

enum witness_answer witness_add_checkpoint(struct witness *w, struct str request, uint64_t now,
					   char body[WITNESS_BODY_MAX])
{
	const struct note_verifier *log;
	struct witness_state state;
	enum witness_answer answer;
	struct request r;
	int rc;

	*body = 0;
	if (parse(request, &r))
		return WITNESS_MALFORMED;
	log = find_log(w, r.said.origin);
	if (!log)
		return WITNESS_UNKNOWN;
	if (note_verify(&r.note, log, NULL))
		return WITNESS_FORBIDDEN;
	if (r.old_size > r.said.size)
		return WITNESS_MALFORMED;
	rc = w->known(w->ctx, log, &state);
	if (rc)
		return WITNESS_FAILED;
	answer = judge(&r, &state, body);
	if (answer != WITNESS_SIGNED && w->refused)
		w->refused(w->ctx, log, answer, &r.said, &state);
	if (answer != WITNESS_SIGNED)
		return answer;
	/* Kept first: a signature that is given cannot be taken back. */
	state = (struct witness_state){ r.said.size, r.said.root };
	if (w->keep(w->ctx, log, &state) || note_sign(&w->signer, r.note.text, now, body))
		return WITNESS_FAILED;
	return WITNESS_SIGNED;
}

/* --- states in a folder ---------------------------------------------------------------- */

/* Names of logs have slashes; a digest has none. */
static int state_path(const struct witness_folder *f, const struct note_verifier *log,
		      char path[PATH_MAX])
{
	uint8_t digest[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	struct out o = OUT(hex, sizeof(hex) - 1);

	sha256_of(log->name, strlen(log->name), digest);
	out_hex(&o, digest, sizeof(digest));
	hex[o.len] = 0;
	return snprintf(path, PATH_MAX, "%s/%s", f->path, hex) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* A file is the text of a checkpoint.  One that cannot be read is no reason to begin anew. */
int witness_folder_known(void *ctx, const struct note_verifier *log, struct witness_state *s)
{
	CLEANUP_FREE char *text = NULL;
	struct checkpoint c;
	char path[PATH_MAX];
	size_t len;
	int rc = state_path(ctx, log, path);

	*s = (struct witness_state){ 0 };
	if (!rc)
		rc = file_read(path, STATE_MAX, &text, &len);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (checkpoint_parse((struct str){ text, len }, &c) || !str_is(c.origin, log->name))
		return -EBADMSG;
	*s = (struct witness_state){ c.size, c.root };
	return 0;
}

int witness_folder_keep(void *ctx, const struct note_verifier *log,
			const struct witness_state *s)
{
	const struct checkpoint c = { str_of(log->name), s->size, s->root, STR_NONE };
	char path[PATH_MAX], text[CHECKPOINT_TEXT_MAX];
	struct out o = OUT(text, sizeof(text));
	int rc = state_path(ctx, log, path);

	checkpoint_print(&o, &c);
	if (!rc)
		rc = o.err;
	return rc ? rc : file_write_atomic(path, text, o.len, 0600);
}
