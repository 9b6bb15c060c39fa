/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HEDGECTL_REMOTE_KEY_H
#define HEDGECTL_REMOTE_KEY_H

#include "base/secret.h"

int remote_key_read(const char *path, struct secret *key);

#endif /* HEDGECTL_REMOTE_KEY_H */
