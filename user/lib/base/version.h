/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_BASE_VERSION_H
#define SKY_BASE_VERSION_H

/* That of all programs.  dkms.conf has it, too, and a test compares the two. */
#define SKYHOLD_VERSION	"0.1.0"

#endif /* SKY_BASE_VERSION_H */
