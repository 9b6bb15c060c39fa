// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/nbd-netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "base/cleanup.h"
#include "base/modprobe.h"
#include "base/report.h"
#include "nbd.h"

/* What a request brings back. */
struct reply {
	int index;
	int seen;
};

static void close_socket(struct nl_sock **sk)
{
	nl_socket_free(*sk);
}

static void free_msg(struct nl_msg **msg)
{
	nlmsg_free(*msg);
}

#define CLEANUP_SOCKET	CLEANUP(close_socket)
#define CLEANUP_MSG	CLEANUP(free_msg)

/* libnl's errors are its own; the kernel's arrive as the nearest of them. */
static int nl_errno(int err)
{
	switch (-err) {
	case NLE_NOMEM:
		return ENOMEM;
	case NLE_EXIST:
		return EEXIST;
	case NLE_BUSY:
		return EBUSY;
	case NLE_PERM:
	case NLE_NOACCESS:
		return EPERM;
	case NLE_OBJ_NOTFOUND:
	case NLE_NODEV:
		return ENODEV;
	case NLE_INVAL:
		return EINVAL;
	default:
		return EIO;
	}
}

static int open_family(struct nl_sock **sk, int *family)
{
	int tries;

	*sk = nl_socket_alloc();
	if (!*sk)
		return fail(ENOMEM, "out of memory");
	if (genl_connect(*sk))
		return fail(EIO, "no generic netlink socket");
	for (tries = 0; tries < 2; tries++) {
		*family = genl_ctrl_resolve(*sk, NBD_GENL_FAMILY_NAME);
		if (*family >= 0)
			return 0;
		modprobe("nbd");
	}
	fail(ENODEV, "the kernel has no NBD");
	hint("modprobe nbd");
	return -ENODEV;
}

static struct nl_msg *new_request(int family, uint8_t command)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, command, 0)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int on_reply(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[NBD_ATTR_MAX + 1];
	struct reply *reply = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, NBD_ATTR_MAX, NULL))
		return NL_SKIP;
	if (tb[NBD_ATTR_INDEX]) {
		reply->index = (int)nla_get_u32(tb[NBD_ATTR_INDEX]);
		reply->seen = 1;
	}
	return NL_OK;
}

/* Send and wait for the acknowledgment: 0 or a positive errno. */
static int transact(struct nl_sock *sk, struct nl_msg *msg, struct reply *reply)
{
	int rc;

	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_reply, reply);
	rc = nl_send_auto(sk, msg);
	if (rc >= 0)
		rc = nl_wait_for_ack(sk);
	return rc < 0 ? nl_errno(rc) : 0;
}

static int put_socket(struct nl_msg *msg, int fd)
{
	struct nlattr *list = nla_nest_start(msg, NBD_ATTR_SOCKETS);
	struct nlattr *item = list ? nla_nest_start(msg, NBD_SOCK_ITEM) : NULL;

	if (!item || nla_put_u32(msg, NBD_SOCK_FD, fd))
		return -ENOMEM;
	nla_nest_end(msg, item);
	nla_nest_end(msg, list);
	return 0;
}

static int put_session(struct nl_msg *msg, const struct nbd_session *s,
		       const struct nbd_patience *p, const char *owner)
{
	return nla_put_string(msg, NBD_ATTR_BACKEND_IDENTIFIER, owner) ||
	       nla_put_u64(msg, NBD_ATTR_SIZE_BYTES, s->size - s->size % NBD_BLOCK_BYTES) ||
	       nla_put_u64(msg, NBD_ATTR_TIMEOUT, p->timeout_s) ||
	       nla_put_u64(msg, NBD_ATTR_DEAD_CONN_TIMEOUT, p->dead_conn_s) ||
	       put_socket(msg, s->fd) ? -ENOMEM : 0;
}

/*
 * Is it still the connection that we made?  Numbers are used again, by whoever comes
 * next, and the kernel would end that one's as well.
 */
