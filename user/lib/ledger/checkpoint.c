// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "checkpoint.h"

/* Without leading zeros, so that each number has one form. */
static bool parse_size(struct str s, uint64_t *size)
{
	return str_number(s, MERKLE_SIZE_MAX, size) && (s.len == 1 || *s.at != '0');
}

int checkpoint_parse(struct str text, struct checkpoint *to)
{
	struct str rest = text, size, root, line, more;

	if (!text.len || text.at[text.len - 1] != '\n' || !str_cut(&rest, '\n', &to->origin) ||
	    !to->origin.len || !str_cut(&rest, '\n', &size) || !parse_size(size, &to->size) ||
	    !str_cut(&rest, '\n', &root) || !rest.at ||
	    base64_decode(root, to->root.byte, MERKLE_BYTES) != MERKLE_BYTES)
		return -EBADMSG;
	to->extension = rest;
	/* The last piece is what follows the last newline: nothing. */
	for (more = rest; str_cut(&more, '\n', &line);)
		if (more.at && !line.len)
			return -EBADMSG;
	return 0;
}

void checkpoint_print(struct out *o, const struct checkpoint *c)
{
	out_str(o, c->origin);
	out_char(o, '\n');
	out_number(o, c->size);
	out_char(o, '\n');
	out_base64(o, c->root.byte, MERKLE_BYTES);
	out_char(o, '\n');
}

int checkpoint_open(struct str bytes, const struct note_verifier *log, struct note *n,
		    struct checkpoint *to)
{
	int rc = note_parse(bytes, n);

	if (!rc)
		rc = checkpoint_parse(n->text, to);
	if (rc)
		return rc;
	if (!str_is(to->origin, log->name))
		return -ENOENT;
	rc = note_verify(n, log, NULL);
	return rc == -EBADMSG ? -EACCES : rc;
}

enum checkpoint_relation checkpoint_compare(const struct checkpoint *before,
					    const struct checkpoint *now)
{
	if (now->size < before->size)
		return CHECKPOINT_REWIND;
	if (now->size > before->size)
		return CHECKPOINT_GROWN;
	return merkle_equal(&before->root, &now->root) ? CHECKPOINT_SAME : CHECKPOINT_FORK;
}
