/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Background work of an open volume, followed to its end. */
#ifndef RLNCSETUP_WORK_H
#define RLNCSETUP_WORK_H

#include "volume/target.h"

int work_wait_scrub(const char *name, const struct target_status *before);
int work_wait_rebuild(const char *name, unsigned int index);

#endif /* RLNCSETUP_WORK_H */
