// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands to the monitor: every form, and every way of being wrong by the field's name. */
#include <errno.h>
#include <stdio.h>

#include "format_util.h"
#include "proto/command.h"

#define DIGEST	"000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define START	"start|vm|/img|1|64|/dev/b|tap0|go"

static struct hedge_command cmd;
static struct hedge_command_error error;
static u8 *line;			/* with the room behind it, up to a closed page */
static size_t line_len;

/* Parse @len bytes; what was there before is let go. */
static int parse_bytes(const char *text, size_t len)
{
	if (line)
		edge_free(line, line_len + 1);
	line = edge_copy(text, len + 1);
	line_len = len;
	line[len] = 0x5a;
	memset(&cmd, 0xa5, sizeof(cmd));
	memset(&error, 0xa5, sizeof(error));
	return hedge_command_parse((char *)line, len, &cmd, &error);
}

static void good(const char *text)
{
	if (parse_bytes(text, strlen(text)))
		fail_msg("\"%s\": %s: %s", text, error.field, error.why);
	assert_null(error.field);
	assert_null(error.why);
}

static void bad_bytes(const char *text, size_t len, const char *field, const char *why)
{
	assert_int_equal(parse_bytes(text, len), -EINVAL);
	if (strcmp(error.field, field) || !strstr(error.why, why))
		fail_msg("\"%.60s\": %s: %s; expected %s: %s", text, error.field, error.why, field,
			 why);
}

static void bad(const char *text, const char *field, const char *why)
{
	bad_bytes(text, strlen(text), field, why);
}

/* The key behind a good command; @field NULL: that of the key itself. */
static void bad_key(const char *key, const char *field, const char *why)
{
	char text[8192], name[4096];

	snprintf(text, sizeof(text), START "|%s", key);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(key, "="), key);
	bad(text, field ? field : name, why);
}

static char *repeat(char c, size_t n)
{
	static char text[20000];

	memset(text, c, n);
	text[n] = 0;
	return text;
}

static void every_verb(void **state)
{
	static const struct { const char *text; enum hedge_verb verb; } v[] = {
		{ "load|/a", HEDGE_LOAD }, { "unload|/a", HEDGE_UNLOAD },
		{ START, HEDGE_START }, { "stop|vm", HEDGE_STOP }, { "pause|vm", HEDGE_PAUSE },
		{ "resume|vm", HEDGE_RESUME }, { "dump|vm|/c", HEDGE_DUMP },
		{ "snapshot|vm|/s", HEDGE_SNAPSHOT }, { "restore|vm|/s|||", HEDGE_RESTORE },
		{ "drain", HEDGE_DRAIN }, { "undrain", HEDGE_UNDRAIN },
		{ "allow|" DIGEST, HEDGE_ALLOW }, { "disallow|" DIGEST, HEDGE_DISALLOW },
		{ "pool|8", HEDGE_POOL },
	};
	char text[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		good(v[i].text);
		assert_int_equal(cmd.verb, v[i].verb);
		snprintf(text, sizeof(text), "%s\n", v[i].text);
		good(text);
		assert_int_equal(cmd.verb, v[i].verb);
	}
}

static void start(void **state)
{
	unsigned int i;

	(void)state;
	good("start|a_B-9.z|/some/image|3|65|/dev/mapper/v|tap_1|one two\t{\"x\": 1}\n");
	assert_string_equal(cmd.name, "a_B-9.z");
	assert_string_equal(cmd.path, "/some/image");
	assert_int_equal(cmd.cpu, 3);
	assert_int_equal(cmd.mem_mb, 64);
	assert_string_equal(cmd.block, "/dev/mapper/v");
	assert_string_equal(cmd.net, "tap_1");
	assert_string_equal(cmd.cmdline, "one two\t{\"x\": 1}");
	assert_int_equal(cmd.uid, 65534);
	assert_int_equal(cmd.gid, 65534);
	assert_int_equal(cmd.limits.console_kib, 64);
	assert_int_equal(cmd.limits.cpu_quota, 0);
	assert_false(cmd.has_verify);
	assert_int_equal(cmd.devices, 0);
	good("start|a|/i||2|||c");
	assert_int_equal(cmd.cpu, HEDGE_CPU_ANY);
	assert_null(cmd.block);
	assert_null(cmd.net);
	good("restore|a|/s|7|/dev/b|t|uid=1");
	assert_int_equal(cmd.cpu, 7);
	assert_string_equal(cmd.block, "/dev/b");
	assert_string_equal(cmd.net, "t");
	assert_int_equal(cmd.uid, 1);
	assert_null(cmd.cmdline);
	good("allow|" DIGEST);
	for (i = 0; i < 32; i++)
		assert_int_equal(cmd.digest[i], i);
	good("pool|0");
	assert_int_equal(cmd.count, 0);
	good("pool|1024");
	assert_int_equal(cmd.count, 1024);
}

