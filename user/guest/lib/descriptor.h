/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables of the processor, as it reads them in 64-bit mode. */
#ifndef GUEST_DESCRIPTOR_H
#define GUEST_DESCRIPTOR_H

#include <stdint.h>

/* What lgdt and lidt take. */
struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((__packed__));

/* Of the interrupt descriptor table. */
struct gate {
	uint16_t offset0;
	uint16_t selector;
	uint8_t stack;
	uint8_t type;
	uint16_t offset1;
	uint32_t offset2;
	uint32_t reserved;
};

#endif /* GUEST_DESCRIPTOR_H */
