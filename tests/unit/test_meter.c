// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records of use: every way that they can be wrong is found, and named; a writer that is killed
 * anywhere goes on.
 */
#include "meter_util.h"

static struct host host, other;
static struct lines good;		/* two boots; line 1 and one more are certificates */
static unsigned int second;		/* the other one, from 0 */
static char day[160];

/* Of one day: 6 records of boot 1 (two VMs), 4 of boot 2. */
static void write_good(struct host *h)
{
	struct meter_keeper *k = host_open(h);
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		use(k, "red", "web#1", 10 * i, NOON + i * MINUTE);
		use(k, "blue", "db#2", 100 * i, NOON + i * MINUTE);
		commit(k, NOON + i * MINUTE);
	}
	meter_keeper_close(k);
	host_reboot(h);
	k = host_open(h);
	for (i = 1; i <= 4; i++) {
		use(k, "red", "web#1", i, NOON + (10 + i) * MINUTE);
		commit(k, NOON + (10 + i) * MINUTE);
	}
	meter_keeper_close(k);
}

static int setup(void **state)
{
	int rc = make_base(state);

	if (rc)
		return rc;
	host_make(&host, "host");
	host_make(&other, "other");
	write_good(&host);
	write_good(&other);
	snprintf(day, sizeof(day), "%s/2026-11-22.jsonl", host.dir);
	lines_of(&good, day);
	for (second = 1; meter_kind_of(good.at[second]) != METER_CERTIFICATE; second++)
		;
	return 0;
}

static int teardown(void **state)
{
	lines_free(&good);
	host_free(&host);
	host_free(&other);
	return remove_base(state);
}

static struct lines without(unsigned int i)
{
	struct lines l = good;

	memmove(&l.at[i], &l.at[i + 1], (l.count - i - 1) * sizeof(*l.at));
	l.count--;
	return l;
}

static struct lines with(unsigned int i, struct str line)
{
	struct lines l = good;

	memmove(&l.at[i + 1], &l.at[i], (l.count - i) * sizeof(*l.at));
	l.at[i] = line;
	l.count++;
	return l;
}

/* --- the form ------------------------------------------------------------------------------ */

static void sound(void **state)
{
	struct findings f;

	(void)state;
	assert_int_equal(good.count, 12);
	assert_int_equal(second, 7);
	f = judge(&good, NULL);
	is_sound(f);
	assert_int_equal(f.used, 30 + 300 + 4);
	is_sound(judge(&good, &host));
}

static void round_trip(void **state)
{
	char text[METER_LINE_MAX];
	struct out o = OUT(text, sizeof(text));
	struct meter_line l;

	(void)state;
	assert_int_equal(meter_line_parse(good.at[2], &l), 0);
	meter_record_print(&o, &l.record);
	assert_int_equal(o.err, 0);
	assert_true(str_equal(out_written(&o), l.body));
	o.len = 0;
	meter_line_print(&o, l.body, l.signature, l.signature_len);
	assert_true(str_equal(out_written(&o), good.at[2]));
	assert_int_equal(l.record.counters, 2);
	assert_int_equal(meter_counter_get(&l.record, STR("guest_cpu_us")), 100);
	assert_int_equal(meter_counter_get(&l.record, STR("guest_cpu")), 0);
	assert_true(str_is(l.record.tenant, "blue"));
}

/* Each prefix, in memory of exactly its size. */
static void cut_off(void **state)
{
	struct meter_certificate *cert = malloc(sizeof(*cert));
	struct meter_line l;
	unsigned int line;
	size_t len;

	(void)state;
	for (line = 0; line < 2; line++)
		for (len = 0; len < good.at[line].len; len++) {
			CLEANUP_FILE struct file part = bytes_copy(good.at[line].at, len);
			struct str s = { (char *)part.at, len };

			assert_int_equal(meter_line_parse(s, &l), -EBADMSG);
			assert_int_equal(meter_certificate_parse(s, cert), -EBADMSG);
		}
	free(cert);
}

