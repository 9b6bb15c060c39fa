/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SKY_BASE_MODPROBE_H
#define SKY_BASE_MODPROBE_H

void modprobe(const char *module);

#endif /* SKY_BASE_MODPROBE_H */
