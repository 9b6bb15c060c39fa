// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `skyctl audit` and witnesses: forks and rewinds end with a status of their own, witnesses that
 * are asked find them, and one that is dead or lies holds nobody up.
 */
#include <libgen.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "own_network.h"
#include "shell.h"

#define PROGRAMS	3

static char top[64], folder[PATH_MAX];
static pid_t program[PROGRAMS], daemon_pid;
static bool network;

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* --- ledgers ---------------------------------------------------------------------------- */

static const uint8_t seed[ED25519_SEED_BYTES] = { 5 };
static char log_key[NOTE_KEY_TEXT_MAX];

/* @count entries more, of what @text says; all ledgers here have one key. */
static void add(const char *name, const char *text, unsigned int count)
{
	char path[128], epoch[140], why[LEDGER_WHY];
	struct counter_file counter = { epoch };
	struct note_signer key;
	struct ledger_config config = {
		.path = path, .signer = &key,
		.counter = { counter_file_read, counter_file_advance, &counter },
	};
	const struct str s = { text, strlen(text) };
	const struct ledger_item item = { .event = { s, s, s, s, s }, .time = 1 };
	struct ledger *l;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	snprintf(epoch, sizeof(epoch), "%s.epoch", path);
	assert_int_equal(note_signer_make(STR("log.example"), NOTE_ED25519, seed, &key), 0);
	note_verifier_print(&key.verifier, log_key);
	assert_int_equal(ledger_open(&l, &config, why), 0);
	while (count--)
		assert_int_equal(ledger_append(l, &item, 1, NULL, why), 0);
	ledger_close(l);
}

/* --- witnesses -------------------------------------------------------------------------- */

static char witness_key[PROGRAMS][NOTE_KEY_TEXT_MAX];

static void wait_port(unsigned int port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	time_t end = time(NULL) + 30;
	int rc, fd;

	do {
		assert_true(time(NULL) < end);
		usleep(20000);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		rc = connect(fd, (struct sockaddr *)&at, sizeof(at));
		close(fd);
	} while (rc);
}

static void start_witness_at(unsigned int i, unsigned int port)
{
	char skyctl[PATH_MAX + 8], address[32], key[128], logs[128], state[128], out[128];

	snprintf(skyctl, sizeof(skyctl), "%s/skyctl", folder);
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	snprintf(key, sizeof(key), "%s/w%u.key", top, i);
	snprintf(logs, sizeof(logs), "%s/logs", top);
	snprintf(state, sizeof(state), "%s/w%u", top, i);
	snprintf(out, sizeof(out), "%s/w%u.out", top, i);
	program[i] = fork();
	if (!program[i]) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!freopen(out, "w", stdout) || dup2(1, 2) < 0)
			_exit(126);
		execl(skyctl, skyctl, "audit", "witness", address, "--key", key, "--logs", logs,
		      "--state", state, "--name", i ? "w1.example" : "w0.example", NULL);
		_exit(127);
	}
	wait_port(port);
	RUN(0, "head -1 %s", out);
	said[strcspn(said, "\n")] = 0;
	snprintf(witness_key[i], sizeof(witness_key[i]), "%.300s", said);
}

static void start_witness(unsigned int i)
{
	start_witness_at(i, 7000 + i);
}

static void stop(pid_t *pid)
{
	int status;

	if (*pid <= 0)
		return;
	kill(*pid, SIGTERM);
	waitpid(*pid, &status, 0);
	*pid = 0;
}

/* Whatever it is asked it says yes, and signs nothing. */
static void start_liar(void)
{
	program[2] = fork();
	if (!program[2]) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("python3", "python3", "-c",
		       "from http.server import *\n"
		       "class H(BaseHTTPRequestHandler):\n"
		       "  def do_POST(s):\n"
		       "    s.rfile.read(int(s.headers['Content-Length']))\n"
		       "    s.send_response(200); s.end_headers(); s.wfile.write(b'yes\\n'*2000)\n"
		       "  def log_message(s, *a): pass\n"
		       "HTTPServer(('127.0.0.1', 7002), H).serve_forever()\n", NULL);
		_exit(127);
	}
	wait_port(7002);
}

