// SPDX-License-Identifier: GPL-2.0-or-later
/* A location that is somebody else's server: Swift with its S3 API, by URLs of SigV4. */
#include <libgen.h>
#include <limits.h>

#include "edge_http_util.h"

#include "../../user/skyd/location_http.h"
#include "http/date.h"
#include "s3/sig.h"

#define LEN	3000000u

static char peer[PATH_MAX], host[32];

/* A URL of a path, good for @life seconds. */
static void sign_url(char url[2048], const char *method, const char *path, uint32_t life)
{
	struct out o = OUT(url, 2047);
	struct sig_header header = { STR("host"), str_of(host) };
	struct sig_message m = {
		.method = str_of(method), .path = str_of(path), .headers = &header, .count = 1,
	};
	struct sig_signer signer = {
		.algorithm = SIG_HMAC, .access_key = STR("test:tester"),
		.region = STR("us-east-1"), .service = STR("s3"), .now = time(NULL),
	};
	char date[AMZ_DATE_LEN], query[1800];
	struct out d = OUT(date, sizeof(date)), q = OUT(query, sizeof(query));
	struct hmac_key key;

	amz_date_write(&d, signer.now);
	sig_derive(STR("testing"), (struct str){ date, 8 }, signer.region, signer.service, &key);
	signer.key.hmac = &key;
	must_equal(sig_presign(&q, &signer, &m, life, STR_NONE, STR_NONE), 0);
	out_text(&o, path);
	out_char(&o, '?');
	out_str(&o, out_written(&q));
	must_equal(o.err, 0);
	url[o.len] = 0;
}

static struct location_ask ask_peer(char url[2048], const char *method, const char *path)
{
	sign_url(url, method, path, 60);
	return (struct location_ask){ .url = str_of(url), .deadline = SOON };
}

/* Its own servers begin one after the other: until it makes a bucket it says 503. */
static void make_bucket(struct location *location)
{
	struct location_ask ask;
	int64_t end = SOON;
	char url[2048];
	int rc;

	do {
		must(io_now() < end);
		ask = ask_peer(url, "PUT", "/fragments");
		rc = location_put(location, &ask, NULL, 0);
	} while (rc && !strstr(location_why(location), "BucketAlready") &&
		 !io_sleep_until(io_after_ms(200)));
}

static int foreign(void *arg)
{
	uint8_t *data = malloc(LEN), *back = malloc(LEN);
	struct iovec body[2] = { { data, 100000 }, { data + 100000, LEN - 100000 } };
	char base[64], url[2048], *at;
	struct location_config config = { .url = base, .edge = true };
	struct location *bare, *location;
	struct location_ask ask;
	int rc;

	(void)arg;
	bytes_of(3, data, LEN);
	snprintf(base, sizeof(base), "http://%s", host);
	must_equal(location_open(&bare, &config, NULL), 0);
	make_bucket(bare);
	location_close(bare);
	config.edge = false;
	must_equal(location_open(&location, &config, NULL), 0);

	ask = ask_peer(url, "GET", "/fragments/a/0.f");
	must_equal(location_get(location, &ask, back, LEN), -ENOENT);
	ask = ask_peer(url, "PUT", "/fragments/a/0.f");
	must_equal(location_put(location, &ask, body, 2), 0);
	ask = ask_peer(url, "GET", "/fragments/a/0.f");
	must_equal(location_get(location, &ask, back, LEN), LEN);
	must(!memcmp(data, back, LEN));
	ask = ask_peer(url, "PUT", "/fragments/a/0.f");
	rc = location_put(location, &ask, body, 2);
	printf("# another PUT of the same name: %s\n", rc ? strerror(-rc) : "is taken");
	must(!rc || rc == -EEXIST);
	ask = ask_peer(url, "GET", "/fragments/a/0.f");
	must_equal(location_get(location, &ask, back, LEN - 1), -EMSGSIZE);

	/* What was not signed for it, and what is not its own. */
	ask = ask_peer(url, "GET", "/fragments/a/0.f");
	at = strstr(url, "X-Amz-Signature=") + 16;
	*at = *at == '0' ? '1' : '0';
	must_equal(location_get(location, &ask, back, LEN), -EACCES);
	ask = ask_peer(url, "GET", "/fragments/a/0.f");
	must_equal(location_delete(location, &ask), -EACCES);
	ask = ask_peer(url, "GET", "/nobody/a");
	must_equal(location_get(location, &ask, back, LEN), -ENOENT);

	ask = ask_peer(url, "DELETE", "/fragments/a/0.f");
	must_equal(location_delete(location, &ask), 0);
	ask = ask_peer(url, "GET", "/fragments/a/0.f");
	must_equal(location_get(location, &ask, back, LEN), -ENOENT);
	location_close(location);
	free(data);
	free(back);
	return 0;
}

static bool installed = true;

static int setup(void **state)
{
	unsigned int port = 10000 + getpid() % 2000 * 10;
	char command[PATH_MAX + 128], self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int rc;

	(void)state;
	assert_true(len > 0);
	self[len] = 0;
	assert_true(snprintf(peer, sizeof(peer), "%.3800s/../../tests/unit/swift-peer",
			     dirname(self)) > 0);
	snprintf(folder, sizeof(folder), "/tmp/test_peer.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(host, sizeof(host), "127.0.0.1:%u", port);
	snprintf(command, sizeof(command), "'%s' start '%s' %u", peer, folder, port);
	rc = system(command);
	installed = !WIFEXITED(rc) || WEXITSTATUS(rc) != 4;
	return installed ? rc : 0;
}

static int teardown(void **state)
{
	char command[PATH_MAX + 128];

	(void)state;
	snprintf(command, sizeof(command), "'%s' stop '%s'", peer, folder);
	if (installed && system(command))
		return -1;
	remove_folder();
	return 0;
}

static void test_foreign(void **state)
{
	if (!installed) {
		print_message("swift is not installed\n");
		skip();
	}
	assert_int_equal(on_loop(state, foreign, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_foreign),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
