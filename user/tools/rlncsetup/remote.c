// SPDX-License-Identifier: GPL-2.0-or-later
/* Members on other machines: connected, brought back, disconnected. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/report.h"
#include "crypto/kdf.h"
#include "netlink/nbd.h"
#include "nvme/nvme.h"
#include "rlncsetup.h"

#define NODE_WAIT_MS	5000

/* The node of a new device appears when devtmpfs or udev gets to it. */
static int wait_for_node(const char *path)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	unsigned int waited;
	struct stat st;

	for (waited = 0; stat(path, &st); waited += 10) {
		if (waited >= NODE_WAIT_MS)
			return fail(ENODEV, "%s does not appear", path);
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* === NBD === */

static struct nbd_patience nbd_patience_of(const struct options *o)
{
	return (struct nbd_patience){ (unsigned int)o->nbd_timeout, (unsigned int)o->nbd_dead };
}

/* Their names may be longer than what the kernel shows. */
static int nbd_owner(const char *name, char owner[NBD_OWNER_MAX])
{
	u8 digest[SHA256_BYTES];
	int rc = 0;

	if (strlen(name) < NBD_OWNER_MAX / 2) {
		strcpy(owner, name);
		return 0;
	}
	rc = sha256_digest(name, strlen(name), digest);
	if (!rc)
		hex_encode(digest, sizeof(digest), owner);
	return rc ? fail(EIO, "SHA-256 cannot be computed") : 0;
}

static int nbd_session_for(const char *name, const struct options *o, struct nbd_session *s)
{
	const struct ktls_files tls = { o->tls_ca, o->tls_cert, o->tls_key, o->tls_host };
	CLEANUP_FREE struct nbd_url *url = malloc(sizeof(*url));

	if (!url)
		return fail(ENOMEM, "out of memory");
	if (nbd_url_parse(name, url))
		return fail(EINVAL, "member %s: not of the form nbd://HOST[:PORT]/EXPORT", name);
	return nbd_client_connect(url, &tls, (unsigned int)o->nbd_timeout, s);
}

static int make_nbd(const char *name, const struct nbd_session *session,
		    const struct nbd_patience *patience, struct remote *r)
{
	char owner[NBD_OWNER_MAX];
	int rc = nbd_owner(name, owner);

	if (rc)
		return rc;
	interrupt_hold();
	rc = nbd_device_connect(session, patience, owner, &r->number);
	if (!rc) {
		r->kind = REMOTE_NBD;
		interrupt_remember(name, r);
	}
	interrupt_release();
	return rc;
}

static int connect_nbd(const char *name, const struct options *o, struct remote *r,
		       char path[256])
{
	struct nbd_patience patience = nbd_patience_of(o);
	struct nbd_session session;
	int rc = nbd_session_for(name, o, &session);

	if (rc)
		return rc;
	if (session.min_block > NBD_BLOCK_BYTES)
		rc = fail(ENODEV, "member %s: blocks of %u bytes are too large, %u at most",
			  name, session.min_block, NBD_BLOCK_BYTES);
	else
		rc = make_nbd(name, &session, &patience, r);
	close(session.fd);
	if (!rc)
		snprintf(path, 256, "/dev/nbd%d", r->number);
	return rc;
}

static int disconnect_nbd(const char *name, int number)
{
	char owner[NBD_OWNER_MAX];
	int rc = nbd_owner(name, owner);

	return rc ? rc : nbd_device_disconnect(number, owner);
}

/*
 * A device whose connection is alive takes no other one; so it is no failure if it
 * does not, as long as the volume can read from it.
 */
static int revive_nbd(const char *name, int number, const struct options *o)
{
	struct nbd_patience patience = nbd_patience_of(o);
	char owner[NBD_OWNER_MAX];
	struct nbd_session session;
	int rc = nbd_owner(name, owner);

	if (!rc)
		rc = nbd_session_for(name, o, &session);
	if (rc)
		return rc;
	nbd_device_reconnect(number, &session, &patience, owner);
	close(session.fd);
	return 0;
}

/* === NVMe === */

static int nvme_parse(const char *name, struct nvme_url *url)
{
	return nvme_url_parse(name, url) ?
	       fail(EINVAL, "member %s: not of the form nvme-tcp://HOST[:PORT]/NQN[?nsid=N]", name) :
	       0;
}

static int connect_nvme(const char *name, const struct options *o, struct remote *r,
			char path[256])
{
	const struct nvme_patience patience = {
		.timeout_s = (unsigned int)o->nbd_timeout,
		.dead_s = (unsigned int)o->nbd_dead,
	};
	char disk[NVME_NAME_MAX];
	struct nvme_url url;
	int rc = nvme_parse(name, &url);

	if (rc)
		return rc;
	interrupt_hold();
	rc = nvme_connect(&url, &patience, &r->number);
	if (!rc) {
		r->kind = REMOTE_NVME;
		interrupt_remember(name, r);
	}
	interrupt_release();
	if (rc)
		return rc;
	rc = nvme_find_disk(r->number, &url, &patience, disk);
	if (!rc)
		snprintf(path, 256, "/dev/%s", disk);
	return rc;
}

/* The kernel reconnects by itself; it is enough to look whether it has. */
static int revive_nvme(const char *name, int number)
{
	struct nvme_url url;
	int rc = nvme_parse(name, &url);

	if (rc)
		return rc;
	return nvme_is_of(number, url.nqn) && nvme_is_live(number) ? 0 : -ENOTCONN;
}

static int disconnect_nvme(const char *name, int number)
{
	struct nvme_url url;
	int rc = nvme_parse(name, &url);

	return rc ? rc : nvme_disconnect(number, url.nqn);
}

/* === either === */

/**
 * remote_is - is a member meant as one on another machine
 */
bool remote_is(const char *name)
{
	return nbd_url_is(name) || nvme_url_is(name);
}

/**
 * remote_connect - make a block device of a member on another machine
 * @name:	its URL
 * @o:		time-outs and certificates
 * @r:		receives what is to be disconnected, also after an error
 * @path:	receives the device's node
 *
 * Return: 0; -EINVAL when it can never be, -EKEYREJECTED when the server is not the
 * right one; or another -errno; reported.
 */
int remote_connect(const char *name, const struct options *o, struct remote *r, char path[256])
{
	int rc;

	interrupt_watch();
	rc = nbd_url_is(name) ? connect_nbd(name, o, r, path) : connect_nvme(name, o, r, path);
	if (rc)
		return rc;
	note("member %s is %s", name, path);
	return wait_for_node(path);
}

/**
 * remote_revive - see to it that a device has a connection, if it can be had
 * @name:	its URL
 * @r:		from remote_connect()
 * @o:		time-outs and certificates
 *
 * Return: 0, or -errno as long as there is none.
 */
int remote_revive(const char *name, const struct remote *r, const struct options *o)
{
	return r->kind == REMOTE_NBD ? revive_nbd(name, r->number, o) :
				       revive_nvme(name, r->number);
}

/**
 * remote_disconnect - end what remote_connect() began, if it did
 *
 * Return: 0 or -errno, reported.
 */
int remote_disconnect(const char *name, const struct remote *r)
{
	int rc;

	if (r->kind == REMOTE_NONE)
		return 0;
	note("disconnecting %s", name);
	interrupt_hold();
	rc = r->kind == REMOTE_NBD ? disconnect_nbd(name, r->number) :
				     disconnect_nvme(name, r->number);
	interrupt_forget(r);
	interrupt_release();
	return rc;
}
