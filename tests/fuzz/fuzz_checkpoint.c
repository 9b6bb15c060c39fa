// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Texts of checkpoints, paths of tiles, bundles, entries, and what witnesses are asked: what is
 * read is written as it was, and a witness that knows no log signs nothing.
 */
#include "../../user/lib/ledger/entry.h"
#include "../../user/lib/ledger/tile.h"
#include "../../user/lib/ledger/witness.h"
#include "fuzz_util.h"

static void read_checkpoint(struct str text)
{
	struct checkpoint c;
	char *again;
	struct out o;

	if (checkpoint_parse(text, &c))
		return;
	again = malloc(text.len);
	o = OUT(again, text.len);
	checkpoint_print(&o, &c);
	out_str(&o, c.extension);
	require(!o.err && str_equal(out_written(&o), text));
	free(again);
}

static void read_path(struct str text)
{
	char again[TILE_PATH];
	struct tile t;

	if (tile_parse(text, &t))
		return;
	tile_path(&t, again);
	require(str_is(text, again) && t.width && t.width <= TILE_WIDTH);
	require(!strstr(again, ".."));
}

static void read_entries(struct str text)
{
	struct ledger_entry e;
	struct str rest = text, one;
	size_t all = 0;
	int rc;

	while ((rc = bundle_next(&rest, &one)) > 0) {
		all += 2 + one.len;
		require(one.at >= text.at && one.at + one.len <= text.at + text.len);
	}
	require(rc || all == text.len);
	if (entry_parse(text, &e))
		return;
	require(e.event.actor.at > text.at && e.time.len == ENTRY_TIME - 1);
	require(str_is_utf8(text) && !memchr(text.at, '\n', text.len));
}

static int refuse(void *ctx, const struct note_verifier *log, struct witness_state *s)
{
	(void)ctx;
	(void)log;
	(void)s;
	abort();
}

static void ask_witness(struct str text)
{
	struct witness w = { .known = refuse };
	char body[WITNESS_BODY_MAX];
	enum witness_answer a = witness_add_checkpoint(&w, text, 1, body);

	require(a == WITNESS_MALFORMED || a == WITNESS_UNKNOWN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = own_copy(data, size);

	read_checkpoint(text);
	read_path(text);
	read_entries(text);
	ask_witness(text);
	free((char *)text.at);
	return 0;
}
