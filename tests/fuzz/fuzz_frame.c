// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile datagrams: what passes is built again to the same bytes, and its payload goes
 * through the parsers of requests.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void request(const uint8_t *payload, size_t len)
{
	struct hedge_command_error error;
	struct hedge_remote_request rq;
	struct hedge_command cmd;
	char *line = malloc(len + 1);
	int rc;

	require(!!line);
	if (len)
		memcpy(line, payload, len);
	rc = hedge_remote_parse(line, len, &rq, &error);
	require(rc != -EINVAL || (*error.field && *error.why));
	if (!rc)
		require((rq.verb == HEDGE_REMOTE_LIST || *rq.name) &&
			rq.size <= HEDGE_REMOTE_IMAGE_MAX);
	if (rc == -ENOENT) {
		require(!len || !memcmp(line, payload, len));
		hedge_command_parse(line, len, &cmd, &error);
	}
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hedge_frame f;
	uint8_t *again;

	if (hedge_frame_parse(data, size, &f)) {
		request(data, size);
		return 0;
	}
	again = malloc(size);
	require(!!again);
	require(hedge_frame_build(again, size, &f) == hedge_frame_tag(size));
	require(!memcmp(again, data, hedge_frame_tag(size)));
	require(f.kind != HEDGE_FRAME_REQUEST || (f.session && f.sequence && f.length));
	request(f.payload, f.length);
	free(again);
	return 0;
}
