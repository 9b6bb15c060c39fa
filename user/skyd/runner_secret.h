/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets of a workload: asked of the vault, directly, by the runner, and handed to the guest by
 * its starter.  Nobody but the vault and these two reads them: they come in a box for a key that
 * is made for one start.
 *
 * A unikernel and a microVM have a block device, a container a folder, /run/secrets.  Each is
 * memory that is let go with the guest, whether the runner lives then or not.
 */
#ifndef SKYD_RUNNER_SECRET_H
#define SKYD_RUNNER_SECRET_H

#include "base/secret.h"
#include "runner.h"

#define RUNNER_SECRETS_DIR	"/run/secrets"	/* in a container */
#define RUNNER_SECRETS_DEVICE	"secrets"	/* in the manifest of a unikernel */

/**
 * runner_secrets_get - have the vault give what a start's session has
 * @ask:	with a session; without one nothing is done
 * @s:		receives the command, or status and why
 * @device:	receives the block device (sky_secret.h), if there is one
 * @answer:	receives what is to be told of it
 *
 * On a fiber.  Return: 0; -EINVAL: the question makes no sense; -errno, and s->status.
 */
int runner_secrets_get(struct runner *r, const struct runner_ask *ask, struct runner_start *s,
		       struct secret *device, struct runner_answer *answer, int64_t deadline);

/* --- runner_given.c: the starter's --- */

/*
 * Keep a device, of whoever, for what is started.  Sets ->secrets; or status and why, and the
 * return is -errno.
 */
int runner_secrets_keep(const struct secret *device, struct runner_start *s);
/* Wipe what is not handed over, which is not needed any more. */
void runner_secrets_end(struct runner_start *s);

/* A folder's path, and who may read it. */
struct runner_secrets_folder {
	int image;		/* ->secrets of a start */
	const char *path;	/* where it is to be, and a folder is already */
	unsigned int id;	/* user and group */
};

/*
 * In a child: a mount namespace with the secrets in it, each a file.  Makes system calls only.
 * Return: 0 or -errno.
 */
int runner_secrets_mount(void *folder);

/**
 * runner_secrets_loop - a block device that is the image
 * @path:	receives its path
 *
 * Return: a descriptor; when nobody has the device open any more, the device is free.  -errno.
 */
int runner_secrets_loop(int image, char path[32]);

#endif /* SKYD_RUNNER_SECRET_H */
