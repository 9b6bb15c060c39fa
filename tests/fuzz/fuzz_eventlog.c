// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile event logs: events lie inside the log, one behind the other; bound data is inside its
 * event; and two replays of one log agree.
 */
#include "fuzz_util.h"

#include "tpm/event_bind.h"
#include "tpm/event_keys.h"

static void look(struct str text, const struct event *ev)
{
	struct event_variable var;
	char name[11], words[40];

	require(ev->data.at >= text.at && ev->data.at + ev->data.len <= text.at + text.len);
	require(ev->type == EV_NO_ACTION || ev->pcr < TPM_PCRS);
	require(strlen(event_type_name(ev->type, name)) > 0);
	require(strlen(event_describe(ev, words, sizeof(words))) < sizeof(words));
	require(strlen(event_keys(ev, words, sizeof(words))) < sizeof(words));
	event_must_be_bound(ev);
	event_separator(ev);
	if (event_variable(ev, &var))
		require(var.len <= ev->data.len &&
			var.value.at + var.value.len <= ev->data.at + ev->data.len);
	/* One bank is enough: hashing is slow here. */
	if (ev->digests && ev->digest[0].alg)
		require(event_binding(ev, ev->digest[0].alg) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tpm_pcr_set first, second;
	struct str text = own_copy(data, size);
	struct eventlog log;
	struct event ev;
	size_t end = 0;
	int rc;

	if (!eventlog_open(&log, text.at, text.len)) {
		while ((rc = eventlog_next(&log, &ev)) == 1) {
			require(ev.offset == end && log.offset > end);
			end = log.offset;
			look(text, &ev);
		}
		require(rc || log.offset + log.padding == text.len);
		require(!rc || (log.fault.why && log.fault.offset == end));
		require(!eventlog_open(&log, text.at, text.len));
		rc = eventlog_replay(&log, &first);
		require(!eventlog_open(&log, text.at, text.len));
		require(eventlog_replay(&log, &second) == rc);
		require(!memcmp(&first, &second, sizeof(first)));
	}
	free((char *)text.at);
	return 0;
}
