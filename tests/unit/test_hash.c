// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Digests of one stream and of many at once.  Each back end of lanes.h is compared
 * with OpenSSL over streams of different lengths, in pieces, that join and leave.
 */
#include <errno.h>
#include <stdio.h>

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/lanes.h"
#include "rlnc_util.h"

static void is_hex(const uint8_t *got, size_t len, const char *want)
{
	char text[2 * HASH_MAX_BYTES + 1];

	hex_encode(got, len, text);
	assert_string_equal(text, want);
}

/* RFC 1321 A.5; FIPS 180 examples */
static const struct {
	enum hash_kind kind;
	const char *text, *digest;
} vectors[] = {
	{ HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
	{ HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
	{ HASH_MD5, "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
	  "57edf4a22be3c955ac49da2e2107b67a" },
	{ HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ HASH_SHA1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
	{ HASH_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ HASH_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

/* RFC 2202, 2 and 3; RFC 4231 */
static void macs(void **state)
{
	static const struct {
		enum hash_kind kind;
		size_t key_len;
		const char *key, *text, *mac;	/* a key of one byte is repeated */
	} cases[] = {
		{ HASH_MD5, 16, "\x0b", "Hi There", "9294727a3638bb1c13f48ef8158bfc9d" },
		{ HASH_MD5, 4, "Jefe", "what do ya want for nothing?",
		  "750c783e6ab0b503eaa86e310a5db738" },
		{ HASH_SHA1, 20, "\x0b", "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00" },
		{ HASH_SHA1, 4, "Jefe", "what do ya want for nothing?",
		  "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
		{ HASH_SHA1, 80, "\xaa", "Test Using Larger Than Block-Size Key - Hash Key First",
		  "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
		{ HASH_SHA256, 131, "\xaa",
		  "Test Using Larger Than Block-Size Key - Hash Key First",
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	};
	uint8_t key[131], mac[HASH_MAX_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(key, cases[i].key[0], sizeof(key));
		memcpy(key, cases[i].key, strlen(cases[i].key));
		assert_int_equal(hash_mac(cases[i].kind, key, cases[i].key_len, cases[i].text,
					  strlen(cases[i].text), mac), 0);
		is_hex(mac, hash_bytes(cases[i].kind), cases[i].mac);
	}
}

static void one_stream(void **state)
{
	struct hash h = HASH_NONE;
	uint8_t digest[HASH_MAX_BYTES];
	size_t i, cut, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		len = strlen(vectors[i].text);
		for (cut = 0; cut <= len; cut += 3) {
			assert_int_equal(hash_begin(&h, vectors[i].kind), 0);
			assert_int_equal(hash_update(&h, vectors[i].text, cut), 0);
			assert_int_equal(hash_update(&h, vectors[i].text + cut, len - cut), 0);
			assert_int_equal(hash_end(&h, digest), 0);
			is_hex(digest, hash_bytes(vectors[i].kind), vectors[i].digest);
		}
		assert_int_equal(hash_once(vectors[i].kind, vectors[i].text, len, digest), 0);
		is_hex(digest, hash_bytes(vectors[i].kind), vectors[i].digest);
	}
	assert_int_equal(hash_begin(&h, HASH_KINDS), -EINVAL);
	assert_int_equal(hash_bytes(HASH_KINDS), 0);
	hash_free(&h);
	hash_free(&h);
}

static const enum hash_kind oracle[LANES_KINDS] = {
	[LANES_MD5] = HASH_MD5, [LANES_SHA256] = HASH_SHA256,
};

static void lanes_vectors(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const void *data[LANES];
		uint8_t digest[LANES][HASH_MAX_BYTES], *digests[LANES];
		enum lanes_kind kind = vectors[i].kind == HASH_MD5 ? LANES_MD5 : LANES_SHA256;
		size_t lens[LANES], j;

		if (vectors[i].kind == HASH_SHA1)
			continue;
		for (j = 0; j < LANES; j++) {
			data[j] = vectors[i].text;
			lens[j] = strlen(vectors[i].text);
			digests[j] = digest[j];
		}
		lanes_digest(kind, data, lens, digests, LANES);
		for (j = 0; j < LANES; j++)
			is_hex(digest[j], hash_bytes(vectors[i].kind), vectors[i].digest);
	}
}

/* Every length around a block's, all at once and each at the end of its page. */
static void lanes_lengths(enum lanes_kind kind)
{
	enum { COUNT = 3 * LANES_BLOCK + 2 };
	static struct guarded g[COUNT];
	static uint8_t digest[COUNT][HASH_MAX_BYTES];
	uint8_t *digests[COUNT], want[HASH_MAX_BYTES];
	const void *data[COUNT];
	size_t lens[COUNT], i;

	for (i = 0; i < COUNT; i++) {
		guarded_alloc(&g[i], i, 1);
		random_fill(g[i].data, i);
		data[i] = g[i].data;
		lens[i] = i;
		digests[i] = digest[i];
	}
	lanes_digest(kind, data, lens, digests, COUNT);
	for (i = 0; i < COUNT; i++) {
		hash_once(oracle[kind], data[i], lens[i], want);
		assert_memory_equal(digest[i], want, hash_bytes(oracle[kind]));
		guarded_free(&g[i]);
	}
}

/* Streams whose pieces are given one run after the other, in a crowd that changes. */
#define STREAMS	40

struct crowd {
	struct lanes_stream stream[STREAMS];
	struct lanes_job job[STREAMS];
	uint8_t *data[STREAMS];
	size_t len[STREAMS], given[STREAMS];
	unsigned int next, end;		/* streams that take part in this run */
};

static struct lanes_job *crowd_next(void *arg)
{
	struct crowd *c = arg;
	unsigned int i = c->next;
	size_t piece;

	/* Now and then nothing has come yet. */
	if (i == c->end || !random_below(8))
		return NULL;
	c->next++;
	piece = random_below(3) ? random_below(5000) : random_below(70);
	piece = min(piece, c->len[i] - c->given[i]);
	c->job[i] = (struct lanes_job){ &c->stream[i], c->data[i] + c->given[i], piece };
	c->given[i] += piece;
	return &c->job[i];
}

static bool crowd_done(const struct crowd *c)
{
	unsigned int i;

	for (i = 0; i < STREAMS; i++)
		if (c->given[i] != c->len[i])
			return false;
	return true;
}

static void lanes_crowd(enum lanes_kind kind)
{
	struct crowd *c CLEANUP_FREE = calloc(1, sizeof(*c));
	uint8_t digest[STREAMS][HASH_MAX_BYTES], *digests[STREAMS], want[HASH_MAX_BYTES];
	struct lanes_stream *streams[STREAMS];
	unsigned int i;

	assert_non_null(c);
	for (i = 0; i < STREAMS; i++) {
		c->len[i] = random_below(20000);
		c->data[i] = malloc(c->len[i] + 1);
		random_fill(c->data[i], c->len[i]);
		lanes_begin(&c->stream[i], kind);
		streams[i] = &c->stream[i];
		digests[i] = digest[i];
	}
	while (!crowd_done(c)) {
		c->next = random_below(STREAMS);
		c->end = c->next + random_below(STREAMS - c->next) + 1;
		lanes_run(kind, crowd_next, c);
	}
	lanes_end(kind, streams, digests, STREAMS);
	for (i = 0; i < STREAMS; i++) {
		hash_once(oracle[kind], c->data[i], c->len[i], want);
		assert_memory_equal(digest[i], want, hash_bytes(oracle[kind]));
		free(c->data[i]);
	}
}

/* So many streams of one long length that each lane count is tried. */
static void lanes_counts(enum lanes_kind kind)
{
	static uint8_t data[LANES + 3][1024 + LANES];
	uint8_t digest[LANES + 3][HASH_MAX_BYTES], *digests[LANES + 3], want[HASH_MAX_BYTES];
	const void *p[LANES + 3];
	size_t lens[LANES + 3], count, i;

	random_fill(data, sizeof(data));
	for (i = 0; i < LANES + 3; i++) {
		p[i] = data[i] + i % LANES;
		lens[i] = 1000;
		digests[i] = digest[i];
	}
	for (count = 0; count <= LANES + 3; count++) {
		memset(digest, 0, sizeof(digest));
		lanes_digest(kind, p, lens, digests, count);
		for (i = 0; i < count; i++) {
			hash_once(oracle[kind], p[i], lens[i], want);
			assert_memory_equal(digest[i], want, hash_bytes(oracle[kind]));
		}
	}
}

static void every_backend(void **state)
{
	const char *name;
	unsigned int i, kind, tried = 0;

	(void)state;
	for (i = 0; (name = lanes_backend_at(i)); i++) {
		if (lanes_init(name)) {
			print_message("# %s does not run here\n", name);
			continue;
		}
		assert_string_equal(lanes_backend_name(), name);
		tried++;
		lanes_vectors();
		for (kind = 0; kind < LANES_KINDS; kind++) {
			lanes_lengths(kind);
			lanes_counts(kind);
			lanes_crowd(kind);
			lanes_crowd(kind);
		}
	}
	assert_true(tried >= 1);
	assert_int_equal(lanes_init("none such"), -ENOENT);
	assert_int_equal(lanes_init(NULL), 0);
}

/* 2^32 bits are passed in 512 MiB: the length is of 64 bits in both halves. */
static void long_length(void **state)
{
	struct lanes_stream s, *streams = &s;
	uint8_t digest[HASH_MAX_BYTES], *digests = digest, want[HASH_MAX_BYTES];
	static uint8_t data[1 << 20];
	struct hash h = HASH_NONE;
	unsigned int i;

	(void)state;
	lanes_init("scalar");
	lanes_begin(&s, LANES_MD5);
	hash_begin(&h, HASH_MD5);
	for (i = 0; i < 513; i++) {
		struct lanes_job job = { &s, data, sizeof(data) };

		data[i] = i;
		lanes_update(LANES_MD5, &job, 1);
		hash_update(&h, data, sizeof(data));
	}
	lanes_end(LANES_MD5, &streams, &digests, 1);
	hash_end(&h, want);
	hash_free(&h);
	assert_memory_equal(digest, want, HASH_MD5_BYTES);
	lanes_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_stream), cmocka_unit_test(macs),
		cmocka_unit_test(every_backend), cmocka_unit_test(long_length),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
