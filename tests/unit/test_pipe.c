// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole generations: any k fragments give back the bytes, whatever the others are.
 * Fragments are lost, rotten, forged (with sums that fit), of another generation or
 * under another name; what is wrong is named, and never comes out as data.
 */
#include <errno.h>

#include "base/hex.h"
#include "crypto/hash.h"
#include "pipe/coder.h"
#include "pipe_util.h"

#define MAX_PLAIN	20000u

static const struct shape shapes[] = {
	{ 4, 6, SKY_SYSTEMATIC, 0 }, { 4, 6, SKY_DENSE, 0 },
	{ 4, 6, SKY_SYSTEMATIC, SKY_FRAGMENT_COEFFS }, { 4, 6, SKY_DENSE, SKY_FRAGMENT_COEFFS },
	{ 1, 3, SKY_SYSTEMATIC, 0 }, { 1, 3, SKY_DENSE, 0 }, { 3, 3, SKY_SYSTEMATIC, 0 },
	{ 2, 5, SKY_DENSE, SKY_FRAGMENT_COEFFS }, { 5, 8, SKY_SYSTEMATIC, 0 },
};

static const struct compression none = { SKY_PLAIN, 0 }, deflate = { SKY_DEFLATE_RAW, 6 };
static const uint8_t secret[CODER_KEY_BYTES] = "coefficients of dense generation";

/* One object's generation, its fragments and room for what comes back. */
struct bench {
	struct coder *coder;
	struct compressor *compressor;
	struct encoder e;
	struct decoder d;
	struct owner owner;
	struct record r;
	uint8_t plain[MAX_PLAIN], out[MAX_PLAIN];
	size_t len;
	uint8_t *copy[SKY_MAX_N];	/* fragments that may be damaged */
	struct piece piece[SKY_MAX_N];
};

static struct bench *bench_new(const struct shape *shape)
{
	static const uint8_t object[SKY_ID_BYTES] = "object", version[SKY_ID_BYTES] = "version";
	struct bench *b = calloc(1, sizeof(*b));
	uint8_t key[GCM_KEY_BYTES];
	unsigned int i;

	assert_non_null(b);
	random_fill(key, sizeof(key));
	assert_int_equal(coder_new(&b->coder, shape, secret), 0);
	b->compressor = compressor_new();
	assert_int_equal(encoder_init(&b->e, b->coder, b->compressor, MAX_PLAIN), 0);
	assert_int_equal(decoder_init(&b->d, b->coder, b->compressor, MAX_PLAIN), 0);
	b->owner = (struct owner){ aead_new(key), object, version, 7 };
	for (i = 0; i < shape->n; i++)
		b->copy[i] = malloc(MAX_PLAIN + 1000);
	return b;
}

static void bench_free(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < SKY_MAX_N; i++)
		free(b->copy[i]);
	aead_free(b->owner.aead);
	encoder_free(&b->e);
	decoder_free(&b->d);
	compressor_free(b->compressor);
	coder_free(b->coder);
	free(b);
}

/* Fragments as they were written, of all rows. */
static void bench_fresh(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < b->r.n; i++) {
		memcpy(b->copy[i], encode_fragment(&b->e, i), b->e.fragment_bytes);
		b->piece[i] = (struct piece){ b->copy[i], b->e.fragment_bytes, i, false };
	}
}

static void bench_encode(struct bench *b, size_t len, const struct compression *how)
{
	b->len = len;
	assert_int_equal(encode_begin(&b->r, b->coder), 0);
	assert_int_equal(encode(&b->e, &b->owner, how, b->plain, len, &b->r), 0);
	assert_true(record_valid(&b->r));
	bench_fresh(b);
}

static int bench_decode(struct bench *b, struct piece *pieces, size_t count)
{
	int rc;

	memset(b->out, 0xee, sizeof(b->out));
	rc = decode(&b->d, &b->owner, &b->r, pieces, count, b->out);
	if (!rc)
		assert_memory_equal(b->out, b->plain, b->len);
	return rc;
}

/* The sums of a damaged fragment made right again: forged, not rotten. */
static void forge(struct bench *b, unsigned int row)
{
	struct fragment f;

	assert_int_equal(fragment_parse(&f, b->copy[row], b->e.fragment_bytes), 0);
	fragment_format(b->copy[row], &f);
}

