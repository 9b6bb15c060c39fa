// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration file: each way to be wrong has a generator, and is told with its line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../user/skyd/config.h"
#include "base/file.h"

static char top[64], path[96], folder[96];
static char told[65536];
static unsigned int tells;

static void tell(void *arg, const char *text)
{
	size_t len = strlen(told);

	(void)arg;
	tells++;
	snprintf(told + len, sizeof(told) - len, "%s\n", text);
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test_config.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/skyd.conf", top);
	snprintf(folder, sizeof(folder), "%s/conf.d", top);
	assert_int_equal(mkdir(folder, 0700), 0);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command);
}

static void put(const char *name, const char *text)
{
	assert_int_equal(file_write_atomic(name, text, strlen(text), 0600), 0);
}

static int parse(struct config *c, const char *text)
{
	int rc;

	put(path, text);
	told[0] = 0;
	tells = 0;
	rc = config_read(c, path, tell, NULL);
	assert_int_equal(rc, tells);
	return rc;
}

#define LINK "[link]\ncertificate = /c\nkey = /k\nauthority = /a\n"

static const struct bad {
	const char *text;
	unsigned int line;
	const char *words;	/* what the message must say */
} bads[] = {
	{ "[skyd]\nstate /srv\n", 2, "key = value" },
	{ "state = /srv\n", 1, "write [skyd]" },
	{ "[skyd\n", 1, "ends with ]" },
	{ "[skyd] x\n", 1, "alone in its line" },
	{ "[sky]\n", 1, "no section [sky]" },
	{ "[skyd a]\n", 1, "has no name" },
	{ "[edge]\n", 1, "needs a name" },
	{ "[edge ../x]\n", 1, "use letters" },
	{ "[edge .]\n", 1, "use letters" },
	{ "\n\n[skyd]\nstat = /srv\n", 4, "no \"stat\" in [skyd]" },
	{ "[gateway]\nstate = /srv\n", 2, "no \"state\" in [gateway]" },
	{ "[skyd]\nstate = srv\n", 2, "begin it with /" },
	{ "[skyd]\nio_uring = maybe\n", 2, "write yes or no" },
	{ "[skyd]\ncalls = many\n", 2, "write digits" },
	{ "[skyd]\ncalls = -1\n", 2, "write digits" },
	{ "[skyd]\ncalls = 0\n", 2, "1 to 4096" },
	{ "[skyd]\ncalls = 4097\n", 2, "1 to 4096" },
	{ "[skyd]\ncalls = 99999999999999999999999\n", 2, "\"calls\"" },
	{ "[skyd]\nstop = 30\n", 2, "ms, s, min or h" },
	{ "[skyd]\nstop = 5d\n", 2, "ms, s, min or h" },
	{ "[skyd]\nstop = 2h\n", 2, "0ms to 3600000ms" },
	{ "[log]\nlevel = loud\n", 2, "debug" },
	{ "[gateway]\nlisten = nowhere\n", 2, "HOST:PORT" },
	{ "[gateway]\nlisten = 1.2.3.4:0\n", 2, "HOST:PORT" },
	{ "[gateway]\nlisten = 1.2.3.4:70000\n", 2, "HOST:PORT" },
	{ "[gateway]\nlisten = unix:relative\n", 2, "HOST:PORT" },
	{ "[skyd]\nstate = /a\nstate = /b\n", 3, "skyd.conf:2; remove" },
	{ "include = /nowhere/at/all\n", 1, "make it, or remove" },
	{ "[link]\nlisten = nowhere\n", 2, "HOST:PORT" },
	{ "[link]\nping = 1ms\n", 2, "100ms to 600000ms" },
	{ "[link]\npeers = gateway/a doorman/b\n", 2, "not doorman/b" },
	{ "[link]\npeers = gateway/\n", 2, "not gateway/" },
	{ "[link]\nlisten = h:1\npeers = gateway/a\nkey = /k\nauthority = /a\n", 2,
	  "needs certificate, key and authority" },
	{ LINK "listen = h:1\n", 5, "needs peers" },
	{ LINK "backend = h:1\npeers = vault/b\n", 5, "needs a peer that is a backend" },
	{ LINK "vault = unix:/x\npeers = vault/b\n", 5, "at HOST:PORT, not at unix:/x" },
	{ "[attest]\nname = ../x\n", 2, "no such name of a machine: ../x" },
	{ "[attest]\ntpm = /dev/tpm0\n", 2, "device:PATH or swtpm:path=SOCKET, not /dev/tpm0" },
	{ "[attest]\nwebhook = ftp://x/\n", 2, "to http:// or https://, not to ftp://x/" },
	{ "[attest]\nverifier_key = /k\ntoken_key = ear.key\n", 3, "is not used where verifier_key" },
	{ "[attest]\nlease = 100ms\n", 2, "500ms to 86400000ms" },
	{ "[link]\npeers = gateway/b\n[attest]\nname = b\nrequired = yes\n", 4,
	  "that of this machine is a peer's, gateway/b" },
	{ "[edge a]\npath = /a\n", 1, "does not say its listen" },
	{ "[edge a]\nlisten = h:1\n", 1, "does not say its path" },
	{ "[edge a]\nlisten = h:1\npath = /a\n[edge b]\nlisten = h:2\npath = /a\n", 4,
	  "another path; it has that of a" },
	{ "[edge a]\nlisten = h:1\npath = /a\n[edge b]\nlisten = h:1\npath = /b\n", 4,
	  "another address; it has that of a" },
	{ "[edge a]\nlisten = 127.0.0.1:9000\npath = /a\n", 1, "listens where the gateway does" },
};

