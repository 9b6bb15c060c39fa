/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations on parts share. */
#ifndef SKYD_MULTIPART_H
#define SKYD_MULTIPART_H

#include "front.h"

/* uploadId and partNumber into @u->open.  Return: as a handler. */
int part_open(struct upload *u, struct s3_call *c);
/*
 * Which checksum a part gets: @given, or that of its upload; two are refused, and none where the
 * upload's is made of those of its parts and the client sends them (not @copied).
 */
int part_checksum(struct upload *u, enum s3_checksum given, bool copied, enum s3_checksum *kind);

#endif /* SKYD_MULTIPART_H */