static int setup(void **state)
{
	char self[PATH_MAX], text[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	assert_true(len > 0);
	self[len] = 0;
	snprintf(folder, sizeof(folder), "%.4000s", dirname(self));
	strcpy(top, "/tmp/test_audit.XXXXXX");
	assert_non_null(mkdtemp(top));
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	network = own_network();
	add("a", "one", 3);
	add("b", "other", 3);
	RUN(0, "cp -a %s/a %s/older; cp %s/a/checkpoint %s/three", top, top, top, top);
	add("a", "one", 2);
	if (!network)
		return 0;
	RUN(0, "%s/skyctl govern key here/audit_log -o %s/audit.key", folder, top);
	said[strcspn(said, "\n")] = 0;
	snprintf(text, sizeof(text), "log %s\nlog %.200s\nquorum none\n", log_key, said);
	write_file("logs", text);
	start_witness(0);
	start_witness(1);
	start_liar();
	/* One of the two, both, and the liar among three. */
	snprintf(text, sizeof(text), "witness w0 %s http://127.0.0.1:7000/\nwitness w1 %s http://127.0.0.1:7001\ngroup g any w0 w1\nquorum g\n",
		 witness_key[0], witness_key[1]);
	write_file("any", text);
	snprintf(text, sizeof(text), "witness w0 %s http://127.0.0.1:7000\nwitness w1 %s http://127.0.0.1:7001\ngroup g all w0 w1\nquorum g\n",
		 witness_key[0], witness_key[1]);
	write_file("all", text);
	snprintf(text, sizeof(text), "witness w1 %s http://127.0.0.1:7002\nwitness w0 %s http://127.0.0.1:7000\ngroup g any w0 w1\nquorum g\n",
		 witness_key[1], witness_key[0]);
	write_file("liar", text);
	return 0;
}

static int teardown(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < PROGRAMS; i++)
		stop(&program[i]);
	stop(&daemon_pid);
	return sh("rm -r %s", top);
}

/* @what: "verify LEDGER ...". */
#define AUDIT(status, ...) do { char c_[1024]; snprintf(c_, sizeof(c_), __VA_ARGS__); \
				RUN(status, "cd %s && %s/skyctl audit %s -k %s", top, folder, c_, \
				    log_key); } while (0)

/* Two histories of one key: statuses 10 and 11. */
static void forks_and_rewinds(void **state)
{
	(void)state;
	AUDIT(0, "verify a --checkpoint three");
	AUDIT(10, "verify b --checkpoint three");
	heard("fork");
	heard("different roots");
	AUDIT(10, "verify b --checkpoint three --json");
	heard("\"result\":\"fork\"");
	AUDIT(10, "watch b --checkpoint three --once");
	AUDIT(11, "verify older --checkpoint a/checkpoint");
	/* It has grown, and does not go on from what was seen. */
	RUN(0, "cp -a %s/b %s/grown; cp %s/b.epoch %s/grown.epoch", top, top, top, top);
	add("grown", "other", 4);
	AUDIT(10, "verify grown --checkpoint a/checkpoint");
	heard("not the first");
}

static void watch_asks(void **state)
{
	(void)state;
	if (!network)
		skip();
	/* Nobody has cosigned yet, so that the ledger by itself has nothing to show. */
	AUDIT(14, "verify a --witnesses any");
	heard("unwitnessed");
	AUDIT(0, "watch older --witnesses all --once");
	AUDIT(0, "watch a --witnesses all --once");
	AUDIT(0, "watch a --witnesses all --once --json");
	/* As many entries, of another root. */
	RUN(0, "cp -a %s/b %s/same; cp %s/b.epoch %s/same.epoch", top, top, top, top);
	add("same", "other", 2);
	AUDIT(10, "watch same --witnesses all --once");
	heard("another root");
	AUDIT(10, "watch grown --witnesses any --once");
	AUDIT(11, "watch older --witnesses any --once");
	heard("5 entries, and there are 3");
	RUN(0, "cat %s/w0.out", top);
	heard("log.example: fork");
	heard("log.example: rewind");
}

/* What was cosigned is known after a restart; nobody else has its state meanwhile. */
static void restarted(void **state)
{
	(void)state;
	if (!network)
		skip();
	RUN(5, "cd %s && %s/skyctl audit witness 127.0.0.1:7009 --key w0.key --logs logs --state w0", top,
	    folder);
	heard("another witness");
	stop(&program[0]);
	start_witness(0);
	AUDIT(10, "watch grown --witnesses any --once");
	AUDIT(0, "watch a --witnesses any --once");
}

static void dead_or_lying(void **state)
{
	time_t begin = time(NULL);

	(void)state;
	if (!network)
		skip();
	AUDIT(0, "watch a --witnesses liar --once");
	heard("witness w1: says yes, and its signature is not there");
	stop(&program[1]);
	AUDIT(0, "watch a --witnesses any --once");
	heard("witness w1: cannot be asked");
	AUDIT(14, "watch a --witnesses all --once");
	assert_true(time(NULL) - begin < 30);
}

static void other_requests(void **state)
{
	(void)state;
	if (!network)
		skip();
	RUN(0, "for m in -XGET '-XPOST -d x' '-XPOST -d @/dev/null'; do curl -s -o /dev/null -w '%%{http_code} ' $m http://127.0.0.1:7000/add-checkpoint; done; curl -s -o /dev/null -w '%%{http_code} ' -d x http://127.0.0.1:7000/; head -c 300000 /dev/zero | curl -s -o /dev/null -w '%%{http_code}' --data-binary @- http://127.0.0.1:7000/add-checkpoint");
	heard("405 400 400 404 400");
}

/* --- a daemon that asks ------------------------------------------------------------------ */

static void start_daemon(void)
{
	char skyd[PATH_MAX + 8], dev[128], log[128];

	snprintf(skyd, sizeof(skyd), "%s/skyd", folder);
	snprintf(dev, sizeof(dev), "%s/dev", top);
	snprintf(log, sizeof(log), "%s/log", top);
	daemon_pid = fork();
	if (!daemon_pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!freopen(log, "a", stderr))
			_exit(126);
		execl(skyd, skyd, "--dev", dev, NULL);
		_exit(127);
	}
}