static void test_errors(void **state)
{
	struct config c;
	char place[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		snprintf(place, sizeof(place), "%s:%u: ", path, bads[i].line);
		if (parse(&c, bads[i].text) != 1 || !strstr(told, bads[i].words) ||
		    strncmp(told, place, strlen(place)))
			fail_msg("%s gives %u: %s", bads[i].text, tells, told);
		config_free(&c);
	}
	print_message("%zu kinds of error\n", i);
}

/* Not the first alone. */
static void test_all_errors(void **state)
{
	char text[16384] = "";
	struct config c;
	size_t i;

	(void)state;
	/* Those of one section, which may stand side by side. */
	for (i = 0; i < 6; i++)
		strcat(text, i % 2 ? "[sky]\n" : "[skyd]\nnothing = 1\nat all\n");
	assert_int_equal(parse(&c, text), 9);
	config_free(&c);
	unlink(path);
	told[0] = 0;
	assert_int_equal(config_read(&c, path, tell, NULL), 1);
	assert_non_null(strstr(told, "cannot be read"));
	assert_null(strstr(told, ":0:"));
	config_free(&c);
}

static void test_values(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, ""), 0);
	assert_string_equal(c.state, "/var/lib/skyd/backend");
	assert_int_equal(c.edges, 0);
	assert_true(c.io_uring);
	config_free(&c);
	assert_int_equal(parse(&c, "# first\n [skyd] \r\n\tstate =  /a b \r\nio_uring=no\n"
			       "stop = 5min\n[log]\nlevel = debug\n[edge x-1]\nlisten = [::1]:80\n"
			       "path = /x\n[gateway]\nlisten = unix:/run/g"), 0);
	assert_string_equal(c.state, "/a b");
	assert_false(c.io_uring);
	assert_int_equal(c.stop_ms, 300000);
	assert_int_equal(c.level, LEVEL_DEBUG);
	assert_int_equal(c.edges, 1);
	assert_string_equal(c.edge[0].name, "x-1");
	assert_string_equal(c.edge[0].listen, "[::1]:80");
	assert_string_equal(c.gateway_listen, "unix:/run/g");
	config_free(&c);
}

