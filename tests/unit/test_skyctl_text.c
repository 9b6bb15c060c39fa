// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skyctl's S3 side, without a server: what it reads of strangers, what it makes of names, and
 * what it does in folders that somebody else can write in.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "text_util.h"

#include "skyctl/s3.h"

static char said[8192];

static void hear(const char *level, const char *text)
{
	size_t len = strlen(said);

	snprintf(said + len, sizeof(said) - len, "%s: %s\n", level, text);
}

static int setup(void **state)
{
	(void)state;
	report_set_sink(hear);
	return 0;
}

#define S(literal)	STR(literal)

/* --- names --------------------------------------------------------------------------- */

static void urls(void **state)
{
	static const char *const bad[] = {
		"", "s3://", "s3:///key", "s3:/abc/key", "abc/key", "/tmp/x", "S3://abc/key",
		"s3://ab", "s3://Abc/key", "s3://a..b/key", "s3://127.0.0.1/key", "s3://a_b/c",
		"s3://abc\x1b/key",
	};
	char long_key[S3_KEY_MAX + 32] = "s3://abc/";
	struct str bucket, key;
	size_t i;

	(void)state;
	assert_true(s3_url_parse("s3://abc", &bucket, &key));
	assert_true(str_is(bucket, "abc") && !key.at);
	assert_true(s3_url_parse("s3://abc/", &bucket, &key));
	assert_true(str_is(bucket, "abc") && key.at && !key.len);
	assert_true(s3_url_parse("s3://abc//a/../b?c#d", &bucket, &key));
	assert_true(str_is(key, "/a/../b?c#d"));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(s3_url_parse(bad[i], &bucket, &key));
	memset(long_key + 9, 'a', S3_KEY_MAX);
	assert_true(s3_url_parse(long_key, &bucket, &key));
	memset(long_key + 9, 'a', S3_KEY_MAX + 1);
	assert_false(s3_url_parse(long_key, &bucket, &key));
}

static void shown(void **state)
{
	char text[S3_SHOWN_MAX], all[256];
	char many[2 * S3_KEY_MAX];
	unsigned int i;

	(void)state;
	assert_string_equal(s3_shown(S("plain \xce\xb1"), text), "plain \xce\xb1");
	assert_string_equal(s3_shown(S("\x1b[31mred\a\r\n"), text),
			    "\\x1b[31mred\\x07\\x0d\\x0a");
	assert_string_equal(s3_shown(S("a\0b"), text), "a\\x00b");
	assert_string_equal(s3_shown(S("a\\x00b"), text), "a\\\\x00b");
	/* C1 controls, an override of the direction, a sequence that is cut short. */
	assert_string_equal(s3_shown(S("\xc2\x9b" "1m"), text), "\\xc2\\x9b1m");
	assert_string_equal(s3_shown(S("a\xe2\x80\xae" "b"), text), "a\\xe2\\x80\\xaeb");
	assert_string_equal(s3_shown(S("\xe2\x80"), text), "\\xe2\\x80");
	for (i = 0; i < 256; i++)
		all[i] = i;
	s3_shown((struct str){ all, 256 }, text);
	for (i = 0; text[i]; i++)
		assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	/* The longest there is fits; what is longer is cut. */
	memset(many, 1, sizeof(many));
	s3_shown((struct str){ many, S3_KEY_MAX }, text);
	assert_int_equal(strlen(text), 4 * S3_KEY_MAX);
	s3_shown((struct str){ many, sizeof(many) }, text);
	assert_true(strlen(text) < S3_SHOWN_MAX);
}

