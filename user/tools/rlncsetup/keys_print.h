/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RLNCSETUP_KEYS_PRINT_H
#define RLNCSETUP_KEYS_PRINT_H

#include <jansson.h>

#include "volume/keyslot.h"

void keys_print_text(const struct keyslot_set *set);
json_t *keys_json(const struct keyslot_set *set);

#endif /* RLNCSETUP_KEYS_PRINT_H */
