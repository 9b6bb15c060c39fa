// SPDX-License-Identifier: GPL-2.0-or-later
/* The program as people run it, against a daemon with six edges in a network of its own. */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/file.h"
#include "io_util.h"
#include "own_network.h"
#include "shell.h"

static char top[64], folder[PATH_MAX];
static pid_t daemon_pid;

/* skyctl's arguments.  Return: its exit status. */
__attribute__((__format__(__printf__, 1, 2)))
static int skyctl(const char *fmt, ...)
{
	char arguments[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(arguments, sizeof(arguments), fmt, ap);
	va_end(ap);
	return sh("%.4000s/skyctl %s --dev %s/dev", folder, arguments, top);
}

static void wait_until_up(void)
{
	time_t end = time(NULL) + 60;

	while (skyctl("status") || !strstr(said, "locations.used: 6")) {
		assert_true(time(NULL) < end);
		usleep(50000);
	}
}

static int setup(void **state)
{
	char self[PATH_MAX], dev[128], program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	assert_true(len > 0);
	self[len] = 0;
	snprintf(folder, sizeof(folder), "%.4000s", dirname(self));
	snprintf(program, sizeof(program), "%.4000s/skyd", folder);
	strcpy(top, "/tmp/test_skyctl.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(dev, sizeof(dev), "%s/dev", top);
	/* A role cannot look for leaks: that takes ptrace. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (!own_network())
		return 0;
	daemon_pid = fork();
	if (!daemon_pid) {
		int fd = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, 2);
		execl(program, program, "--dev", dev, NULL);
		_exit(127);
	}
	wait_until_up();
	return 0;
}

static int teardown(void **state)
{
	char command[128];
	int status = 0;

	(void)state;
	if (daemon_pid) {
		kill(daemon_pid, SIGTERM);
		waitpid(daemon_pid, &status, 0);
	}
	snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command) || status;
}

static void test_refused(void **state)
{
	(void)state;
	if (!daemon_pid)
		skip();
	assert_int_equal(skyctl("nonsense"), 1);
	not_heard("did you mean");
	assert_int_equal(skyctl("bucket crate b"), 1);
	heard("did you mean 'bucket create'?");
	assert_int_equal(skyctl("team"), 1);
	assert_int_equal(skyctl("team create"), 1);
	assert_int_equal(skyctl("team create a b"), 1);
	assert_int_equal(skyctl("team create a --scope full"), 1);
	assert_int_equal(skyctl("key list"), 1);
	heard("skyctl: --team TEAM is missing; see `skyctl key list --help`");
	assert_int_equal(skyctl("key scope AK -t main"), 1);
	heard("--bucket BUCKET is missing");
	assert_int_equal(skyctl("location add x --kind cloud"), 1);
	heard("--url URL is missing; see `skyctl location add --help`");
	assert_int_equal(skyctl("location add x --url http://h/b"), 1);
	heard("--kind cloud|edge is missing");
	assert_int_equal(skyctl("location add x --kind cloud --url http://h/b"), 1);
	heard("--access-key KEY is missing");
	assert_int_equal(skyctl("location add x --kind cloud --url http://h/b --access-key k"), 1);
	heard("--secret-file FILE is missing");
	assert_int_equal(skyctl("team delete nobody"), 4);
	assert_int_equal(skyctl("team create main"), 5);
	assert_int_equal(skyctl("key create -t main --scope much"), 1);
	assert_int_equal(skyctl("location update 'Google London' --latitude north"), 1);
	assert_int_equal(skyctl("location update 'Google London' --secret-file /none"), 4);
	heard("cannot read /none: No such file or directory");
	assert_int_equal(skyctl("policy create /none"), 4);
	assert_int_equal(skyctl("policy delete default"), 5);
	assert_int_equal(skyctl("policy intent law --losses 1 --jurisdiction EU"), 5);
	heard("6 in other jurisdictions");
	assert_int_equal(sh("echo '{}' >%s/empty", top), 0);
	assert_int_equal(skyctl("secret create %s/empty", top), 1);
	heard("/empty: a member \"session\" with the name of the session is missing");
	assert_int_equal(skyctl("status --dev /nowhere #"), 4);
	heard("cannot reach skyd at /nowhere/control: No such file or directory; does it run");
}

static void test_keys(void **state)
{
	char key[21] = "";

	(void)state;
	if (!daemon_pid)
		skip();
	assert_int_equal(skyctl("team create red"), 0);
	assert_int_equal(skyctl("key create -t red --scope read --comment 'for reports'"), 0);
	heard("access_key: SKY");
	memcpy(key, strstr(said, "SKY"), 20);
	heard("secret_key: ");
	assert_int_equal(skyctl("key list -t red"), 0);
	heard(key);
	heard("for reports");
	not_heard("secret");
	assert_int_equal(skyctl("key disable %s -t red", key), 0);
	assert_int_equal(skyctl("key list -t red --json"), 0);
	heard("\"enabled\": false");
	assert_int_equal(skyctl("key delete %s -t main", key), 4);
	assert_int_equal(skyctl("key delete %s -t red", key), 0);
	assert_int_equal(skyctl("team usage red"), 0);
	heard("objects: 0");
	assert_int_equal(skyctl("team delete red"), 0);
}

static void test_locations(void **state)
{
	char path[128];

	(void)state;
	if (!daemon_pid)
		skip();
	snprintf(path, sizeof(path), "%s/secret", top);
	assert_int_equal(file_write_atomic(path, "very secret\n", 12, 0600), 0);
	assert_int_equal(skyctl("location list"), 0);
	heard("edge6");
	not_heard("Google");
	assert_int_equal(skyctl("location list --all"), 0);
	heard("Google London");
	assert_int_equal(skyctl("location update 'Google London' --url https://127.0.0.1:1/b --access-key AK --secret-file %s --storage-price 0.02", path), 0);
	heard("storage_price: 0.02");
	assert_int_equal(skyctl("location drain 'Google London'"), 0);
	assert_int_equal(skyctl("location remove 'Google London'"), 0);
	heard("state: disabled");
	assert_int_equal(skyctl("gc run"), 0);
	assert_int_equal(skyctl("policy show default"), 0);
	heard("\"symbols\": 4");
	snprintf(path, sizeof(path), "%s/policy", top);
	assert_int_equal(file_write_atomic(path, "{\"name\":\"mine\",}", 16, 0600), 0);
	assert_int_equal(skyctl("policy create %s", path), 1);
	assert_int_equal(file_write_atomic(path, "{\"name\":\"mine\"}", 15, 0600), 0);
	assert_int_equal(skyctl("policy create %s -t main", path), 0);
	assert_int_equal(skyctl("policy list -t main"), 0);
	heard("mine");
	/* What is shown comes back. */
	assert_int_equal(skyctl("policy show mine -t main"), 0);
	assert_int_equal(file_write_atomic(path, said, strlen(said), 0600), 0);
	assert_int_equal(skyctl("policy edit %s -t main", path), 0);
	heard("revision: 2");
	assert_int_equal(skyctl("policy delete mine -t main"), 0);
}

/* A host that is let in again has the team that is said then, or none. */
static void test_host_team(void **state)
{
	char ek[2 * 34 + 1];

	(void)state;
	if (!daemon_pid)
		skip();
	memset(ek, '3', sizeof(ek));
	memcpy(ek, "000b", 4);
	ek[sizeof(ek) - 1] = 0;
	assert_int_equal(skyctl("attest host enrol m --ek %s --team main", ek), 0);
	assert_int_equal(skyctl("attest host show m --json"), 0);
	heard("\"team\": \"main\"");
	assert_int_equal(skyctl("attest host revoke m"), 0);
	assert_int_equal(skyctl("attest host enrol m"), 0);
	assert_int_equal(skyctl("attest host show m --json"), 0);
	heard("\"team\": null");
	heard(ek);
}

/* The ledger that the daemon writes: whole, over HTTP, and after somebody has been at it. */
static void test_audit(void **state)
{
	char key[100], copy[100];

	(void)state;
	if (!daemon_pid)
		skip();
	snprintf(key, sizeof(key), "-k %s/dev/audit.key.pub", top);
	snprintf(copy, sizeof(copy), "%s/copy", top);
	assert_int_equal(skyctl("audit watch http://127.0.0.1:9000/audit_log %s --checkpoint %s/seen --once #", key, top), 0);
	assert_int_equal(skyctl("team create green"), 0);
	assert_int_equal(skyctl("audit watch http://127.0.0.1:9000/audit_log %s --checkpoint %s/seen --once #", key, top), 0);
	heard("administrator team.create team:green ok");
	assert_int_equal(skyctl("team create green"), 5);
	assert_int_equal(skyctl("audit watch %s/dev/ledger %s --checkpoint %s/seen --once --json #", top, key, top), 0);
	heard("\"result\":\"refused:409\"");
	assert_int_equal(skyctl("audit verify %s/dev/ledger %s --json #", top, key), 0);
	heard("\"result\":\"sound\"");
	assert_int_equal(skyctl("audit verify %s/dev/ledger %s --checkpoint %s/seen #", top, key, top), 0);
	heard("goes on from the older checkpoint");
	/* A receipt, and one with another entry in it. */
	assert_int_equal(skyctl("audit prove %s/dev/ledger 1 %s -o %s/receipt #", top, key, top), 0);
	assert_int_equal(skyctl("audit verify %s/receipt %s #", top, key), 0);
	heard("\"seq\":1");
	assert_int_equal(sh("sed -i 's/^index 1/index 0/' %s/receipt", top), 0);
	assert_int_equal(skyctl("audit verify %s/receipt %s #", top, key), 13);
	assert_int_equal(skyctl("audit prove %s/dev/ledger 9999 %s #", top, key), 1);
	/* Older than it was; without a file; with another one; of another key. */
	assert_int_equal(sh("cp -r %s/dev/ledger %s", top, copy), 0);
	assert_int_equal(skyctl("team delete green"), 0);
	assert_int_equal(skyctl("audit watch %s/dev/ledger %s --checkpoint %s/seen --once #", top, key, top), 0);
	assert_int_equal(skyctl("audit watch %s %s --checkpoint %s/seen --once #", copy, key, top), 11);
	heard("rewind");
	assert_int_equal(skyctl("audit verify %s %s --checkpoint %s/seen --json #", copy, key, top), 11);
	heard("\"result\":\"rewind\"");
	assert_int_equal(sh("rm -r %s/tile/0", copy), 0);
	assert_int_equal(skyctl("audit verify %s %s #", copy, key), 12);
	assert_int_equal(sh("cp -r %s/dev/ledger/tile/0 %s/tile; sed -i s/main/mine/ %s/tile/entries/*/*; sed -i s/green/groen/ %s/tile/entries/*/*", top, copy, copy, copy), 0);
	assert_int_equal(skyctl("audit verify %s %s #", copy, key), 13);
	assert_int_equal(skyctl("audit verify %s/dev/ledger -k PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW #", top), 2);
	assert_int_equal(skyctl("audit verify %s/dev/ledger #", top), 1);
	assert_int_equal(skyctl("audit verify /nowhere %s #", key), 4);
	assert_int_equal(skyctl("audit verify http://127.0.0.1:9000/audit_log/x %s #", key), 4);
}

/* Who listens and never answers: a command ends when --timeout says. */
static void deaf(int family, const struct sockaddr *at, socklen_t len, int *fd)
{
	*fd = socket(family, SOCK_STREAM, 0);
	assert_int_equal(bind(*fd, at, len), 0);
	assert_int_equal(listen(*fd, 16), 0);
}

static void test_silence(void **state)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(7999),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int control, web;
	time_t begin;

	(void)state;
	if (!daemon_pid)
		skip();
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/deaf", top);
	deaf(AF_UNIX, (struct sockaddr *)&un, sizeof(un), &control);
	deaf(AF_INET, (struct sockaddr *)&at, sizeof(at), &web);
	begin = time(NULL);
	assert_int_equal(skyctl("team list --timeout 2 -c %s #", un.sun_path), 4);
	heard(un.sun_path);
	heard("has said nothing for 2 seconds; --timeout SECONDS waits longer");
	assert_int_equal(skyctl("audit verify http://127.0.0.1:7999/l -k %s/dev/audit.key.pub --timeout 2 #", top), 4);
	heard("http://127.0.0.1:7999/l has said nothing for 2 seconds; --timeout");
	assert_int_equal(skyctl("audit watch http://127.0.0.1:7999/l --once -k %s/dev/audit.key.pub --timeout 2 #", top), 4);
	heard("has said nothing");
	assert_int_equal(skyctl("bucket ls --no-sign-request --endpoint http://127.0.0.1:7999 --timeout 2 #"), 4);
	heard("http://127.0.0.1:7999 has said nothing for 2 seconds; --timeout");
	/* Four times two, and what their starts take. */
	assert_in_range(time(NULL) - begin, 7, 25);
	close(control);
	close(web);
	assert_int_equal(skyctl("team list --timeout 0"), 1);
	heard("--timeout 0: from 1 to 86400");
	assert_int_equal(skyctl("team list --timeout 86401"), 1);
	assert_int_equal(skyctl("team list --timeout soon"), 1);
	heard("--timeout soon: not a number");
	assert_int_equal(skyctl("object presign s3://b/k --timeout 5"), 1);
	assert_int_equal(skyctl("team list --timeout 60"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_locations), cmocka_unit_test(test_host_team),
		cmocka_unit_test(test_audit), cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
