/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that starts the others: it holds listening sockets, makes the streams between
 * roles, starts again what has died, and serves nobody itself.
 */
#ifndef SKYD_PARENT_H
#define SKYD_PARENT_H

#include "config.h"
#include "role.h"

struct parent_options {
	const char *file;	/* read again on SIGHUP; NULL: --dev */
	const char *dev;	/* its folder, of the configuration that needs no file; or NULL */
	unsigned int port;	/* of that */
	unsigned int roles;	/* a bit for each that is wanted here */
};

/**
 * parent_run - run until SIGTERM or SIGINT
 * @config:	freed
 *
 * Return: the exit status: EXIT_SUCCESS; EXIT_CONFIG: a role cannot start with this
 * configuration; EXIT_FULL: nor without room on its disk; EXIT_FAILURE.
 */
int parent_run(struct config *config, const struct parent_options *options);

/* A killed predecessor's sockets are the kernel's for a moment after its end. */
#define LISTEN_PATIENCE_MS	2000

/**
 * listen_on - a socket that listens
 * @address:		HOST:PORT, [HOST]:PORT or unix:PATH
 * @patience_ms:	how long an address that somebody else has is tried again
 *
 * Return: a descriptor or -errno.
 */
int listen_on(const char *address, unsigned int patience_ms);

#endif /* SKYD_PARENT_H */
