// SPDX-License-Identifier: GPL-2.0-or-later
/* Checkpoints: signed notes of logs (C2SP signed-note and tlog-checkpoint). */
#include <errno.h>

#include "private.h"

#define NOTE_MAX	65536u
#define SIGNATURES_MAX	100u
#define HINT		4u
#define SIGNATURE_MAX	1024u
#define DASH		"\xe2\x80\x94 "
#define NOTE_ED25519	"\n\x01"

struct line {
	struct str name;
	uint8_t bytes[HINT + SIGNATURE_MAX];
	int len;
};

static int malformed(struct sigstore_fault *f, const char *why)
{
	return sig_refuse(f, SIGSTORE_CHECKPOINT_MALFORMED, "the checkpoint %s", why);
}

/* The text ends with a line end; an empty line parts it from the signatures. */
static bool split(struct str note, struct str *text, struct str *signatures)
{
	size_t i;

	if (note.len > NOTE_MAX || note.len < 2 || note.at[note.len - 1] != '\n')
		return false;
	for (i = 0; i < note.len; i++)
		if ((unsigned char)note.at[i] < ' ' && note.at[i] != '\n')
			return false;
	for (i = note.len - 1; i > 0; i--)
		if (note.at[i] == '\n' && note.at[i - 1] == '\n') {
			*text = str_head(note, i);
			*signatures = str_skip(note, i + 1);
			return true;
		}
	return false;
}

/* origin, size, root; what follows is the log's own. */
static bool read_body(struct str text, struct sig_checkpoint *cp)
{
	struct str size;
	uint64_t n;

	if (!str_cut(&text, '\n', &cp->origin) || !str_cut(&text, '\n', &size) ||
	    !str_cut(&text, '\n', &cp->root) || !cp->origin.len || !cp->root.len)
		return false;
	if (!size.len || (size.len > 1 && *size.at == '0') || !str_number(size, INT64_MAX, &n))
		return false;
	cp->size = n;
	return true;
}

static bool read_line(struct str line, struct line *l)
{
	size_t blank;

	if (!str_starts(line, STR(DASH)))
		return false;
	line = str_skip(line, sizeof(DASH) - 1);
	if (!str_find(line, ' ', &blank) || !blank)
		return false;
	l->name = str_head(line, blank);
	if (str_find(l->name, '+', &blank))
		return false;
	l->len = sig_base64(str_skip(line, l->name.len + 1), l->bytes, sizeof(l->bytes));
	return l->len > (int)HINT;
}

/*
 * Rekor's first logs have the digest of their key for an id; those with tiles that of name and
 * key, so that the name, which is their origin, is bound.
 */
static bool is_by(const struct line *l, const struct sig_log *log, struct str origin)
{
	uint8_t digest[SIG_SHA256], raw[32];
	struct str named[] = { l->name, STR(NOTE_ED25519), { (char *)raw, sizeof(raw) } };
	size_t len = sizeof(raw);

	if (!sig_is(str_head(log->note_id, HINT), l->bytes, HINT))
		return false;
	if (!sig_key_is_ed25519(log->key))
		return true;
	if (sig_sha256(&log->spki, 1, digest) && !memcmp(digest, l->bytes, HINT))
		return true;
	return EVP_PKEY_get_raw_public_key(log->key, raw, &len) == 1 && len == sizeof(raw) &&
	       sig_sha256(named, 3, digest) && !memcmp(digest, l->bytes, HINT) &&
	       str_equal(l->name, origin);
}

/* Signatures of others, witnesses for one, are passed over; the log's first one counts. */
int sig_checkpoint_open(struct str note, const struct sig_log *log, struct sig_checkpoint *cp,
			struct sigstore_fault *f)
{
	struct str text, rest, line;
	unsigned int count = 0;
	struct line l;

	if (!split(note, &text, &rest))
		return malformed(f, "is not a signed note");
	if (!read_body(text, cp))
		return malformed(f, "has not an origin, a size and a root");
	while (rest.len && str_cut(&rest, '\n', &line)) {
		if (++count > SIGNATURES_MAX || !read_line(line, &l))
			return malformed(f, "has a line that is not a signature");
		if (!is_by(&l, log, cp->origin))
			continue;
		if (sig_key_verify_text(log->key, text,
					(struct str){ (char *)l.bytes + HINT, l.len - HINT }))
			return 0;
		return sig_refuse(f, SIGSTORE_CHECKPOINT_SIGNATURE,
				  "the checkpoint's signature of its log is not valid");
	}
	return sig_refuse(f, SIGSTORE_CHECKPOINT_SIGNATURE,
			  "the checkpoint has no signature of its log's key");
}