/* Every set of k out of n, for every shape and some lengths. */
static void any_k(void **state)
{
	static const size_t lens[] = { 1, 63, 64, 65, 255, 256, 257, 4096, 19999 };
	unsigned int s, l, mask, i;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		struct bench *b = bench_new(&shapes[s]);

		random_fill(b->plain, MAX_PLAIN);
		for (l = 0; l < ARRAY_SIZE(lens); l++) {
			bench_encode(b, lens[l], &none);
			assert_int_equal(b->r.stored_bytes, lens[l]);
			for (mask = 0; mask < 1u << shapes[s].n; mask++) {
				struct piece some[SKY_MAX_N];
				unsigned int count = 0;

				for (i = 0; i < shapes[s].n; i++)
					if (mask >> i & 1)
						some[count++] = b->piece[i];
				assert_int_equal(bench_decode(b, some, count),
						 count < shapes[s].k ? -ENODATA : 0);
				assert_true(count < shapes[s].k || b->d.tries == 1);
			}
		}
		bench_free(b);
	}
}

static void compressed(void **state)
{
	unsigned int s, i;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		struct bench *b = bench_new(&shapes[s]);

		for (i = 0; i < MAX_PLAIN; i++)
			b->plain[i] = random_below(4);
		bench_encode(b, MAX_PLAIN, &deflate);
		assert_int_equal(b->r.compression, SKY_DEFLATE_RAW);
		assert_true(b->r.stored_bytes < MAX_PLAIN / 2);
		assert_int_equal(bench_decode(b, b->piece + shapes[s].n - shapes[s].k,
					      shapes[s].k), 0);
		/* What does not shrink is stored as it is. */
		random_fill(b->plain, MAX_PLAIN);
		bench_encode(b, MAX_PLAIN, &deflate);
		assert_int_equal(b->r.compression, SKY_PLAIN);
		assert_int_equal(bench_decode(b, b->piece, shapes[s].n), 0);
		bench_free(b);
	}
}

/* Without its tag, a fragment tells nothing of what is in it: all of it is changed. */
static void ciphertext_only(void **state)
{
	unsigned int s, i;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		struct bench *b = bench_new(&shapes[s]);

		memset(b->plain, 'A', MAX_PLAIN);
		bench_encode(b, MAX_PLAIN, &none);
		for (i = 0; i < b->r.n; i++)
			assert_null(memmem(b->copy[i], b->e.fragment_bytes, "AAAA", 4));
		bench_free(b);
	}
}

enum damage { ROT, FORGED, PADDING, OTHER_GENERATION, TRUNCATED, WRONG_ROW, NOTHING, DAMAGES };

/* Damage the fragment of a row; false when it cannot be damaged in this way. */
static bool damage(struct bench *b, unsigned int row, enum damage kind)
{
	const uint32_t symbol = fragment_symbol_bytes(b->r.stored_bytes, b->r.k);
	uint8_t *end = b->copy[row] + b->e.fragment_bytes;
	struct fragment f;

	switch (kind) {
	case ROT:
		end[-1 - (int)random_below(symbol)] ^= 1 << random_below(8);
		return true;
	case FORGED:
		end[-1 - (int)random_below(symbol)] ^= 1 << random_below(8);
		forge(b, row);
		return true;
	case PADDING:
		end[-1] ^= 1;
		forge(b, row);
		return true;
	case OTHER_GENERATION:
		fragment_parse(&f, b->copy[row], b->e.fragment_bytes);
		f.generation = secret;
		fragment_format(b->copy[row], &f);
		return true;
	case TRUNCATED:
		b->piece[row].len -= 64;
		return true;
	case WRONG_ROW:
		fragment_parse(&f, b->copy[row], b->e.fragment_bytes);
		f.row = (row + 1) % b->r.n;
		fragment_format(b->copy[row], &f);
		return true;
	default:
		b->piece[row].len = 0;
		return true;
	}
}

/*
 * Up to n - k of the fragments are damaged in every way: the data come back and
 * just those are named.
 */
