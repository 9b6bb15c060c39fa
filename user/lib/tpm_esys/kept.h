/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of an attestation key, in the form of device_keys_kept(), which several programs of a
 * machine may share: whoever comes first makes the key, and the others wait for it.
 */
#ifndef SKY_TPM_ESYS_KEPT_H
#define SKY_TPM_ESYS_KEPT_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * Have it alone, until @fd is closed.  It is a lock of the open file, by fcntl(), which a role may
 * call that has given up its rights.  Where the file system has no locks there is none.
 */
static inline void device_kept_lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	while (fcntl(fd, F_OFD_SETLKW, &whole) && errno == EINTR)
		;
}

#endif /* SKY_TPM_ESYS_KEPT_H */
