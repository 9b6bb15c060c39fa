// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anchors of epochs in a TPM (swtpm): attacks with the owner's rights, and power that fails after
 * each step of a change.
 */
#include <errno.h>

#include "tpm_live.h"

#include "tpm_esys/anchor.h"

#define COUNTER		"0x01a5c010"
#define AREA		"0x01a5c011"

static struct device *tpm;
static struct anchor_volume volume, stranger;

static void attach(void)
{
	assert_int_equal(device_open(getenv("TPM2TOOLS_TCTI"), &tpm), 0);
}

static void detach(void)
{
	device_close(tpm);
	tpm = NULL;
}

/* Something that only tools do; swtpm has one client at a time. */
#define TOOLS(...)			\
	do {				\
		detach();		\
		RUN(0, __VA_ARGS__);	\
		attach();		\
	} while (0)

static void power_fails(void)
{
	detach();
	tpm_reboot("tpm");
	attach();
}

static int start(void **state)
{
	CLEANUP_SECRET struct secret key = SECRET_NONE;

	(void)state;
	if (live_start("/tmp/test_tpm_anchor.XXXXXX") || secret_copy(&key, "volume", 6) ||
	    anchor_key((const uint8_t *)"0123456789abcdef", &key, &volume) ||
	    anchor_key((const uint8_t *)"0123456789abcdeg", &key, &stranger))
		return -1;
	tpm_on("tpm");
	attach();
	return 0;
}

static int end(void **state)
{
	(void)state;
	detach();
	return live_end();
}

static void says(uint64_t low, uint64_t high, bool open)
{
	struct anchor a;

	assert_int_equal(anchor_read(tpm, &volume, &a), 0);
	assert_int_equal(a.low, low);
	assert_int_equal(a.high, high);
	assert_int_equal(a.open, open);
}

static void steps(void **state)
{
	const struct anchor closed = { 7, 7, false }, lease = { 7, 1031, true };
	struct anchor a;
	unsigned int i;

	(void)state;
	assert_int_equal(anchor_read(tpm, &volume, &a), -ENOENT);
	assert_int_equal(anchor_write(tpm, &volume, &closed), -ENOENT);
	assert_int_equal(anchor_make(tpm, &volume, &closed), 0);
	assert_int_equal(anchor_make(tpm, &volume, &closed), -EEXIST);
	says(7, 7, false);
	for (i = 0; i < 4; i++) {
		assert_int_equal(anchor_write(tpm, &volume, &lease), 0);
		says(7, 1031, true);
		power_fails();
		says(7, 1031, true);
		assert_int_equal(anchor_write(tpm, &volume, &closed), 0);
		says(7, 7, false);
	}
	/* Each has its own. */
	assert_int_equal(anchor_read(tpm, &stranger, &a), -ENOENT);
	assert_int_equal(anchor_make(tpm, &stranger, &lease), 0);
	says(7, 7, false);
	assert_int_equal(anchor_remove(tpm, 1), 0);
	assert_int_equal(anchor_remove(tpm, 1), -ENOENT);
	assert_int_equal(anchor_read(tpm, &stranger, &a), -ENOENT);
	says(7, 7, false);
}

/* Place and counter are two writes: what was in force stays so until the second. */
static void power_between(void **state)
{
	const struct anchor lease = { 8, 100, true };
	unsigned int i;
	uint64_t count;

	(void)state;
	says(7, 7, false);
	TOOLS("tpm2_nvread " AREA " -o before");
	assert_int_equal(anchor_write(tpm, &volume, &lease), 0);
	/* As if it had not come to the counter: the other place has been written. */
	detach();
	tpm_off("tpm");
	RUN(0, "cp -a tpm now");
	tpm_on("tpm");
	attach();
	assert_int_equal(anchor_write(tpm, &volume, &(struct anchor){ 9, 9, false }), 0);
	says(9, 9, false);
	TOOLS("tpm2_nvread " AREA " -o later");
	detach();
	tpm_off("tpm");
	RUN(0, "rm -rf tpm; mv now tpm");
	tpm_on("tpm");
	/* The counter is as it was, and the area ahead of it. */
	RUN(0, "tpm2_nvwrite " AREA " -C o -i later");
	attach();
	says(8, 100, true);
	assert_int_equal(anchor_write(tpm, &volume, &(struct anchor){ 10, 10, false }), 0);
	says(10, 10, false);
	/* And torn: whatever is in the place that is not in force. */
	TOOLS("tpm2_nvread " AREA " -o now");
	assert_int_equal(nv_counter_read(tpm, ANCHOR_COUNTER(0), &count), 0);
	for (i = 0; i <= 64; i += 16) {
		TOOLS("cp now torn; head -c %u /dev/urandom |"
		      "dd of=torn bs=1 seek=%u conv=notrunc status=none;"
		      "tpm2_nvwrite " AREA " -C o -i torn", i, count % 2 ? 16 : 80);
		says(10, 10, false);
	}
}