static void every_key(void **state)
{
	static const u8 mac[6] = { 0x02, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%s|%s|%s|%s", START "|block.disk=/dev/x|block_size.disk=4096",
		 "readonly.disk=1|net.eth.0=tap1|mac.eth.0=02:bb:CC:dd:ee:FF|verify=enforce",
		 "cpu_quota=50|block_iops=1|block_kbps=2147483647|net_pps=3|net_kbps=4|console=4096",
		 "watchdog=86400|max_runtime=9|uid=0|gid=4294967294|cgroup=/cg/a=b|core=/core|readonly.log=0");
	good(text);
	assert_int_equal(cmd.devices, 3);
	assert_string_equal(cmd.device[0].name, "disk");
	assert_string_equal(cmd.device[0].block, "/dev/x");
	assert_int_equal(cmd.device[0].block_size, 4096);
	assert_true(cmd.device[0].readonly);
	assert_false(cmd.device[0].has_mac);
	assert_null(cmd.device[0].net);
	assert_string_equal(cmd.device[1].name, "eth.0");
	assert_string_equal(cmd.device[1].net, "tap1");
	assert_true(cmd.device[1].has_mac);
	assert_memory_equal(cmd.device[1].mac, mac, 6);
	assert_string_equal(cmd.device[2].name, "log");
	assert_false(cmd.device[2].readonly);
	assert_true(cmd.has_verify);
	assert_int_equal(cmd.verify, HEDGE_VERIFY_ENFORCE);
	assert_int_equal(cmd.limits.cpu_quota, 50);
	assert_int_equal(cmd.limits.block_iops, 1);
	assert_int_equal(cmd.limits.block_kbps, 2147483647);
	assert_int_equal(cmd.limits.net_pps, 3);
	assert_int_equal(cmd.limits.net_kbps, 4);
	assert_int_equal(cmd.limits.console_kib, 4096);
	assert_int_equal(cmd.limits.watchdog, 86400);
	assert_int_equal(cmd.limits.max_runtime, 9);
	assert_int_equal(cmd.uid, 0);
	assert_int_equal(cmd.gid, 4294967294);
	assert_string_equal(cmd.cgroup, "/cg/a=b");
	assert_string_equal(cmd.core, "/core");
}

static void no_command(void **state)
{
	(void)state;
	bad("", "COMMAND", "empty");
	bad("\n", "COMMAND", "empty");
	bad("|a", "COMMAND", "empty");
	bad("sing|a", "COMMAND", "not one of load unload");
	bad("Stop|a", "COMMAND", "not one of");
	bad(" stop|a", "COMMAND", "not one of");
	bad("stop ", "COMMAND", "not one of");
	bad("\nstop|a", "COMMAND", "not one of");
	bad_bytes("stop\0|a", 7, "COMMAND", "not one of");
	bad(repeat('a', HEDGE_COMMAND_MAX + 1), "COMMAND", "too long");
	bad(repeat('a', HEDGE_COMMAND_MAX), "COMMAND", "not one of");
}

/* Each form cut off before each of its fields, and with a field too many. */
static void counts(void **state)
{
	static const char *const field[] = {
		"NAME", "PATH", "CPU", "MEM_MB", "BLK", "NET", "CMDLINE",
	};
	static const char *const one[][3] = {
		{ "load", "PATH", "/a" }, { "unload", "PATH", "/a" }, { "stop", "NAME", "a" },
		{ "pause", "NAME", "a" }, { "resume", "NAME", "a" }, { "allow", "DIGEST", DIGEST },
		{ "disallow", "DIGEST", DIGEST }, { "pool", "N", "1" },
	};
	char text[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(field); i++) {
		char *end = strcpy(text, START);
		unsigned int bars;

		for (bars = 0; bars <= i; bars++)
			end = strchr(end + 1, '|');
		*end = 0;
		bad(text, field[i], "missing; the form is start|NAME|PATH|CPU|MEM_MB|BLK|NET|CMDLINE");
	}
	for (i = 0; i < ARRAY_SIZE(one); i++) {
		bad(one[i][0], one[i][1], "missing; the form is");
		snprintf(text, sizeof(text), "%s|%s|", one[i][0], one[i][2]);
		bad(text, one[i][0], "one bar too many");
		snprintf(text, sizeof(text), "%s|%s|uid=1", one[i][0], one[i][2]);
		bad(text, one[i][0], "one bar too many; the form is");
		snprintf(text, sizeof(text), "%s|", one[i][0]);
		bad(text, one[i][1], strcmp(one[i][1], "NAME") && strcmp(one[i][1], "PATH") ?
		    "not " : "empty");
	}
	bad("drain|", "drain", "one bar too many; the form is drain");
	bad("undrain|now", "undrain", "one bar too many");
	bad("dump|a", "PATH", "missing");
	bad("snapshot|a|/b|c", "snapshot", "one bar too many");
	bad("restore|a|/s||", "NET", "missing; the form is restore|NAME|PATH|CPU|BLK|NET");
}

