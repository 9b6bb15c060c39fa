// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trees, proofs and tiles of the ledger: known vectors, a naive second implementation, and every
 * bit of what is to be believed flipped.
 */
#include <errno.h>

#include "ledger_util.h"

#include "base/hex.h"

/* --- trees: the leaves and roots of RFC 6962's reference implementation ----------------- */

static const char *const leaves[] = {
	"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};

static const char *const roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

#define A	"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
#define B	"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
#define C	"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
#define D	"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
#define E	"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
#define F	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
#define G	"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

static const struct {
	bool consistency;
	uint64_t first, size;
	const char *hash[4];
} paths[] = {
	{ false, 0, 8, { A, B, C } },
	{ false, 5, 8, { D, E, F } },
	{ false, 0, 1, { NULL } },
	{ true, 1, 8, { A, B, C } },
	{ true, 6, 8, { G, E, F } },
	{ true, 2, 5, { B, D } },
	{ true, 1, 1, { NULL } },
};

static void assert_hash(const struct merkle_hash *found, const char *digits)
{
	char text[2 * MERKLE_BYTES + 1];

	hex_encode(found->byte, MERKLE_BYTES, text);
	assert_string_equal(text, digits);
}

static struct merkle_hash known_leaf(unsigned int i)
{
	struct merkle_hash h;
	uint8_t bytes[16];

	assert_int_equal(hex_decode(leaves[i], bytes, strlen(leaves[i]) / 2), 0);
	merkle_leaf(bytes, strlen(leaves[i]) / 2, &h);
	return h;
}

static void known_roots(void **state)
{
	struct merkle_edge e = { 0 };
	struct merkle_hash root;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(roots); i++) {
		merkle_edge_root(&e, &root);
		assert_hash(&root, roots[i]);
		if (i < COUNT(leaves)) {
			struct merkle_hash h = known_leaf(i);

			assert_int_equal(merkle_edge_add(&e, &h), 0);
		}
	}
}

static void known_paths(void **state)
{
	struct merkle_hash *mine = leaf, few[COUNT(leaves)];
	struct merkle_proof p;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < COUNT(leaves); i++)
		few[i] = known_leaf(i);
	leaf = few;
	for (i = 0; i < COUNT(paths); i++) {
		assert_int_equal(paths[i].consistency ?
				 prove_consistency(source(), paths[i].first, paths[i].size, &p) :
				 prove_inclusion(source(), paths[i].first, paths[i].size, &p), 0);
		for (j = 0; paths[i].hash[j]; j++)
			assert_hash(&p.hash[j], paths[i].hash[j]);
		assert_int_equal(p.count, j);
	}
	leaf = mine;
}

static void edges_agree(void **state)
{
	struct merkle_edge e = { 0 };
	uint64_t n;

	(void)state;
	for (n = 0; n <= 600; n++) {
		struct merkle_hash root, other = naive(0, n);

		merkle_edge_root(&e, &root);
		assert_true(merkle_equal(&root, &other));
		assert_int_equal(prove_root(source(), n, n, &root), 0);
		assert_true(merkle_equal(&root, &other));
		merkle_edge_add(&e, &leaf[n]);
	}
}

/* --- proofs ---------------------------------------------------------------------------- */

static void all_inclusions(void **state)
{
	struct merkle_proof p;
	uint64_t n, i, other;

	(void)state;
	for (n = 1; n <= 40; n++) {
		struct merkle_hash root = naive(0, n);

		for (i = 0; i < n; i++) {
			assert_int_equal(prove_inclusion(source(), i, n, &p), 0);
			for (other = 0; other <= n + 1; other++)
				assert_int_equal(merkle_verify_inclusion(&leaf[i], other, n, &p,
									 &root), other == i);
			assert_int_equal(merkle_verify_inclusion(&leaf[i + 1], i, n, &p, &root),
					 false);
		}
		assert_int_equal(prove_inclusion(source(), n, n, &p), -EINVAL);
	}
}

