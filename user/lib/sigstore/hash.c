// SPDX-License-Identifier: GPL-2.0-or-later
/* Digests, and the artefacts they are of. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "private.h"

static const struct {
	const char *name;
	size_t bytes;
	const EVP_MD *(*md)(void);
} kinds[SIGSTORE_HASHES] = {
	[SIGSTORE_SHA256] = { "sha256", 32, EVP_sha256 },
	[SIGSTORE_SHA384] = { "sha384", 48, EVP_sha384 },
	[SIGSTORE_SHA512] = { "sha512", 64, EVP_sha512 },
};

const char *const sig_hash_words[] = {
	"HASH_ALGORITHM_UNSPECIFIED", "SHA2_256", "SHA2_384", "SHA2_512", "SHA3_256", "SHA3_384",
	NULL
};

int sig_hash_of(int number)
{
	return number >= 1 && number <= SIGSTORE_HASHES ? number - 1 : -1;
}

int sig_hash_named(struct str name)
{
	int h;

	for (h = 0; h < SIGSTORE_HASHES; h++)
		if (str_is(name, kinds[h].name))
			return h;
	return -1;
}

size_t sig_hash_bytes(enum sigstore_hash h)
{
	return kinds[h].bytes;
}

const EVP_MD *sig_hash_md(enum sigstore_hash h)
{
	return kinds[h].md();
}

static void free_md(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

bool sig_sha256(const struct str *pieces, unsigned int count, uint8_t digest[SIG_SHA256])
{
	CLEANUP(free_md) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

	for (; good && count; count--, pieces++)
		good = EVP_DigestUpdate(ctx, pieces->at, pieces->len);
	return good && EVP_DigestFinal_ex(ctx, digest, NULL);
}

bool sig_is(struct str s, const void *bytes, size_t len)
{
	return str_equal(s, (struct str){ bytes, len });
}

bool sig_is_hex(struct str hex, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	size_t i;

	if (hex.len != 2 * len)
		return false;
	for (i = 0; i < len; i++)
		if (hex_value(hex.at[2 * i]) != b[i] >> 4 ||
		    hex_value(hex.at[2 * i + 1]) != (b[i] & 15))
			return false;
	return true;
}

/* --- artefacts ---------------------------------------------------------------------------- */

int sigstore_artefact_memory(struct sigstore_artefact *a, struct str data)
{
	int h;

	*a = (struct sigstore_artefact){ .data = data };
	if (!data.at)
		a->data.at = "";
	for (h = 0; h < SIGSTORE_HASHES; h++) {
		if (!EVP_Digest(a->data.at, data.len, a->digest[h], NULL, kinds[h].md(), NULL))
			return -EIO;
		a->known[h] = true;
	}
	return 0;
}

int sigstore_artefact_digest(struct sigstore_artefact *a, struct str text)
{
	struct str name;
	size_t i;
	int h;

	*a = (struct sigstore_artefact){ 0 };
	if (!str_cut(&text, ':', &name) || !text.at)
		return -EINVAL;
	h = sig_hash_named(name);
	if (h < 0 || text.len != 2 * kinds[h].bytes)
		return -EINVAL;
	for (i = 0; i < text.len; i++) {
		int v = hex_value(text.at[i]);

		if (v < 0)
			return -EINVAL;
		a->digest[h][i / 2] = a->digest[h][i / 2] << 4 | v;
	}
	a->known[h] = true;
	return 0;
}

struct reading {
	EVP_MD_CTX *ctx[SIGSTORE_HASHES];
};

static void end_reading(struct reading *r)
{
	int h;

	for (h = 0; h < SIGSTORE_HASHES; h++)
		EVP_MD_CTX_free(r->ctx[h]);
}

/* What was read counts, not what the file's size says. */
static int read_all(struct sigstore_artefact *a, int fd, struct reading *r, char *buf, size_t size)
{
	size_t total = 0;
	ssize_t n;
	int h;

	while ((n = read(fd, buf, size)) > 0) {
		for (h = 0; h < SIGSTORE_HASHES; h++)
			if (!EVP_DigestUpdate(r->ctx[h], buf, n))
				return -EIO;
		if (a->owned && total + n <= SIGSTORE_MAX_BYTES) {
			memcpy(a->owned + total, buf, n);
		} else {
			free(a->owned);
			a->owned = NULL;
		}
		total += n;
	}
	if (n < 0)
		return -errno;
	a->data = (struct str){ a->owned, a->owned ? total : 0 };
	for (h = 0; h < SIGSTORE_HASHES; h++) {
		if (!EVP_DigestFinal_ex(r->ctx[h], a->digest[h], NULL))
			return -EIO;
		a->known[h] = true;
	}
	return 0;
}

int sigstore_artefact_file(struct sigstore_artefact *a, const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(end_reading) struct reading r = { { NULL } };
	CLEANUP_FREE char *buf = malloc(1 << 16);
	int h, rc;

	*a = (struct sigstore_artefact){ 0 };
	if (fd < 0)
		return -errno;
	for (h = 0; h < SIGSTORE_HASHES; h++) {
		r.ctx[h] = EVP_MD_CTX_new();
		if (!r.ctx[h] || !EVP_DigestInit_ex(r.ctx[h], kinds[h].md(), NULL))
			return -ENOMEM;
	}
	/* Pages that nobody writes to are not there. */
	a->owned = malloc(SIGSTORE_MAX_BYTES);
	if (!a->owned || !buf) {
		sigstore_artefact_free(a);
		return -ENOMEM;
	}
	rc = read_all(a, fd, &r, buf, 1 << 16);
	if (rc)
		sigstore_artefact_free(a);
	return rc;
}

void sigstore_artefact_free(struct sigstore_artefact *a)
{
	free(a->owned);
	*a = (struct sigstore_artefact){ 0 };
}
