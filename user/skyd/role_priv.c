// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "role_priv.h"

#define DESCRIPTORS	16384u

void role_priv(enum role role, const struct config *config, struct priv *p)
{
	unsigned int uring = config->io_uring ? PRIV_URING : 0;

	*p = (struct priv){ .files = DESCRIPTORS };
	switch (role) {
	case ROLE_GATEWAY:
		/* It opens no files, so none need to be there. */
		p->user = config->gateway_user;
		p->root = config->chroot;
		p->allow = PRIV_ACCEPT | PRIV_CONNECT | uring;
		break;
	case ROLE_BACKEND:
		p->user = config->backend_user;
		/* To locations, for what it deletes, probes and measures. */
		p->allow = PRIV_ACCEPT | PRIV_CONNECT | PRIV_FILES;
		break;
	case ROLE_VAULT:
		/* Through io_uring it could open sockets. */
		p->user = config->vault_user;
		p->allow = PRIV_FILES;
		break;
	case ROLE_EDGE:
		p->user = config->edge_user;
		p->allow = PRIV_ACCEPT | PRIV_FILES | uring;
		break;
	case ROLE_ATTESTER:
		/*
		 * The TPM and the logs are open before, and nothing else will be.  To a TPM that is
		 * a program there is a connection for each command.
		 */
		p->user = config->attest_user;
		if (strncmp(config->attest_tpm, "device:", 7))
			p->allow = PRIV_LOCAL;
		else
			p->root = config->chroot;
		break;
	case ROLE_RELAY:
		/* It speaks with strangers: so not even io_uring. */
		p->user = config->link_user;
		p->root = config->chroot;
		p->allow = PRIV_ACCEPT | PRIV_CONNECT;
		break;
	case ROLE_RESOLVER:
		/* Files below /etc are what it needs: so it is not locked in. */
		p->user = config->resolver_user;
		p->allow = PRIV_NAMES;
		break;
	case ROLE_RUNNER:
		/* What it starts needs rights, and other system calls. */
		p->allow = PRIV_RUN;
		break;
	case ROLE_PARENT:
	case ROLES:
		break;
	}
}
