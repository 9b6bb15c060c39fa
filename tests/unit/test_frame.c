// SPDX-License-Identifier: GPL-2.0-or-later
/* Datagrams of management: layout, every field wrong, the window beside a naive one. */
#include <errno.h>
#include <stdio.h>

#include <asm/unaligned.h>

#include "format_util.h"
#include "proto/frame.h"
#include "proto/remote.h"

static u8 buf[HEDGE_REMOTE_FRAME_MAX + 64];

static const struct hedge_frame request = {
	.kind = HEDGE_FRAME_REQUEST, .key_id = 7, .nonce = 0x1122334455667788, .session = 9,
	.sequence = 3, .payload = (const u8 *)"stop|vm", .length = 7,
};

static int parse(size_t len, struct hedge_frame *f)
{
	u8 *edge = edge_copy(buf, len);
	int rc = hedge_frame_parse(edge, len, f);

	edge_free(edge, len);
	return rc;
}

static void refused(size_t len)
{
	struct hedge_frame f;

	assert_int_equal(parse(len, &f), -EBADMSG);
}

static void layout(void **state)
{
	static const u8 begin[] = {
		'H', 'E', 'D', 'G', 1, HEDGE_FRAME_REQUEST, 7, 0, 7, 0, 0, 0, 0, 0, 0, 0,
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 9, 0, 0, 0, 0, 0, 0, 0,
		3, 0, 0, 0, 0, 0, 0, 0, 's', 't', 'o', 'p', '|', 'v', 'm', 0, 0,
	};
	struct hedge_frame f;

	(void)state;
	memset(buf, 0xff, sizeof(buf));
	assert_int_equal(hedge_frame_build(buf, 600, &request), 568);
	assert_memory_equal(buf, begin, sizeof(begin));
	assert_int_equal(buf[567], 0);
	assert_int_equal(buf[568], 0xff);
	assert_int_equal(hedge_frame_parse(buf, 600, &f), 0);
	assert_int_equal(f.kind, HEDGE_FRAME_REQUEST);
	assert_int_equal(f.key_id, 7);
	assert_int_equal(f.result, 0);
	assert_true(f.nonce == request.nonce && f.session == 9 && f.sequence == 3);
	assert_int_equal(f.length, 7);
	assert_ptr_equal(f.payload, buf + 40);
	assert_int_equal(hedge_frame_parse(buf, 512, &f), 0);
}

static void rooms(void **state)
{
	struct hedge_frame f = request;
	static u8 large[HEDGE_REMOTE_PAYLOAD_MAX];

	(void)state;
	memset(buf, 0, sizeof(buf));
	f.payload = large;
	f.length = sizeof(large);
	assert_int_equal(hedge_frame_build(buf, HEDGE_REMOTE_FRAME_MAX, &f),
			 HEDGE_REMOTE_FRAME_MAX - 32);
	assert_int_equal(parse(HEDGE_REMOTE_FRAME_MAX, &f), 0);
	refused(HEDGE_REMOTE_FRAME_MAX + 1);
	refused(HEDGE_REMOTE_FRAME_MAX - 1);
	assert_int_equal(hedge_frame_build(buf, HEDGE_REMOTE_FRAME_MAX - 1, &f), 0);
	assert_int_equal(hedge_frame_build(buf, HEDGE_REMOTE_FRAME_MAX + 1, &f), 0);
	f.length = 0;
	assert_int_equal(hedge_frame_build(buf, HEDGE_REMOTE_FRAME_MIN - 1, &f), 0);
	assert_int_equal(hedge_frame_build(buf, HEDGE_REMOTE_FRAME_MIN, &f), 40);
}

