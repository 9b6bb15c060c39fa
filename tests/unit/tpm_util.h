/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of measured boots: recorded logs, and copies of them that are damaged. */
#ifndef TESTS_TPM_UTIL_H
#define TESTS_TPM_UTIL_H

#include <stdio.h>
#include <stdlib.h>

#include "text_util.h"

#include "base/file.h"
#include "tpm/event_bind.h"
#include "tpm/eventlog.h"
#include "tpm/ima.h"

#define FIXTURES	"tests/fixtures/tpm"
#define FILE_MOST	(1u << 20)

struct blob {
	uint8_t *at;
	size_t len;
};

static inline bool blob_try(const char *path, struct blob *b)
{
	char *data = NULL;

	if (file_read(path, FILE_MOST, &data, &b->len))
		return false;
	/* Of its size exactly, so that a read beyond it is seen. */
	b->at = malloc(b->len ? b->len : 1);
	assert_non_null(b->at);
	memcpy(b->at, data, b->len);
	free(data);
	return true;
}

/* A recorded file: that of a boot. */
static inline struct blob blob_of(const char *boot, const char *name)
{
	struct blob b;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/%s", FIXTURES, boot, name);
	if (!blob_try(path, &b))
		fail_msg("%s cannot be read; tests run in the top folder", path);
	return b;
}

static inline struct blob blob_copy(const void *at, size_t len)
{
	struct blob b = { malloc(len ? len : 1), len };

	assert_non_null(b.at);
	if (len)
		memcpy(b.at, at, len);
	return b;
}

static inline void blob_free(struct blob *b)
{
	free(b->at);
	*b = (struct blob){ NULL, 0 };
}

static inline struct tpm_pcr_set pcrs_of(const char *boot, const char *name)
{
	struct blob b = blob_of(boot, name);
	struct tpm_pcr_set set;

	assert_int_equal(tpm_pcrs_parse(&set, (struct str){ (char *)b.at, b.len }, NULL), 0);
	blob_free(&b);
	return set;
}

/* A log that is written here. */
struct made {
	uint8_t at[4096];
	size_t len;
};

static inline void put(struct made *m, const void *data, size_t len)
{
	assert_true(len <= sizeof(m->at) - m->len);
	memcpy(m->at + m->len, data, len);
	m->len += len;
}

static inline void put16(struct made *m, uint16_t v)
{
	put(m, (uint8_t[]){ v, v >> 8 }, 2);
}

static inline void put32(struct made *m, uint32_t v)
{
	put16(m, v);
	put16(m, v >> 16);
}

static inline void put_field(struct made *m, const void *data, size_t len)
{
	put32(m, len);
	put(m, data, len);
}

/* An entry of IMA's of template data @d. */
static inline void put_entry(struct made *m, const char *template, const struct made *d)
{
	uint8_t digest[TPM_DIGEST_MAX];

	tpm_hash(tpm_alg_by_id(TPM_ALG_SHA1), d->at, d->len, digest);
	put32(m, 10);
	put(m, digest, 20);
	put_field(m, template, strlen(template));
	put_field(m, d->at, d->len);
}

#endif /* TESTS_TPM_UTIL_H */
