// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "receipt.h"

#define MAGIC	"c2sp.org/tlog-proof@v1"

int proof_lines_parse(struct str *rest, struct merkle_proof *to)
{
	struct str line;

	to->count = 0;
	while (str_cut(rest, '\n', &line) && rest->at) {
		if (!line.len)
			return 0;
		/* An index or an old size of 63 bits needs no more. */
		if (to->count >= MERKLE_PROOF_MAX - 1 ||
		    base64_decode(line, to->hash[to->count++].byte, MERKLE_BYTES) != MERKLE_BYTES)
			return -EBADMSG;
	}
	return -EBADMSG;
}

void proof_lines_print(struct out *o, const struct merkle_proof *proof)
{
	unsigned int i;

	for (i = 0; i < proof->count; i++) {
		out_base64(o, proof->hash[i].byte, MERKLE_BYTES);
		out_char(o, '\n');
	}
	out_char(o, '\n');
}

/* Digits of base64, as out_base64() writes them; decoded only when somebody needs it. */
static bool is_base64(struct str s)
{
	uint8_t bytes[3];
	size_t i;

	for (i = 0; i + 4 < s.len; i += 4)
		if (base64_decode((struct str){ s.at + i, 4 }, bytes, 3) != 3)
			return false;
	return i + 4 == s.len && base64_decode((struct str){ s.at + i, 4 }, bytes, 3) > 0;
}

int receipt_parse(struct str bytes, struct receipt *to)
{
	struct str rest = bytes, line;

	to->extra = STR_NONE;
	if (bytes.len > RECEIPT_MAX || !str_cut(&rest, '\n', &line) || !str_is(line, MAGIC) ||
	    !str_cut(&rest, '\n', &line))
		return -EBADMSG;
	if (str_starts(line, STR("extra "))) {
		to->extra = str_skip(line, 6);
		if (!is_base64(to->extra) || !str_cut(&rest, '\n', &line))
			return -EBADMSG;
	}
	if (!str_starts(line, STR("index ")))
		return -EBADMSG;
	line = str_skip(line, 6);
	if (!str_number(line, MERKLE_SIZE_MAX - 1, &to->index) ||
	    (line.len > 1 && *line.at == '0') || proof_lines_parse(&rest, &to->proof))
		return -EBADMSG;
	to->checkpoint = rest;
	return rest.len ? 0 : -EBADMSG;
}

void receipt_print(struct out *o, struct str extra, uint64_t index,
		   const struct merkle_proof *proof, struct str checkpoint)
{
	out_text(o, MAGIC "\n");
	if (extra.len) {
		out_text(o, "extra ");
		out_base64(o, extra.at, extra.len);
		out_char(o, '\n');
	}
	out_text(o, "index ");
	out_number(o, index);
	out_char(o, '\n');
	proof_lines_print(o, proof);
	out_str(o, checkpoint);
}

int receipt_verify(const struct receipt *r, struct str entry, const struct note_verifier *log,
		   struct checkpoint *said)
{
	struct merkle_hash leaf;
	struct note n;
	int rc = checkpoint_open(r->checkpoint, log, &n, said);

	if (rc)
		return rc;
	merkle_leaf(entry.at ? entry.at : "", entry.len, &leaf);
	return merkle_verify_inclusion(&leaf, r->index, said->size, &r->proof, &said->root) ?
		       0 : -ERANGE;
}