static const struct {
	const char *from, *to;
} other_forms[] = {
	{ "\"boot\":1", "\"boot\":01" }, { "\"boot\":1", "\"boot\": 1" },
	{ "\"boot\":1", "\"boot\":1.0" }, { "\"boot\":1", "\"boot\":9007199254740992" },
	{ "\"boot\":1", "\"boot\":-1" }, { "\"boot\":1", "\"boot\":\"1\"" },
	{ "{\"record\"", " {\"record\"" }, { "\"}", "\"} " },
	{ "\"guest_cpu_us\"", "\"aguest_cpu_us\"" }, { "\"guest_cpu_us\"", "\"block_read_bytes\"" },
	{ "\"guest_cpu_us\"", "\"Guest_cpu_us\"" }, { "\"guest_cpu_us\"", "\"\"" },
	{ "\"blue\"", "\"bl\\u0075e\"" }, { "\"blue\"", "\"bl\nue\"" }, { "\"blue\"", "\"\xff\"" },
	{ "\"image\":\"07", "\"image\":\"0" }, { "\"input\":\"\"", "\"input\":null" },
	{ "\"image\":\"0700", "\"image\":\"0A00" }, { "\"ak\":\"000b", "\"ak\":\"000B" },
};

/* What means the same, and what means nothing: there is one way to write it. */
static void other_ways(void **state)
{
	struct meter_line l;
	char text[2048];
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(other_forms); i++) {
		char line[1024];
		const char *at;

		snprintf(line, sizeof(line), "%.*s", STR_ARG(good.at[2]));
		at = strstr(line, other_forms[i].from);
		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line, other_forms[i].to,
			 at + strlen(other_forms[i].from));
		if (!meter_line_parse(str_of(text), &l))
			fail_msg("taken: %s", text);
	}
}

static void what_is_no_record(void **state)
{
	struct meter_record r = { .counters = 2 };
	char text[METER_LINE_MAX];
	struct out o = OUT(text, sizeof(text));

	(void)state;
	r.counter[0].name = STR("b");
	r.counter[1].name = STR("a");
	meter_record_print(&o, &r);
	assert_int_equal(o.err, -EINVAL);
	o = OUT(text, sizeof(text));
	r.counters = 1;
	r.counter[0].value = 1ull << 53;
	meter_record_print(&o, &r);
	assert_int_equal(o.err, -EMSGSIZE);
	o = OUT(text, sizeof(text));
	r.counters = 0;
	r.tenant = STR("a\"b");
	meter_record_print(&o, &r);
	assert_int_equal(o.err, -EINVAL);
	assert_true(str_is(meter_text(STR("a\"b\\\n\xff\xc3\xa4"), text), "a?b???\xc3\xa4"));
}

/* --- what is wrong with a chain ------------------------------------------------------------ */

/* Bits of every line: something is found, and it is never taken for good. */
static void altered(void **state)
{
	unsigned int line, named = 0, all = 0;

	(void)state;
	for (line = 0; line < good.count; line++) {
		CLEANUP_FILE struct file copy = bytes_copy(good.at[line].at, good.at[line].len);
		struct lines l = good;
		size_t bit, step = line < 2 ? 7 : 101;

		l.at[line] = (struct str){ (char *)copy.at, copy.len };
		for (bit = 0; bit < 8 * copy.len; bit += step) {
			struct findings f;

			copy.at[bit / 8] ^= 1 << bit % 8;
			f = judge(&l, &host);
			if (!f.all)
				fail_msg("bit %zu of line %u", bit, line + 1);
			all++;
			named += f.count[METER_ALTERED] != 0;
			copy.at[bit / 8] ^= 1 << bit % 8;
		}
	}
	/* The rest says that it is of another boot or key. */
	if (named * 10 < all * 9)
		fail_msg("%u of %u are named altered", named, all);
}

static void one_altered_is_one_finding(void **state)
{
	struct lines l = good;
	char text[2048], *at;
	struct findings f;

	(void)state;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(good.at[3]));
	at = strstr(text, "\"guest_cpu_us\":20");
	at[15] = '1';
	l.at[3] = str_of(text);
	f = judge(&l, &host);
	is_only(f, METER_ALTERED);
	assert_int_equal(f.all, 1);
	assert_int_equal(f.line, 4);
}