static void all_consistencies(void **state)
{
	struct merkle_proof p;
	uint64_t n, m, other;

	(void)state;
	for (n = 0; n <= 40; n++) {
		struct merkle_hash root = naive(0, n);

		for (m = 0; m <= n; m++) {
			assert_int_equal(prove_consistency(source(), m, n, &p), 0);
			for (other = 0; other <= n; other++) {
				struct merkle_hash old = naive(0, other);

				/* Nothing is the beginning of everything, with an empty proof. */
				assert_int_equal(merkle_verify_consistency(other, &old, n, &root,
									   &p),
						 other == m || (!p.count &&
								(!other || other == n)));
			}
		}
		assert_int_equal(prove_consistency(source(), n + 1, n, &p), -EINVAL);
	}
}

/* Every bit of hash, leaf and root; every other length. */
static void flipped_inclusion(void **state)
{
	struct merkle_proof p, bad;
	uint64_t n, i;
	size_t bit;

	(void)state;
	for (n = 1; n <= 13; n++) {
		struct merkle_hash root = naive(0, n), h;

		for (i = 0; i < n; i++) {
			assert_int_equal(prove_inclusion(source(), i, n, &p), 0);
			for (bit = 0; bit < p.count * MERKLE_BYTES * 8; bit++) {
				bad = p;
				((uint8_t *)bad.hash)[bit / 8] ^= 1 << bit % 8;
				assert_false(merkle_verify_inclusion(&leaf[i], i, n, &bad, &root));
			}
			for (bit = 0; bit < MERKLE_BYTES * 8; bit++) {
				h = leaf[i];
				h.byte[bit / 8] ^= 1 << bit % 8;
				assert_false(merkle_verify_inclusion(&h, i, n, &p, &root));
				h = root;
				h.byte[bit / 8] ^= 1 << bit % 8;
				assert_false(merkle_verify_inclusion(&leaf[i], i, n, &p, &h));
			}
			for (bad = p, bad.count = 0; bad.count <= MERKLE_PROOF_MAX; bad.count++)
				assert_int_equal(merkle_verify_inclusion(&leaf[i], i, n, &bad,
									 &root),
						 bad.count == p.count);
			bad.count = ~0u;
			assert_false(merkle_verify_inclusion(&leaf[i], i, n, &bad, &root));
			assert_false(merkle_verify_inclusion(&leaf[i], i, ~0ull, &p, &root));
			assert_false(merkle_verify_inclusion(&leaf[i], i, 0, &p, &root));
		}
	}
}

static void flipped_consistency(void **state)
{
	struct merkle_proof p, bad;
	uint64_t n, m;
	size_t bit;

	(void)state;
	for (n = 1; n <= 13; n++) {
		struct merkle_hash root = naive(0, n), h;

		for (m = 1; m <= n; m++) {
			struct merkle_hash old = naive(0, m);

			assert_int_equal(prove_consistency(source(), m, n, &p), 0);
			for (bit = 0; bit < p.count * MERKLE_BYTES * 8; bit++) {
				bad = p;
				((uint8_t *)bad.hash)[bit / 8] ^= 1 << bit % 8;
				assert_false(merkle_verify_consistency(m, &old, n, &root, &bad));
			}
			for (bit = 0; bit < MERKLE_BYTES * 8; bit++) {
				h = old;
				h.byte[bit / 8] ^= 1 << bit % 8;
				assert_false(merkle_verify_consistency(m, &h, n, &root, &p));
				h = root;
				h.byte[bit / 8] ^= 1 << bit % 8;
				assert_false(merkle_verify_consistency(m, &old, n, &h, &p));
			}
			for (bad = p, bad.count = 0; bad.count <= MERKLE_PROOF_MAX; bad.count++)
				assert_int_equal(merkle_verify_consistency(m, &old, n, &root, &bad),
						 bad.count == p.count);
			bad.count = ~0u;
			assert_false(merkle_verify_consistency(m, &old, n, &root, &bad));
		}
	}
}

/* Sizes at the borders of tiles of two levels. */
static void large_trees(void **state)
{
	static const uint64_t sizes[] = {
		255, 256, 257, 511, 513, 65535, 65536, 65537, 65793, 70000,
	};
	struct merkle_proof p;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		const uint64_t n = sizes[i], some[] = { 0, 1, 255, 256 % n, n / 2, n - 1 };
		struct merkle_hash root = naive(0, n), old;

		for (j = 0; j < COUNT(some); j++) {
			if (some[j] >= n)
				continue;
			assert_int_equal(prove_inclusion(source(), some[j], n, &p), 0);
			assert_true(merkle_verify_inclusion(&leaf[some[j]], some[j], n, &p, &root));
			old = naive(0, some[j] + 1);
			assert_int_equal(prove_consistency(source(), some[j] + 1, n, &p), 0);
			assert_true(merkle_verify_consistency(some[j] + 1, &old, n, &root, &p));
		}
	}
}

