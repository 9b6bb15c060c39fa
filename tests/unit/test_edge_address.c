// SPDX-License-Identifier: GPL-2.0-or-later
/* Where others reach an edge, from what its section of the configuration says. */
#include "io_util.h"

#include "../../user/skyd/edge.h"

static void addresses(void **state)
{
	static const struct {
		const char *listen, *url, *cert;
		int rc;
		const char *host, *whole;
	} cases[] = {
		{ "127.0.0.1:9001", NULL, NULL, 0, "127.0.0.1:9001", "http://127.0.0.1:9001" },
		{ "127.0.0.1:9001", "", "/c", 0, "127.0.0.1:9001", "https://127.0.0.1:9001" },
		{ "[::1]:9001", NULL, NULL, 0, "[::1]:9001", "http://[::1]:9001" },
		{ "0.0.0.0:9001", "https://edge.example", "/c", 0, "edge.example",
		  "https://edge.example" },
		{ "0.0.0.0:9001", NULL, NULL, -EDESTADDRREQ, "", "" },
		{ "[::]:9001", NULL, NULL, -EDESTADDRREQ, "", "" },
		{ "unix:/run/x", NULL, NULL, -EDESTADDRREQ, "", "" },
		{ "unix:/run/x", "http://edge:1", NULL, 0, "edge:1", "http://edge:1" },
		{ "0.0.0.0:9001", "http://edge.example", "/c", -EINVAL, "", "" },
		{ "0.0.0.0:9001", "https://edge.example", NULL, -EINVAL, "", "" },
		{ "0.0.0.0:9001", "http://edge.example/path", NULL, -EINVAL, "", "" },
		{ "0.0.0.0:9001", "http://me@edge.example", NULL, -EINVAL, "", "" },
		{ "0.0.0.0:9001", "http://", NULL, -EINVAL, "", "" },
		{ "0.0.0.0:9001", "ftp://x", NULL, -EINVAL, "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_edge e = {
			.listen = (char *)cases[i].listen, .url = (char *)cases[i].url,
			.cert = (char *)cases[i].cert,
		};
		char host[EDGE_TEXT_MAX] = "", url[EDGE_TEXT_MAX] = "";

		assert_int_equal(edge_address(&e, host, url), cases[i].rc);
		if (cases[i].rc)
			continue;
		assert_string_equal(host, cases[i].host);
		assert_string_equal(url, cases[i].whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
