// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "base/report.h"
#include "watch.h"

#define RECEIVE_BYTES	(1 << 20)	/* of the socket: some thousand events */

/*
 * The family comes and goes with the module, and with another number each time.
 * So this listens to the controller as well, which tells of that.
 */
struct genl_watch {
	const struct genl_watched *what;
	struct nl_sock *sk;
	int family;		/* -1: the module is not there */
	bool renewed;		/* the module came while we listened */
};

struct receiver {
	genl_message_fn *fn;
	void *arg;
	struct genl_watch *watch;
	int error;
};

/* Join the group, if the module is there. */
static int join(struct genl_watch *watch)
{
	const struct genl_watched *what = watch->what;
	struct nl_sock *asking;
	int group = -1, rc;

	/* Another socket: on this one the answer could be mistaken for an event. */
	asking = nl_socket_alloc();
	if (!asking)
		return fail(ENOMEM, "out of memory");
	watch->family = -1;
	rc = genl_connect(asking);
	if (!rc) {
		watch->family = genl_ctrl_resolve(asking, what->family);
		group = genl_ctrl_resolve_grp(asking, what->family, what->group);
	}
	nl_socket_free(asking);
	if (rc)
		return fail(EIO, "no generic netlink socket");
	if (watch->family < 0 || group < 0) {
		watch->family = -1;
		return 0;
	}
	rc = nl_socket_add_membership(watch->sk, group);
	if (rc == -NLE_PERM || rc == -NLE_NOACCESS)
		return fail(EPERM, "not allowed to listen to %s; are you root?", what->name);
	return rc ? fail(EIO, "%s's events: %s", what->name, nl_geterror(rc)) : 0;
}

/* Has the controller spoken of our family? */
static void read_controller(struct nlmsghdr *header, struct genl_watch *watch)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	struct genlmsghdr *genl;

	if (genlmsg_parse(header, 0, tb, CTRL_ATTR_MAX, NULL) || !tb[CTRL_ATTR_FAMILY_NAME] ||
	    strncmp(nla_data(tb[CTRL_ATTR_FAMILY_NAME]), watch->what->family,
		    nla_len(tb[CTRL_ATTR_FAMILY_NAME])))
		return;
	genl = nlmsg_data(header);
	if (genl->cmd == CTRL_CMD_NEWFAMILY)
		watch->renewed = true;
	else if (genl->cmd == CTRL_CMD_DELFAMILY)
		watch->family = -1;
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct receiver *r = arg;

	if (header->nlmsg_type == GENL_ID_CTRL) {
		read_controller(header, r->watch);
		return NL_OK;
	}
	if (header->nlmsg_type != r->watch->family)
		return NL_SKIP;
	r->error = r->fn(header, r->arg);
	return r->error < 0 ? NL_STOP : NL_OK;
}

/**
 * genl_watch_open - listen to a group
 * @what:	which; lives as long as the listener
 * @watch:	receives the listener
 *
 * It does not matter if the module is not loaded; it is noticed when it is.
 *
 * Return: 0 or -errno, reported; genl_watch_close() in either case.
 */
int genl_watch_open(const struct genl_watched *what, struct genl_watch **watch)
{
	struct genl_watch *w = calloc(1, sizeof(*w));

	*watch = w;
	if (w) {
		w->what = what;
		w->sk = nl_socket_alloc();
	}
	if (!w || !w->sk)
		return fail(ENOMEM, "out of memory");
	nl_socket_disable_seq_check(w->sk);
	if (genl_connect(w->sk) || nl_socket_set_nonblocking(w->sk) ||
	    nl_socket_add_membership(w->sk, GENL_ID_CTRL))
		return fail(EIO, "no generic netlink socket");
	nl_socket_set_buffer_size(w->sk, RECEIVE_BYTES, 0);
	return join(w);
}

/**
 * genl_watch_close - stop listening
 */
void genl_watch_close(struct genl_watch **watch)
{
	if (!*watch)
		return;
	nl_socket_free((*watch)->sk);
	free(*watch);
	*watch = NULL;
}

/* The descriptor to poll for reading. */
int genl_watch_fd(const struct genl_watch *watch)
{
	return nl_socket_get_fd(watch->sk);
}

/* The family's number; -1 as long as the module is not there. */
int genl_watch_family(const struct genl_watch *watch)
{
	return watch->family;
}

/**
 * genl_watch_read - take what has come
 * @watch:	open
 * @fn:		called for each message of the family
 * @arg:	for @fn
 *
 * Return: 0; -ENOBUFS when there were more than the socket could hold, and -EAGAIN
 * when the module was loaded meanwhile: look at the state anew, in either case;
 * what @fn returned, or another -errno, reported.
 */
int genl_watch_read(struct genl_watch *watch, genl_message_fn *fn, void *arg)
{
	struct receiver r = { .fn = fn, .arg = arg, .watch = watch };
	int rc;

	nl_socket_modify_cb(watch->sk, NL_CB_VALID, NL_CB_CUSTOM, on_message, &r);
	do {
		rc = nl_recvmsgs_default(watch->sk);
	} while (rc >= 0 && r.error >= 0);
	if (r.error < 0)
		return r.error;
	if (watch->renewed) {
		watch->renewed = false;
		return join(watch) ?: -EAGAIN;
	}
	if (rc == -NLE_AGAIN)
		return 0;
	/* libnl's word for ENOBUFS. */
	if (rc == -NLE_NOMEM)
		return -ENOBUFS;
	return fail(EIO, "%s's events: %s", watch->what->name, nl_geterror(rc));
}
