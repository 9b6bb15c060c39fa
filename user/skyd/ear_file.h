/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of keys that sign tokens (tpm/ear.h). */
#ifndef SKYD_EAR_FILE_H
#define SKYD_EAR_FILE_H

#include "tpm/ear.h"

/**
 * ear_file_open - read a key that signs, or make it
 * @path:	PKCS#8 in PEM, of mode 0600 and this process's user
 * @to:		receives it
 * @why:	receives what is wrong with the file, or is left alone
 *
 * One that is made has its public half in PATH.pub, for everybody to read.
 *
 * Return: 0; -EACCES: others may read it, or it is somebody else's; -EBADMSG: it is no key of
 * P-256; -errno.
 */
int ear_file_open(const char *path, struct ear_key **to, const char **why);

#endif /* SKYD_EAR_FILE_H */
