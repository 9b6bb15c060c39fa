// SPDX-License-Identifier: GPL-2.0-or-later
/* The program as people run it, on a made-up /proc of files and pipes: no kernel module. */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "shell.h"

#include "hedge_server.h"

#define DIGEST	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char top[64];

/* The command that the monitor has got since the last time, and no other. */
static void written(const char *command)
{
	RUN(0, "cat proc/monitor; : >proc/monitor");
	assert_string_equal(said, command);
}

/* @args of hedgectl make this command. */
static void makes(const char *args, const char *command)
{
	RUN(0, ": >proc/monitor; hedgectl %s", args);
	written(command);
}

/* They make none, and it says why. */
static void refuses(const char *args, const char *why)
{
	RUN(1, ": >proc/monitor; hedgectl %s", args);
	heard(why);
	written("");
}

static int start(void **state)
{
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	strcpy(top, "/tmp/test_hedgectl.XXXXXX");
	if (len < 0 || !mkdtemp(top) || chdir(top))
		return -1;
	self[len] = 0;
	snprintf(path, sizeof(path), "%s:%s", dirname(self), getenv("PATH"));
	return setenv("PATH", path, 1) || setenv("HEDGECTL_ROOT", top, 1);
}

static int end(void **state)
{
	(void)state;
	return chdir("/") || sh("rm -rf %s", top);
}

static int setup(void **state)
{
	(void)state;
	RUN(0, "rm -rf proc && mkdir -p proc/vmcons proc/vmstats && : >proc/monitor && : >proc/vmstats/errors");
	return 0;
}

static void simple(void **state)
{
	(void)state;
	makes("load /img", "load|/img");
	makes("unload /img", "unload|/img");
	makes("stop vm", "stop|vm");
	makes("pause vm", "pause|vm");
	makes("resume vm", "resume|vm");
	makes("dump vm /core", "dump|vm|/core");
	makes("snapshot vm /snap", "snapshot|vm|/snap");
	makes("pool 8", "pool|8");
	makes("drain", "drain");
	makes("undrain", "undrain");
	makes("allow " DIGEST, "allow|" DIGEST);
	makes("disallow " DIGEST, "disallow|" DIGEST);
	RUN(0, "hedgectl stop -v a b c");
	heard("stop|a");
	heard("stop|b");
	heard("stop|c");
}

static void starts(void **state)
{
	char expected[256];

	(void)state;
	makes("start vm /img", "start|vm|/img||64||| ");
	makes("start vm /img -- a 'b  c' -d", "start|vm|/img||64|||a b  c -d");
	makes("start vm /img a b", "start|vm|/img||64|||a b");
	makes("start --cmdline '{\"a\": 1}' vm /img", "start|vm|/img||64|||{\"a\": 1}");
	makes("start -m 128 -c 3 -b /dev/b -n tap0 vm /img -- go",
	      "start|vm|/img|3|128|/dev/b|tap0|go");
	makes("start --mem 1G vm /img -- go", "start|vm|/img||1024|||go");
	makes("start -b disk=/dev/a=b -b /dev/c=d -n eth=tap1 --block-size disk=4096 vm /i -- go",
	      "start|vm|/i||64|/dev/c=d||go|block.disk=/dev/a=b|net.eth=tap1|block_size.disk=4096");
	makes("start -r disk --mac eth=02:00:00:00:00:01 vm /i -- go",
	      "start|vm|/i||64|||go|readonly.disk=1|mac.eth=02:00:00:00:00:01");
	makes("start --cpu-quota 50 --block-iops 1 --block-kbps 2 --net-pps 3 --net-kbps 4 vm /i",
	      "start|vm|/i||64||| |cpu_quota=50|block_iops=1|block_kbps=2|net_pps=3|net_kbps=4");
	makes("start --console 128 --watchdog 5 --max-runtime 6 --verify enforce vm /i",
	      "start|vm|/i||64||| |console=128|watchdog=5|max_runtime=6|verify=enforce");
	makes("start --uid 7 --gid 8 --cgroup /sys/fs/cgroup/a --core /c vm /i",
	      "start|vm|/i||64||| |uid=7|gid=8|cgroup=/sys/fs/cgroup/a|core=/c");
	makes("restore -c 1 -b /dev/b -n tap0 --uid 5 vm /snap",
	      "restore|vm|/snap|1|/dev/b|tap0|uid=5");
	snprintf(expected, sizeof(expected), "start|vm|%s/img||64|||go", top);
	makes("start vm img -- go", expected);
	snprintf(expected, sizeof(expected), "dump|vm|%s/./core", top);
	makes("dump vm ./core", expected);
}

