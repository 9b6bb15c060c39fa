/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The block device that a guest is given its secrets on.  It is read-only:
 *
 *	     0	struct sky_secret_hdr
 *	   512	struct sky_secret_entry, one for each secret, in the order of the session
 *		then their bytes, each at a multiple of SKY_SECRET_ALIGN
 *
 * The device is as long as a multiple of SKY_SECRET_BLOCK; what is not named above is zero.
 */
#ifndef SKY_SECRET_FORMAT_H
#define SKY_SECRET_FORMAT_H

#include <linux/types.h>

#define SKY_SECRET_MAGIC	"SKYSECR1"
#define SKY_SECRET_NAME		64u	/* bytes of a name, zeros behind it, one at least */
#define SKY_SECRET_ALIGN	16u
#define SKY_SECRET_BLOCK	4096u
#define SKY_SECRET_COUNT_MAX	32u
#define SKY_SECRET_SIZE_MAX	65536u	/* bytes of a device */

struct sky_secret_hdr {
	__u8 magic[8];
	__le32 count;			/* of entries */
	__le32 length;			/* of all that is used, from 0 on */
	__le32 version;			/* of the session */
	__le32 zero;
	__u8 session[SKY_SECRET_NAME];
	__u8 sha256[32];		/* of the bytes from 512 on, up to length */
	__u8 reserved[392];
};

struct sky_secret_entry {
	__u8 name[SKY_SECRET_NAME];
	__le32 offset;			/* of its bytes, from 0 on */
	__le32 length;
	__u8 reserved[24];
};

_Static_assert(sizeof(struct sky_secret_hdr) == 512, "the head of a device");
_Static_assert(sizeof(struct sky_secret_entry) == 96, "a secret");

#endif /* SKY_SECRET_FORMAT_H */
