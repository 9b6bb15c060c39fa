/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bech32m (BIP 350): bytes as letters and digits that people can copy, with a checksum that finds
 * any four that are wrong in up to ninety.
 */
#ifndef SKY_GOVERN_BECH32_H
#define SKY_GOVERN_BECH32_H

#include "base/out.h"

#define BECH32_MAX	90u	/* characters of a text */

/* Write @hrp "1" and the bytes.  Sets o->err to -EMSGSIZE when it becomes longer than that. */
void bech32_print(struct out *o, const char *hrp, const uint8_t *data, size_t len);

/**
 * bech32_parse - read bytes
 * @text:	from a stranger; all small letters or all capitals
 * @hrp:	that it has to have in front, in small letters
 * @data:	receives up to @size bytes
 *
 * Return: how many; -EINVAL: it is not of that form; -EBADMSG: the checksum is wrong.
 */
int bech32_parse(struct str text, const char *hrp, uint8_t *data, size_t size);

#endif /* SKY_GOVERN_BECH32_H */