static bool is_owner(int index, const char *owner)
{
	char path[64], text[NBD_OWNER_MAX + 1];
	CLEANUP_FCLOSE FILE *f = NULL;

	snprintf(path, sizeof(path), "/sys/block/nbd%d/backend", index);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof(text), f))
		return false;
	text[strcspn(text, "\n")] = 0;
	return !strcmp(text, owner);
}

/**
 * nbd_device_connect - make a block device of a negotiated session
 * @session:	the kernel keeps its socket; the caller still closes its own
 *		descriptor
 * @patience:	how long the kernel waits for the server
 * @owner:	what nobody else calls theirs: printable, below NBD_OWNER_MAX bytes
 * @index:	receives N of /dev/nbdN
 *
 * Return: 0, or -errno; reported.
 */
int nbd_device_connect(const struct nbd_session *session, const struct nbd_patience *patience,
		       const char *owner, int *index)
{
	CLEANUP_SOCKET struct nl_sock *sk = NULL;
	CLEANUP_MSG struct nl_msg *msg = NULL;
	struct reply reply = { .index = -1 };
	int family, rc;

	rc = open_family(&sk, &family);
	if (rc)
		return rc;
	msg = new_request(family, NBD_CMD_CONNECT);
	if (!msg || put_session(msg, session, patience, owner) ||
	    nla_put_u64(msg, NBD_ATTR_BLOCK_SIZE_BYTES, NBD_BLOCK_BYTES) ||
	    nla_put_u64(msg, NBD_ATTR_SERVER_FLAGS, session->flags))
		return fail(ENOMEM, "out of memory");
	rc = transact(sk, msg, &reply);
	if (rc)
		return fail(rc, "the kernel does not make an NBD device: %s", strerror(rc));
	if (!reply.seen)
		return fail(EPROTO, "the kernel did not say which NBD device it made");
	*index = reply.index;
	return 0;
}

/**
 * nbd_device_reconnect - give a device whose server went away a new session
 * @index:	N of /dev/nbdN
 * @owner:	as it was connected; the kernel refuses another one
 *
 * Return: 0, or -errno; reported.
 */
int nbd_device_reconnect(int index, const struct nbd_session *session,
			 const struct nbd_patience *patience, const char *owner)
{
	CLEANUP_SOCKET struct nl_sock *sk = NULL;
	CLEANUP_MSG struct nl_msg *msg = NULL;
	struct reply reply = { .index = index };
	int family, rc;

	rc = open_family(&sk, &family);
	if (rc)
		return rc;
	msg = new_request(family, NBD_CMD_RECONFIGURE);
	if (!msg || nla_put_u32(msg, NBD_ATTR_INDEX, index) ||
	    put_session(msg, session, patience, owner))
		return fail(ENOMEM, "out of memory");
	rc = transact(sk, msg, &reply);
	if (rc)
		return fail(rc, "/dev/nbd%d: not reconnected: %s", index, strerror(rc));
	return 0;
}

/**
 * nbd_device_disconnect - end a device's session
 * @index:	N of /dev/nbdN
 * @owner:	as it was connected
 *
 * Return: 0, also when it has ended, whoever has the device now; or -errno; reported.
 */
int nbd_device_disconnect(int index, const char *owner)
{
	CLEANUP_SOCKET struct nl_sock *sk = NULL;
	CLEANUP_MSG struct nl_msg *msg = NULL;
	struct reply reply = { .index = index };
	int family, rc;

	if (!is_owner(index, owner)) {
		note("/dev/nbd%d is not ours any more", index);
		return 0;
	}
	rc = open_family(&sk, &family);
	if (rc)
		return rc;
	msg = new_request(family, NBD_CMD_DISCONNECT);
	if (!msg || nla_put_u32(msg, NBD_ATTR_INDEX, index))
		return fail(ENOMEM, "out of memory");
	rc = transact(sk, msg, &reply);
	if (rc)
		return fail(rc, "/dev/nbd%d: not disconnected: %s", index, strerror(rc));
	return 0;
}