static void file_names(void **state)
{
	static const struct str good[] = {
		S("a"), S("a/b"), S("a/b/"), S("..."), S("..a/b.."), S(".a"), S("a\n\x1b"),
		S("a b"), S("\xff"),
	}, bad[] = {
		S(""), S("/"), S("//"), S("/etc/passwd"), S("../../etc/passwd"), S(".."), S("."),
		S("a/.."), S("a/../b"), S("a/./b"), S("./a"), S("a//b"), S("a//"), S("../"),
		S("a\0"), S("\0"), S("a/\0/b"),
	};
	char part[NAME_MAX + 3], path[PATH_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(s3_name_fault(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(s3_name_fault(bad[i]));
	memset(part, 'a', sizeof(part));
	assert_null(s3_name_fault((struct str){ part, NAME_MAX }));
	assert_non_null(s3_name_fault((struct str){ part, NAME_MAX + 1 }));
	for (i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? '/' : 'a';
	assert_non_null(s3_name_fault((struct str){ path, PATH_MAX }));
}

static void documents_cannot_say(void **state)
{
	(void)state;
	assert_true(s3_xml_can_say(S("a\t\r\n<&>\"\xce\xb1")));
	assert_false(s3_xml_can_say(S("a\1")));
	assert_false(s3_xml_can_say(S("a\0b")));
	assert_false(s3_xml_can_say(S("\x1b")));
	assert_false(s3_xml_can_say(S("\xff")));
	assert_false(s3_xml_can_say(S("\xef\xbf\xbe")));
}

static void filters(void **state)
{
	const struct s3_filter f[] = {
		{ false, "*" }, { true, "*.txt" }, { false, "secret/*" },
	};

	(void)state;
	assert_true(s3_filter_passes(NULL, 0, S("a")));
	assert_false(s3_filter_passes(f, 3, S("a.bin")));
	assert_true(s3_filter_passes(f, 3, S("deep/er/a.txt")));
	assert_false(s3_filter_passes(f, 3, S("secret/a.txt")));
	assert_true(s3_filter_passes(f, 2, S("secret/a.txt")));
}

static void parts(void **state)
{
	const uint64_t mib = 1 << 20;
	uint64_t size;

	(void)state;
	assert_int_equal(s3_part_size(0, 16 * mib), 16 * mib);
	assert_int_equal(s3_part_size(160000 * mib, 16 * mib), 16 * mib);
	assert_int_equal(s3_part_size(160000 * mib + 1, 16 * mib), 17 * mib);
	for (size = 1; size < 5ull << 40; size = size * 3 + 1)
		assert_true((size - 1) / s3_part_size(size, 5 * mib) < S3_PARTS_OF_OBJECT);
}

/* --- files of aws-cli ------------------------------------------------------------------ */

static void ini(void **state)
{
	static const char text[] =
		"aws_access_key_id = nobody's\n[default]\r\naws_access_key_id=one\r\n# region = comment\ns3 =\n  region = nested\nregion =  two words\t\n\n[profile other]\nREGION = three=3\n[empty]\nregion =\n[default\nx = 1";
	struct str v;

	(void)state;
	assert_true(s3_ini_find(str_of(text), S("default"), S("aws_access_key_id"), &v));
	assert_true(str_is(v, "one"));
	assert_true(s3_ini_find(str_of(text), S("default"), S("region"), &v));
	assert_true(str_is(v, "two words"));
	assert_true(s3_ini_find(str_of(text), S("other"), S("region"), &v));
	assert_true(str_is(v, "three=3"));
	assert_true(s3_ini_find(str_of(text), S("empty"), S("region"), &v));
	assert_int_equal(v.len, 0);
	assert_false(s3_ini_find(str_of(text), S("nobody"), S("region"), &v));
	assert_false(s3_ini_find(str_of(text), S("other"), S("aws_access_key_id"), &v));
	assert_false(s3_ini_find(S(""), S("a"), S("b"), &v));
	assert_false(s3_ini_find(S("[]\n[\n]\n[a"), S("a"), S("b"), &v));
}

static void hints(void **state)
{
	struct str v;

	(void)state;
	assert_true(s3_hint_find(S("# x\nexport A='1'\nexport SKYD_URL='http://h:1'\n"),
				 S("SKYD_URL"), &v));
	assert_true(str_is(v, "http://h:1"));
	assert_false(s3_hint_find(S("export SKYD_URL=\"$x\"\n"), S("SKYD_URL"), &v));
	assert_false(s3_hint_find(S("export SKYD_URL='a';rm 'b'\n"), S("SKYD_URL"), &v));
	assert_false(s3_hint_find(S("SKYD_URL='a'\nexport SKYD_URL\nexport SKYD_URL='"),
				  S("SKYD_URL"), &v));
}

static void endpoints(void **state)
{
	static const char *const bad[] = {
		"", "http://", "https:///x", "ftp://h", "h:9000", "http://h/a b", "http://u:p@h",
		"http://h?x", "http://h#x", "http://h\r\nX: y", "http://h/%2e", "file:///etc",
	};
	struct s3_site site = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(s3_endpoint_parse("https://s3.example.org:443/", &site), 0);
	assert_string_equal(site.host, "s3.example.org");
	assert_string_equal(site.base, "");
	assert_true(site.tls);
	s3_site_close(&site);
	assert_int_equal(s3_endpoint_parse("http://[::1]:9000/s3/", &site), 0);
	assert_string_equal(site.host, "[::1]:9000");
	assert_string_equal(site.origin, "http://[::1]:9000");
	assert_string_equal(site.base, "/s3");
	s3_site_close(&site);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(s3_endpoint_parse(bad[i], &site), -EINVAL);
}

static void write_at(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600), 0);
}

/* Who wins: options, then the environment, then files. */
static void credentials(void **state)
{
	char dir[] = "/tmp/test_skyctl.XXXXXX", path[64], command[64];
	struct options o = { 0 };
	struct s3_site site;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/.aws", dir);
	mkdir(path, 0700);
	setenv("HOME", dir, 1);
	write_at(path, "credentials", "[default]\naws_access_key_id=A\naws_secret_access_key=a\n"
		 "[p]\naws_access_key_id=P\naws_secret_access_key=p\naws_session_token=t\n"
		 "[broken]\naws_access_key_id=A B\naws_secret_access_key=a\n");
	write_at(path, "config", "[default]\nendpoint_url=http://file:1\nregion=here\n"
		 "[profile role]\nendpoint_url=http://h\nrole_arn=x\n");
	assert_int_equal(s3_site_open(&site, &o), 0);
	assert_string_equal(site.access_key, "A");
	assert_string_equal(site.region, "here");
	assert_string_equal(site.origin, "http://file:1");
	s3_site_close(&site);

	setenv("AWS_ACCESS_KEY_ID", "E", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "e", 1);
	setenv("AWS_ENDPOINT_URL", "http://env:2", 1);
	assert_int_equal(s3_site_open(&site, &o), 0);
	assert_string_equal(site.access_key, "E");
	assert_null(site.token);
	assert_string_equal(site.origin, "http://env:2");
	s3_site_close(&site);

	o.profile = "p";
	o.endpoint = "http://option:3";
	o.region = "there";
	assert_int_equal(s3_site_open(&site, &o), 0);
	assert_string_equal(site.access_key, "P");
	assert_string_equal(site.token, "t");
	assert_string_equal(site.region, "there");
	assert_string_equal(site.origin, "http://option:3");
	s3_site_close(&site);

	o.profile = "broken";
	assert_int_equal(s3_site_open(&site, &o), -EINVAL);
	*said = 0;
	o.profile = "role";
	assert_int_equal(s3_site_open(&site, &o), -ENOKEY);
	assert_non_null(strstr(said, "role_arn"));
	assert_non_null(strstr(said, "export-credentials"));
	o.profile = "nobody";
	assert_int_equal(s3_site_open(&site, &o), -ENOKEY);
	o.anonymous = true;
	assert_int_equal(s3_site_open(&site, &o), 0);
	assert_null(site.access_key);
	s3_site_close(&site);
	o = (struct options){ .dev = dir };
	assert_int_equal(s3_site_open(&site, &o), -ENOENT);
	write_at(dir, "config-hint", "export SKYD_URL='http://dev:4'\n");
	write_at(dir, "credentials", "[default]\naws_access_key_id = D\naws_secret_access_key = d\n");
	assert_int_equal(s3_site_open(&site, &o), 0);
	assert_string_equal(site.access_key, "D");
	assert_string_equal(site.origin, "http://dev:4");
	s3_site_close(&site);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* --- documents ------------------------------------------------------------------------- */

#define LIST(inner)	"<ListBucketResult xmlns=\"x\">" inner "</ListBucketResult>"
#define ENTRY(key)	"<Contents><Key>" key "</Key><Size>1</Size></Contents>"

static void pages(void **state)
{
	static const char *const bad[] = {
		"", "x", "<html/", LIST("<Contents/>"), LIST("<Contents><Key/></Contents>"),
		LIST("<Contents><Key>a</Key><Key>b</Key></Contents>"),
		LIST("<Contents><Key>a</Key><Size>-1</Size></Contents>"),
		LIST("<Contents><Key>a</Key><Size>99999999999999999999</Size></Contents>"),
		LIST("<Contents><Key>a</Key><LastModified>x</LastModified></Contents>"),
		LIST("<EncodingType>url</EncodingType>" ENTRY("%zz")),
		LIST("<EncodingType>url</EncodingType>" ENTRY("a%2")),
		LIST(ENTRY("\x1b")), LIST(ENTRY("&#0;")), LIST(ENTRY("&x;")),
		"<!DOCTYPE x [<!ENTITY a \"b\">]>" LIST(ENTRY("&a;")), LIST(ENTRY("a")) "<x/>",
	};
	struct s3_page p;
	size_t i;

	(void)state;
	assert_int_equal(s3_read_page(S(LIST("<New><Key>x</Key><Deep><er/></Deep></New><Contents><Key>a%00b+c%2B</Key><Size>7</Size><ETag>&quot;e&quot;</ETag><Owner><ID>i</ID></Owner><LastModified>1970-01-01T00:00:01.5Z</LastModified></Contents><CommonPrefixes><Prefix>p%2F</Prefix></CommonPrefixes><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>%41</NextContinuationToken>")),
				      &p), 0);
	assert_int_equal(p.count, 2);
	assert_true(str_equal(p.item[0].key, S("a\0b c+")));
	assert_int_equal(p.item[0].size, 7);
	assert_int_equal(p.item[0].modified, 1500);
	assert_string_equal(p.item[0].etag, "e");
	assert_int_equal(p.item[1].kind, ITEM_PREFIX);
	assert_true(str_is(p.item[1].key, "p/"));
	/* A token is passed on as it is. */
	assert_string_equal(p.next, "%41");
	s3_page_free(&p);
	assert_int_equal(s3_read_page(S("<ListVersionsResult><EncodingType>url</EncodingType><DeleteMarker><Key>a</Key><VersionId>v</VersionId><IsLatest>false</IsLatest></DeleteMarker><NextKeyMarker>%41</NextKeyMarker></ListVersionsResult>"),
				      &p), 0);
	assert_int_equal(p.item[0].kind, ITEM_MARKER);
	assert_string_equal(p.item[0].version, "v");
	assert_false(p.item[0].latest);
	assert_string_equal(p.next, "A");
	s3_page_free(&p);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(s3_read_page(str_of(bad[i]), &p), -EBADMSG);
		s3_page_free(&p);
	}
}

static void values(void **state)
{
	char to[8];

	(void)state;
	assert_true(s3_read_value(S("<Error><X><Code>n</Code></X><Code>c</Code></Error>"),
				  "Error/Code", to, sizeof(to)));
	assert_string_equal(to, "c");
	assert_true(s3_read_value(S("<LocationConstraint/>"), "LocationConstraint", to, 8));
	assert_string_equal(to, "");
	assert_false(s3_read_value(S("<Error><Code>123456789</Code></Error>"), "Error/Code", to,
				   sizeof(to)));
	assert_false(s3_read_value(S("<Error><Code>a</Code><Code>b</Code></Error>"),
				   "Error/Code", to, sizeof(to)));
	assert_false(s3_read_value(S("<E><Code>c</Code></E>"), "Error/Code", to, sizeof(to)));
	assert_false(s3_read_value(S("<html>oops"), "Error/Code", to, sizeof(to)));
}

/* --- folders --------------------------------------------------------------------------- */

static int in_folder(char dir[])
{
	int fd;

	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_DIRECTORY | O_RDONLY);
	assert_true(fd >= 0);
	return fd;
}

static void leave_folder(const char *dir, int fd)
{
	char command[64];

	close(fd);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void make(int root, const char *name)
{
	struct tree_file f;

	assert_int_equal(tree_create(&f, root, name), 0);
	assert_int_equal(write(f.fd, "new", 3), 3);
	assert_int_equal(tree_commit(&f, 1000), 0);
}

static unsigned int temporaries(int root)
{
	DIR *d = fdopendir(openat(root, ".", O_DIRECTORY | O_RDONLY));
	unsigned int count = 0;
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)))
		count += !strncmp(e->d_name, ".skyctl-", 8);
	closedir(d);
	return count;
}

