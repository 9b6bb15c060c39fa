// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * States, proposals and ballots of strangers, shares and their sheets: what is taken is written
 * as it was, and nothing follows from a state but by a quorum.
 */
#include "../../user/lib/govern/govern.h"
#include "../../user/lib/govern/recovery.h"
#include "fuzz_util.h"

static void read_state(struct str text)
{
	struct govern_state s, next;
	char why[GOVERN_WHY];

	if (!govern_state_open(&s, text, why)) {
		require(s.len == text.len && !memcmp(s.bytes, text.at, s.len));
		require(s.quorum->witnesses <= s.members && !s.quorum->none);
		require(!tlog_policy_met(s.quorum, 0));
		/* It cannot have come of itself. */
		require(govern_step_verify(&s, &s, why));
		if (!govern_state_open(&next, text, why))
			require(govern_step_verify(&next, &s, why));
		govern_state_close(&next);
	}
	govern_state_close(&s);
}

static void read_proposal(struct str text)
{
	struct govern_proposal p;
	char why[GOVERN_WHY];

	if (!govern_proposal_open(&p, text, why)) {
		require(p.len == text.len && !memcmp(p.bytes, text.at, p.len));
		require(strlen(p.base) == GOVERN_ID - 1);
	}
	govern_proposal_close(&p);
}

static void read_ballot(struct str text)
{
	static const char key[] =
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	static struct govern_state s;
	struct govern_ballot b;
	char why[GOVERN_WHY];

	if (!s.root) {
		json_t *list = json_pack("[{s:s, s:[s]}]", "key", key, "roles", "voter");

		require(!govern_state_begin(&s, list, "quorum PeterNeumann\n", 1, why));
		json_decref(list);
	}
	require(govern_ballot_open(&b, &s, s.hash, text, why));
}

static void read_share(struct str text)
{
	static struct recovery_sheet sheet;
	char line[RECOVERY_LINE], why[GOVERN_WHY];
	struct recovery_share s;
	char *again;

	if (!recovery_share_parse(text, &s)) {
		require(!recovery_share_print(&s, line));
		require(str_equal_nocase(str_of(line), str_trim(text)));
	}
	if (recovery_sheet_parse(text, &sheet, why))
		return;
	again = recovery_sheet_print(&sheet);
	require(again && str_starts(text, str_of(again)));
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = own_copy(data, size);

	read_state(text);
	read_proposal(text);
	read_ballot(text);
	read_share(text);
	free((char *)text.at);
	return 0;
}