static void damaged(void **state)
{
	static const size_t lens[] = { 100, 257, 5000 };
	unsigned int s, round, i, wrong, rows[SKY_MAX_N];
	uint8_t order[SKY_MAX_N];

	(void)state;
	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		const unsigned int n = shapes[s].n, k = shapes[s].k;
		struct bench *b = bench_new(&shapes[s]);

		random_fill(b->plain, MAX_PLAIN);
		for (round = 0; round < 60 && n > k; round++) {
			bool bad[SKY_MAX_N] = { false };

			if (round % 20 == 0)
				bench_encode(b, lens[round / 20], &none);
			bench_fresh(b);
			random_rows(order, n, n);
			wrong = 1 + random_below(n - k);
			for (i = 0; i < wrong; i++) {
				rows[i] = order[i];
				bad[rows[i]] = damage(b, rows[i], random_below(DAMAGES));
			}
			assert_int_equal(bench_decode(b, b->piece, n), 0);
			assert_true(b->d.tries <= DECODE_TRIES);
			/* Named, if it was looked at: a first success does not look further. */
			for (i = 0; i < n; i++) {
				assert_true(bad[i] || !b->piece[i].bad);
				if (b->d.tries > 1)
					assert_int_equal(bad[i], b->piece[i].bad);
			}
		}
		bench_free(b);
	}
}

/* One more than can be borne: refused, and no byte of a lie comes out. */
static void beyond(void **state)
{
	static const uint8_t zeros[MAX_PLAIN];
	unsigned int s, i;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		const unsigned int n = shapes[s].n, k = shapes[s].k;
		struct bench *b = bench_new(&shapes[s]);

		random_fill(b->plain, MAX_PLAIN);
		bench_encode(b, 5000, &none);
		for (i = 0; i <= n - k; i++)
			damage(b, i, FORGED);
		assert_int_equal(bench_decode(b, b->piece, n), -EBADMSG);
		assert_memory_equal(b->out, zeros, b->len);
		bench_fresh(b);
		for (i = 0; i <= n - k; i++)
			damage(b, i, ROT);
		assert_int_equal(bench_decode(b, b->piece, n), -EBADMSG);
		bench_fresh(b);
		for (i = 0; i <= n - k; i++)
			damage(b, i, NOTHING);
		assert_int_equal(bench_decode(b, b->piece, n), -ENODATA);
		bench_free(b);
	}
}

/* Of 16 out of 32, all bad ones in front: the work is bounded, the answer an error. */
static void bounded(void **state)
{
	static const struct shape wide = { 16, 32, SKY_SYSTEMATIC, 0 };
	struct bench *b = bench_new(&wide);
	unsigned int i;

	(void)state;
	random_fill(b->plain, MAX_PLAIN);
	bench_encode(b, 5000, &none);
	for (i = 0; i < 8; i++)
		damage(b, 2 * i, FORGED);
	assert_int_equal(bench_decode(b, b->piece, 32), -EBADMSG);
	assert_int_equal(b->d.tries, DECODE_TRIES);
	/* Two of them are found. */
	bench_fresh(b);
	damage(b, 0, FORGED);
	damage(b, 15, FORGED);
	assert_int_equal(bench_decode(b, b->piece, 32), 0);
	for (i = 0; i < 32; i++)
		assert_int_equal(b->piece[i].bad, i == 0 || i == 15);
	bench_free(b);
}

/* A row twice, and pieces that are not of this record's n: as if they were not there. */
static void repeated(void **state)
{
	struct bench *b = bench_new(&shapes[0]);
	struct piece p[6];

	(void)state;
	random_fill(b->plain, MAX_PLAIN);
	bench_encode(b, 5000, &none);
	p[0] = b->piece[0];
	p[1] = b->piece[0];
	p[2] = b->piece[1];
	p[3] = b->piece[5];
	assert_int_equal(bench_decode(b, p, 4), -ENODATA);
	p[4] = b->piece[2];
	assert_int_equal(bench_decode(b, p, 5), 0);
	bench_free(b);
}

/* Everything that the tag is over. */
static void bound_to_its_place(void **state)
{
	static const uint8_t other[SKY_ID_BYTES] = "other";
	struct bench *b = bench_new(&shapes[0]);
	struct owner mine = b->owner;
	struct record r;

	(void)state;
	random_fill(b->plain, MAX_PLAIN);
	bench_encode(b, 5000, &none);
	r = b->r;
	b->owner.number++;
	assert_int_equal(bench_decode(b, b->piece, 6), -EBADMSG);
	b->owner = mine;
	b->owner.object = other;
	assert_int_equal(bench_decode(b, b->piece, 6), -EBADMSG);
	b->owner = mine;
	b->owner.version = other;
	assert_int_equal(bench_decode(b, b->piece, 6), -EBADMSG);
	b->owner = mine;
	b->r.plain_bytes++;
	b->r.compression = SKY_ZSTD;
	assert_int_equal(bench_decode(b, b->piece, 6), -EBADMSG);
	b->r = r;
	b->r.iv[3] ^= 1;
	assert_int_equal(bench_decode(b, b->piece, 6), -EBADMSG);
	b->r = r;
	b->r.tag[0] ^= 1;
	assert_int_equal(bench_decode(b, b->piece, 6), -EBADMSG);
	b->r = r;
	assert_int_equal(bench_decode(b, b->piece, 6), 0);
	bench_free(b);
}

