// SPDX-License-Identifier: GPL-2.0-or-later
/* Small helpers: sizes, hexadecimal, text, secrets, files, URLs. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Before cmocka, which has a macro fail(). */
#include "base/report.h"

#include <cmocka.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "base/size.h"
#include "base/text.h"
#include "base/version.h"

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 }, { "1", 1 }, { "4096", 4096 }, { "64K", 65536 }, { "64k", 65536 },
		{ "64KiB", 65536 }, { "64KB", 65536 }, { "1M", 1u << 20 }, { "1.5G", 3ull << 29 },
		{ "2T", 2ull << 40 }, { "0.5P", 1ull << 49 }, { "15E", 15ull << 60 },
		{ "512B", 512 }, { "18446744073709551615", UINT64_MAX }, { "0.125k", 128 },
	};
	static const char *const bad[] = {
		"", " 1", "1 ", "-1", "+1", "K", "1KK", "1x", "0x10", "1.5", "1.", "1.K", ".5K",
		"1iB", "1Ki", "1BB", "1.0000K", "1e3", "\xff", "1\xff",
	};
	static const char *const large[] = {
		"18446744073709551616", "16E", "99999999999999999999", "15.9999E", "16384P",
	};
	uint64_t bytes;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(size_parse(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (size_parse(bad[i], &bytes) != -EINVAL)
			fail_msg("\"%s\" is taken for a size", bad[i]);
	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		if (!size_parse(large[i], &bytes))
			fail_msg("\"%s\" fits", large[i]);
}

static void numbers(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(number_parse("7", 1, 9, &v), 0);
	assert_int_equal(v, 7);
	assert_int_equal(number_parse("0", 1, 9, &v), -ERANGE);
	assert_int_equal(number_parse("10", 1, 9, &v), -ERANGE);
	assert_int_equal(number_parse("7 ", 1, 9, &v), -EINVAL);
	assert_int_equal(number_parse("", 0, 9, &v), -EINVAL);
	assert_int_equal(number_parse("-1", 0, 9, &v), -EINVAL);
	assert_int_equal(number_parse("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
}

static void size_texts(void **state)
{
	char text[SIZE_TEXT_MAX];

	(void)state;
	assert_string_equal(size_format(0, text), "0 B");
	assert_string_equal(size_format(1023, text), "1023 B");
	assert_string_equal(size_format(65536, text), "64 KiB");
	assert_string_equal(size_format(1536, text), "1.5 KiB");
	assert_string_equal(size_format(1ull << 40, text), "1 TiB");
	assert_string_equal(size_format(UINT64_MAX, text), "16.0 EiB");
}

static void hexadecimal(void **state)
{
	uint8_t bytes[4];
	char text[9];

	(void)state;
	assert_int_equal(hex_decode("00fFaB19", bytes, 4), 0);
	hex_encode(bytes, 4, text);
	assert_string_equal(text, "00ffab19");
	assert_int_equal(hex_decode("00ffab1", bytes, 4), -EINVAL);
	assert_int_equal(hex_decode("00ffab19a", bytes, 4), -EINVAL);
	assert_int_equal(hex_decode("00ffag19", bytes, 4), -EINVAL);
	assert_int_equal(hex_decode("00ffa 19", bytes, 4), -EINVAL);
}

static void uuids(void **state)
{
	static const uint8_t id[] = { 0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3,
				      0xa4, 0x56, 0x42, 0x66, 0x55, 0x44, 0x00, 0x00 };
	char text[UUID_TEXT_MAX];

	(void)state;
	assert_string_equal(uuid_format(id, text), "123e4567-e89b-12d3-a456-426655440000");
}

static void printable(void **state)
{
	static const struct {
		const char *from, *want;
	} cases[] = {
		{ "", "" }, { "plain", "plain" }, { "a\033[2Jb\n", "a?[2Jb?" },
		{ "d\xc3\xa9j\xc3\xa0", "d\xc3\xa9j\xc3\xa0" }, { "\xc3", "?" },
		{ "\xc0\xaf", "??" }, { "\xed\xa0\x80", "???" }, { "\xf4\x90\x80\x80", "????" },
		{ "\xe0\x80\x80", "???" }, { "\xc2\x9bm", "?m" }, { "\x7f", "?" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	};
	char text[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_printable(cases[i].from, text, sizeof(text)),
				    cases[i].want);
	assert_string_equal(text_printable("abc\xc3\xa9", text, 5), "abc");
	assert_string_equal(text_printable("abc\xc3\xa9", text, 6), "abc\xc3\xa9");
}

static void secrets(void **state)
{
	struct secret a, b;

	(void)state;
	assert_int_equal(secret_copy(&a, "abc", 3), 0);
	assert_int_equal(secret_copy(&b, "abd", 3), 0);
	assert_false(secret_equal(&a, &b));
	b.data[2] = 'c';
	assert_true(secret_equal(&a, &b));
	b.len = 2;
	assert_false(secret_equal(&a, &b));
	secret_free(&a);
	secret_free(&a);
	secret_free(&b);
	assert_null(a.data);
	assert_int_equal(secret_copy(&a, "", 0), 0);
	assert_non_null(a.data);
	secret_free(&a);
}

static int pipe_with(const char *text, size_t len)
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], text, len), len);
	close(fd[1]);
	return fd[0];
}

