// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of the generic netlink family, and how `rlncsetup monitor` words them: the
 * input is what follows the header of netlink.  Whatever comes, the words are one
 * line each that a terminal does not act on, and the JSON is JSON.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <linux/netlink.h>

#include "../../user/tools/rlncsetup/monitor.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* "RLNC_NAME=value", and no more of them than have a place in the journal. */
static void check_lines(const struct words *w)
{
	unsigned int i;

	require(w->lines <= WORDS_MAX);
	for (i = 0; i < w->lines; i++)
		require(!strncmp(w->line[i], "RLNC_", 5) && strchr(w->line[i], '=') &&
			text_is_printable(w->line[i]));
}

static void check_json(const struct words *w)
{
	json_t *json = json_loads(w->json, JSON_REJECT_DUPLICATES, NULL);

	require(json_is_object(json) && !strchr(w->json, '\n'));
	require(json_is_string(json_object_get(json, "event")));
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nlmsghdr *header;
	struct rlnc_notice n;
	struct words w;

	if (size > 65536)
		return 0;
	/* In memory of its own, so that no read beyond it goes unseen. */
	header = malloc(sizeof(*header) + size);
	require(!!header);
	*header = (struct nlmsghdr){ .nlmsg_len = (uint32_t)(sizeof(*header) + size) };
	memcpy(header + 1, data, size);
	if (!rlnc_notice_read(header, &n)) {
		require(!words_make(&n, &w));
		require(w.event && *w.text && text_is_printable(w.text) && w.priority >= 0);
		check_lines(&w);
		check_json(&w);
		words_free(&w);
	}
	free(header);
	return 0;
}