/* Coefficients in the fragments are enough; kept apart, they are not there. */
static void coefficients(void **state)
{
	struct coder *keyless;
	unsigned int s;

	(void)state;
	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		const bool inside = shapes[s].flags & SKY_FRAGMENT_COEFFS;
		struct bench *b = bench_new(&shapes[s]);
		int rc = coder_new(&keyless, &shapes[s], NULL);
		unsigned int i;

		random_fill(b->plain, MAX_PLAIN);
		bench_encode(b, 5000, &none);
		if (shapes[s].mode == SKY_DENSE && !inside) {
			assert_int_equal(rc, -ENOKEY);
			assert_null(keyless);
			bench_free(b);
			continue;
		}
		assert_int_equal(rc, 0);
		decoder_free(&b->d);
		decoder_init(&b->d, keyless, b->compressor, MAX_PLAIN);
		assert_int_equal(bench_decode(b, b->piece + b->r.n - b->r.k, b->r.k), 0);
		if (b->r.n > b->r.k) {
			damage(b, 1, FORGED);
			assert_int_equal(bench_decode(b, b->piece, b->r.n), 0);
			for (i = 0; i < b->r.n && b->d.tries > 1; i++)
				assert_int_equal(b->piece[i].bad, i == 1);
		}
		bench_free(b);
		coder_free(keyless);
	}
}

/* Coefficients that lie, singular ones among them, do no more than a bad symbol. */
static void lying_coefficients(void **state)
{
	struct bench *b = bench_new(&shapes[3]);
	struct coder *keyless;
	struct fragment f;

	(void)state;
	assert_int_equal(coder_new(&keyless, &shapes[3], NULL), 0);
	decoder_free(&b->d);
	decoder_init(&b->d, keyless, b->compressor, MAX_PLAIN);
	random_fill(b->plain, MAX_PLAIN);
	bench_encode(b, 5000, &none);
	fragment_parse(&f, b->copy[1], b->e.fragment_bytes);
	memcpy((uint8_t *)f.coeffs, b->copy[0] + 64, 4);
	fragment_format(b->copy[1], &f);
	fragment_parse(&f, b->copy[2], b->e.fragment_bytes);
	memset((uint8_t *)f.coeffs, 0, 4);
	fragment_format(b->copy[2], &f);
	assert_int_equal(bench_decode(b, b->piece, 6), 0);
	assert_true(b->piece[1].bad && b->piece[2].bad && !b->piece[0].bad && !b->piece[3].bad);
	bench_free(b);
	coder_free(keyless);
}

/* Every row from every other k, byte for byte, without a key where that can be. */
static void recoded(void **state)
{
	unsigned int s, row, i, round;
	uint8_t out[MAX_PLAIN + 1000], order[SKY_MAX_N];

	(void)state;
	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		const unsigned int n = shapes[s].n, k = shapes[s].k;
		struct bench *b = bench_new(&shapes[s]);
		struct piece p[SKY_MAX_N];

		random_fill(b->plain, MAX_PLAIN);
		bench_encode(b, 5000, &none);
		for (row = 0; row < n; row++)
			for (round = 0; round < 10; round++) {
				random_rows(order, n, n);
				for (i = 0; i < n; i++)
					p[i] = b->piece[order[i]];
				memset(out, 0xee, sizeof(out));
				assert_int_equal(recode(b->coder, b->r.generation, row, p, k, out),
						 b->e.fragment_bytes);
				assert_memory_equal(out, b->copy[row], b->e.fragment_bytes);
			}
		assert_int_equal(recode(b->coder, b->r.generation, n, p, k, out), -EINVAL);
		assert_int_equal(recode(b->coder, b->r.generation, 0, p, k - 1, out), -ENODATA);
		assert_int_equal(recode(b->coder, secret, 0, p, n, out), -ENODATA);
		if (n > k) {
			damage(b, 0, ROT);
			assert_int_equal(recode(b->coder, b->r.generation, 0, b->piece, n, out),
					 b->e.fragment_bytes);
			assert_memory_equal(out, encode_fragment(&b->e, 0), b->e.fragment_bytes);
			damage(b, 1, FORGED);
		}
		if (n > k + 1)
			assert_int_equal(recode(b->coder, b->r.generation, 0, b->piece, n, out),
					 -EBADMSG);
		bench_free(b);
	}
}

