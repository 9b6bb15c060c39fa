// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>

#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "base/report.h"
#include "rlnc_events.h"

static const struct genl_watched watched = {
	.family = RLNC_GENL_NAME, .group = RLNC_GENL_GROUP, .name = "dm-rlnc",
};

struct receiver {
	rlnc_notice_fn *fn;
	void *arg;
	int family;
	int error;
	bool done;
};

/* What does not follow the policy is passed over. */
static int on_header(struct nlmsghdr *header, void *arg)
{
	struct receiver *r = arg;
	struct rlnc_notice n;

	return rlnc_notice_read(header, &n) ? 0 : r->fn(&n, r->arg);
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct receiver *r = arg;

	if (header->nlmsg_type != r->family)
		return NL_SKIP;
	r->error = on_header(header, r);
	return r->error < 0 ? NL_STOP : NL_OK;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct receiver *r = arg;

	(void)msg;
	r->done = true;
	return NL_STOP;
}

/**
 * rlnc_watch_open - listen to the events of all volumes
 * @watch:	receives the listener
 *
 * As genl_watch_open().
 */
int rlnc_watch_open(struct genl_watch **watch)
{
	return genl_watch_open(&watched, watch);
}

/**
 * rlnc_watch_read - take what has come
 * @watch:	open
 * @fn:		called for each event
 * @arg:	for @fn
 *
 * As genl_watch_read().
 */
int rlnc_watch_read(struct genl_watch *watch, rlnc_notice_fn *fn, void *arg)
{
	struct receiver r = { .fn = fn, .arg = arg };

	return genl_watch_read(watch, on_header, &r);
}

/**
 * rlnc_watch_state - the state of all volumes and members as it is now
 * @watch:	open
 * @fn:		called for each volume, and then for each of its members
 * @arg:	for @fn
 *
 * Return: 0, what @fn returned, or -errno, reported.
 */
int rlnc_watch_state(struct genl_watch *watch, rlnc_notice_fn *fn, void *arg)
{
	struct receiver r = { .fn = fn, .arg = arg, .family = genl_watch_family(watch) };
	struct nl_sock *sk;
	int rc;

	if (r.family < 0)
		return 0;
	sk = nl_socket_alloc();
	if (!sk)
		return fail(ENOMEM, "out of memory");
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_message, &r);
	nl_socket_modify_cb(sk, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &r);
	rc = genl_connect(sk);
	if (!rc)
		rc = genl_send_simple(sk, r.family, RLNC_CMD_GET, RLNC_GENL_VERSION,
				      NLM_F_DUMP);
	while (rc >= 0 && !r.done && r.error >= 0)
		rc = nl_recvmsgs_default(sk);
	nl_socket_free(sk);
	if (r.error < 0)
		return r.error;
	return rc < 0 ? fail(EIO, "dm-rlnc's state: %s", nl_geterror(rc)) : 0;
}
