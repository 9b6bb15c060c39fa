/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_BASE_FILE_H
#define SKY_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "secret.h"

int pread_all(int fd, void *buf, size_t len, uint64_t offset);
int pwrite_all(int fd, const void *buf, size_t len, uint64_t offset);
int read_secret(int fd, size_t max, int delimiter, struct secret *s);
int file_reopen(int fd, int flags);
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode);
int file_read(const char *path, size_t max, char **data, size_t *len);

#endif /* SKY_BASE_FILE_H */