static void names(void **state)
{
	static const char *const wrong[] = {
		"a b", "a/b", "a\tb", "a\nb", "a\x7f", "\xc3\xa4", "a:b", "a=b", "a%s",
	};
	char text[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), "stop|%s", wrong[i]);
		bad(text, "NAME", "has other characters than");
	}
	bad("stop|.a", "NAME", "begins with a dot");
	bad("start|errors|/i||2|||c", "NAME", "files of /proc/vmstats");
	bad("restore|hedge|/s|||", "NAME", "files of /proc/vmstats");
	bad("stop|metrics", "NAME", "files of /proc/vmstats");
	good("stop|hedge1");
	bad("stop|..", "NAME", "begins with a dot");
	bad_bytes("stop|a\0b", 8, "NAME", "has other characters");
	bad_bytes("stop|a\0", 7, "NAME", "has other characters");
	snprintf(text, sizeof(text), "stop|%s", repeat('a', 127));
	good(text);
	snprintf(text, sizeof(text), "stop|%s", repeat('a', 128));
	bad(text, "NAME", "too long");
	bad("stop|a\n\n", "NAME", "has other characters");
	bad("stop|a\nstop|b", "NAME", "has other characters");
}

static void paths(void **state)
{
	char text[8192];

	(void)state;
	bad("load|/a\nb", "PATH", "control character");
	bad("load|/a\tb", "PATH", "control character");
	bad("load|/a\x7f", "PATH", "control character");
	bad("load|/a\x1b[2J", "PATH", "control character");
	bad_bytes("load|/a\0b", 9, "PATH", "control character");
	bad("start|a||1|2|||c", "PATH", "empty");
	bad("start|a|i|1|2|||c", "PATH", "relative");
	bad("start|a|./i|1|2|||c", "PATH", "relative");
	bad("start|a|stage:i|1|2|||c", "PATH", "relative");
	bad("load|i", "PATH", "relative");
	bad("unload|../i", "PATH", "relative");
	good("start|a|staged:i|1|2|||c");
	good("load|staged:i");
	good("unload|staged:i");
	bad("dump|a|core", "PATH", "relative");
	bad("dump|a|staged:core", "PATH", "relative");
	bad("snapshot|a|s", "PATH", "relative");
	bad("restore|a|staged:s|||", "PATH", "relative");
	snprintf(text, sizeof(text), "load|%s", repeat('/', 4095));
	good(text);
	snprintf(text, sizeof(text), "load|%s", repeat('/', 4096));
	bad(text, "PATH", "at most 4095");
	good("load|/\xc3\xa4 =");
	bad("start|a|/i|1|2|/dev/\x01||c", "BLK", "control character");
	snprintf(text, sizeof(text), "start|a|/i|1|2|%s||c", repeat('/', 4096));
	bad(text, "BLK", "at most 4095");
}

static void numbers(void **state)
{
	static const char *const wrong[] = {
		"", "1", "0", "4097", "-2", "+2", " 2", "2 ", "0x10", "2.5", "2M", "4294967298",
		"18446744073709551618", "99999999999999999999999999999999999999999", "\xc2\xb2", "2\n",
	};
	char text[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), "start|a|/i||%s|||c", wrong[i]);
		bad(text, "MEM_MB", "not a number of MiB from 2 to 4096");
		if (i < 3)
			continue;
		snprintf(text, sizeof(text), "start|a|/i|%s|2|||c",
			 strcmp(wrong[i], "4097") ? wrong[i] : "4294967295");
		bad(text, "CPU", "not the number of a processor");
		snprintf(text, sizeof(text), "pool|%s", strcmp(wrong[i], "4097") ? wrong[i] : "1025");
		if (strcmp(wrong[i], "2\n"))
			bad(text, "N", "not a number from 0 to 1024");
	}
	bad_bytes("pool|1\0", 7, "N", "not a number");
	good("start|a|/i|007|0064|||c");
	assert_int_equal(cmd.cpu, 7);
	assert_int_equal(cmd.mem_mb, 64);
	good("start|a|/i||3|||c");
	assert_int_equal(cmd.mem_mb, 2);
	good("start|a|/i||4096|||c");
	assert_int_equal(cmd.mem_mb, 4096);
}