/* Nothing is written that the grammar refuses, and the field is named. */
static void wrong(void **state)
{
	char args[18000];

	(void)state;
	refuses("stop 'a b'", "NAME: has other characters");
	refuses("stop errors", "NAME: hedge, metrics and errors");
	refuses("stop 'a|b'", "NAME: has a bar in it");
	refuses("load '/a|b'", "PATH: has a bar in it");
	refuses("load ''", "PATH: empty");
	refuses("load \"$(printf '/a\\033b')\"", "PATH: has a control character");
	refuses("start vm /i -- 'a|uid=0'", "CMDLINE: has a bar in it");
	refuses("start vm /i -- ''", "CMDLINE: empty");
	refuses("start --cmdline a vm /i -- b", "--cmdline, or words");
	refuses("start -c x vm /i", "CPU: not the number of a processor");
	refuses("start -m 1M vm /i", "--mem 1M: from 2M to 4G");
	refuses("start -m 1 vm /i", "--mem 1: from 2M to 4G");
	refuses("start -m 5G vm /i", "--mem 5G: from 2M to 4G");
	refuses("start -m much vm /i", "--mem much: not a size");
	refuses("start -n verylonginterface vm /i", "NET: too long");
	refuses("start -b /a -b /b vm /i", "name the devices ([DEV=]PATH)");
	refuses("start -b d=/a -b d=/b vm /i", "block.d: given twice");
	refuses("start -b d=/a -n d=tap vm /i", "net.d: a device is for blocks or for the net");
	refuses("start -b 'd=/a|uid=0' vm /i", "KEY=VALUE: has a bar in it");
	refuses("start --mac 02:00:00:00:00:01 vm /i", "DEV=MAC is wanted");
	refuses("start --mac d=03:00:00:00:00:01 vm /i", "mac.d: a group address");
	refuses("start --uid 4294967295 vm /i", "uid: not a number from 0");
	refuses("start --uid 1 --uid 2 vm /i", "uid: given twice");
	refuses("start --core c vm /i", "core: relative");
	refuses("start --verify on vm /i", "verify: none of off, warn and enforce");
	refuses("pool 1025", "N: not a number from 0 to 1024");
	refuses("pool -- -1", "N: not a number");
	RUN(4, "hedgectl allow 0123");
	heard("0123: No such file");
	refuses("start vm", "usage: hedgectl start");
	refuses("drain now", "usage: hedgectl drain");
	refuses("start --wai vm /i", "no option \"--wai\"; is --wait meant?");
	refuses("start --json vm /i", "hedgectl start --help");
	snprintf(args, sizeof(args), "start vm /i -- %08192d", 1);
	refuses(args, "CMDLINE: too long");
}

/* An image is digested as sha256sum does; a file named like a digest is a file. */
static void digests(void **state)
{
	char digest[65];

	(void)state;
	RUN(0, "printf image >img; sha256sum img");
	memcpy(digest, said, 64);
	digest[64] = 0;
	RUN(0, "hedgectl allow img");
	heard(digest);
	RUN(0, "grep -qx allow.%s proc/monitor", digest);
	RUN(0, "hedgectl -h >help; : >proc/monitor; hedgectl disallow -v img " DIGEST);
	heard(digest);
	heard("disallow|" DIGEST);
	RUN(0, "cp img " DIGEST "; hedgectl allow -v " DIGEST "; rm " DIGEST);
	heard(digest);
	not_heard("allow|" DIGEST);
	RUN(1, ": >empty; hedgectl allow empty");
	heard("empty: empty");
	RUN(1, "hedgectl allow /dev/null");
	heard("not a regular file");
}

/*
 * A monitor that refuses: a pipe that is full, and breaks when the errors were looked at,
 * and one was added.  The write cannot succeed in between.
 */