static void folders(void **state)
{
	char dir[] = "/tmp/test_skyctl.XXXXXX", outside[] = "/tmp/test_skyctl.XXXXXX";
	int root = in_folder(dir), out = in_folder(outside), fd;
	struct tree_file f;
	struct stat st;

	(void)state;
	make(root, "a/b/c");
	assert_int_equal(fstatat(root, "a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1000);
	/* A key that is a file and a folder, either way round. */
	assert_int_equal(tree_create(&f, root, "a/b/c/d"), -ENOTDIR);
	assert_int_equal(tree_create(&f, root, "a/b"), 0);
	assert_int_equal(tree_commit(&f, -1), -EISDIR);
	/* A link to a folder is not gone through; one to a file is replaced, not written to. */
	assert_int_equal(symlinkat(outside, root, "link"), 0);
	make(out, "target");
	assert_int_equal(tree_create(&f, root, "link/new"), -ENOTDIR);
	assert_int_equal(tree_open(root, "link/target"), -1);
	assert_int_equal(tree_unlink(root, "link/target"), -ENOTDIR);
	assert_int_equal(faccessat(out, "target", F_OK, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", root, "file"), 0);
	assert_int_equal(tree_open(root, "file"), -1);
	make(root, "file");
	assert_int_equal(fstatat(root, "file", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode) && st.st_size == 3);
	/* A pipe is no file, and is not waited for. */
	assert_int_equal(mkfifoat(root, "pipe", 0600), 0);
	assert_int_equal(tree_open(root, "pipe"), -1);
	/* What is given up leaves nothing, and what was there before stays. */
	assert_int_equal(tree_create(&f, root, "file"), 0);
	tree_drop(&f);
	fd = tree_open(root, "file");
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(temporaries(root), 0);
	leave_folder(dir, root);
	leave_folder(outside, out);
}

static void walks(void **state)
{
	char dir[] = "/tmp/test_skyctl.XXXXXX";
	const struct s3_filter filter = { false, "no/*" };
	const struct plan_rules rules = { &filter, 1 };
	struct plan_side side = { 0 };
	int root = in_folder(dir);

	(void)state;
	*said = 0;
	make(root, "b");
	make(root, "a/x");
	make(root, "a-");
	make(root, "no/x");
	make(root, "\xff");
	assert_int_equal(symlinkat("..", root, "loop"), 0);
	assert_int_equal(mkfifoat(root, "pipe", 0600), 0);
	assert_int_equal(plan_local(&side, &rules, root), 0);
	plan_sort(&side);
	/* As a bucket sorts them: "-" before "/". */
	assert_int_equal(side.count, 3);
	assert_true(str_is(side.entry[0].name, "a-"));
	assert_true(str_is(side.entry[1].name, "a/x"));
	assert_true(str_is(side.entry[2].name, "b"));
	assert_int_equal(side.entry[2].modified, 1000);
	assert_int_equal(side.skipped, 3);
	assert_non_null(strstr(said, "not followed"));
	assert_non_null(strstr(said, "\\xff"));
	plan_free(&side);
	leave_folder(dir, root);
}

static void compares(void **state)
{
	struct plan_entry a = { .size = 1, .modified = 10 }, b = a;

	(void)state;
	assert_int_equal(plan_compare(WAY_DOWN, &a, &b), PLAN_SAME);
	assert_int_equal(plan_compare(WAY_UP, &a, &b), PLAN_LOOK);
	b.modified = 11;
	assert_int_equal(plan_compare(WAY_UP, &a, &b), PLAN_SAME);
	assert_int_equal(plan_compare(WAY_DOWN, &a, &b), PLAN_LOOK);
	b.modified = 9;
	assert_int_equal(plan_compare(WAY_UP, &a, &b), PLAN_LOOK);
	assert_int_equal(plan_compare(WAY_ACROSS, &a, &b), PLAN_DIFFERENT);
	strcpy(a.etag, "x");
	strcpy(b.etag, "x");
	assert_int_equal(plan_compare(WAY_ACROSS, &a, &b), PLAN_SAME);
	b.size = 2;
	assert_int_equal(plan_compare(WAY_ACROSS, &a, &b), PLAN_DIFFERENT);
	assert_int_equal(plan_compare(WAY_UP, &a, &b), PLAN_DIFFERENT);
	assert_int_equal(plan_compare(WAY_DOWN, &a, &b), PLAN_DIFFERENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls), cmocka_unit_test(shown), cmocka_unit_test(file_names),
		cmocka_unit_test(documents_cannot_say), cmocka_unit_test(filters),
		cmocka_unit_test(parts), cmocka_unit_test(ini), cmocka_unit_test(hints),
		cmocka_unit_test(endpoints), cmocka_unit_test(credentials),
		cmocka_unit_test(pages), cmocka_unit_test(values), cmocka_unit_test(folders),
		cmocka_unit_test(walks), cmocka_unit_test(compares),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