static void interfaces(void **state)
{
	static const char *const wrong[] = {
		".", "..", "a b", "a/b", "a:b", "a\tb", "1234567890123456", "a\x7f", "a\nb",
	};
	char text[128];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), "start|a|/i|1|2||%s|c", wrong[i]);
		bad(text, "NET", "");
		snprintf(text, sizeof(text), "net.d=%s", wrong[i]);
		bad_key(text, NULL, "");
	}
	good("start|a|/i|1|2||123456789012345|c");
}

static void command_lines(void **state)
{
	char text[10000];

	(void)state;
	bad("start|a|/i|1|2|||", "CMDLINE", "empty");
	bad("start|a|/i|1|2|||\n", "CMDLINE", "empty");
	bad("start|a|/i|1|2|||a\nb", "CMDLINE", "control character");
	bad("start|a|/i|1|2|||a\x1b", "CMDLINE", "control character");
	bad_bytes("start|a|/i|1|2|||a\0b", 20, "CMDLINE", "control character");
	snprintf(text, sizeof(text), "start|a|/i|1|2|||%s", repeat('c', 8191));
	good(text);
	assert_int_equal(strlen(cmd.cmdline), 8191);
	snprintf(text, sizeof(text), "start|a|/i|1|2|||%s", repeat('c', 8192));
	bad(text, "CMDLINE", "too long");
}

static void digests(void **state)
{
	char text[256];
	size_t n;

	(void)state;
	for (n = 0; n < 140; n++) {
		snprintf(text, sizeof(text), "allow|%s", repeat('a', n));
		if (n == 64)
			good(text);
		else
			bad(text, "DIGEST", "not of 64 hex digits");
	}
	for (n = 0; n < 64; n++) {
		strcpy(text, "disallow|" DIGEST);
		text[9 + n] = "g/:@G`-\x1f"[n % 8];
		bad(text, "DIGEST", "other characters than hex digits");
	}
	strcpy(text, "allow|" DIGEST);
	text[20] = 0;
	bad_bytes(text, 70, "DIGEST", "other characters");
}

static void wrong_keys(void **state)
{
	(void)state;
	bad_key("", "KEY", "empty");
	bad_key("uid=1|", "KEY", "empty");
	bad_key("uid", "KEY", "without a value");
	bad_key("a second bar in the command line", "KEY", "without a value");
	bad_key("=1", "", "not a key");
	bad_key("sing=1", NULL, "not a key: ");
	bad_key("UID=1", NULL, "not a key");
	bad_key("u\tid=1", "KEY", "control character");
	bad_key("\x1b[2J=1", "KEY", "control character");
	bad_key("uid=", NULL, "empty value");
	bad_key("uid.x=1", NULL, "not a key");
	bad_key("block=/dev/a", NULL, "not a key");
	bad_key("block.=/dev/a", NULL, "names no device");
	bad_key("block.d=/dev/\x01", NULL, "control character");
	bad_key("block.d=", NULL, "empty value");
	bad_bytes(START "|uid=1\0", sizeof(START) + 6, "uid", "control character");
	bad_key(strcat(repeat('k', 100), "=1"), "KEY", "not a key");
	bad_key("verify=on", NULL, "none of off, warn and enforce");
	bad_key("verify=offf", NULL, "none of");
	bad_key("cgroup=a", NULL, "relative");
	bad_key("core=core", NULL, "relative");
	bad_key("cgroup=/\x02", NULL, "control character");
	bad_key("readonly.d=2", NULL, "neither 0 nor 1");
	bad_key("readonly.d=10", NULL, "neither");
	good(START "|verify=off");
	assert_true(cmd.has_verify);
	assert_int_equal(cmd.verify, HEDGE_VERIFY_OFF);
	good(START "|verify=warn");
	assert_int_equal(cmd.verify, HEDGE_VERIFY_WARN);
}

