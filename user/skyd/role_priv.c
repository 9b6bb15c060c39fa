// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/capability.h>
#include <string.h>

#include "role_priv.h"

#define DESCRIPTORS	16384u
#define RUNNER_FILES	256u
#define RUNNER_MEMORY	(512u << 20)

void role_priv(enum role role, const struct config *config, struct priv *p)
{
	unsigned int uring = config->io_uring ? PRIV_URING : 0;

	*p = (struct priv){ .files = DESCRIPTORS };
	switch (role) {
	case ROLE_GATEWAY:
		/* It opens no files, so none need to be there. */
		p->user = config->gateway_user;
		p->root = config->chroot;
		p->allow = PRIV_ACCEPT | PRIV_CONNECT | PRIV_PAIR | uring;
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
	case ROLE_VERIFIER:
		/* Policies, and which TPM is whose; its key it has read. */
		p->user = config->attest_verifier_user;
		p->allow = PRIV_READ;
		break;
	case ROLE_RUNNER:
		/* Its child has the rights that starting takes, and opens what is opened. */
		p->user = config->workload_user;
		p->root = config->chroot;
		p->files = RUNNER_FILES;
		p->memory = RUNNER_MEMORY;
		break;
	case ROLE_PARENT:
	case ROLES:
		break;
	}
}

void starter_priv(struct priv *p)
{
	*p = (struct priv){ .allow = PRIV_RUN, .files = RUNNER_FILES, .memory = RUNNER_MEMORY };
	/* Files of containers: theirs, to change and to remove. */
	p->capabilities = PRIV_CAP(CAP_CHOWN) | PRIV_CAP(CAP_DAC_OVERRIDE) | PRIV_CAP(CAP_FOWNER);
	/* Whom programs become; what else they have is cut in each. */
	p->capabilities |= PRIV_CAP(CAP_SETUID) | PRIV_CAP(CAP_SETGID) | PRIV_CAP(CAP_SETPCAP);
	/* Processes of others: to end, and to measure their memory. */
	p->capabilities |= PRIV_CAP(CAP_KILL) | PRIV_CAP(CAP_SYS_PTRACE);
	/* A network of a microVM; orders to hedge. */
	p->capabilities |= PRIV_CAP(CAP_NET_ADMIN) | PRIV_CAP(CAP_SYS_ADMIN);
}
