/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program on the bare machine has. */
#ifndef TESTS_GFNI_BARE_H
#define TESTS_GFNI_BARE_H

void bare_print(const char *text);
void bare_print_number(unsigned int n);

/* The program; the machine is switched off when it returns. */
void bare_main(void);

#endif