static void dropped(void **state)
{
	unsigned int i;

	(void)state;
	/* The last of all is what only the ledger knows of. */
	for (i = 1; i < good.count - 1; i++) {
		struct lines l = without(i);
		struct findings f;

		if (i == second)
			continue;
		f = judge(&l, NULL);
		is_only(f, i == second - 1 || i == second + 1 ? METER_REBOOT : METER_DROPPED);
		assert_int_equal(f.all, 1);
	}
}

static void certificate_dropped(void **state)
{
	struct lines l = without(0);

	(void)state;
	assert_true(judge(&l, NULL).count[METER_ALTERED] == 6);
	l = without(second);
	is_only(judge(&l, NULL), METER_REBOOT);
}

static void doubled(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 1; i < good.count; i++)
		for (j = i + 1; j <= good.count; j++) {
			struct lines l = with(j, good.at[i]);
			struct findings f = judge(&l, NULL);

			if (i == second)
				is_sound(f);
			else if ((i < second) == (j <= second))
				is_only(f, METER_DOUBLED);
			else
				is_only(f, METER_REBOOT);
			assert_true(f.used <= 334);
		}
}

static void reordered(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 1; i < second; i++)
		for (j = i + 1; j < second; j++) {
			struct lines l = good;
			struct findings f;

			l.at[i] = good.at[j];
			l.at[j] = good.at[i];
			f = judge(&l, NULL);
			is_only(f, METER_REORDERED);
			assert_true(f.all <= j - i);
			if (j == i + 1)
				assert_int_equal(f.all, 1);
		}
}

static void of_another_host(void **state)
{
	struct lines theirs, l;
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/2026-11-22.jsonl", other.dir);
	lines_of(&theirs, path);
	is_sound(judge(&theirs, NULL));
	/* Whole, but not of the host that was asked about. */
	assert_true(judge(&theirs, &host).count[METER_FOREIGN]);
	/* A record of theirs among ours, and in place of one of ours. */
	l = with(4, theirs.at[4]);
	is_only(judge(&l, NULL), METER_FOREIGN);
	l = good;
	l.at[4] = theirs.at[4];
	is_only(judge(&l, NULL), METER_FOREIGN);
	/* Their certificate does not make their records ours, nor ours theirs. */
	l = with(second, theirs.at[second]);
	is_only(judge(&l, NULL), METER_FOREIGN);
	lines_free(&theirs);
}

/* A boot of which nothing was kept. */
static void boot_without_records(void **state)
{
	struct host h;
	struct meter_keeper *k;
	struct lines l;
	char path[160];

	(void)state;
	host_make(&h, "rarely");
	write_good(&h);
	host_reboot(&h);
	host_reboot(&h);
	k = host_open(&h);
	use(k, "red", "web#1", 1, NOON + 30 * MINUTE);
	commit(k, NOON + 30 * MINUTE);
	meter_keeper_close(k);
	snprintf(path, sizeof(path), "%s/2026-11-22.jsonl", h.dir);
	lines_of(&l, path);
	is_only(judge(&l, &h), METER_REBOOT);
	lines_free(&l);
	host_free(&h);
}

/* --- what the one who signs may not say ---------------------------------------------------- */

struct liar {
	struct ecdsa_key *key;
	struct meter_record r;
	char line[8][METER_LINE_MAX];
	struct lines lines;
	struct host host;
};

static void lie_certificate(struct liar *l, uint64_t says)
{
	uint8_t point[P256_POINT_BYTES], digest[SHA256_BYTES];
	struct out o = OUT(l->line[l->lines.count], METER_LINE_MAX);
	char text[METER_LINE_MAX];
	struct out body = OUT(text, sizeof(text));
	struct meter_quote q;

	ecdsa_point(l->key, point);
	meter_certificate_print(&body, l->host.ak.area, l->host.ak.len, says, point);
	meter_digest_of(out_written(&body), digest);
	host_quote(&l->host, digest, &q);
	meter_certificate_line(&o, out_written(&body), q.message, q.message_len, q.signature,
			       q.signature_len);
	assert_int_equal(o.err | body.err, 0);
	l->lines.at[l->lines.count++] = out_written(&o);
}