/* With the owner's rights: the area is put back, made up, or another's. */
static void hostile_owner(void **state)
{
	struct anchor a;

	(void)state;
	says(10, 10, false);
	TOOLS("tpm2_nvread " AREA " -o now; tpm2_nvwrite " AREA " -C o -i before");
	assert_int_equal(anchor_read(tpm, &volume, &a), -EBADMSG);
	assert_int_equal(anchor_write(tpm, &volume, &(struct anchor){ 1, 1, false }), -EBADMSG);
	/* The numbers of now, over epochs of before. */
	TOOLS("cp now forged; for at in 24 88; do printf '\\0\\0\\0\\0\\0\\0\\0\\7' |"
	      "dd of=forged bs=1 seek=$at conv=notrunc status=none; done;"
	      "tpm2_nvwrite " AREA " -C o -i forged");
	assert_int_equal(anchor_read(tpm, &volume, &a), -EBADMSG);
	TOOLS("tpm2_nvwrite " AREA " -C o -i now");
	says(10, 10, false);
	/* A counter that begins anew is ahead of all that was ever signed for. */
	TOOLS("tpm2_nvundefine " COUNTER ";"
	      "tpm2_nvdefine " COUNTER " -C o -s 8 -a 'nt=counter|ownerread|authread|ownerwrite|no_da';"
	      "tpm2_nvincrement " COUNTER " -C o");
	assert_int_equal(anchor_read(tpm, &volume, &a), -EBADMSG);
	/* One that can be set is none. */
	TOOLS("tpm2_nvundefine " COUNTER ";"
	      "tpm2_nvdefine " COUNTER " -C o -s 8 -a 'ownerread|authread|ownerwrite|no_da';"
	      "head -c 24 now | tail -c 8 | tpm2_nvwrite " COUNTER " -C o -i -");
	assert_int_equal(anchor_read(tpm, &volume, &a), -EBADMSG);
	TOOLS("tpm2_nvundefine " COUNTER);
	assert_int_equal(anchor_read(tpm, &volume, &a), -EBADMSG);
	TOOLS("tpm2_nvundefine " AREA);
	assert_int_equal(anchor_read(tpm, &volume, &a), -ENOENT);
}

/* Power that fails between an index and its first value leaves one that is made use of. */
static void unwritten(void **state)
{
	uint8_t area[144];
	struct anchor a;
	uint64_t count;

	(void)state;
	TOOLS("tpm2_nvdefine " COUNTER " -C o -s 8 -a 'nt=counter|ownerread|authread|ownerwrite|no_da'");
	assert_int_equal(nv_counter_read(tpm, ANCHOR_COUNTER(0), &count), -ENOENT);
	assert_int_equal(nv_counter_increment(tpm, ANCHOR_COUNTER(0)), -ENOENT);
	assert_int_equal(nv_counter_define(tpm, ANCHOR_COUNTER(0)), 0);
	assert_int_equal(nv_counter_read(tpm, ANCHOR_COUNTER(0), &count), 0);
	assert_int_equal(nv_counter_define(tpm, ANCHOR_COUNTER(0)), -EEXIST);
	TOOLS("tpm2_nvdefine " AREA " -C o -s 144 -a 'ownerread|authread|ownerwrite|no_da'");
	assert_int_equal(nv_area_read(tpm, ANCHOR_AREA(0), area, sizeof(area)), -ENOENT);
	assert_int_equal(nv_area_define(tpm, ANCHOR_AREA(0), sizeof(area) - 1), -EEXIST);
	assert_int_equal(nv_area_define(tpm, ANCHOR_AREA(0), sizeof(area)), 0);
	assert_int_equal(nv_area_define(tpm, ANCHOR_AREA(0), sizeof(area)), -EEXIST);
	assert_int_equal(anchor_remove(tpm, 0), 0);
	/* An anchor takes the first place, whatever was left there. */
	TOOLS("tpm2_nvdefine " COUNTER " -C o -s 8 -a 'nt=counter|ownerread|authread|ownerwrite|no_da';"
	      "tpm2_nvdefine " AREA " -C o -s 144 -a 'ownerread|authread|ownerwrite|no_da'");
	assert_int_equal(anchor_read(tpm, &volume, &a), -ENOENT);
	assert_int_equal(anchor_make(tpm, &volume, &(struct anchor){ 3, 3, false }), 0);
	says(3, 3, false);
	assert_int_equal(anchor_remove(tpm, 0), 0);
}