static void test_include(void **state)
{
	char one[128], two[128], text[512];
	struct config c;

	(void)state;
	snprintf(one, sizeof(one), "%s/10-one.conf", folder);
	snprintf(two, sizeof(two), "%s/20-two.conf", folder);
	snprintf(text, sizeof(text), "include = %s\n[skyd]\ncalls = 1\n", folder);
	put(one, "[skyd]\ncalls = 10\nstop = 1s\nstart = 1s\n");
	put(two, "[skyd]\nstop = 2s\n");
	assert_int_equal(parse(&c, text), 0);
	/* What comes later holds. */
	assert_int_equal(c.calls, 1);
	assert_int_equal(c.stop_ms, 2000);
	assert_int_equal(c.start_ms, 1000);
	config_free(&c);

	put(two, "include = /etc\n\n[skyd]\nstop = 2\n");
	assert_int_equal(parse(&c, text), 2);
	assert_non_null(strstr(told, "20-two.conf:1: an included file cannot include"));
	assert_non_null(strstr(told, "20-two.conf:4: "));
	config_free(&c);
	unlink(one);
	unlink(two);
}

/* What is printed can be read, and says what holds anyway. */
static void test_print(void **state)
{
	struct config c;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	config_print(f, false);
	fclose(f);
	assert_int_equal(parse(&c, text), 0);
	assert_int_equal(c.calls, 256);
	config_free(&c);
	free(text);
	f = open_memstream(&text, &len);
	config_print(f, true);
	fclose(f);
	assert_non_null(strstr(text, ".SS [edge NAME]\n"));
	assert_non_null(strstr(text, "(number, 1 to 4096; default: 256)"));
	free(text);
}

static void test_dev(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(config_dev(&c, "/tmp/dev", 7000, NULL, NULL), 0);
	assert_int_equal(c.edges, 6);
	assert_string_equal(c.edge[5].path, "/tmp/dev/edge6");
	assert_string_equal(c.vault_keys, "/tmp/dev/vault/keys");
	assert_string_equal(c.gateway_listen, "127.0.0.1:7000");
	assert_string_equal(c.edge[0].listen, "127.0.0.1:7001");
	assert_int_equal(c.cache_memory, 0);
	config_free(&c);
}

/* What its folder says besides holds, and is looked at like any other file. */
static void test_dev_file(void **state)
{
	struct config c;

	(void)state;
	put(path, "[gateway]\ncache_memory = 8\n");
	assert_int_equal(config_dev(&c, top, 7000, tell, NULL), 0);
	assert_int_equal(c.cache_memory, 8);
	assert_int_equal(c.edges, 6);
	config_free(&c);
	told[0] = 0;
	put(path, "[gateway]\ncache_memory = much\n");
	assert_int_equal(config_dev(&c, top, 7000, tell, NULL), 1);
	assert_non_null(strstr(told, "skyd.conf:2: "));
	config_free(&c);
}

/* An edge need not say all, but a certificate is nothing without its key. */
static void test_edges(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(parse(&c, "[edges]\nmetrics = yes\nscrub_rate = 0\n[edge a]\n"
			       "listen = 127.0.0.1:1\npath = /a\n[edge b]\nlisten = 127.0.0.1:2\n"
			       "path = /b\nurl = https://b:2\ncert = /c\nkey = /k\n"), 0);
	assert_int_equal(c.edge_metrics, CHOICE_YES);
	assert_int_equal(c.edge_scrub_rate, 0);
	assert_null(c.edge[0].url);
	assert_string_equal(c.edge[1].key, "/k");
	config_free(&c);
	assert_int_equal(parse(&c, "[edge a]\nlisten = 127.0.0.1:1\npath = /a\ncert = /c\n"), 1);
	assert_non_null(strstr(told, "skyd.conf:1: [edge a] needs both cert and key"));
	config_free(&c);
	assert_int_equal(parse(&c, "[edges]\nmetrics = maybe\n"), 1);
	assert_non_null(strstr(told, "skyd.conf:2: \"metrics\" is no yes, no or local"));
	config_free(&c);
	/* Twice as many, and files, have to be below its descriptors. */
	assert_int_equal(parse(&c, "[edges]\nconnections = 7500\n"), 0);
	config_free(&c);
	assert_int_equal(parse(&c, "[edges]\nconnections = 7501\n"), 1);
	assert_non_null(strstr(told, "skyd.conf:2: \"connections\""));
	config_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_dev),
		cmocka_unit_test(test_dev_file),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