/* What is said of a word that is none of ours has all that are. */
static void all_are_named(void **state)
{
	static const char *const verb[] = {
		"load", "unload", "start", "stop", "pause", "resume", "dump", "snapshot", "restore",
		"drain", "undrain", "allow", "disallow", "pool", "listen", "unlisten",
	};
	static const char *const key[] = {
		"block", "net", "block_size", "readonly", "mac", "verify", "cpu_quota",
		"block_iops", "block_kbps", "net_pps", "net_kbps", "console", "watchdog",
		"max_runtime", "uid", "gid", "cgroup", "core",
	};
	char word[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(verb); i++) {
		snprintf(word, sizeof(word), " %s", verb[i]);
		bad("sing", "COMMAND", word);
	}
	for (i = 0; i < ARRAY_SIZE(key); i++) {
		snprintf(word, sizeof(word), " %s", key[i]);
		bad_key("sing=1", NULL, word);
	}
}

#define LISTEN	"listen|10.0.0.1:5364|skyhold-hedge:main"

static void listeners(void **state)
{
	static const char *const wrong[] = {
		"", ":", ":5364", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536",
		"10.0.0.1:1 ", "10.0.0.1:-1", "host:5364", "::1:5364", "[]:5364", "[::1:5364",
		"::1]:5364", "[::1]5364", "[::1]", "[[::1]]:5364", "10.0.0.1/8:5364", "fe80::1%lo:1",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:00]:1",
	};
	char text[512];
	unsigned int i;

	(void)state;
	good(LISTEN);
	assert_int_equal(cmd.verb, HEDGE_LISTEN);
	assert_string_equal(cmd.host, "10.0.0.1");
	assert_int_equal(cmd.port, 5364);
	assert_string_equal(cmd.key, "skyhold-hedge:main");
	good("listen|[fe80::1:2]:65535|skyhold-hedge:a b");
	assert_string_equal(cmd.host, "fe80::1:2");
	assert_int_equal(cmd.port, 65535);
	good("unlisten");
	assert_int_equal(cmd.verb, HEDGE_UNLISTEN);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), "listen|%s|skyhold-hedge:main", wrong[i]);
		bad(text, "ADDRESS", "not of the form");
	}
	bad_bytes("listen|1.2.3\0:1|skyhold-hedge:a", 31, "ADDRESS", "not of the form");
	bad("listen", "ADDRESS", "missing; the form is listen|ADDRESS|KEY");
	bad("listen|10.0.0.1:1", "KEY", "missing");
	bad(LISTEN "|", "listen", "one bar too many");
	bad("unlisten|", "unlisten", "one bar too many");
	bad("listen|10.0.0.1:1|", "KEY", "skyhold-hedge:NAME");
	bad("listen|10.0.0.1:1|main", "KEY", "skyhold-hedge:NAME");
	bad("listen|10.0.0.1:1|skyhold-hedge:", "KEY", "skyhold-hedge:NAME");
	bad("listen|10.0.0.1:1|skyhold-hedge:\tx", "KEY", "control character");
	snprintf(text, sizeof(text), "listen|10.0.0.1:1|skyhold-hedge:%s", repeat('x', 241));
	good(text);
	snprintf(text, sizeof(text), "listen|10.0.0.1:1|skyhold-hedge:%s", repeat('x', 242));
	bad(text, "KEY", "too long");
}

static void number_keys(void **state)
{
	static const struct { const char *key; u64 min, max; } row[] = {
		{ "cpu_quota", 1, 100 }, { "block_iops", 1, 2147483647 },
		{ "block_kbps", 1, 2147483647 }, { "net_pps", 1, 2147483647 },
		{ "net_kbps", 1, 2147483647 }, { "console", 4, 4096 }, { "watchdog", 1, 86400 },
		{ "max_runtime", 1, 2147483647 }, { "uid", 0, 4294967294 },
		{ "gid", 0, 4294967294 },
	};
	static const char *const wrong[] = {
		"-1", "+5", "5 ", " 5", "5k", "0x5", "5.0", "99999999999999999999",
	};
	char text[256];
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(row); i++) {
		snprintf(text, sizeof(text), START "|%s=%llu", row[i].key, row[i].min);
		good(text);
		snprintf(text, sizeof(text), START "|%s=%llu", row[i].key, row[i].max);
		good(text);
		snprintf(text, sizeof(text), "%s=%llu", row[i].key, row[i].max + 1);
		bad_key(text, NULL, "not a number");
		if (row[i].min) {
			snprintf(text, sizeof(text), "%s=%llu", row[i].key, row[i].min - 1);
			bad_key(text, NULL, "not a number");
		}
		for (j = 0; j < ARRAY_SIZE(wrong); j++) {
			snprintf(text, sizeof(text), "%s=%s", row[i].key, wrong[j]);
			bad_key(text, NULL, "not a number");
		}
		snprintf(text, sizeof(text), START "|%s=5|verify=off|%s=5", row[i].key, row[i].key);
		bad(text, row[i].key, "given twice");
	}
	for (i = 256; i <= 65536; i++) {
		snprintf(text, sizeof(text), "block_size.d=%u", i);
		if (i >= 512 && i <= 32768 && !(i & (i - 1))) {
			snprintf(text, sizeof(text), START "|block_size.d=%u", i);
			good(text);
		} else if (i < 1025 || i > 32700) {
			bad_key(text, NULL, "not a power of two from 512 to 32768");
		}
	}
}