/* --- paths of tiles -------------------------------------------------------------------- */

static void tile_paths(void **state)
{
	static const struct {
		struct tile t;
		const char *path;
	} good[] = {
		{ { 0, 1234067, 256 }, "tile/0/x001/x234/067" },
		{ { 0, 0, 256 }, "tile/0/000" },
		{ { 1, 4, 12 }, "tile/1/004.p/12" },
		{ { TILE_ENTRIES, 999, 255 }, "tile/entries/999.p/255" },
		{ { TILE_ENTRIES, 1000, 1 }, "tile/entries/x001/000.p/1" },
		{ { 7, 36028797018963967ull, 256 }, "tile/7/x036/x028/x797/x018/x963/967" },
	};
	static const char *const bad[] = {
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/00/000", "tile/8/000", "tile/-1/000",
		"tile/0/0", "tile/0/0000", "tile/0/x000/001", "tile/0/x001", "tile/0/001/002",
		"tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
		"tile/0/000.p/1/", "tile/0/000/", "tile/entries/../000", "tile/0/x001/x00/000",
		"tile/0/x999/x999/x999/x999/x999/x999/999", "/tile/0/000", "tile//000", "Tile/0/000",
		"tile/0/000.p/1\n", "tile/0/ 00",
	};
	char path[TILE_PATH];
	struct tile t;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		tile_path(&good[i].t, path);
		assert_string_equal(path, good[i].path);
		assert_int_equal(tile_parse(str_of(good[i].path), &t), 0);
		assert_memory_equal(&t, &good[i].t, sizeof(t));
	}
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(tile_parse(str_of(bad[i]), &t), -EINVAL);
}

/* The example of the specification. */
static void tile_widths(void **state)
{
	(void)state;
	assert_int_equal(tile_width(70000, 0, 272), 256);
	assert_int_equal(tile_width(70000, 0, 273), 112);
	assert_int_equal(tile_width(70000, 0, 274), 0);
	assert_int_equal(tile_width(70000, 1, 0), 256);
	assert_int_equal(tile_width(70000, 1, 1), 17);
	assert_int_equal(tile_width(70000, 2, 0), 1);
	assert_int_equal(tile_width(256, 0, 0), 256);
	assert_int_equal(tile_width(256, 0, 1), 0);
	assert_int_equal(tile_width(256, 1, 0), 1);
	assert_int_equal(tile_width(0, 0, 0), 0);
}

static void bundles(void **state)
{
	static const char bytes[] = "\0\2ab\0\0\0\1c";
	struct str rest = { bytes, sizeof(bytes) - 1 }, entry;
	size_t len;
	int rc;

	(void)state;
	assert_int_equal(bundle_next(&rest, &entry), 1);
	assert_str(entry, "ab");
	assert_int_equal(bundle_next(&rest, &entry), 1);
	assert_str(entry, "");
	assert_int_equal(bundle_next(&rest, &entry), 1);
	assert_str(entry, "c");
	assert_int_equal(bundle_next(&rest, &entry), 0);
	/* Cut anywhere but between two of them. */
	for (len = 0; len < sizeof(bytes) - 1; len++) {
		rest = (struct str){ bytes, len };
		while ((rc = bundle_next(&rest, &entry)) > 0)
			;
		assert_int_equal(rc, len == 0 || len == 4 || len == 6 ? 0 : -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_roots),
		cmocka_unit_test(known_paths),
		cmocka_unit_test(edges_agree),
		cmocka_unit_test(all_inclusions),
		cmocka_unit_test(all_consistencies),
		cmocka_unit_test(flipped_inclusion),
		cmocka_unit_test(flipped_consistency),
		cmocka_unit_test(large_trees),
		cmocka_unit_test(tile_paths),
		cmocka_unit_test(tile_widths),
		cmocka_unit_test(bundles),
	};

	return cmocka_run_group_tests_name("ledger", tests, make_leaves, free_leaves);
}