/* w1 is dead by now: one of two is enough, and all is cosigned all the same. */
static void daemon_asks(void **state)
{
	char conf[200];

	(void)state;
	if (!network)
		skip();
	RUN(0, "mkdir %s/dev && cp %s/audit.key %s/dev/audit.key", top, top, top);
	snprintf(conf, sizeof(conf), "[backend]\naudit_witnesses = %s/any\n", top);
	write_file("dev/skyd.conf", conf);
	start_daemon();
	RUN(0, "for i in $(seq 300); do test -e %s/dev/ledger/checkpoint.witnessed && break; sleep .1; done; cat %s/dev/ledger/checkpoint.witnessed",
	    top, top);
	heard("\xe2\x80\x94 w0.example ");
	RUN(0, "grep 'witness w1 cannot be asked' %s/log", top);
	/* What comes later is cosigned, too. */
	RUN(0, "for i in $(seq 300); do %s/skyctl team create t --dev %s/dev && break; sleep .1; done",
	    folder, top);
	RUN(0, "for i in $(seq 100); do [ \"$(sed -n 2p %s/dev/ledger/checkpoint)\" = \"$(sed -n 2p %s/dev/ledger/checkpoint.witnessed)\" ] && exit 0; sleep .1; done; exit 1",
	    top, top);
	stop(&daemon_pid);
	RUN(0, "cd %s && sed -n 2p logs | cut -d' ' -f2 >key.pub", top);
	RUN(0, "cd %s && %s/skyctl audit verify dev/ledger -k key.pub --witnesses any", top, folder);
	RUN(0, "cd %s && %s/skyctl audit prove dev/ledger 0 -k key.pub --witnesses any -o receipt", top,
	    folder);
	RUN(0, "cd %s && %s/skyctl audit verify receipt -k key.pub --witnesses any", top, folder);
	RUN(14, "cd %s && %s/skyctl audit verify receipt -k key.pub --witnesses all", top, folder);
	RUN(14, "cd %s && %s/skyctl audit verify dev/ledger -k key.pub --witnesses all", top, folder);
	/* A receipt without cosignatures is one, and not a witnessed one. */
	RUN(0, "cd %s && %s/skyctl audit prove dev/ledger 0 -k key.pub -o plain", top, folder);
	RUN(0, "cd %s && %s/skyctl audit verify plain -k key.pub", top, folder);
	RUN(14, "cd %s && %s/skyctl audit verify plain -k key.pub --witnesses any", top, folder);
}

/* It takes both.  One cosigns at once, the other one later, and nothing is written meanwhile. */
static void one_after_the_other(void **state)
{
	char text[1024];

	(void)state;
	if (!network)
		skip();
	snprintf(text, sizeof(text), "witness w1 %s http://127.0.0.1:7002\nwitness w0 %s http://127.0.0.1:7000\ngroup g all w0 w1\nquorum g\n",
		 witness_key[1], witness_key[0]);
	write_file("both", text);
	snprintf(text, sizeof(text), "[backend]\naudit_witnesses = %s/both\n", top);
	write_file("dev/skyd.conf", text);
	RUN(0, "rm %s/dev/ledger/checkpoint.witnessed", top);
	start_daemon();
	said[0] = 0;
	RUN(0, "%s/skyctl govern key eve -o %s/eve", folder, top);
	said[strcspn(said, "\n")] = 0;
	snprintf(text, sizeof(text), "{\"members\":[{\"key\":\"%.150s\",\"roles\":[\"voter\"]}],\"quorum\":\"quorum eve\\n\"}",
		 said);
	write_file("first", text);
	RUN(0, "for i in $(seq 300); do %s/skyctl govern init %s/first --dev %s/dev && break; sleep .1; done",
	    folder, top, top);
	RUN(0, "for i in $(seq 30); do cat %s/w0/* | grep -q \"$(sed -n 3p %s/dev/ledger/checkpoint)\" && exit 0; sleep 1; done; exit 1",
	    top, top);
	RUN(1, "test -e %s/dev/ledger/checkpoint.witnessed", top);
	stop(&program[2]);
	start_witness_at(1, 7002);
	/* Asking wakes those who ask witnesses. */
	RUN(0, "for i in $(seq 100); do %s/skyctl govern status --dev %s/dev >/dev/null; test -e %s/dev/ledger/checkpoint.witnessed && exit 0; sleep 1; done; exit 1",
	    folder, top, top);
	stop(&daemon_pid);
	RUN(0, "cd %s && %s/skyctl audit verify dev/ledger -k key.pub --witnesses both", top,
	    folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forks_and_rewinds), cmocka_unit_test(watch_asks),
		cmocka_unit_test(restarted), cmocka_unit_test(other_requests),
		cmocka_unit_test(dead_or_lying), cmocka_unit_test(daemon_asks),
		cmocka_unit_test(one_after_the_other),
	};

	return cmocka_run_group_tests_name("audit_cmd", tests, setup, teardown);
}
