// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/report.h"
#include "witness_ask.h"

int witness_request(struct out *o, uint64_t old_size, struct tile_source *tiles, uint64_t size,
		    struct str note)
{
	struct merkle_proof proof = { 0 };
	int rc = old_size ? prove_consistency(tiles, old_size, size, &proof) : 0;

	if (rc)
		return rc;
	out_text(o, "old ");
	out_number(o, old_size);
	out_char(o, '\n');
	proof_lines_print(o, &proof);
	out_str(o, note);
	return o->err;
}

PRINTF(3, 4)
static enum witness_said say(enum witness_said what, char why[WITNESS_WHY], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, WITNESS_WHY, fmt, ap);
	va_end(ap);
	return what;
}

/* Lines of others than the witness's own key are passed over (C2SP tlog-witness). */
static enum witness_said signed_by(const struct note_verifier *key, struct str text,
				   struct str body, char line[NOTE_LINE_MAX],
				   char why[WITNESS_WHY])
{
	char note[CHECKPOINT_MAX + WITNESS_ANSWER_MAX];
	struct out o = OUT(note, sizeof(note));
	struct str one;
	struct note n;

	while (body.len && str_cut(&body, '\n', &one)) {
		o.len = 0;
		out_str(&o, text);
		out_char(&o, '\n');
		out_str(&o, one);
		out_char(&o, '\n');
		if (o.err || one.len + 2 > NOTE_LINE_MAX || note_parse(out_written(&o), &n) ||
		    note_verify(&n, key, NULL))
			continue;
		snprintf(line, NOTE_LINE_MAX, "%.*s\n", STR_ARG(one));
		return WITNESS_SAID_YES;
	}
	return say(WITNESS_SAID_NO, why, "says yes, and its signature is not there or is wrong");
}

static enum witness_said conflict(const struct checkpoint *said, uint64_t *old, struct str body,
				  char why[WITNESS_WHY])
{
	const struct str digits = str_head(body, body.len ? body.len - 1 : 0);
	uint64_t size;

	if (!body.len || body.at[body.len - 1] != '\n' ||
	    !str_number(digits, MERKLE_SIZE_MAX, &size))
		size = *old;
	if (size > said->size)
		return say(WITNESS_SAID_REWIND, why,
			   "has cosigned %" PRIu64 " entries, and there are %" PRIu64 " now", size,
			   said->size);
	if (size == *old && size == said->size)
		return say(WITNESS_SAID_FORK, why, "has cosigned %" PRIu64 " entries with another root",
			   said->size);
	if (size == *old)
		return say(WITNESS_SAID_NO, why, "refuses the size %" PRIu64 " and names no other",
			   size);
	*old = size;
	return WITNESS_SAID_OLD;
}

enum witness_said witness_answered(const struct note_verifier *key, const struct checkpoint *said,
				   struct str text, uint64_t *old, unsigned int status,
				   struct str body, char line[NOTE_LINE_MAX],
				   char why[WITNESS_WHY])
{
	*why = 0;
	switch (status) {
	case WITNESS_SIGNED:
		return signed_by(key, text, body, line, why);
	case WITNESS_CONFLICT:
		return conflict(said, old, body, why);
	case WITNESS_INCONSISTENT:
		return say(WITNESS_SAID_FORK, why, "has cosigned %" PRIu64 " entries that are not the first of these",
			   *old);
	case WITNESS_UNKNOWN:
		return say(WITNESS_SAID_NO, why, "does not know the log");
	case WITNESS_FORBIDDEN:
		return say(WITNESS_SAID_NO, why, "knows another key of the log");
	default:
		return say(WITNESS_SAID_NO, why, "answers %u", status);
	}
}
