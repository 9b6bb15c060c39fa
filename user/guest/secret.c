// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * secret NAME WORD: what a session has given to it, which it shows: the word, as it is, and the
 * secret of that name on its device, as include/uapi/sky_secret.h lays it out.  Then it stays.
 */
#include "lib/guest.h"
#include "sky_secret.h"

#define DEVICE	1

GUEST_MANIFEST(GUEST_BLOCK("secrets"));

static uint8_t image[SKY_SECRET_SIZE_MAX] __attribute__((__aligned__(8)));

static void read_device(void)
{
	const uint64_t size = guest_device(DEVICE)->u.block.capacity;

	if (size < sizeof(struct sky_secret_hdr) || size > sizeof(image))
		guest_fail("a device of %llu bytes\n", (unsigned long long)size);
	if (guest_block_read(DEVICE, 0, image, size))
		guest_fail("it cannot be read\n");
	if (guest_block_write(DEVICE, 0, image, guest_device(DEVICE)->u.block.block_size) !=
	    HVT_EINVAL)
		guest_fail("it can be written\n");
}

/* Who has made it is believed, but for what would have this one read elsewhere. */
static const struct sky_secret_entry *find(const char *name)
{
	const struct sky_secret_hdr *head = (const void *)image;
	const struct sky_secret_entry *entry = (const void *)(head + 1);
	uint32_t i;

	if (memcmp(head->magic, SKY_SECRET_MAGIC, sizeof(head->magic)) ||
	    head->count > SKY_SECRET_COUNT_MAX)
		guest_fail("there are no secrets on it\n");
	for (i = 0; i < head->count; i++, entry++)
		if (!entry->name[SKY_SECRET_NAME - 1] && !strcmp((const char *)entry->name, name) &&
		    entry->offset <= sizeof(image) &&
		    entry->length <= sizeof(image) - entry->offset)
			return entry;
	guest_fail("there is no %s on it\n", name);
}

int guest_main(int argc, char **argv)
{
	const struct sky_secret_entry *entry;
	uint64_t ready;

	if (argc != 2)
		guest_fail("secret NAME WORD\n");
	read_device();
	entry = find(argv[0]);
	guest_printf("word [%s]\nversion %u\ndevice [", argv[1],
		     ((const struct sky_secret_hdr *)image)->version);
	guest_puts_bytes(image + entry->offset, entry->length);
	guest_puts("]\n");
	for (;;)
		guest_poll(1000000000, &ready);
}
