/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of an edge's store share: folders, and fragments made from a number. */
#ifndef TEST_EDGE_UTIL_H
#define TEST_EDGE_UTIL_H

#include "io_util.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../../user/skyd/edge_store.h"
#include "sky_edge.h"

static char folder[64];
static unsigned int damage_told;
static char damage_text[512];

static inline void on_damage(void *arg, const char *text)
{
	(void)arg;
	damage_told++;
	snprintf(damage_text, sizeof(damage_text), "%s", text);
}

static inline void shell(const char *fmt, const char *a, const char *b)
{
	char command[512];

	snprintf(command, sizeof(command), fmt, a, b);
	must_equal(system(command), 0);
}

static inline void fresh_folder(void)
{
	/* In memory, where there is such a place: thousands of fdatasync are quick there. */
	const char *root = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	damage_told = 0;
	snprintf(folder, sizeof(folder), "%s/test_edge.XXXXXX", root);
	must(mkdtemp(folder));
}

static inline void remove_folder(void)
{
	shell("rm -rf '%s'%s", folder, "");
}

static inline struct edge_store_config small_config(void)
{
	return (struct edge_store_config){
		.path = folder, .small_max = 4096, .segment_bytes = 65536,
		.damage = on_damage,
	};
}

static inline struct edge_store *opened(void)
{
	struct edge_store_config config = small_config();
	struct edge_store *s;

	must_equal(edge_store_open(&s, &config), 0);
	return s;
}

static inline uint64_t mixed(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15ull;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9ull;
	return x ^ x >> 32;
}

/* The bytes of a fragment. */
static inline void bytes_of(uint64_t seed, uint8_t *to, size_t len)
{
	uint64_t word = seed;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!(i % 8))
			word = mixed(word + i + 1);
		to[i] = word >> (i % 8 * 8);
	}
}

static inline int put_bytes(struct edge_store *s, struct str name, const uint8_t *data, size_t len)
{
	uint8_t sha256[32];
	struct edge_put *put;
	size_t half = len / 2;
	int rc;

	sha256_of(data, len, sha256);
	rc = edge_put_begin(s, &put, name, len, sha256, 0);
	if (rc)
		return rc;
	rc = edge_put_write(put, data, half, 0);
	rc = rc ? rc : edge_put_write(put, data + half, len - half, 0);
	if (rc) {
		edge_put_abort(put);
		return rc;
	}
	return edge_put_commit(put);
}

static inline int put_seed(struct edge_store *s, const char *name, uint64_t seed, size_t len)
{
	uint8_t *data = malloc(len ? len : 1);
	int rc;

	bytes_of(seed, data, len);
	rc = put_bytes(s, str_of(name), data, len);
	free(data);
	return rc;
}

/* Return: the error of reading, 0 when all bytes are as they should be. */
static inline int check_seed(struct edge_store *s, const char *name, uint64_t seed, size_t len)
{
	uint8_t *want = malloc(len + 1), *have = malloc(len + 1), sha256[32];
	struct edge_info info;
	struct edge_get *get;
	ssize_t got;
	size_t at = 0;
	int rc = edge_get_begin(s, &get, str_of(name), &info, 0);

	if (!rc) {
		bytes_of(seed, want, len);
		sha256_of(want, len, sha256);
		must_equal(info.len, len);
		must(!memcmp(info.sha256, sha256, 32));
		got = edge_get_read(get, have, len + 1, 0, 0);
		rc = got < 0 ? got : 0;
		must(got < 0 || (got == len && !memcmp(have, want, len)));
		for (at = len / 3; !rc && at < len; at += 70001) {
			got = edge_get_read(get, have, 70001, at, 0);
			rc = got < 0 ? got : 0;
			must(got < 0 || (got == (len - at < 70001 ? len - at : 70001) &&
					 !memcmp(have, want + at, got)));
		}
		edge_get_end(get);
	}
	free(want);
	free(have);
	return rc;
}

#endif /* TEST_EDGE_UTIL_H */