static void macs(void **state)
{
	static const char *const wrong[] = {
		"02:00:00:00:00", "02:00:00:00:00:0", "02:00:00:00:00:000", "02-00-00-00-00-00",
		"02:00:00:00:00:0g", "0200.0000.0000::", "02:00:00:00:00:00:", ":2:00:00:00:00:00",
	};
	char text[64];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), "mac.d=%s", wrong[i]);
		bad_key(text, NULL, "not of the form");
	}
	bad_key("mac.d=01:00:5e:00:00:01", NULL, "group address");
	bad_key("mac.d=ff:ff:ff:ff:ff:ff", NULL, "group address");
	bad_key("mac.d=00:00:00:00:00:00", NULL, "all zeroes");
}

static void devices(void **state)
{
	char text[HEDGE_COMMAND_MAX];
	unsigned int i, n;

	(void)state;
	n = sprintf(text, START);
	for (i = 0; i < 64; i++)
		n += sprintf(text + n, "|block.d%u=/dev/%u", i, i);
	good(text);
	assert_int_equal(cmd.devices, 64);
	assert_string_equal(cmd.device[63].name, "d63");
	sprintf(text + n, "|readonly.d63=1");
	good(text);
	assert_true(cmd.device[63].readonly);
	sprintf(text + n, "|readonly.d64=1");
	bad(text, "readonly.d64", "one device too many");
	bad(START "|block.d=/a|block.d=/b", "block.d", "given twice");
	bad(START "|mac.d=02:00:00:00:00:01|mac.d=02:00:00:00:00:02", "mac.d", "given twice");
	bad(START "|readonly.d=0|readonly.d=0", "readonly.d", "given twice");
	bad(START "|block.d=/a|net.d=tap", "net.d", "for blocks or for the net");
	bad(START "|mac.d=02:00:00:00:00:01|block_size.d=512", "block_size.d", "for blocks or");
	n = sprintf(text, START "|block.");
	memset(text + n, 'd', 67);
	strcpy(text + n + 67, "=/a");
	good(text);
	assert_int_equal(strlen(cmd.device[0].name), 67);
	strcpy(text + n + 67, "d=/a");
	bad(text, "DEV", "at most 67 bytes");
	strcpy(text + n + 67, "d=\x01");
	bad(text, "DEV", "at most 67 bytes");
}

/* A good line cut anywhere, and each byte replaced by hostile ones: no read beyond it. */
static void edges(void **state)
{
	static const char text[] = START "|block.d=/dev/x|mac.e=02:00:00:00:00:01|uid=5\n";
	static const char hostile[] = { 0, '|', '=', '.', '\n', 0x7f, (char)0xff };
	char copy[sizeof(text)];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(text) - 1; i++) {
		parse_bytes(text, i);
		for (j = 0; j < sizeof(hostile); j++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = hostile[j];
			if (parse_bytes(copy, sizeof(text) - 1))
				assert_true(*error.why && strlen(error.field) < 80);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb), cmocka_unit_test(start), cmocka_unit_test(every_key),
		cmocka_unit_test(no_command), cmocka_unit_test(counts), cmocka_unit_test(names),
		cmocka_unit_test(paths), cmocka_unit_test(numbers), cmocka_unit_test(interfaces),
		cmocka_unit_test(command_lines), cmocka_unit_test(digests),
		cmocka_unit_test(listeners),
		cmocka_unit_test(wrong_keys), cmocka_unit_test(all_are_named),
		cmocka_unit_test(number_keys), cmocka_unit_test(macs),
		cmocka_unit_test(devices), cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