/* What each kind may and must have. */
static void kinds(void **state)
{
	static const struct { struct hedge_frame f; size_t total; bool good; } c[] = {
		{ { .kind = HEDGE_FRAME_HELLO, .nonce = 1 }, 512, true },
		{ { .kind = HEDGE_FRAME_HELLO }, 512, true },
		{ { .kind = HEDGE_FRAME_HELLO }, 511, false },
		{ { .kind = HEDGE_FRAME_HELLO, .session = 1 }, 512, false },
		{ { .kind = HEDGE_FRAME_HELLO, .sequence = 1 }, 512, false },
		{ { .kind = HEDGE_FRAME_HELLO, .result = -1 }, 512, false },
		{ { .kind = HEDGE_FRAME_HELLO, .payload = buf, .length = 1 }, 512, false },
		{ { .kind = HEDGE_FRAME_CHALLENGE, .session = 1 }, 72, true },
		{ { .kind = HEDGE_FRAME_CHALLENGE }, 72, false },
		{ { .kind = HEDGE_FRAME_CHALLENGE, .session = 1, .sequence = 1 }, 72, false },
		{ { .kind = HEDGE_FRAME_REQUEST, .session = 1, .sequence = 1 }, 512, false },
		{ { .kind = HEDGE_FRAME_ANSWER, .session = 1, .sequence = 1 }, 72, true },
		{ { .kind = HEDGE_FRAME_ANSWER, .session = 1, .sequence = 1, .result = -22 }, 72,
		  true },
		{ { .kind = HEDGE_FRAME_ANSWER, .session = 1, .sequence = 1, .result = 1 }, 72,
		  false },
		{ { .kind = HEDGE_FRAME_ANSWER, .session = 1 }, 72, false },
		{ { .kind = HEDGE_FRAME_ANSWER, .sequence = 1 }, 72, false },
		{ { .kind = 0, .session = 1, .sequence = 1 }, 512, false },
		{ { .kind = 5, .session = 1, .sequence = 1 }, 512, false },
	};
	struct hedge_frame f;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		assert_true(hedge_frame_build(buf, c[i].total, &c[i].f));
		if (parse(c[i].total, &f) != (c[i].good ? 0 : -EBADMSG))
			fail_msg("case %u", i);
	}
	f = request;
	f.session = 0;
	hedge_frame_build(buf, 512, &f);
	refused(512);
	f = request;
	f.sequence = 0;
	hedge_frame_build(buf, 512, &f);
	refused(512);
	f = request;
	f.result = -1;
	hedge_frame_build(buf, 512, &f);
	refused(512);
	hedge_frame_build(buf, 511, &request);
	refused(511);
}

/* Each byte in front of the payload and of the padding matters; short ones are none. */
static void damaged(void **state)
{
	static const u8 must[] = { 0, 1, 2, 3, 4, 5, 12, 13, 14, 15 };
	struct hedge_frame f;
	unsigned int i;

	(void)state;
	hedge_frame_build(buf, 512, &request);
	for (i = 0; i < 512; i++)
		refused(i);
	for (i = 0; i < sizeof(must); i++) {
		buf[must[i]] ^= 0x80;
		refused(512);
		buf[must[i]] ^= 0x80;
	}
	for (i = 47; i < 480; i++) {
		buf[i] = 1;
		refused(512);
		buf[i] = 0;
	}
	put_unaligned_le16(441, buf + 6);
	refused(512);
	put_unaligned_le16(0xffff, buf + 6);
	refused(512);
	put_unaligned_le16(440, buf + 6);
	assert_int_equal(parse(512, &f), 0);
}

/* Beside one that keeps every number there ever was. */
static void window(void **state)
{
	static bool came[4096];
	struct hedge_window w;
	unsigned int round, i;

	(void)state;
	srandom(2);
	for (round = 0; round < 400; round++) {
		u64 base = round % 3 ? random() : ~0ull - 4095, highest = 0;

		memset(&w, 0, sizeof(w));
		memset(came, 0, sizeof(came));
		for (i = 0; i < 1000; i++) {
			u64 top = highest ? highest - base : 0;
			u64 n = random() % 20 ? top + random() % 80 - (top < 75 ? top : 75) :
				random() % 4096;
			enum hedge_sequence want;

			if (n > 4095 || !(base + n))
				continue;
			if (base + n > highest)
				want = HEDGE_SEQUENCE_NEW;
			else if (base + n == highest)
				want = HEDGE_SEQUENCE_LAST;
			else if (came[n] || highest - (base + n) >= 64)
				want = HEDGE_SEQUENCE_OLD;
			else
				want = HEDGE_SEQUENCE_NEW;
			if (hedge_window_take(&w, base + n) != want)
				fail_msg("round %u, %llu of %llu", round, n, top);
			came[n] = true;
			if (base + n > highest)
				highest = base + n;
		}
	}
}

