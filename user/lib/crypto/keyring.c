// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <keyutils.h>

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
