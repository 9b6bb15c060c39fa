/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Documents that governance has decided.  Where the state has one it is in force, and the
 * administrator's file of the kind is not looked at.
 */
#ifndef SKYD_GOVERNANCE_DOCUMENT_H
#define SKYD_GOVERNANCE_DOCUMENT_H

#include "config.h"
#include "govern/govern.h"

/**
 * governance_document - what was decided
 * @text:	receives it, for free(), with a NUL behind it
 * @why:	receives what is wrong
 *
 * Blocks.  It is read from the state itself, not from the files that follow it.
 *
 * Return: 0; -ENOENT: nothing was, and no error; otherwise the state cannot be read, and nobody
 * knows what is in force.
 */
int governance_document(const struct config *config, enum govern_document which, char **text,
			size_t *len, char why[GOVERN_WHY]);

#endif /* SKYD_GOVERNANCE_DOCUMENT_H */
