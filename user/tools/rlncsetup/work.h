/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Background work of an open volume, followed to its end. */
#ifndef RLNCSETUP_WORK_H
#define RLNCSETUP_WORK_H

#include <stdint.h>

int work_wait_scrub(const char *name, uint32_t events, int log_mark);
int work_wait_rebuild(const char *name, unsigned int index);

#endif /* RLNCSETUP_WORK_H */
