// SPDX-License-Identifier: GPL-2.0-or-later
/* hedge's events: what is read of a message, whole, cut anywhere, and with bytes changed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "netlink/hedge_events.h"

struct message {
	union {
		struct nlmsghdr header;
		uint8_t bytes[1024];
	};
	size_t len;
};

static const uint8_t digest[32] = { 1, 2, 3, [31] = 0xff };

static void begin(struct message *m, uint8_t command)
{
	const struct genlmsghdr genl = { .cmd = command, .version = HEDGE_GENL_VERSION };

	memset(m, 0, sizeof(*m));
	memcpy(m->bytes + NLMSG_HDRLEN, &genl, sizeof(genl));
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
}

static void add(struct message *m, uint16_t type, const void *data, size_t len)
{
	const struct nlattr attr = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type };

	memcpy(m->bytes + m->len, &attr, sizeof(attr));
	memcpy(m->bytes + m->len + NLA_HDRLEN, data, len);
	m->len += NLA_ALIGN(NLA_HDRLEN + len);
	m->header.nlmsg_len = (uint32_t)m->len;
}

static void add_u32(struct message *m, uint16_t type, uint32_t value)
{
	add(m, type, &value, sizeof(value));
}

static void add_u64(struct message *m, uint16_t type, uint64_t value)
{
	add(m, type, &value, sizeof(value));
}

static void add_text(struct message *m, uint16_t type, const char *text)
{
	add(m, type, text, strlen(text) + 1);
}

/* What every event has, but for one attribute; 0: all. */
static void begin_without(struct message *m, int without)
{
	begin(m, HEDGE_GENL_EVENT);
	if (without != HEDGE_ATTR_EVENT)
		add_u32(m, HEDGE_ATTR_EVENT, HEDGE_EVENT_ENDED);
	if (without != HEDGE_ATTR_SEQ)
		add_u64(m, HEDGE_ATTR_SEQ, 1ull << 40);
	if (without != HEDGE_ATTR_TIME)
		add_u64(m, HEDGE_ATTR_TIME, 1234567890123456789ull);
	if (without != HEDGE_ATTR_NAME)
		add_text(m, HEDGE_ATTR_NAME, "kv");
}

static void fill(struct message *m)
{
	begin_without(m, 0);
	add_u32(m, HEDGE_ATTR_ID, 7);
	add_text(m, HEDGE_ATTR_PATH, "/srv/kv.hvt");
	add(m, HEDGE_ATTR_DIGEST, digest, sizeof(digest));
	add_u32(m, HEDGE_ATTR_STATUS, 0);
	add_text(m, HEDGE_ATTR_REASON, "exit");
}

/* In memory of its own, so that no read beyond it goes unseen. */
static int read_copy(const struct message *m, size_t len, struct hedge_notice *n)
{
	struct nlmsghdr *copy = malloc(len);
	size_t chars = 0;
	int rc;

	assert_non_null(copy);
	memcpy(copy, m->bytes, len);
	copy->nlmsg_len = (uint32_t)len;
	rc = hedge_notice_read(copy, n);
	if (!rc) {
		chars += strlen(n->name);
		chars += n->path ? strlen(n->path) : 0;
		chars += n->reason ? strlen(n->reason) : 0;
		chars += n->file ? strlen(n->file) : 0;
		chars += n->digest ? n->digest[31] : 0;
		assert_true(chars < len + 256);
		assert_non_null(hedge_event_word(n->event));
	}
	free(copy);
	return rc;
}

static void test_whole(void **state)
{
	struct hedge_notice n;
	struct message m;

	(void)state;
	fill(&m);
	assert_int_equal(hedge_notice_read(&m.header, &n), 0);
	assert_string_equal(hedge_event_word(n.event), "ended");
	assert_true(n.seq == 1ull << 40 && n.time == 1234567890123456789ull);
	assert_int_equal(n.id, 7);
	assert_string_equal(n.name, "kv");
	assert_string_equal(n.path, "/srv/kv.hvt");
	assert_memory_equal(n.digest, digest, sizeof(digest));
	assert_true(n.has_status && !n.status);
	assert_string_equal(n.reason, "exit");
	assert_null(n.file);
}

static void test_least(void **state)
{
	struct hedge_notice n;
	struct message m;
	int i;

	(void)state;
	begin_without(&m, 0);
	assert_int_equal(read_copy(&m, m.len, &n), 0);
	assert_true(!n.id && !n.path && !n.digest && !n.has_status && !n.reason && !n.file);
	for (i = HEDGE_ATTR_EVENT; i <= HEDGE_ATTR_NAME; i++) {
		begin_without(&m, i);
		assert_int_equal(read_copy(&m, m.len, &n), i == HEDGE_ATTR_ID ? 0 : -EPROTO);
	}
}

static void test_wrong(void **state)
{
	struct hedge_notice n;
	struct message m;

	(void)state;
	fill(&m);
	((struct genlmsghdr *)(m.bytes + NLMSG_HDRLEN))->cmd = HEDGE_GENL_EVENT + 1;
	assert_int_equal(read_copy(&m, m.len, &n), -EPROTO);
	begin_without(&m, 0);
	add(&m, HEDGE_ATTR_DIGEST, digest, sizeof(digest) - 1);
	assert_int_equal(read_copy(&m, m.len, &n), -EPROTO);
	begin_without(&m, 0);
	add(&m, HEDGE_ATTR_STATUS, digest, 2);
	assert_int_equal(read_copy(&m, m.len, &n), -EPROTO);
	begin_without(&m, 0);
	add(&m, HEDGE_ATTR_REASON, "unending", 8);
	assert_int_equal(read_copy(&m, m.len, &n), -EPROTO);
}

/* A newer kernel may say more: that is no error. */
static void test_newer(void **state)
{
	struct hedge_notice n;
	struct message m;

	(void)state;
	begin_without(&m, HEDGE_ATTR_EVENT);
	add_u32(&m, HEDGE_ATTR_EVENT, __HEDGE_EVENT_MAX);
	add_text(&m, __HEDGE_ATTR_MAX, "more");
	assert_int_equal(read_copy(&m, m.len, &n), 0);
	assert_string_equal(hedge_event_word(n.event), "unknown");
	assert_string_equal(hedge_event_word(HEDGE_EVENT_UNSPEC), "unknown");
	assert_string_equal(hedge_event_word(~0u), "unknown");
}

static void test_cut_and_changed(void **state)
{
	struct hedge_notice n;
	struct message m, changed;
	size_t i, len;
	int byte;

	(void)state;
	fill(&m);
	for (len = NLMSG_HDRLEN + GENL_HDRLEN; len < m.len; len++)
		read_copy(&m, len, &n);
	for (i = NLMSG_HDRLEN; i < m.len; i++)
		for (byte = 0; byte < 256; byte++) {
			changed = m;
			changed.bytes[i] = (uint8_t)byte;
			read_copy(&changed, m.len, &n);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_cut_and_changed),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