static void lie_begin(struct liar *l)
{
	uint8_t scalar[P256_SCALAR_BYTES] = { 1 };
	struct tpm_name name;

	memset(l, 0, sizeof(*l));
	host_make(&l->host, "liar");
	l->key = ecdsa_private(scalar);
	assert_int_equal(tpm_public_name(&l->host.ak.public, &name), 0);
	memcpy(l->r.ak, name.at, sizeof(l->r.ak));
	l->r.boot = 1;
	l->r.source = STR("hedge");
	l->r.tenant = STR("red");
	l->r.unit = STR("vm");
	l->r.counters = 1;
	l->r.counter[0] = (struct meter_counter){ STR("guest_cpu_us"), 100 };
	l->r.from = NOON;
	l->r.to = NOON + 1;
	lie_certificate(l, 1);
}

/* The record as it is now; the next one follows it. */
static void lie(struct liar *l)
{
	struct out o = OUT(l->line[l->lines.count], METER_LINE_MAX);
	uint8_t digest[SHA256_BYTES], der[ECDSA_DER_MAX];
	char text[METER_LINE_MAX];
	struct out body = OUT(text, sizeof(text));

	meter_record_print(&body, &l->r);
	meter_digest_of(out_written(&body), digest);
	meter_line_print(&o, out_written(&body), der, ecdsa_sign(l->key, digest, der));
	assert_int_equal(o.err | body.err, 0);
	l->lines.at[l->lines.count++] = out_written(&o);
	memcpy(l->r.prev, digest, sizeof(digest));
	l->r.seq++;
	l->r.from = l->r.to;
	l->r.to++;
}

static struct findings lie_end(struct liar *l)
{
	struct findings f = judge(&l->lines, &l->host);

	ecdsa_free(l->key);
	host_free(&l->host);
	return f;
}

static void lies(void **state)
{
	static struct liar l;
	struct findings f;

	(void)state;
	lie_begin(&l);
	lie(&l);
	lie(&l);
	is_sound(lie_end(&l));

	lie_begin(&l);
	lie(&l);
	l.r.counter[0].value = 99;
	lie(&l);
	f = lie_end(&l);
	is_only(f, METER_BACKWARDS);
	assert_non_null(strstr(f.why, "guest_cpu_us goes back from 100 to 99"));
	assert_int_equal(f.used, 100);

	lie_begin(&l);
	lie(&l);
	l.r.counter[0].name = STR("host_cpu_us");
	lie(&l);
	is_only(lie_end(&l), METER_BACKWARDS);

	lie_begin(&l);
	lie(&l);
	l.r.from--;
	lie(&l);
	is_only(lie_end(&l), METER_BACKWARDS);

	lie_begin(&l);
	l.r.to = l.r.from - 1;
	lie(&l);
	is_only(lie_end(&l), METER_BACKWARDS);

	lie_begin(&l);
	lie(&l);
	l.r.tenant = STR("blue");
	lie(&l);
	is_only(lie_end(&l), METER_FORKED);

	lie_begin(&l);
	lie(&l);
	l.r.boot = 2;
	lie(&l);
	assert_true(lie_end(&l).count[METER_ALTERED]);

	/* A certificate for a boot that the TPM was not in. */
	lie_begin(&l);
	lie(&l);
	lie_certificate(&l, 2);
	is_only(lie_end(&l), METER_ALTERED);

	/* Back to a boot that is over. */
	lie_begin(&l);
	lie(&l);
	l.host.resets = 0;
	lie_certificate(&l, 0);
	l.r.boot = 0;
	lie(&l);
	is_only(lie_end(&l), METER_BACKWARDS);

	/* Two histories. */
	lie_begin(&l);
	lie(&l);
	l.r.seq--;
	memset(l.r.prev, 0, sizeof(l.r.prev));
	lie(&l);
	is_only(lie_end(&l), METER_FORKED);

	lie_begin(&l);
	l.r.prev[0] = 1;
	lie(&l);
	is_only(lie_end(&l), METER_FORKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(other_ways),
		cmocka_unit_test(what_is_no_record),
		cmocka_unit_test(altered),
		cmocka_unit_test(one_altered_is_one_finding),
		cmocka_unit_test(dropped),
		cmocka_unit_test(certificate_dropped),
		cmocka_unit_test(doubled),
		cmocka_unit_test(reordered),
		cmocka_unit_test(of_another_host),
		cmocka_unit_test(boot_without_records),
		cmocka_unit_test(lies),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
