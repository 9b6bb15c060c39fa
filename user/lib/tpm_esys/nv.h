/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NV indexes of this machine's TPM: counters, which nobody can take back, and small areas.
 *
 * A counter rises by one, and one that is defined anew begins above every counter that was ever
 * removed from the TPM, also with all that its owner had, so that removing it rewinds nothing.
 * Only the owner defines, increments, writes and removes: whoever may open the TPM's device,
 * which is root (and group tss), and knows the owner's password, when there is one.  An area has
 * no such defence against who boots something else; what lies in it has to be authenticated and
 * bound to a counter.
 */
#ifndef SKY_TPM_ESYS_NV_H
#define SKY_TPM_ESYS_NV_H

#include "device.h"

/**
 * nv_counter_define() - Make a counter, and count once: it has a value then.  One that was left
 * without, since power had failed in between, is used.
 * @d: the TPM
 * @index: 0x01800000 to 0x01bfffff
 *
 * Return: 0; -EEXIST: there is something of that number; -ENOSPC: the TPM has no room for more;
 * -EACCES: the owner has a password; -EIO.
 */
int nv_counter_define(struct device *d, uint32_t index);

/**
 * nv_counter_read() - The value of a counter.
 * @d: the TPM
 * @index: which
 * @value: receives it
 *
 * Return: 0; -ENOENT: there is none, or it has never counted; -EPROTO: what is there is no counter
 * of nv_counter_define(); -EIO.
 */
int nv_counter_read(struct device *d, uint32_t index, uint64_t *value);

/* One more.  Return: as nv_counter_read(), or -EACCES. */
int nv_counter_increment(struct device *d, uint32_t index);

/**
 * nv_area_define() - Make an area of zeros; one that was defined, but not written, is used.
 * @d: the TPM
 * @index: as of a counter
 * @size: bytes, 1 to 512
 *
 * Return: as nv_counter_define(), or -EINVAL.
 */
int nv_area_define(struct device *d, uint32_t index, size_t size);

/**
 * nv_area_read() - All of an area.
 * @d: the TPM
 * @index: which
 * @to: receives @size bytes
 * @size: that it has
 *
 * Return: 0; -ENOENT, also when it was never written; -EPROTO: what is there is no area of that
 * size; -EIO.
 */
int nv_area_read(struct device *d, uint32_t index, void *to, size_t size);

/* Write a part of an area.  Return: 0, -ENOENT, -EACCES or -EIO. */
int nv_area_write(struct device *d, uint32_t index, size_t offset, const void *from, size_t len);

/* Counter or area.  Return: 0, -ENOENT, -EACCES or -EIO. */
int nv_remove(struct device *d, uint32_t index);

#endif /* SKY_TPM_ESYS_NV_H */