/* What was begun and not ended is no anchor, and is in nobody's way. */
static void unfinished(void **state)
{
	struct anchor a;

	(void)state;
	assert_int_equal(nv_counter_define(tpm, ANCHOR_COUNTER(0)), 0);
	assert_int_equal(anchor_read(tpm, &volume, &a), -ENOENT);
	assert_int_equal(nv_area_define(tpm, ANCHOR_AREA(0), 144), 0);
	assert_int_equal(anchor_read(tpm, &volume, &a), -ENOENT);
	assert_int_equal(anchor_make(tpm, &volume, &(struct anchor){ 3, 3, false }), 0);
	says(3, 3, false);
	assert_int_equal(anchor_remove(tpm, 0), 0);
}

/* The id is taken away, the owner has an anchor made anew, and then the old one is put back. */
static void id_taken_away(void **state)
{
	static const char *const away[] = {
		"head -c 144 /dev/zero | dd of=none bs=1 count=16 conv=notrunc status=none;"
		"tpm2_nvwrite 0x01a5c013 -C o -i none",
		"tpm2_nvundefine 0x01a5c013",
	};
	struct anchor a;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		/* The first place is free, and what is made anew is made there. */
		assert_int_equal(anchor_make(tpm, &stranger, &(struct anchor){ 1, 1, false }), 0);
		assert_int_equal(anchor_make(tpm, &volume, &(struct anchor){ 5, 5, false }), 0);
		assert_int_equal(anchor_remove(tpm, 0), 0);
		says(5, 5, false);
		TOOLS("tpm2_nvread 0x01a5c013 -o old; cp old none; %s", away[i]);
		assert_int_equal(anchor_read(tpm, &volume, &a), -ENOENT);
		assert_int_equal(anchor_make(tpm, &volume, &(struct anchor){ 9, 9, false }), 0);
		says(9, 9, false);
		TOOLS("tpm2_nvundefine " AREA ";"
		      "tpm2_nvdefine 0x01a5c013 -C o -s 144 -a 'ownerread|authread|ownerwrite|no_da';"
		      "tpm2_nvwrite 0x01a5c013 -C o -i old");
		assert_int_equal(anchor_read(tpm, &volume, &a), -EBADMSG);
		assert_int_equal(anchor_remove(tpm, 1), 0);
		assert_int_equal(anchor_remove(tpm, 0), 0);
	}
}

/* When another lease is taken: 1024 epochs, from 100 on. */
static void due(void **state)
{
	const struct anchor lease = { 100, 1124, true }, crashed = { 100, 1324, true };

	(void)state;
	assert_false(anchor_due(&lease, 1024, 100));
	assert_false(anchor_due(&lease, 1024, 611));
	assert_true(anchor_due(&lease, 1024, 612));
	assert_true(anchor_due(&lease, 1024, 2000));
	/* It was at 300 when it was opened again, which may be an epoch that did not last. */
	assert_false(anchor_due(&crashed, 1024, 299));
	assert_false(anchor_due(&crashed, 1024, 300));
	assert_true(anchor_due(&crashed, 1024, 301));
	/* The same of a monitor that was told to take shorter ones. */
	assert_true(anchor_due(&lease, 512, 613));
	assert_false(anchor_due(&(struct anchor){ 100, 612, true }, 512, 101));
}

/* Somebody else's index is left alone; a TPM has room for so many. */
static void no_room(void **state)
{
	struct anchor_volume v = volume;
	struct anchor a;
	unsigned int i;
	int rc = 0;

	(void)state;
	TOOLS("tpm2_nvdefine " COUNTER " -C o -s 8 -a 'ownerread|authread|ownerwrite'");
	for (i = 0; i < 40 && !rc; i++) {
		v.id[0] = i + 1;
		rc = anchor_make(tpm, &v, &(struct anchor){ i, i, false });
	}
	assert_int_equal(rc, -ENOSPC);
	assert_true(i > 10);
	while (--i) {
		v.id[0] = i;
		assert_int_equal(anchor_read(tpm, &v, &a), 0);
		assert_int_equal(a.low, i - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps),
		cmocka_unit_test(power_between),
		cmocka_unit_test(hostile_owner),
		cmocka_unit_test(unwritten),
		cmocka_unit_test(unfinished),
		cmocka_unit_test(id_taken_away),
		cmocka_unit_test(due),
		cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, start, end);
}
