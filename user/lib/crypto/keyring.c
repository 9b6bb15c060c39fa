// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <keyutils.h>

#include <string.h>

#include "keyring.h"

/**
 * keyring_add_logon - lend a key to the kernel
 * @description: "PREFIX:NAME", as request_key() in the kernel will ask for it
 * @key:	@len bytes
 * @serial:	receives the key's number
 *
 * The key is of type logon: user space can never read it back.  It goes into
 * the thread's keyring, which a request of this thread searches first and
 * which is gone with the thread, however it ends.
 *
 * Return: 0 or -errno.
 */
int keyring_add_logon(const char *description, const void *key, size_t len, int32_t *serial)
{
	key_serial_t id = add_key("logon", description, key, len, KEY_SPEC_THREAD_KEYRING);

	if (id < 0)
		return -errno;
	*serial = id;
	return 0;
}

/**
 * keyring_unlink - take back what keyring_add_logon() lent
 * @serial:	the key's number
 */
void keyring_unlink(int32_t serial)
{
	keyctl_unlink(serial, KEY_SPEC_THREAD_KEYRING);
}

/**
 * keyring_keep - have the kernel keep a key for other processes of this user
 * @description: its name
 * @key:	@len bytes
 *
 * It is of type user: whoever runs as this user can read it back.
 *
 * Return: 0 or -errno.
 */
int keyring_keep(const char *description, const void *key, size_t len)
{
	/* Who adds to a keyring that is not of his session does not possess what he adds. */
	key_serial_t id = add_key("user", description, key, len, KEY_SPEC_THREAD_KEYRING);
	int rc = 0;

	if (id < 0)
		return -errno;
	/* A service has a session of its own, to which the user's keyring does not belong. */
	if (keyctl_setperm(id, KEY_POS_ALL | KEY_USR_VIEW | KEY_USR_READ | KEY_USR_SEARCH |
			   KEY_USR_LINK) ||
	    keyctl_link(id, KEY_SPEC_USER_KEYRING))
		rc = -errno;
	keyctl_unlink(id, KEY_SPEC_THREAD_KEYRING);
	return rc;
}

static long find(const char *description)
{
	return keyctl_search(KEY_SPEC_USER_KEYRING, "user", description, 0);
}

/**
 * keyring_read - what keyring_keep() was given
 * @description: its name
 * @key:	receives @len bytes, which are all of it; the caller wipes it
 *
 * Return: 0; -ENOKEY: there is none; -EMSGSIZE: of another length; -errno.
 */
int keyring_read(const char *description, void *key, size_t len)
{
	char bytes[256];
	long id = find(description), got;
	int rc;

	if (id < 0)
		return -errno;
	got = keyctl_read(id, bytes, sizeof(bytes));
	rc = got < 0 ? -errno : len > sizeof(bytes) || (size_t)got != len ? -EMSGSIZE : 0;
	if (!rc)
		memcpy(key, bytes, len);
	explicit_bzero(bytes, sizeof(bytes));
	return rc;
}

/**
 * keyring_drop - forget it
 */
void keyring_drop(const char *description)
{
	long id = find(description);

	if (id >= 0)
		keyctl_unlink(id, KEY_SPEC_USER_KEYRING);
}
