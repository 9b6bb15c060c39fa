/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ledger that is looked at, and its witnesses: what cmd_audit.c and audit_ask.c share. */
#ifndef SKYCTL_AUDIT_H
#define SKYCTL_AUDIT_H

#include <curl/curl.h>

#include "base/progress.h"
#include "ledger/inspect.h"
#include "ledger/tlog_policy.h"
#include "patience.h"
#include "s3.h"

struct audit {
	const struct options *o;
	const char *where;
	struct note_verifier log;
	struct inspect in;
	struct progress progress;
	CURL *curl;			/* NULL: it is a folder */
	char error[CURL_ERROR_SIZE];
	struct silence silence;		/* of what is fetched */

	/* Of --witnesses. */
	struct tlog_policy *policy;	/* NULL: none are wanted */
	char *policy_text;
	uint64_t old[TLOG_WITNESSES];	/* sizes that they have cosigned, as far as is known */
};

/* --- audit_ask.c: all return enum ledger_finding, or -errno; in.why says what is meant. */

/* Read the policy.  Return: 0 or -errno, reported. */
int audit_witnesses_open(struct audit *a);
void audit_witnesses_close(struct audit *a);

/* Is a checkpoint cosigned by a quorum?  Without a policy: it is. */
int audit_quorum(struct audit *a, struct str checkpoint);
/* The last checkpoint that is, as the log keeps it. */
int audit_read_witnessed(struct audit *a, struct inspect_note *to);
/* Is there one, and is @now what it has grown to? */
int audit_witnessed(struct audit *a, const struct checkpoint *now);
/* Show it to all witnesses that have a URL. */
int audit_ask_witnesses(struct audit *a, const struct inspect_note *now);

#endif /* SKYCTL_AUDIT_H */
