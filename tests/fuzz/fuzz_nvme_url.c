// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NVMe/TCP URLs, and what becomes of them: nothing in one may be another option to
 * the kernel than its own.  What sysfs may hold goes through the same input.
 */
#include <stdlib.h>
#include <string.h>

#include "nvme/nvme_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static unsigned int count(const char *text, char c)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nvme_patience patience = { .timeout_s = 5, .dead_s = 1 };
	const struct nvme_host host = { .nqn = "" };
	char *text = strndup((const char *)data, size), words[2048], name[NVME_NAME_MAX];
	struct nvme_url url;
	int controller;

	require(!!text);
	if (!nvme_url_parse(text, &url)) {
		require(nvme_url_is(text) && *url.at.host && *url.at.port && *url.nqn);
		require(!nvme_connect_words(&url, url.at.host, &host, &patience, words,
					    sizeof(words)));
		require(count(words, ',') == 8 && !strchr(words, ' ') && !strchr(words, '\n'));
	}
	if (!nvme_disk_name(text, name))
		require(!strncmp(name, "nvme", 4) && !strchr(name, '/') && !strchr(name, 'c'));
	if (!nvme_instance(text, &controller))
		require(controller >= 0);
	free(text);
	return 0;
}
