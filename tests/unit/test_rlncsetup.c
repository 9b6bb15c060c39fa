// SPDX-License-Identifier: GPL-2.0-or-later
/* The program as people run it, on members that are files: no root, no kernel module. */
#include <libgen.h>
#include <limits.h>
#include <pty.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "shell.h"

/* Cheap slots: it is not the derivation that is tested. */
#define CHEAP	" --pbkdf-force-iterations 1 --pbkdf-memory 64 "

static char top[64];

struct answer {
	const char *prompt;
	const char *typed;
};

/*
 * A shell command on a terminal of its own, typed at as it asks. Return: its exit
 * status, or minus the signal that ended it; the terminal echoes again.
 */
static int on_terminal(const char *command, const struct answer *a)
{
	struct termios mode;
	size_t have = 0, from = 0;
	int master, status;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	assert_true(pid >= 0);
	if (!pid) {
		char line[1024];

		snprintf(line, sizeof(line), "exec %s", command);
		execl("/bin/sh", "sh", "-c", strncmp(command, "trap", 4) ? line : command, NULL);
		_exit(127);
	}
	for (;;) {
		ssize_t got = read(master, said + have, sizeof(said) - 1 - have);
		char *found;

		if (got <= 0)
			break;
		said[have += got] = 0;
		found = a->prompt ? strstr(said + from, a->prompt) : NULL;
		if (!found)
			continue;
		from = have;
		assert_int_equal(write(master, a->typed, strlen(a->typed)), strlen(a->typed));
		a++;
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(tcgetattr(master, &mode), 0);
	close(master);
	assert_true(mode.c_lflag & ECHO);
	assert_null(a->prompt);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int start(void **state)
{
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	strcpy(top, "/tmp/test_rlncsetup.XXXXXX");
	if (len < 0 || !mkdtemp(top) || chdir(top))
		return -1;
	self[len] = 0;
	snprintf(path, sizeof(path), "%s:%s", dirname(self), getenv("PATH"));
	return setenv("PATH", path, 1);
}

static int end(void **state)
{
	(void)state;
	return chdir("/") || sh("rm -rf %s", top);
}

/* Slots 0, 1 and 2 open with a, b and c; m4 missed that 1 was removed. */
static int setup(void **state)
{
	(void)state;
	RUN(0, "rm -f m? old; truncate -s 64M m0 m1 m2 m3 m4; for p in a b c d; do printf $p >$p; done");
	RUN(0, "rlncsetup format -q -k 3 -d a" CHEAP "m?");
	RUN(0, "rlncsetup key add -d a --new-key-file b" CHEAP "m?");
	RUN(0, "rlncsetup key add -d a --new-key-file c" CHEAP "m?");
	RUN(0, "cp --sparse=always m4 old && rlncsetup key remove -d a -S 1 m? && cp --sparse=always old m4");
	return 0;
}

/* A removed passphrase takes nobody's slot, not even one of the same number. */
static void removed_changes_nothing(void **state)
{
	static const char *const commands[] = {
		"remove -d b", "remove -d b -S 0", "change -d b --new-key-file d" CHEAP,
		"add -d b --new-key-file d" CHEAP,
	};
	unsigned int i;

	(void)state;
	RUN(0, "rlncsetup key add -S 1 -d a --new-key-file d" CHEAP "m0 m1 m2 m3");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		RUN(2, "rlncsetup key %s m?", commands[i]);
		heard("was removed from the newest key slots; use one of those");
	}
	RUN(0, "rlncsetup key change -d d --new-key-file d" CHEAP "m0 m1 m2 m3");
	heard("Key slot 1 changed");
}

/* `key remove` again, by whom it left in: the members that missed it get it. */
static void removal_ends(void **state)
{
	(void)state;
	RUN(4, "rlncsetup key list m?");
	heard("m3: set 8");
	heard("m4: set 6");
	heard("member m4: other key slots, set 6");
	heard("rlncsetup key sync");
	RUN(4, "rlncsetup key list --json m?");
	heard("\"newest\": false");
	RUN(0, "rlncsetup key remove -d c -S 1 m?");
	heard("Key slot 1 removed from 1 more member.");
	RUN(0, "rlncsetup key list m?");
	heard("m4: set 8");
	RUN(2, "rlncsetup key remove -d b m?");
	heard("no key slot opens");
	RUN(1, "rlncsetup key remove -d a -S 1 m?");
	heard("there is no key slot 1");
	RUN(1, "rlncsetup key change -d nothing -S 9 m?");
	heard("there is no key slot 9");
}

/* A slot that one member has alone is dropped only by name or force. */
static void lost_slot(void **state)
{
	(void)state;
	RUN(1, "rlncsetup key add -d a --new-key-file d" CHEAP "m?");
	heard("key slot 1 of member m4 is not among the newest");
	RUN(1, "rlncsetup key sync -d a m?");
	RUN(0, "rlncsetup key sync -d a --force m?");
	heard("1 member had other");
	RUN(0, "rlncsetup key list m?");
}

/* Two added slots while they could not see each other: one number, two owners. */
static void apart(void **state)
{
	(void)state;
	RUN(0, "rlncsetup key remove -d a -S 1 m?");
	RUN(0, "rlncsetup key add -d a --new-key-file b" CHEAP "m0 m1 m2");
	RUN(0, "rlncsetup key add -d a --new-key-file d" CHEAP "m3 m4");
	RUN(4, "rlncsetup key list m?");
	RUN(1, "rlncsetup key sync -d a m?");
	heard("key slot 1 of member m");
	RUN(0, "rlncsetup key sync -d a --force m?");
	RUN(0, "rlncsetup key list m?");
}

#define CHANGE_ON_FOUR	"rlncsetup key change -d c --new-key-file d" CHEAP "m0 m1 m2 m3"

/* A slot that was changed meanwhile is no loss. */
static void change_missed(void **state)
{
	(void)state;
	RUN(0, "rlncsetup key remove -d a -S 1 m? && " CHANGE_ON_FOUR);
	heard("member 4 was not given");
	RUN(0, "rlncsetup key sync -d d m0 m4");
	RUN(0, "rlncsetup key list m?");
	RUN(2, "rlncsetup key sync -d c m?");
}

/* Output that is lost is no success, and no member becomes a standard stream. */
static void streams(void **state)
{
	(void)state;
	RUN(4, "rlncsetup dump m0 >/dev/full");
	heard("standard output cannot be written");
	RUN(4, "rlncsetup --help >&-");
	heard("standard output cannot be written");
	RUN(0, "cp --sparse=always m0 before; rlncsetup key remove -d a -S 2 --force m? <&- >&- 2>&-; [ $? = 4 ]");
	RUN(0, "rlncsetup dump m0 >seen; cmp -n 4096 m0 before && grep -q ' 0 ' seen && ! rlncsetup dump m0 2>&- >&-");
	RUN(4, "rlncsetup key add -d a m? <&-");
}

/* One that is locked is being changed by somebody else. */
static void locked(void **state)
{
	(void)state;
	RUN(5, "flock m2 rlncsetup format -q --force -k 3 -d a" CHEAP "m?");
	heard("member m2: another program is changing it");
	RUN(5, "flock m2 rlncsetup key sync -d a m?");
}

/* Why there is no device-mapper: nobody may, or the kernel has none. */
static void no_device_mapper(void **state)
{
	(void)state;
	if (geteuid())
		RUN(2, "rlncsetup status nothing");
	else
		RUN(2, "chmod 755 . && cp $(command -v rlncsetup) copy && setpriv --reuid 65534 --clear-groups ./copy status nothing");
	heard("permission denied; this needs root");
	if (geteuid() || !sh("grep -q device-mapper /proc/misc"))
		return;
	RUN(4, "rlncsetup status nothing");
	heard("no device mapper in this kernel");
	heard("modprobe dm-mod");
	RUN(4, "rlncsetup open name m9 m8 m7");
	heard("m9: No such file");
}

/* The beginning of an option's name is not the option. */
static void in_full(void **state)
{
	(void)state;
	RUN(1, "rlncsetup format --f -q -k 3 -d a m?");
	heard("no option \"--f\"; is --force meant?");
	RUN(1, "rlncsetup format -q -k 3 --key a m?");
	heard("is --key-file meant?");
	RUN(1, "rlncsetup format -q -k 3 --key=a m?");
	heard("no option \"--key\"; is --key-file meant?");
	RUN(1, "rlncsetup format --s 4K -k 3 m?");
	heard("ambiguous");
	RUN(0, "rlncsetup key list m0 m1 m2 m3 --json");
	RUN(0, "rlncsetup key add --key-file=a m0 m1 m2 m3 m4 --new-key-file b --force" CHEAP);
}

/* Every way of asking for help gives it, on a group of commands as well. */
static void help(void **state)
{
	static const char *const group[] = { "key --help", "key -h", "help key" };
	static const char *const one[] = {
		"key add --help", "help key add", "help format", "format -h",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(group) / sizeof(group[0]); i++) {
		RUN(0, "rlncsetup %s", group[i]);
		heard("usage: rlncsetup key COMMAND");
		heard("key sync");
		assert_null(strstr(said, "format"));
	}
	RUN(1, "rlncsetup header");
	heard("header restore");
	for (i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		RUN(0, "rlncsetup %s", one[i]);
		heard("--slot-type TYPE");
	}
	RUN(0, "rlncsetup help");
	heard("usage: rlncsetup COMMAND");
	RUN(1, "rlncsetup key sing m0");
	heard("no command \"key\" or \"key sing\"");
	heard("`rlncsetup key --help` lists its commands");
	RUN(1, "rlncsetup kye ad m0");
	heard("did you mean 'key add'?");
	RUN(1, "rlncsetup help formta");
	heard("did you mean 'format'?");
	RUN(1, "rlncsetup help sing");
	heard("no command \"sing\"");
}

/* Nothing on standard input is not an empty passphrase, and says so. */
static void input_ends(void **state)
{
	(void)state;
	RUN(2, "rlncsetup key add m0 m1 m2 m3 </dev/null");
	heard("standard input has ended before a passphrase came");
	heard("--key-file");
	RUN(2, "echo | rlncsetup key add m0 m1 m2 m3");
	heard("an empty passphrase is none");
	RUN(2, "rlncsetup key add -d a m0 m1 m2 m3 </dev/null");
	heard("Enter new passphrase");
	RUN(0, "printf a | rlncsetup key add --new-key-file b" CHEAP "m0 m1 m2 m3");
}

/* Sizes as they were asked for, and one of a thing is one thing. */
static void words(void **state)
{
	(void)state;
	RUN(1, "rlncsetup format -q -k 3 -s 1K -d a m?");
	heard("--symbol 1K: from 4 KiB to 512 KiB");
	RUN(1, "rlncsetup format -q -k 3 -s 512K -d a m?");
	heard("--symbol 512 KiB: a power of two, and k = 3 times it at most 512 KiB");
	RUN(1, "rlncsetup format -q -d a m0");
	heard("how many of the 1 member suffice");
	RUN(0, "rlncsetup format -q --force -k 1 -d a" CHEAP "m0");
	heard("on one member");
	heard("commits need 1 member, 1 key slot");
}

/* What a terminal would obey is no label. */
static void labels(void **state)
{
	(void)state;
	RUN(1, "rlncsetup format -q --force -k 3 -d a --label \"$(printf 'a\\033[2Jb')\" m?");
	heard("--label: no control characters");
	RUN(1, "rlncsetup format -q --force -k 3 -d a --label \"$(printf '\\377')\" m?");
	heard("--label: no control characters");
	RUN(1, "rlncsetup key add -d a --force --new-key-file b" CHEAP
		"--slot-label \"$(printf 'a\\nb')\" m?");
	heard("--slot-label: no control characters");
	RUN(1, "rlncsetup format -q --force -k 3 -d a --label 123456789012345678901234567890123 m?");
	heard("--label: 32 bytes at most");
	RUN(0, "rlncsetup format -q --force -k 3 -d a --label Gew\303\266lbe" CHEAP "m?");
}

/* A member that is not there has its place in the key commands, too. */
static void left_out(void **state)
{
	(void)state;
	RUN(0, "rlncsetup key list m0 missing m2 m3 -");
	RUN(0, "rlncsetup key add -d a --new-key-file b" CHEAP "m0 m1 m2 m3 missing");
	heard("member 4 was not given");
	RUN(1, "rlncsetup dump missing");
	heard("needs the members themselves");
	RUN(4, "rlncsetup key list m0 nowhere");
	heard("write \"missing\" in its place");
	RUN(4, "rlncsetup key list missing -");
}

/* A bar is drawn where a terminal can, and nowhere else. */
static void bars(void **state)
{
	(void)state;
	RUN(0, "TERM=dumb script -qec 'rlncsetup format -q --force -k 3 -d a" CHEAP "m?' /dev/null");
	heard("any 3 of 5");
	assert_null(strchr(said, '\033'));
	RUN(0, "TERM=linux script -qec 'rlncsetup format -q --force -k 3 -d a" CHEAP "m?' /dev/null");
	heard("formatting [");
	RUN(0, "TERM=linux rlncsetup format -q --force -k 3 -d a" CHEAP "m?");
	assert_null(strchr(said, '\r'));
}

/* A limit that is out of reach, and a device that is too small, say by how much. */
static void limits(void **state)
{
	(void)state;
	RUN(1, "rlncsetup format -q --force -k 3 -d a --size 16E m?");
	heard("--size 16E: from 4 KiB to 4 PiB");
	RUN(1, "rlncsetup format -q --force -k 3 -d a --size 20000000000000000000 m?");
	heard("from 4 KiB to 4 PiB");
	RUN(4, "truncate -s 2M small && rlncsetup format -q -k 1 -s 4K -d a small");
	heard("small is too small: it has 2 MiB, 2.1 MiB are needed");
	assert_null(strstr(said, "hint"));
	RUN(4, "rlncsetup format -q -k 1 -d a small");
	heard("a smaller --symbol needs less");
	RUN(1, "rlncsetup key add --force -d a --new-key-file b --pbkdf-memory 99999999 --pbkdf-force-iterations 1 m?");
	heard("to 4 GiB, and passes times memory at most 128 GiB");
	RUN(1, "rlncsetup repair -q --offline m0 m1 m2 --onto small");
	heard("members 3 4 are not here: say which one with --member I");
	RUN(1, "rlncsetup format -k");
	heard("rlncsetup: option requires an argument");
}

/* A backup takes nobody's place but another file's, and its own on a device. */
static void headers(void **state)
{
	(void)state;
	RUN(0, "rlncsetup header backup head m0 && [ $(stat -c %%a head) = 600 ]");
	RUN(5, "rlncsetup header backup head m1");
	heard("if it may be overwritten, say --force");
	RUN(5, "mkfifo pipe; rlncsetup header backup --force pipe m0");
	heard("pipe exists, and is no regular file");
	RUN(5, "ln -s nothing link; rlncsetup header backup --force link m0");
	RUN(0, "[ -p pipe ] && [ -L link ] && [ ! -e nothing ]");
	RUN(4, "truncate -s 32M half && rlncsetup header restore -q head half");
	heard("half is too small: it has 32 MiB, 64 MiB are needed");
	RUN(5, "flock m0 rlncsetup header restore -q head m0");
	heard("another program is changing it");
	RUN(0, "rlncsetup wipe -q m0 && rlncsetup header restore -q head m0 && rlncsetup dump m0");
}

/* A file may have a name that is no text: that is no reason to fail. */
static void odd_names(void **state)
{
	(void)state;
	RUN(0, "odd=$(printf 'm\\377\\033'); mv m0 $odd; rlncsetup dump --json $odd");
	heard("\"name\": \"m??\"");
	RUN(4, "rlncsetup key list --json m[!0]*");
	heard("\"member\": \"m??\"");
	RUN(4, "rlncsetup key list m1 nowhere$(printf '\\033[2J')");
	heard("member nowhere?[2J: No such file");
	RUN(0, "rm m[!0-9]*");
}

/* Each command says what its own --force does. */
static void force(void **state)
{
	(void)state;
	RUN(0, "rlncsetup wipe --help");
	heard("erase the first MiB of what is no member, too");
	RUN(0, "rlncsetup header backup --help");
	heard("overwrite FILE, if it is there");
	RUN(0, "rlncsetup key remove --help");
	heard("remove the last key slot");
	RUN(0, "rlncsetup format --help");
	assert_null(strstr(said, "slots that only some"));
}

/* Every spelling of the options that people have in their fingers. */
static void spellings(void **state)
{
	(void)state;
	RUN(0, "rlncsetup format --batch-mode --force -k 3 -w 4 -L name -s 4K -S 7 -d a" CHEAP "m?");
	heard("commits need 4 members");
	RUN(0, "rlncsetup format --yes --force -k 3 --writes-min 5 -d a -i 1 m?");
	RUN(0, "rlncsetup format -q --force -k 3 -d a --iter-time 1 m?");
	/* cryptsetup asks for the passphrase twice then. */
	RUN(1, "rlncsetup format -y --force -k 3 -d a m?");
	RUN(0, "rlncsetup key list -v m?");
	RUN(0, "rlncsetup -V && rlncsetup --version");
	RUN(0, "rlncsetup benchmark --members 4 -k 2 -i 1");
	RUN(4, "rlncsetup open name");
	heard("name its members: rlncsetup open name MEMBER...");
}

/* A prompt on a terminal: asked for as often as one likes, and no echo is left off. */
static void prompts(void **state)
{
	static const struct answer two[] = { { "passphrase", "x\n" }, { "\nEnter", "x\n" }, { 0 } };
	static const struct answer one[] = { { "passphrase", "x\n" }, { 0 } };
	static const struct answer interrupt[] = { { "passphrase", "\003" }, { 0 } };
	static const struct answer no[] = { { "capital letters): ", "yes\n" }, { 0 } };
	static const struct answer yes[] = { { "capital letters): ", "YES\n" }, { 0 } };

	(void)state;
	assert_int_equal(on_terminal("rlncsetup key add -T 2 m?", two), 2);
	heard("no key slot opens with this passphrase");
	assert_null(strchr(strstr(said, "Enter"), 'x'));
	assert_int_equal(on_terminal("rlncsetup key add --tries 1 m?", one), 2);
	assert_int_equal(on_terminal("rlncsetup key add m?", interrupt), -SIGINT);
	assert_int_equal(on_terminal("rlncsetup wipe m0", no), 2);
	heard("nothing was changed");
	RUN(0, "rlncsetup dump m0");
	assert_int_equal(on_terminal("rlncsetup wipe m0", yes), 0);
	RUN(4, "rlncsetup dump m0");
}

/* Signals that are ignored stay so, at a prompt as well: nohup(1). */
static void ignored(void **state)
{
	static const struct answer hangup[] = {
		{ "passphrase", "a\n" }, { "new passphrase", "\003b\n" },
		{ "Verify", "b\n" }, { 0 },
	};

	(void)state;
	assert_int_equal(on_terminal("trap '' INT; exec rlncsetup key add --force" CHEAP "m?",
				     hangup), 0);
}

/* Members are unmade, and what is none is not. */
static void wiped(void **state)
{
	(void)state;
	RUN(4, "truncate -s 64M blank && rlncsetup wipe -q m0 blank");
	heard("blank: neither superblock nor key slots");
	RUN(0, "rlncsetup dump m0");
	RUN(5, "flock m1 rlncsetup wipe -q m0 m1");
	RUN(0, "rlncsetup wipe -q m0 m1");
	heard("2 members wiped.");
	RUN(4, "rlncsetup dump m0");
	RUN(0, "cmp -n 1048576 m0 /dev/zero");
	RUN(0, "rlncsetup wipe -q --force blank");
	heard("1 member wiped.");
	RUN(0, "rlncsetup format -q -k 1 -d a" CHEAP "m0 m1");
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		T(removed_changes_nothing), T(removal_ends), T(lost_slot), T(apart),
		T(change_missed), T(streams), T(locked), T(no_device_mapper),
		T(in_full), T(help), T(input_ends), T(words), T(labels), T(left_out),
		T(wiped), T(bars), T(limits), T(headers), T(force), T(odd_names), T(spellings),
		T(prompts), T(ignored),
	};

	return cmocka_run_group_tests_name("rlncsetup", tests, start, end);
}
