// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
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
	int connected;
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

static void read_status(struct nlattr *list, struct reply *reply)
{
	struct nlattr *item, *tb[NBD_DEVICE_ATTR_MAX + 1];
	int left;

	nla_for_each_nested(item, list, left) {
		if (nla_type(item) != NBD_DEVICE_ITEM ||
		    nla_parse_nested(tb, NBD_DEVICE_ATTR_MAX, item, NULL) ||
		    !tb[NBD_DEVICE_INDEX] || !tb[NBD_DEVICE_CONNECTED])
			continue;
		if ((int)nla_get_u32(tb[NBD_DEVICE_INDEX]) != reply->index)
			continue;
		reply->connected = nla_get_u8(tb[NBD_DEVICE_CONNECTED]);
		reply->seen = 1;
	}
}

static int on_reply(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[NBD_ATTR_MAX + 1];
	struct reply *reply = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, NBD_ATTR_MAX, NULL))
		return NL_SKIP;
	if (tb[NBD_ATTR_DEVICE_LIST]) {
		read_status(tb[NBD_ATTR_DEVICE_LIST], reply);
	} else if (tb[NBD_ATTR_INDEX]) {
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
		       const struct nbd_patience *p)
{
	return nla_put_u64(msg, NBD_ATTR_SIZE_BYTES, s->size - s->size % NBD_BLOCK_BYTES) ||
	       nla_put_u64(msg, NBD_ATTR_TIMEOUT, p->timeout_s) ||
	       nla_put_u64(msg, NBD_ATTR_DEAD_CONN_TIMEOUT, p->dead_conn_s) ||
	       put_socket(msg, s->fd) ? -ENOMEM : 0;
}

/**
 * nbd_device_connect - make a block device of a negotiated session
 * @session:	the kernel keeps its socket; the caller still closes its own
 *		descriptor
 * @patience:	how long the kernel waits for the server
 * @index:	receives N of /dev/nbdN
 *
 * Return: 0, or -errno; reported.
 */
int nbd_device_connect(const struct nbd_session *session, const struct nbd_patience *patience,
		       int *index)
{
	CLEANUP_SOCKET struct nl_sock *sk = NULL;
	CLEANUP_MSG struct nl_msg *msg = NULL;
	struct reply reply = { .index = -1 };
	int family, rc;

	rc = open_family(&sk, &family);
	if (rc)
		return rc;
	msg = new_request(family, NBD_CMD_CONNECT);
	if (!msg || put_session(msg, session, patience) ||
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
 *
 * Return: 0, or -errno; reported.
 */
int nbd_device_reconnect(int index, const struct nbd_session *session,
			 const struct nbd_patience *patience)
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
	    put_session(msg, session, patience))
		return fail(ENOMEM, "out of memory");
	rc = transact(sk, msg, &reply);
	if (rc)
		return fail(rc, "/dev/nbd%d: not reconnected: %s", index, strerror(rc));
	return 0;
}

/**
 * nbd_device_disconnect - end a device's session
 * @index:	N of /dev/nbdN
 *
 * Return: 0, or -errno; reported.
 */
int nbd_device_disconnect(int index)
{
	CLEANUP_SOCKET struct nl_sock *sk = NULL;
	CLEANUP_MSG struct nl_msg *msg = NULL;
	struct reply reply = { .index = index };
	int family, rc;

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

/**
 * nbd_device_connected - whether a device has a session
 * @index:	N of /dev/nbdN
 *
 * Return: 1, 0, or -errno; reported.
 */
int nbd_device_connected(int index)
{
	CLEANUP_SOCKET struct nl_sock *sk = NULL;
	CLEANUP_MSG struct nl_msg *msg = NULL;
	struct reply reply = { .index = index };
	int family, rc;

	rc = open_family(&sk, &family);
	if (rc)
		return rc;
	msg = new_request(family, NBD_CMD_STATUS);
	if (!msg || nla_put_u32(msg, NBD_ATTR_INDEX, index))
		return fail(ENOMEM, "out of memory");
	rc = transact(sk, msg, &reply);
	if (rc)
		return fail(rc, "/dev/nbd%d: no status: %s", index, strerror(rc));
	return reply.seen ? reply.connected : 0;
}
