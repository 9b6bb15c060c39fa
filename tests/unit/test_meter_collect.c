// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skyctl meter collect with a daemon of its own and a TPM: what teams ask for is in their records,
 * each request once, although gateways, backend and collector are killed.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include "own_network.h"
#include "tpm_live.h"

#define COLLECT	"skyctl meter collect --dev dev --records rec --boot-key run/key --ak ak" \
		" --tcti swtpm:path=$PWD/t/s --count 1"

#define S3(what) "( . dev/config-hint && skyctl " what " ) >/dev/null"

static pid_t daemon_pid;

static void wait_until_up(void)
{
	time_t end = time(NULL) + 60;

	while (sh("skyctl status --dev dev") || !strstr(said, "locations.used: 6")) {
		assert_true(time(NULL) < end);
		usleep(50000);
	}
}

static void start_daemon(void)
{
	daemon_pid = fork();
	if (!daemon_pid) {
		int fd = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, 2);
		execlp("skyd", "skyd", "--dev", "dev", NULL);
		_exit(127);
	}
	wait_until_up();
}

static int start(void **state)
{
	(void)state;
	/* A role cannot look for leaks: that takes ptrace. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (live_start("/tmp/test_meter_collect.XXXXXX"))
		return -1;
	if (!own_network())
		return 0;
	tpm_on("t");
	start_daemon();
	RUN(0, "mkdir run && skyctl team list --dev dev --json | grep -oE '\"name\": \"[^\"]*\"' |"
	    " head -n 1 | cut -d'\"' -f4 >team && test -s team");
	RUN(0, "head -c 100000 /dev/urandom >data && " S3("bucket create first"));
	return 0;
}

static int end(void **state)
{
	int status = 0;

	(void)state;
	if (daemon_pid) {
		kill(daemon_pid, SIGTERM);
		waitpid(daemon_pid, &status, 0);
	}
	return live_end() || status;
}

/* Of that counter, in all records. */
static uint64_t used(const char *counter)
{
	RUN(0, "skyctl meter verify rec/*.jsonl >&2 && skyctl meter show --by all --json rec/*.jsonl |"
	    " tr ',{}' '\\n' | sed -n 's/.*\"%s\": \\([0-9]*\\).*/v\\1/p'", counter);
	return strchr(said, 'v') ? strtoull(strrchr(said, 'v') + 1, NULL, 10) : 0;
}

/* The daemon's own word, when nothing of it is on the way any more. */
static uint64_t total(const char *counter)
{
	RUN(0, "skyctl team usage --dev dev --json $(cat team) | tr ',{}' '\\n' |"
	    " sed -n 's/.*\"%s\": \\([0-9]*\\).*/v\\1/p'", counter);
	return strtoull(said + 1, NULL, 10);
}

/* When gateways have nothing to tell any more, which they do each second. */
static uint64_t settled(const char *counter)
{
	uint64_t was, now = total(counter);

	do {
		was = now;
		usleep(2500000);
		now = total(counter);
	} while (now != was);
	return now;
}

/* By its name among the daemon's processes. */
static void kill_role(const char *name)
{
	RUN(0, "for p in $(cat /proc/%d/task/%d/children); do"
	    " [ $(cat /proc/$p/comm) = %s ] && kill -KILL $p; done; true", daemon_pid, daemon_pid,
	    name);
}

static void counted(void **state)
{
	uint64_t before, in, out, requests;

	(void)state;
	if (!daemon_pid)
		skip();
	/* What was before is nobody's business. */
	before = settled("requests");
	assert_true(before > 0);
	RUN(0, COLLECT);
	in = total("bytes_in");
	out = total("bytes_out");
	RUN(0, S3("object cp data s3://first/o") " && " S3("object cp s3://first/o back") " && cmp data back");
	requests = settled("requests");
	assert_true(requests >= before + 2);
	assert_int_equal(total("bytes_in"), in + 100000);
	assert_in_range(total("bytes_out"), out + 100000, out + 102000);
	RUN(0, COLLECT);
	assert_int_equal(used("requests"), requests - before);
	assert_int_equal(used("bytes_in"), 100000);
	/* Nothing more has come: no record of it. */
	RUN(0, COLLECT);
	assert_int_equal(used("requests"), requests - before);
	/* Who has signed nothing, and may not, costs nobody anything. */
	RUN(0, "( . dev/config-hint && curl -s $SKYD_URL/first/o -o back )");
	assert_int_equal(settled("requests"), requests);
	/* Unless the team lets everybody read. */
	RUN(0, "echo '{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","
	    "\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::first/*\"}]}' >open && "
	    S3("bucket policy set first open"));
	requests = settled("requests");
	out = total("bytes_out");
	RUN(0, "( . dev/config-hint && curl -sf $SKYD_URL/first/o -o back ) && cmp data back");
	assert_int_equal(settled("requests"), requests + 1);
	assert_int_equal(total("bytes_out"), out + 100000);
}

/* What the collector remembers of the team. */
static uint64_t remembered(const char *name)
{
	RUN(0, "python3 -c 'import json; print(\"v%%d\" %% json.load(open(\"rec/teams\"))"
	    "[open(\"team\").read().strip()][\"%s\"])'", name);
	return strtoull(said + 1, NULL, 10);
}

/* Bytes that lie there, times the hours that they do: of the microseconds between two answers. */
static void stored(void **state)
{
	const uint64_t hours = 2 * 3600000000ull;	/* twice: of both answers' bytes */
	uint64_t before, from, rest, bytes, sum;

	(void)state;
	if (!daemon_pid)
		skip();
	RUN(0, "head -c 30000000 /dev/urandom >big && " S3("object cp big s3://first/big"));
	settled("requests");
	RUN(0, COLLECT);
	before = used("storage_byte_hours");
	from = remembered("time");
	rest = remembered("rest");
	bytes = remembered("bytes");
	assert_in_range(bytes, 30000000, 31000000);
	usleep(1500000);
	RUN(0, COLLECT);
	sum = rest + 2 * bytes * (remembered("time") - from);
	assert_true(sum / hours > 10000);
	assert_int_equal(used("storage_byte_hours") - before, sum / hours);
	assert_int_equal(remembered("rest"), sum % hours);
	/* When it is gone it costs no more. */
	RUN(0, S3("object rm s3://first/big"));
	settled("requests");
	RUN(0, COLLECT);
	assert_int_equal(remembered("bytes"), bytes - 30000000);
}

/* Roles are killed: what was told is there, once. */
static void roles_killed(void **state)
{
	uint64_t was = settled("requests"), each = 0, now;
	unsigned int i;

	(void)state;
	if (!daemon_pid)
		skip();
	for (i = 0; i < 4; i++) {
		RUN(0, S3("object cp data s3://first/o"));
		now = settled("requests");
		if (!i)
			each = now - was;
		assert_true(each > 0);
		assert_int_equal(now, was + each);
		was = now;
		kill_role(i & 1 ? "gateway" : "backend");
		wait_until_up();
	}
	assert_int_equal(total("requests"), was);
}

/* Asked to stop, a gateway tells what it has. */
static void stopped(void **state)
{
	uint64_t was = settled("requests"), each;

	(void)state;
	if (!daemon_pid)
		skip();
	RUN(0, S3("object cp data s3://first/o"));
	each = settled("requests") - was;
	RUN(0, S3("object cp data s3://first/o") " && kill -TERM %d", daemon_pid);
	waitpid(daemon_pid, NULL, 0);
	start_daemon();
	assert_int_equal(total("requests"), was + 2 * each);
}

/* The collector is killed between what it writes: its file of teams, and the records. */
static void collector_killed(void **state)
{
	uint64_t first, before, each;

	(void)state;
	if (!daemon_pid)
		skip();
	before = settled("requests");
	RUN(0, COLLECT " && cp -a rec rec.before");
	first = used("requests");
	RUN(0, S3("object cp data s3://first/o"));
	each = settled("requests") - before;
	RUN(0, COLLECT);
	assert_int_equal(used("requests"), first + each);
	/* The file came, and the record did not. */
	RUN(0, "cp -a rec rec.after && for f in rec.before/*.jsonl rec.before/state; do cp -a $f rec; done");
	assert_int_equal(used("requests"), first);
	RUN(0, COLLECT);
	assert_int_equal(used("requests"), first + each);
	/* Both came, and state did not. */
	RUN(0, "rm -rf rec && cp -a rec.after rec && cp -a rec.before/state rec");
	RUN(0, COLLECT " && " COLLECT);
	assert_int_equal(used("requests"), first + each);
}

/* So is the first collection of all: what was before it stays nobody's business. */
static void first_killed(void **state)
{
	uint64_t before;

	(void)state;
	if (!daemon_pid)
		skip();
	RUN(0, "mv rec rec.old");
	before = settled("requests");
	RUN(0, COLLECT " && find rec -name '*.jsonl' -delete && rm -f rec/state && test -s rec/teams");
	RUN(0, S3("object cp data s3://first/o"));
	before = settled("requests") - before;
	RUN(0, COLLECT);
	assert_int_equal(used("requests"), before);
	RUN(0, "rm -rf rec && mv rec.old rec");
}

/* A team that is made later is counted from its first request on; one that comes after it, too. */
static void new_team(void **state)
{
	(void)state;
	if (!daemon_pid)
		skip();
	RUN(0, "skyctl team create --dev dev later && cp team team.first && echo later >team");
	RUN(0, "skyctl key create --dev dev --team later --json | tr ',{}' '\\n' |"
	    " sed -n 's/.*\"\\(access[a-z_]*\\|secret[a-z_]*\\)\": \"\\([^\"]*\\)\".*/\\2/p' >key");
	RUN(0, "( . dev/config-hint && unset AWS_SHARED_CREDENTIALS_FILE &&"
	    " export AWS_ACCESS_KEY_ID=$(sed -n 1p key) AWS_SECRET_ACCESS_KEY=$(sed -n 2p key) &&"
	    " skyctl bucket create later )");
	assert_int_equal(settled("requests"), 1);
	RUN(0, COLLECT " && skyctl meter show --tenant later --json rec/*.jsonl");
	heard("\"requests\": 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counted),
		cmocka_unit_test(stored),
		cmocka_unit_test(roles_killed),
		cmocka_unit_test(stopped),
		cmocka_unit_test(collector_killed),
		cmocka_unit_test(first_killed),
		cmocka_unit_test(new_team),
	};

	return cmocka_run_group_tests(tests, start, end);
}
