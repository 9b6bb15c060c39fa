/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What only a client on another machine may ask: see include/uapi/hedge_remote.h. */
#ifndef HEDGE_PROTO_REMOTE_H
#define HEDGE_PROTO_REMOTE_H

#include <linux/types.h>

#include "command.h"
#include "hedge_remote.h"

enum hedge_remote_verb {
	HEDGE_REMOTE_PUT,
	HEDGE_REMOTE_LIST,
	HEDGE_REMOTE_STATS,
};

struct hedge_remote_request {
	enum hedge_remote_verb verb;
	const char *name;
	u64 size;			/* bytes; of HEDGE_REMOTE_PUT, at least 1 */
	u64 offset;			/* bytes; of the others */
	u8 digest[32];
};

int hedge_remote_parse(char *line, size_t len, struct hedge_remote_request *rq,
		       struct hedge_command_error *error);

#endif /* HEDGE_PROTO_REMOTE_H */