static void secrets_read(void **state)
{
	struct secret s;
	int fd;

	(void)state;
	fd = pipe_with("one\ntwo", 7);
	assert_int_equal(read_secret(fd, 16, '\n', &s), 0);
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.data, "one", 4);
	secret_free(&s);
	assert_int_equal(read_secret(fd, 16, '\n', &s), 0);
	assert_memory_equal(s.data, "two", 4);
	secret_free(&s);
	close(fd);

	fd = pipe_with("one\ntwo", 7);
	assert_int_equal(read_secret(fd, 7, -1, &s), 0);
	assert_int_equal(s.len, 7);
	secret_free(&s);
	close(fd);

	fd = pipe_with("one\ntwo", 7);
	assert_int_equal(read_secret(fd, 6, -1, &s), -EFBIG);
	assert_null(s.data);
	close(fd);

	fd = pipe_with("", 0);
	assert_int_equal(read_secret(fd, 6, -1, &s), 0);
	assert_int_equal(s.len, 0);
	secret_free(&s);
	close(fd);
}

static void files(void **state)
{
	char dir[] = "/tmp/skyhold-test-XXXXXX", path[64], *data;
	struct stat st;
	size_t len;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(file_write_atomic(path, "first", 5, 0600), 0);
	assert_int_equal(file_write_atomic(path, "second", 6, 0600), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_read(path, 6, &data, &len), 0);
	assert_int_equal(len, 6);
	assert_string_equal(data, "second");
	free(data);
	assert_int_equal(file_read(path, 5, &data, NULL), -EFBIG);
	unlink(path);
	assert_int_equal(file_read(path, 5, &data, NULL), -ENOENT);
	/* Nothing else was left behind. */
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(file_write_atomic(path, "x", 1, 0600), -ENOENT);
}

static char last[256];

static void keep(const char *level, const char *text)
{
	snprintf(last, sizeof(last), "%s|%s", level, text);
}

/* Another way to what is open leads there, whatever has its name by now. */
static void reopened(void **state)
{
	char path[] = "/tmp/test_base.XXXXXX", moved[64], byte = 0;
	int fd = mkstemp(path), again;

	(void)state;
	assert_true(fd >= 0);
	snprintf(moved, sizeof(moved), "%s.moved", path);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(file_write_atomic(path, "other", 5, 0600), 0);
	again = file_reopen(fd, O_WRONLY);
	assert_true(again >= 0);
	assert_true(fcntl(again, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(pwrite_all(again, "a", 1, 0), 0);
	assert_int_equal(pread_all(fd, &byte, 1, 0), 0);
	assert_int_equal(byte, 'a');
	close(again);
	close(fd);
	assert_int_equal(file_reopen(fd, O_RDONLY), -ENOENT);
	unlink(path);
	unlink(moved);
}

static void reports(void **state)
{
	(void)state;
	report_init("/usr/sbin/rlncsetup");
	assert_string_equal(report_program(), "rlncsetup");
	report_set_sink(keep);
	assert_int_equal((fail)(EBUSY, "%s is busy", "x"), -EBUSY);
	assert_string_equal(last, "error|x is busy");
	errno = ENOENT;
	assert_int_equal(fail_errno("file"), -ENOENT);
	assert_string_equal(last, "error|file: No such file or directory");
	note("unheard");
	assert_string_equal(last, "error|file: No such file or directory");
	hint("do %d", 1);
	assert_string_equal(last, "hint|do 1");
	warn("export \"%s\"", "\033]0;mine\007\302\233\377");
	assert_string_equal(last, "warning|export \"?]0;mine???\"");
	report_set_sink(NULL);
}

/* What DKMS calls the modules is what the programs say of themselves. */
static void versions(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(file_read("dkms.conf", 4096, &text, NULL), 0);
	assert_non_null(strstr(text, "\nPACKAGE_VERSION=\"" SKYHOLD_VERSION "\"\n"));
	assert_non_null(strstr(text, "dkms install skyhold/" SKYHOLD_VERSION "\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes), cmocka_unit_test(numbers), cmocka_unit_test(size_texts),
		cmocka_unit_test(hexadecimal), cmocka_unit_test(uuids),
		cmocka_unit_test(printable), cmocka_unit_test(secrets),
		cmocka_unit_test(secrets_read), cmocka_unit_test(files), cmocka_unit_test(reopened),
		cmocka_unit_test(reports), cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
