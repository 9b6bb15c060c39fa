// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The audit ledger beside what it cannot be faster than: a batch beside one write and one fsync
 * of its entries, a whole look beside SHA-256 of the same entries and nodes.
 *
 * usage: bench-ledger JSON FOLDER
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../../user/tools/skybench/bench.h"
#include "ledger/inspect.h"

#define SECONDS		1.0
#define WHOLE		200000u	/* entries that are verified */
#define ROUNDS		5u

static const unsigned int sizes[] = { 1, 16, 256, 4096 };

static struct note_signer signer;
static char counter_path[256];
static struct counter_file counter = { counter_path };

static void die(const char *what)
{
	fprintf(stderr, "bench-ledger: %s\n", what);
	exit(1);
}

static double since(uint64_t begin)
{
	return (bench_wall_ns() - begin) / 1e9;
}

static void fill(struct ledger_item *item, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		item[i] = (struct ledger_item){
			.event = { STR("key:8a7f5e0c1d2b3a49586776a5b4c3d2e1"),
				   STR("bucket.create"),
				   STR("bucket:photographs-of-summer"), STR("ok"), STR_NONE },
			.time = 1795300640000123ull + i,
		};
}

static struct ledger *opened(const char *folder, const char *name)
{
	struct ledger_config config = {
		.signer = &signer,
		.counter = { counter_file_read, counter_file_advance, &counter },
	};
	char path[256], why[LEDGER_WHY];
	struct ledger *l;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(counter_path, sizeof(counter_path), "%s/%s.epoch", folder, name);
	config.path = path;
	if (ledger_open(&l, &config, why))
		die(why);
	return l;
}

/* Batches a second. */
static double append_rate(struct ledger *l, struct ledger_item *item, unsigned int count)
{
	uint64_t begin = bench_wall_ns();
	char why[LEDGER_WHY];
	unsigned int n;

	for (n = 0; since(begin) < SECONDS; n++)
		if (ledger_append(l, item, count, NULL, why))
			die(why);
	return n / since(begin);
}

/* The same bytes at the end of one file, and made durable. */
static double fsync_rate(const char *folder, const char *bytes, size_t len)
{
	char path[256];
	uint64_t begin;
	unsigned int n;
	int fd;

	snprintf(path, sizeof(path), "%s/plain", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	begin = bench_wall_ns();
	for (n = 0; fd >= 0 && since(begin) < SECONDS; n++)
		if (write(fd, bytes, len) != (ssize_t)len || fdatasync(fd))
			die("cannot write");
	close(fd);
	return n / since(begin);
}

static void bench_append(struct bench_report *report, const char *folder, unsigned int count)
{
	struct ledger_item *item = calloc(count, sizeof(*item));
	char name[64], *bytes = calloc(count, 300);
	double batch[ROUNDS], plain[ROUNDS];
	struct bench_result r = { .unit = "entries/s", .peer = "write + fdatasync" };
	struct ledger *l;
	unsigned int i;

	fill(item, count);
	snprintf(name, sizeof(name), "append-%u", count);
	l = opened(folder, name);
	/* In turn, so that both see the same disk. */
	for (i = 0; i < ROUNDS; i++) {
		batch[i] = append_rate(l, item, count) * count;
		plain[i] = fsync_rate(folder, bytes, 220 * count) * count;
	}
	ledger_close(l);
	r.name = name;
	r.value = bench_median(batch, ROUNDS);
	r.peer_value = bench_median(plain, ROUNDS);
	bench_report_add(report, &r);
	free(item);
	free(bytes);
}

/* As many hashes of leaves and nodes as a whole look has to make. */
static double hash_rate(void)
{
	uint64_t begin = bench_wall_ns();
	struct merkle_hash h = { { 0 } };
	char entry[220] = "";
	unsigned int i;

	for (i = 0; i < WHOLE; i++) {
		merkle_leaf(entry, sizeof(entry), &h);
		memcpy(entry, h.byte, sizeof(h));
		merkle_node(&h, &h, &h);
	}
	return WHOLE / since(begin);
}

static double look_rate(const char *path)
{
	uint64_t begin = bench_wall_ns();
	struct inspect_note now;
	struct inspect in;

	inspect_init(&in, &signer.verifier, inspect_folder_fetch, (void *)path);
	if (inspect_checkpoint(&in, &now) || inspect_whole(&in, &now.c, NULL, NULL))
		die(in.why);
	free(now.bytes);
	return WHOLE / since(begin);
}

static void bench_verify(struct bench_report *report, const char *folder)
{
	struct ledger_item *item = calloc(4000, sizeof(*item));
	double look[ROUNDS], hash[ROUNDS];
	struct bench_result r = { .name = "verify", .unit = "entries/s", .peer = "SHA-256 alone" };
	struct ledger *l = opened(folder, "whole");
	char path[256], why[LEDGER_WHY];
	unsigned int i;

	fill(item, 4000);
	for (i = 0; i < WHOLE / 4000; i++)
		if (ledger_append(l, item, 4000, NULL, why))
			die(why);
	ledger_close(l);
	snprintf(path, sizeof(path), "%s/whole", folder);
	for (i = 0; i < ROUNDS; i++) {
		look[i] = look_rate(path);
		hash[i] = hash_rate();
	}
	r.value = bench_median(look, ROUNDS);
	r.peer_value = bench_median(hash, ROUNDS);
	bench_report_add(report, &r);
	free(item);
}

int main(int argc, char **argv)
{
	static const uint8_t seed[ED25519_SEED_BYTES] = { 1 };
	struct bench_report *report;
	unsigned int i;

	if (argc != 3) {
		fprintf(stderr, "usage: bench-ledger JSON FOLDER\n");
		return 2;
	}
	report = bench_report_open(argv[1]);
	if (!report || note_signer_make(STR("bench.example"), NOTE_ED25519, seed, &signer))
		return 1;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bench_append(report, argv[2], sizes[i]);
	bench_verify(report, argv[2]);
	return bench_report_close(report);
}