static void window_ends(void **state)
{
	struct hedge_window w = { 0 };

	(void)state;
	assert_int_equal(hedge_window_take(&w, 0), HEDGE_SEQUENCE_OLD);
	assert_int_equal(hedge_window_take(&w, 1), HEDGE_SEQUENCE_NEW);
	assert_int_equal(hedge_window_take(&w, 1), HEDGE_SEQUENCE_LAST);
	assert_int_equal(hedge_window_take(&w, 0), HEDGE_SEQUENCE_OLD);
	assert_int_equal(hedge_window_take(&w, 65), HEDGE_SEQUENCE_NEW);
	assert_int_equal(hedge_window_take(&w, 1), HEDGE_SEQUENCE_OLD);
	assert_int_equal(hedge_window_take(&w, 2), HEDGE_SEQUENCE_NEW);
	assert_int_equal(hedge_window_take(&w, 2), HEDGE_SEQUENCE_OLD);
	assert_int_equal(hedge_window_take(&w, ~0ull), HEDGE_SEQUENCE_NEW);
	assert_int_equal(hedge_window_take(&w, ~0ull), HEDGE_SEQUENCE_LAST);
	assert_int_equal(hedge_window_take(&w, ~0ull - 63), HEDGE_SEQUENCE_NEW);
	assert_int_equal(hedge_window_take(&w, ~0ull - 64), HEDGE_SEQUENCE_OLD);
	assert_int_equal(hedge_window_take(&w, 66), HEDGE_SEQUENCE_OLD);
}

#define DIGEST	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static int remote(const char *text, struct hedge_remote_request *rq,
		  struct hedge_command_error *error)
{
	static char line[512];

	strcpy(line, text);
	return hedge_remote_parse(line, strlen(text), rq, error);
}

static void remote_bad(const char *text, const char *field, const char *why)
{
	struct hedge_remote_request rq;
	struct hedge_command_error error;

	assert_int_equal(remote(text, &rq, &error), -EINVAL);
	if (strcmp(error.field, field) || !strstr(error.why, why))
		fail_msg("\"%s\": %s: %s", text, error.field, error.why);
}

static void remote_verbs(void **state)
{
	struct hedge_remote_request rq;
	struct hedge_command_error error;

	(void)state;
	assert_int_equal(remote("put|img|1073741824|" DIGEST "\n", &rq, &error), 0);
	assert_int_equal(rq.verb, HEDGE_REMOTE_PUT);
	assert_string_equal(rq.name, "img");
	assert_int_equal(rq.size, 1 << 30);
	assert_int_equal(rq.digest[31], 31);
	assert_int_equal(remote("list|0", &rq, &error), 0);
	assert_int_equal(remote("stats|vm|12\n", &rq, &error), 0);
	assert_int_equal(rq.offset, 12);
	assert_int_equal(remote("stop|vm", &rq, &error), -ENOENT);
	assert_int_equal(remote("", &rq, &error), -ENOENT);
	assert_int_equal(remote("\n", &rq, &error), -ENOENT);
	assert_int_equal(remote("|put", &rq, &error), -ENOENT);
	remote_bad("put", "NAME", "missing; the form is put|NAME|SIZE|DIGEST");
	remote_bad("put\n", "NAME", "missing");
	remote_bad("put|", "NAME", "empty");
	remote_bad("put|a/b|1|" DIGEST, "NAME", "other characters");
	remote_bad("put|../a|1|" DIGEST, "NAME", "other characters");
	remote_bad("put|..|1|" DIGEST, "NAME", "begins with a dot");
	remote_bad("put|a|0|" DIGEST, "SIZE", "not a number of bytes");
	remote_bad("put|a|1073741825|" DIGEST, "SIZE", "not a number of bytes");
	remote_bad("put|a|-1|" DIGEST, "SIZE", "not a number of bytes");
	remote_bad("put|a|99999999999999999999|" DIGEST, "SIZE", "not a number");
	remote_bad("put|a|1", "DIGEST", "missing");
	remote_bad("put|a|1|12", "DIGEST", "64 hex digits");
	remote_bad("put|a|1|" DIGEST "|", "put", "one bar too many");
	remote_bad("list", "OFFSET", "missing");
	remote_bad("list|", "OFFSET", "not a number");
	remote_bad("list|1|", "list", "one bar too many");
	remote_bad("stats|a", "OFFSET", "missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout), cmocka_unit_test(rooms), cmocka_unit_test(kinds),
		cmocka_unit_test(damaged), cmocka_unit_test(window), cmocka_unit_test(window_ends),
		cmocka_unit_test(remote_verbs),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