/* The whole format at once: it does not change without new versions. */
static void golden(void **state)
{
	static const char *const want[2] = {
		"4a1b4009582d6894c49b9e7e943fd8e3ede69681cbcb4de14a856c7eb8d9f526",
		"7a29d04f7cd66b39dc901fd56db0df2168753020596bc2da96a9c10f180d66ed",
	};
	static const uint8_t key[GCM_KEY_BYTES] = "an object's key, for tests alone";
	unsigned int s, i;

	(void)state;
	for (s = 0; s < 2; s++) {
		struct bench *b = bench_new(&shapes[2 + s]);
		uint8_t digest[HASH_SHA256_BYTES];
		struct hash h = HASH_NONE;
		char text[65];

		aead_free(b->owner.aead);
		b->owner.aead = aead_new(key);
		for (i = 0; i < MAX_PLAIN; i++)
			b->plain[i] = i * i >> 8;
		encode_begin(&b->r, b->coder);
		memset(b->r.generation, 0x11, sizeof(b->r.generation));
		memset(b->r.iv, 0x22, sizeof(b->r.iv));
		assert_int_equal(encode(&b->e, &b->owner, &none, b->plain, 5000, &b->r), 0);
		hash_begin(&h, HASH_SHA256);
		hash_update(&h, b->r.tag, sizeof(b->r.tag));
		for (i = 0; i < b->r.n; i++)
			hash_update(&h, encode_fragment(&b->e, i), b->e.fragment_bytes);
		hash_end(&h, digest);
		hash_free(&h);
		hex_encode(digest, sizeof(digest), text);
		assert_string_equal(text, want[s]);
		bench_free(b);
	}
}

static void bad_arguments(void **state)
{
	static const struct shape bad[] = {
		{ 0, 1, 0, 0 }, { 2, 1, 0, 0 }, { 129, 200, 0, 0 }, { 4, 6, 2, 0 }, { 4, 6, 0, 2 },
	};
	const struct compression wrong = { SKY_ZSTD, 99 };
	struct bench *b = bench_new(&shapes[0]);
	struct encoder e;
	struct coder *c;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(coder_new(&c, &bad[i], secret), -EINVAL);
	assert_int_equal(encoder_init(&e, b->coder, NULL, 0), -EINVAL);
	assert_int_equal(encoder_init(&e, b->coder, NULL, SKY_MAX_GENERATION + 1), -EINVAL);
	encode_begin(&b->r, b->coder);
	assert_int_equal(encode(&b->e, &b->owner, &none, b->plain, 0, &b->r), -EINVAL);
	assert_int_equal(encode(&b->e, &b->owner, &none, b->plain, MAX_PLAIN + 1, &b->r), -EINVAL);
	assert_int_equal(encode(&b->e, &b->owner, &wrong, b->plain, 1, &b->r), -EINVAL);
	bench_encode(b, 100, &none);
	b->r.k = 3;
	assert_int_equal(bench_decode(b, b->piece, 6), -EINVAL);
	b->r.k = 4;
	b->r.plain_bytes = MAX_PLAIN + 1;
	b->r.stored_bytes = MAX_PLAIN + 1;
	assert_int_equal(bench_decode(b, b->piece, 6), -EINVAL);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_k), cmocka_unit_test(compressed),
		cmocka_unit_test(ciphertext_only), cmocka_unit_test(damaged),
		cmocka_unit_test(beyond), cmocka_unit_test(bounded), cmocka_unit_test(repeated),
		cmocka_unit_test(bound_to_its_place), cmocka_unit_test(coefficients),
		cmocka_unit_test(lying_coefficients), cmocka_unit_test(recoded),
		cmocka_unit_test(golden), cmocka_unit_test(bad_arguments),
	};

	return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
