// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "attest_set.h"

bool attest_digest_read(struct str text, const struct tpm_alg *bank, struct attest_digest *d)
{
	struct str rest = text, name;
	size_t i, colon;

	*d = (struct attest_digest){ .alg = bank };
	if (str_find(text, ':', &colon) || !bank) {
		str_cut(&rest, ':', &name);
		d->alg = tpm_alg_by_name(name);
	}
	if (!d->alg || (bank && d->alg != bank) || rest.len != 2u * d->alg->size)
		return false;
	for (i = 0; i < d->alg->size; i++) {
		int high = hex_value(rest.at[2 * i]), low = hex_value(rest.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		d->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int compare_digests(const void *a, const void *b)
{
	const struct attest_digest *x = a, *y = b;

	if (x->alg->id != y->alg->id)
		return x->alg->id < y->alg->id ? -1 : 1;
	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

void attest_digests_sort(struct attest_digests *set)
{
	if (set->count)
		qsort(set->item, set->count, sizeof(*set->item), compare_digests);
}

bool attest_digests_have(const struct attest_digests *set, const struct tpm_alg *alg,
			 const void *bytes)
{
	struct attest_digest d = { .alg = alg };

	if (!set->count || !alg)
		return false;
	memcpy(d.bytes, bytes, alg->size);
	return bsearch(&d, set->item, set->count, sizeof(d), compare_digests);
}

static int compare_files(const void *a, const void *b)
{
	const struct attest_file *x = a, *y = b;

	if (x->pattern != y->pattern)
		return x->pattern ? 1 : -1;
	return str_compare(x->path, y->path);
}

void attest_files_sort(struct attest_files *files)
{
	unsigned int i;

	if (files->count)
		qsort(files->item, files->count, sizeof(*files->item), compare_files);
	for (i = 0; i < files->count && !files->item[i].pattern; i++)
		files->plain = i + 1;
}

static bool allows(const struct attest_file *file, const struct tpm_alg *alg, const void *digest)
{
	return !file->digests.count || attest_digests_have(&file->digests, alg, digest);
}

/* The first of the plain paths that is not below @path. */
static unsigned int find_plain(const struct attest_files *files, struct str path)
{
	unsigned int low = 0, high = files->plain;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (str_compare(files->item[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool attest_files_allow(const struct attest_files *files, struct str path,
			const struct tpm_alg *alg, const void *digest)
{
	unsigned int i;

	for (i = find_plain(files, path);
	     i < files->plain && str_equal(files->item[i].path, path); i++)
		if (allows(&files->item[i], alg, digest))
			return true;
	for (i = files->plain; i < files->count; i++)
		if (str_match(files->item[i].path, path) && allows(&files->item[i], alg, digest))
			return true;
	return false;
}