static pid_t refuse(const char *line)
{
	char event[4096], junk[4096] = "";
	int watch, fill, hold;
	FILE *errors;
	pid_t pid;

	RUN(0, "rm proc/monitor; mkfifo proc/monitor; echo '4 %u NAME: old' >proc/vmstats/errors",
	    getuid());
	hold = open("proc/monitor", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	fill = open("proc/monitor", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	watch = inotify_init1(IN_CLOEXEC);
	assert_true(hold >= 0 && fill >= 0 && watch >= 0);
	assert_true(inotify_add_watch(watch, "proc/vmstats/errors", IN_CLOSE_NOWRITE) >= 0);
	while (write(fill, junk, sizeof(junk)) > 0)
		;
	close(fill);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(30);
		if (read(watch, event, sizeof(event)) <= 0)
			_exit(1);
		errors = fopen("proc/vmstats/errors", "a");
		fputs(line, errors);
		fclose(errors);
		close(hold);
		_exit(0);
	}
	close(hold);
	close(watch);
	return pid;
}

static void over(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* The kernel's words are shown: those of this command, and not of others. */
static void kernel_says(void **state)
{
	char lines[256];
	pid_t pid;

	(void)state;
	snprintf(lines, sizeof(lines), "5 %u NAME: a VM of this name runs\n6 %u CPU: not mine\n",
		 getuid(), getuid() + 1);
	pid = refuse(lines);
	RUN(4, "hedgectl start vm /i");
	heard("hedgectl: NAME: a VM of this name runs");
	not_heard("not mine");
	not_heard("old");
	over(pid);
	pid = refuse("");
	RUN(4, "hedgectl stop vm");
	heard("refused the command: Broken pipe");
	not_heard("old");
	over(pid);
}

static void no_monitor(void **state)
{
	(void)state;
	RUN(4, "rm -r proc; hedgectl stop vm");
	heard("/proc/monitor is not there");
	heard("modprobe hedge");
	RUN(4, "hedgectl list");
	heard("modprobe hedge");
	RUN(4, "hedgectl stats");
	heard("modprobe hedge");
	RUN(4, "mkdir proc; ln -s /dev/full proc/monitor; hedgectl drain");
	heard("refused the command: No space left");
}

#define LIST	"printf 'ID NAME MODID MODNAME\\n3 vm 1 /img\\n14 web 2 /srv/a b\\n' >proc/monitor; "

static void lists(void **state)
{
	(void)state;
	RUN(0, LIST "hedgectl list");
	heard("    ID  NAME");
	heard("    14  web                      /srv/a b");
	RUN(0, "hedgectl list --json | tr -d ' \\n'");
	heard("[{\"id\":3,\"name\":\"vm\",\"image_id\":1,\"image\":\"/img\"},{\"id\":14,");
	heard("\"name\":\"web\",\"image_id\":2,\"image\":\"/srv/ab\"}]");
	RUN(0, "echo head >proc/monitor; hedgectl list");
	assert_string_equal(said, "");
	RUN(0, "hedgectl list --json");
	assert_string_equal(said, "[]\n");
	RUN(4, "printf 'h\\nnonsense\\n' >proc/monitor; hedgectl list");
	heard("not a list of VMs");
	RUN(4, LIST "hedgectl list >/dev/full");
	heard("standard output cannot be written");
}

#define STATS	"printf 'id 3\\nname 17\\nstate running\\nup_us 123\\nreason a b\\n' >proc/vmstats/vm; "

static void stats(void **state)
{
	(void)state;
	RUN(0, STATS "hedgectl stats vm");
	heard("up_us                    123");
	heard("reason                   a b");
	RUN(0, "hedgectl stats --json vm | tr -d '\\n '");
	heard("{\"id\":3,\"name\":\"17\",\"state\":\"running\",\"up_us\":123,\"reason\":\"ab\"}");
	RUN(0, "echo 'vms 2' >proc/vmstats/hedge; hedgectl stats");
	heard("vms                      2");
	RUN(0, "hedgectl stats --json --watch --count 2 vm | grep -c '\"up_us\":123'");
	assert_string_equal(said, "2\n");
	RUN(4, "hedgectl stats nobody");
	heard("no VM \"nobody\" runs, nor is remembered");
	RUN(1, "hedgectl stats ../monitor");
	heard("cannot be the name");
	RUN(1, "hedgectl stats --interval 0 vm");
	heard("--interval 0: from 1");
}

static void consoles(void **state)
{
	(void)state;
	RUN(0, STATS "printf 'one\\ntwo\\033[2J\\n' >proc/vmcons/vm3; hedgectl console vm");
	assert_string_equal(said, "one\ntwo\033[2J\n");
	/* A terminal is not handed to the guest. */
	RUN(0, "script -qec 'hedgectl console vm' /dev/null");
	heard("two?[2J");
	RUN(0, "script -qec 'hedgectl console --raw vm' /dev/null");
	heard("two\033[2J");
	RUN(0, "printf 'Gew\\303\\266lbe \\302\\233 \\233' >proc/vmcons/vm3; script -qec 'hedgectl console vm' /dev/null");
	heard("Gew\303\266lbe \302? ?");
	RUN(4, "rm proc/vmcons/vm3; hedgectl console vm");
	heard("vmcons/vm3 is not there");
	/* Followed, it goes on until the other end is closed. */
	RUN(0, "mkfifo proc/vmcons/vm3; { exec 9>proc/vmcons/vm3; echo one >&9; sleep 0.3; echo two >&9; exec 9>&-; } & hedgectl console --follow vm; wait");
	assert_string_equal(said, "one\ntwo\n");
	RUN(4, "hedgectl console nobody");
	heard("no VM \"nobody\"");
}

#define WAIT(end)	"mkfifo proc/vmcons/vm3; " STATS \
	"{ exec 9>proc/vmcons/vm3; echo hello >&9; printf '" end "' >proc/vmstats/vm; exec 9>&-; } & " \
	"hedgectl start --wait vm /img; s=$?; wait; rm proc/vmcons/vm3; exit $s"

/* The guest's status is the program's. */
static void waits(void **state)
{
	(void)state;
	RUN(42, WAIT("id 3\\nstate ended\\nexit_status 42\\nreason exit\\n"));
	assert_string_equal(said, "hello\n");
	RUN(0, WAIT("id 3\\nstate ended\\nexit_status 0\\nreason exit\\n"));
	RUN(255, WAIT("id 3\\nstate ended\\nexit_status 255\\nreason abort\\n"));
	heard("warning: VM \"vm\" was ended: abort");
	RUN(4, WAIT("id 4\\nstate running\\n"));
	heard("how is forgotten");
	RUN(4, WAIT("id 3\\nstate ended\\nexit_status x\\n"));
	heard("does not say \"exit_status\"");
	RUN(4, "echo >proc/vmstats/vm; hedgectl start --wait vm /img");
	heard("does not say \"id\"");
}

static void help(void **state)
{
	(void)state;
	RUN(1, "hedgectl");
	heard("usage: hedgectl COMMAND");
	RUN(0, "hedgectl --help");
	heard("net delete");
	RUN(0, "hedgectl start --help");
	heard("--block [DEV=]PATH");
	not_heard("--bridge");
	RUN(0, "hedgectl help net");
	heard("net add");
	not_heard("start");
	RUN(1, "hedgectl net");
	RUN(1, "hedgectl sing a");
	heard("no command \"sing\"");
	not_heard("did you mean");
	RUN(1, "hedgectl lixt");
	heard("did you mean 'list'?");
	RUN(1, "hedgectl net ad tap0");
	heard("did you mean 'net add'?");
	RUN(1, "hedgectl remote host lixt");
	heard("did you mean 'list'?");
	RUN(0, "hedgectl --version");
	RUN(1, "hedgectl put /img");
	heard("hedgectl remote HOST put IMAGE");
	RUN(1, "hedgectl remote host console vm");
	heard("\"console\" cannot be done on another machine");
	RUN(1, "hedgectl remote host remote host list");
	heard("cannot be done");
	RUN(1, "hedgectl remote host");
	heard("usage: hedgectl remote");
}

static void keys(void **state)
{
	(void)state;
	RUN(4, "hedgectl remote -k nokey 127.0.0.1 list");
	heard("key file nokey: No such file");
	RUN(1, "printf short >key; chmod 600 key; hedgectl remote -k key 127.0.0.1 list");
	heard("neither 32 bytes nor 64 hex digits");
	RUN(1, "printf %%0100d 0 >key; hedgectl remote -k key 127.0.0.1 list");
	heard("neither 32 bytes");
	RUN(1, "printf %%064d 0 | tr 0 g >key; hedgectl remote -k key 127.0.0.1 list");
	heard("neither 32 bytes");
	RUN(4, "printf '%%064d\\n' 0 >key; chmod 644 key; hedgectl remote -k key -t 1 -p 9 127.0.0.1 list");
	heard("can be read by others");
	heard("127.0.0.1: no answer");
	RUN(4, "printf %%032d 0 >key; hedgectl remote -k key -t 1 nowhere.invalid list");
	heard("nowhere.invalid: ");
}

/* The same commands, to another machine. */
static void afar(void **state)
{
#define FAR	"hedgectl remote --key-file key --port $PORT 127.0.0.1 "
	struct server_shared *shared;
	uint16_t port;
	char text[16];
	pid_t server;

	(void)state;
	RUN(0, "rm -rf proc; printf '%%064d' 0 | tr 0 2 >key; chmod 600 key");
	server = server_start(&shared, 0x22, &port);
	assert_true(server > 0);
	snprintf(text, sizeof(text), "%u", port);
	setenv("PORT", text, 1);
	RUN(0, FAR "start -m 32 vm /img -- go");
	assert_string_equal(shared->last, "start|vm|/img||32|||go");
	RUN(0, FAR "stop a b");
	assert_string_equal(shared->last, "stop|b");
	assert_int_equal(shared->commands, 3);
	RUN(1, "printf image >img; " FAR "allow img");
	heard("\"allow\" cannot be done on another machine");
	RUN(1, FAR "disallow img");
	heard("\"disallow\" cannot be done on another machine");
	RUN(4, FAR "stop nobody");
	heard("127.0.0.1: NAME: no VM of? this name runs");
	RUN(1, FAR "stop 'a b'");
	RUN(1, FAR "load img");
	heard("a path on the other machine begins with /");
	RUN(1, FAR "start --wait vm /img");
	heard("--wait: not for a VM on another machine");
	assert_int_equal(shared->commands, 4);
	strcpy(shared->list, "ID NAME MODID MODNAME\n3 vm 1 /img\n");
	RUN(0, FAR "list");
	heard("     3  vm");
	strcpy(shared->list, "id 3\nstate running\n");
	RUN(0, FAR "stats --json vm");
	heard("\"state\": \"running\"");
	RUN(0, FAR "put img");
	assert_string_equal(said, "/stage/img\n");
	assert_true(shared->image_ok);
	RUN(0, FAR "put --name other img");
	assert_string_equal(said, "/stage/other\n");
	RUN(1, "cp img 'a b'; " FAR "put 'a b'");
	heard("NAME: has other characters");
	RUN(4, FAR "put nothing");
	heard("nothing: No such file");
	shared->full = true;
	/* An answer has no more room than what it answers. */
	RUN(4, "printf %%0100d 0 >img; " FAR "put img");
	heard("the image was refused: disk full");
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
}

/* Words are completed from what there is. */
static void completes(void **state)
{
#define COMPLETE(words)								\
	"bash -c '. %s/user/tools/hedgectl/hedgectl.bash-completion; COMP_WORDS=(" words "); "	\
	"COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _hedgectl; echo ${COMPREPLY[@]}'", tree

	static char tree[PATH_MAX];

	(void)state;
	RUN(0, "d=$(dirname $(command -v hedgectl)); while [ $d != / ] && [ ! -e $d/user/tools/hedgectl ]; do d=$(dirname $d); done; echo $d");
	snprintf(tree, sizeof(tree), "%.*s", (int)strcspn(said, "\n"), said);
	if (!strcmp(tree, "/"))
		skip();
	RUN(0, LIST STATS "touch proc/vmstats/hedge proc/vmstats/old");
	RUN(0, COMPLETE("hedgectl st"));
	assert_string_equal(said, "start stop stats\n");
	RUN(0, COMPLETE("hedgectl stop \"\""));
	assert_string_equal(said, "vm web\n");
	RUN(0, COMPLETE("hedgectl console \"\""));
	assert_string_equal(said, "old vm\n");
	RUN(0, COMPLETE("hedgectl start --verify e"));
	assert_string_equal(said, "enforce\n");
	RUN(0, COMPLETE("hedgectl net add --b"));
	assert_string_equal(said, "--bridge\n");
	RUN(0, COMPLETE("hedgectl net \"\""));
	assert_string_equal(said, "add delete\n");
}

static void nets(void **state)
{
	(void)state;
	RUN(1, "hedgectl net add averylonginterface");
	heard("cannot be the name of an interface");
	RUN(1, "hedgectl net add tap%%d");
	heard("cannot be the name");
	RUN(1, "hedgectl net add --mac 02:00:00:00:00 tap0");
	heard("not of the form");
	RUN(1, "hedgectl net add --mac 01:00:00:00:00:00 tap0");
	heard("a group address");
	RUN(1, "hedgectl net add --mtu 20 tap0");
	heard("--mtu 20: from 68");
	RUN(1, "hedgectl net delete ''");
	heard("cannot be the name");
	RUN(1, "hedgectl net delete lo");
	heard("lo: not a TAP interface");
	RUN(4, "hedgectl net delete tap-that-is-not");
	heard("no such interface");
	RUN(5, "hedgectl net add lo");
	heard("there is an interface of that name");
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		T(simple), T(starts), T(wrong), T(digests), T(kernel_says), T(no_monitor),
		T(lists), T(stats), T(consoles), T(waits), T(help), T(keys), T(nets),
		T(afar), T(completes),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("hedgectl", tests, start, end);
}
