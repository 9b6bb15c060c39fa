// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * block MODE: one disk.
 *
 *	fill	write all of it, many blocks at a time, and read it back block by block
 *	check	read it as fill has left it
 *	bounds	what must be answered with EINVAL, and changes nothing
 *	readonly	writes are refused, reads are not
 *	read	all of it, whatever it holds
 *	whole	write all of it by one request, and read it back by one
 *	over	read it by one request, and what the request is read over, too
 *	again	read it by one request, again and again
 *	churn	write all of it, and check it, again and again
 */
#include "lib/guest.h"

#define DISK	1
#define CHUNK	65536u

GUEST_MANIFEST(GUEST_BLOCK("disk"));

static uint8_t buffer[CHUNK], again[CHUNK];
static uint64_t capacity, block_size;

/* Each 8 bytes say where they are. */
static void pattern(uint8_t *to, uint64_t offset, uint64_t len)
{
	uint64_t i, v;

	for (i = 0; i < len; i += sizeof(v)) {
		v = (offset + i) * 0x9e3779b97f4a7c15 + 1;
		memcpy(to + i, &v, sizeof(v));
	}
}

static uint64_t chunk_at(uint64_t offset, uint64_t chunk)
{
	return capacity - offset < chunk ? capacity - offset : chunk;
}

/* Read all, @chunk bytes at a time; compare with the pattern if @compare. */
static void read_all(uint64_t chunk, bool compare)
{
	uint64_t offset, len;

	for (offset = 0; offset < capacity; offset += len) {
		len = chunk_at(offset, chunk);
		if (guest_block_read(DISK, offset, buffer, len))
			guest_fail("read at %llu\n", (unsigned long long)offset);
		pattern(again, offset, len);
		if (compare && memcmp(buffer, again, len))
			guest_fail("other data at %llu\n", (unsigned long long)offset);
	}
}

static void check(void)
{
	read_all(block_size, true);
	read_all(CHUNK, true);
}

static void fill(void)
{
	uint64_t offset, len;

	for (offset = 0; offset < capacity; offset += len) {
		len = chunk_at(offset, CHUNK);
		pattern(buffer, offset, len);
		if (guest_block_write(DISK, offset, buffer, len))
			guest_fail("write at %llu\n", (unsigned long long)offset);
	}
	check();
}

static void churn(void)
{
	for (;;)
		fill();
}

static void read_only(void)
{
	if (guest_block_write(DISK, 0, buffer, block_size) != HVT_EINVAL)
		guest_fail("a write was not refused\n");
	read_all(CHUNK, false);
}

static void read_any(void)
{
	read_all(CHUNK, false);
}

static void bounds(void)
{
	const struct { uint64_t handle, offset, len; } bad[] = {
		{ 0, 0, block_size }, { 2, 0, block_size }, { 63, 0, block_size },
		{ 64, 0, block_size }, { 1ull << 32 | DISK, 0, block_size },
		{ ~0ull, 0, block_size },
		{ DISK, 1, block_size }, { DISK, block_size / 2, block_size },
		{ DISK, 0, block_size - 1 }, { DISK, 0, block_size + 1 }, { DISK, 0, 1 },
		{ DISK, capacity, block_size }, { DISK, capacity - block_size, 2 * block_size },
		{ DISK, capacity + block_size, block_size }, { DISK, 1ull << 63, block_size },
		{ DISK, -block_size, block_size }, { DISK, -block_size, 2 * block_size },
		{ 0, 0, 0 }, { DISK, 1, 0 }, { DISK, capacity + block_size, 0 },
	};
	uint8_t *const nowhere = (uint8_t *)(uintptr_t)guest_boot->mem_size;
	unsigned int i;
	int read, written;

	memset(buffer, 0xa5, sizeof(buffer));
	for (i = 0; i < GUEST_COUNT(bad); i++) {
		read = guest_block_read(bad[i].handle, bad[i].offset, buffer, bad[i].len);
		written = guest_block_write(bad[i].handle, bad[i].offset, buffer, bad[i].len);
		if (read != HVT_EINVAL || written != HVT_EINVAL)
			guest_fail("request %u was not refused: %d, %d\n", i, read, written);
		/* It is refused for what it is, before anybody looks for its buffer. */
		read = guest_block_read(bad[i].handle, bad[i].offset, nowhere, bad[i].len);
		written = guest_block_write(bad[i].handle, bad[i].offset, nowhere, bad[i].len);
		if (read != HVT_EINVAL || written != HVT_EINVAL)
			guest_fail("request %u from nowhere was not refused: %d, %d\n", i, read,
				   written);
	}
	for (i = 0; i < 2; i++)
		if (guest_block_read(DISK, i * capacity, buffer, 0) ||
		    guest_block_write(DISK, i * capacity, buffer, 0))
			guest_fail("a request of nothing is refused\n");
	for (i = 0; i < sizeof(buffer); i++)
		if (buffer[i] != 0xa5)
			guest_fail("a read that was refused has read\n");
	if (guest_block_read(DISK, capacity - block_size, buffer, block_size))
		guest_fail("the last block cannot be read\n");
}

/* Room for all of the disk. */
static uint8_t *all(void)
{
	uint8_t *p = guest_alloc_pages((capacity + 4095) / 4096);

	if (!p)
		guest_fail("no room for %llu bytes\n", (unsigned long long)capacity);
	return p;
}

static void expect(uint8_t *got, uint64_t from, uint64_t to)
{
	uint64_t offset, len;

	for (offset = from; offset < to; offset += len) {
		len = to - offset < CHUNK ? to - offset : CHUNK;
		pattern(again, offset, len);
		if (memcmp(got + offset, again, len))
			guest_fail("other data at %llu\n", (unsigned long long)offset);
	}
}

static void whole(void)
{
	uint8_t *data = all();

	pattern(data, 0, capacity);
	guest_puts("writing\n");
	if (guest_block_write(DISK, 0, data, capacity))
		guest_fail("write\n");
	memset(data, 0, capacity);
	guest_puts("reading\n");
	if (guest_block_read(DISK, 0, data, capacity))
		guest_fail("read\n");
	expect(data, 0, capacity);
}

static void over(void)
{
	uint8_t *data = all();
	struct hvt_hc_block *b = (struct hvt_hc_block *)(void *)(data + 4096);
	uint64_t at = 4096 + offsetof(struct hvt_hc_block, ret);

	*b = (struct hvt_hc_block){
		.handle = DISK, .data = guest_address(data), .len = capacity, .ret = -1,
	};
	guest_puts("reading\n");
	guest_call(HVT_HC_BLOCK_READ, guest_address(b));
	if (b->ret)
		guest_fail("read: %d\n", b->ret);
	expect(data, 0, at);
	expect(data, at + 8, capacity);
}

static void read_again(void)
{
	uint8_t *data = all();

	guest_puts("reading\n");
	while (!guest_block_read(DISK, 0, data, capacity))
		;
	guest_fail("read\n");
}

int guest_main(int argc, char **argv)
{
	static const struct guest_mode modes[] = {
		{ "fill", fill }, { "check", check }, { "bounds", bounds },
		{ "readonly", read_only }, { "read", read_any },
		{ "whole", whole }, { "over", over }, { "again", read_again }, { "churn", churn },
	};

	capacity = guest_device(DISK)->u.block.capacity;
	block_size = guest_device(DISK)->u.block.block_size;
	guest_run_mode(modes, GUEST_COUNT(modes), argc, argv);
	guest_printf("%s: %llu bytes in blocks of %llu\n", argv[0], (unsigned long long)capacity,
		     (unsigned long long)block_size);
	return 0;
}
