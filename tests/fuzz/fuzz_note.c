// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signed notes and their keys: what is taken apart lies in what came and makes it up again; a key
 * that is read is written as it was; nobody's signature is found.
 */
#include "../../user/lib/ledger/note.h"
#include "fuzz_util.h"

static void read_note(struct str text)
{
	static const struct note_verifier nobody = { "nobody.example", 1, NOTE_COSIGNATURE, { 9 } };
	struct note_signature one;
	unsigned int count = 0;
	struct str rest;
	struct note n;

	if (note_parse(text, &n))
		return;
	require(n.text.at == text.at && n.text.len + 1 + n.signatures.len == text.len);
	require(n.text.at[n.text.len - 1] == '\n' && n.signatures.at[-1] == '\n');
	for (rest = n.signatures; note_next(&rest, &one); count++)
		require(note_name_ok(one.name));
	require(!rest.len && count == n.count && count);
	require(note_verify(&n, &nobody, NULL));
}

static void read_keys(struct str text)
{
	char again[NOTE_KEY_TEXT_MAX];
	struct note_verifier v;
	struct note_signer s;

	if (!note_verifier_parse(text, &v)) {
		note_verifier_print(&v, again);
		require(str_is(text, again));
	}
	if (!note_signer_parse(text, &s)) {
		note_signer_print(&s, again);
		require(str_is(text, again));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = own_copy(data, size);

	read_note(text);
	read_keys(text);
	free((char *)text.at);
	return 0;
}
