// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile requests to the guests that serve, and a hostile archive: the first byte says to
 * which parser.  Nothing is read outside, what passes is within its limits, and what has
 * come in part is never taken for something else than the whole.
 */
#include <stdlib.h>
#include <string.h>

#include "http/request.h"
#include "http/tar.h"
#include "kv/resp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static bool is_status(int status)
{
	static const int known[] = { 400, 405, 413, 414, 431, 501, 505 };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (status == known[i])
			return true;
	return false;
}

/* No part of a path is "..": decoding comes first. */
static bool climbs(const char *path)
{
	size_t len;

	for (; ; path += len + 1) {
		len = strcspn(path, "/");
		if (len == 2 && !memcmp(path, "..", 2))
			return true;
		if (!path[len])
			return false;
	}
}

static void try_http(const uint8_t *data, size_t size)
{
	struct http_request rq, again;
	int len = http_parse((const char *)data, size, &rq), part;
	size_t i;

	if (len < 0)
		require(is_status(-len));
	if (len <= 0)
		return;
	require((size_t)len <= size && len <= (int)HTTP_HEAD_MAX);
	require(!!memchr(rq.path, 0, sizeof(rq.path)));
	require(!climbs(rq.path));
	for (i = 1; i < (size_t)len; i += 1 + i / 8) {
		part = http_parse((const char *)data, i, &again);
		require(part == 0);
	}
}

static void try_resp(const uint8_t *data, size_t size)
{
	struct resp_request rq, again;
	const char *why = NULL;
	long len = resp_parse(data, size, &rq, &why);
	int64_t number;
	unsigned int i;
	size_t at;

	if (len < 0)
		require(why && *why);
	if (len <= 0)
		return;
	require((size_t)len <= size && rq.count <= RESP_WORDS);
	for (i = 0; i < rq.count; i++) {
		require(rq.word[i].data >= data && rq.word[i].len <= (size_t)len);
		require(rq.word[i].data + rq.word[i].len <= data + len);
		resp_number(rq.word[i].data, rq.word[i].len, &number);
	}
	for (at = 1; at < (size_t)len; at += 1 + at / 8)
		require(!resp_parse(data, at, &again, &why));
}

static void try_tar(const uint8_t *data, size_t size)
{
	uint8_t block[TAR_BLOCK] = "";
	struct tar_file file;
	unsigned int i, sum = 0;

	memcpy(block, data, size < TAR_BLOCK ? size : TAR_BLOCK);
	if (size % 2) {
		/* With the right checksum, so that the rest is looked at. */
		memset(block + 148, ' ', 8);
		for (i = 0; i < TAR_BLOCK; i++)
			sum += block[i];
		for (i = 0; i < 6; i++)
			block[148 + i] = '0' + (sum >> (15 - 3 * i) & 7);
		block[154] = 0;
	}
	if (tar_parse(block, &file) == 1)
		require(memchr(file.name, 0, sizeof(file.name)) && file.size <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact;

	if (!size)
		return 0;
	exact = malloc(size);
	require(!!exact);
	memcpy(exact, data + 1, size - 1);
	if (data[0] % 3 == 0)
		try_http(exact, size - 1);
	else if (data[0] % 3 == 1)
		try_resp(exact, size - 1);
	else
		try_tar(exact, size - 1);
	free(exact);
	return 0;
}
