// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The NBD negotiation against servers of every kind: good ones, and hostile ones
 * that stop at any byte, lie about lengths, or never come to an end.
 */
#include <errno.h>

#include "format_util.h"

#include "netlink/nbd_handshake.h"
#include <asm/unaligned.h>

/* What a server sends, as a script. */
struct server {
	uint8_t bytes[65536];
	size_t len;
};

static void put(struct server *s, const void *p, size_t len)
{
	assert_true(s->len + len <= sizeof(s->bytes));
	memcpy(s->bytes + s->len, p, len);
	s->len += len;
}

static void put16(struct server *s, uint16_t v)
{
	uint8_t b[2];

	put_unaligned_be16(v, b);
	put(s, b, 2);
}

static void put32(struct server *s, uint32_t v)
{
	uint8_t b[4];

	put_unaligned_be32(v, b);
	put(s, b, 4);
}

static void put64(struct server *s, uint64_t v)
{
	uint8_t b[8];

	put_unaligned_be64(v, b);
	put(s, b, 8);
}

static void greet(struct server *s, uint16_t flags)
{
	put(s, "NBDMAGIC", 8);
	put(s, "IHAVEOPT", 8);
	put16(s, flags);
}

static void reply_to(struct server *s, uint32_t option, uint32_t type, uint32_t len)
{
	put64(s, 0x0003e889045565a9ull);
	put32(s, option);
	put32(s, type);
	put32(s, len);
}

static void reply(struct server *s, uint32_t type, uint32_t len)
{
	reply_to(s, 7, type, len);
}

static void info_export(struct server *s, uint64_t size, uint16_t flags)
{
	reply(s, 3, 12);
	put16(s, 0);
	put64(s, size);
	put16(s, flags);
}

static void info_block(struct server *s, uint32_t min)
{
	reply(s, 3, 14);
	put16(s, 3);
	put32(s, min);
	put32(s, 4096);
	put32(s, 1 << 20);
}

static void good(struct server *s)
{
	greet(s, 3);
	info_export(s, 1 << 20, 0x125);
	info_block(s, 512);
	reply(s, 1, 0);
}

/*
 * Run the client against a server that sends @s and then closes.  Returns how
 * many bytes were taken; each piece ends at a closed page.
 */
static size_t talk_tls(struct nbd_handshake *hs, const struct server *s, const char *name,
		       enum nbd_tls tls)
{
	unsigned int steps = 0;
	size_t at = 0;

	nbd_handshake_start(hs, name, tls);
	while (hs->state != NBD_HS_DONE && hs->state != NBD_HS_FAILED) {
		uint8_t *edge;
		size_t need;

		if (hs->state == NBD_HS_TLS) {
			assert_int_equal(hs->need, 0);
			nbd_handshake_secured(hs);
		}
		need = hs->need;
		assert_in_range(need, 1, NBD_HS_IN_MAX);
		assert_true(hs->out_len <= sizeof(hs->out));
		assert_true(++steps < 1000);
		if (s->len - at < need)
			break;
		edge = edge_copy(s->bytes + at, need);
		nbd_handshake_step(hs, edge);
		edge_free(edge, need);
		at += need;
	}
	return at;
}

static size_t talk(struct nbd_handshake *hs, const struct server *s, const char *name)
{
	return talk_tls(hs, s, name, NBD_TLS_IF_ASKED);
}

static void go(void **state)
{
	struct server s = { .len = 0 };
	struct nbd_handshake hs;

	(void)state;
	good(&s);
	assert_int_equal(talk(&hs, &s, "export"), s.len);
	assert_int_equal(hs.state, NBD_HS_DONE);
	assert_int_equal(hs.size, 1 << 20);
	assert_int_equal(hs.flags, 0x125);
	assert_int_equal(hs.min_block, 512);
}

/* What the client sends is what the protocol's text says. */
static void sends(void **state)
{
	static const uint8_t expected[] = {
		0, 0, 0, 3,					/* client flags */
		'I', 'H', 'A', 'V', 'E', 'O', 'P', 'T', 0, 0, 0, 7,	/* NBD_OPT_GO */
		0, 0, 0, 11, 0, 0, 0, 3, 'a', 'b', 'c', 0, 1, 0, 3,
	};
	struct server s = { .len = 0 };
	struct nbd_handshake hs;

	(void)state;
	greet(&s, 0xffff);
	nbd_handshake_start(&hs, "abc", NBD_TLS_IF_ASKED);
	assert_int_equal(hs.out_len, 0);
	assert_int_equal(hs.need, 18);
	nbd_handshake_step(&hs, s.bytes);
	assert_int_equal(hs.out_len, sizeof(expected));
	assert_memory_equal(hs.out, expected, sizeof(expected));
}

/* A server without NBD_OPT_GO is asked the old way. */
static void falls_back(void **state)
{
	struct server s = { .len = 0 };
	struct nbd_handshake hs;

	(void)state;
	greet(&s, 3);
	reply(&s, 0x80000001u, 0);
	put64(&s, 12345);
	put16(&s, 1);
	assert_int_equal(talk(&hs, &s, "export"), s.len);
	assert_int_equal(hs.state, NBD_HS_DONE);
	assert_int_equal(hs.size, 12345);
	assert_int_equal(hs.min_block, 1);
}

/* A server without fixed newstyle: zeroes follow. */
static void newstyle(void **state)
{
	static const uint8_t zeroes[124];
	struct server s = { .len = 0 };
	struct nbd_handshake hs;

	(void)state;
	greet(&s, 0);
	put64(&s, 4096);
	put16(&s, 3);
	put(&s, zeroes, sizeof(zeroes));
	assert_int_equal(talk(&hs, &s, "export"), s.len);
	assert_int_equal(hs.state, NBD_HS_DONE);
	assert_int_equal(hs.size, 4096);
}

/* Stop after every byte: the client waits for more and believes nothing. */
static void truncated(void **state)
{
	struct server s = { .len = 0 };
	struct nbd_handshake hs;
	size_t full, len;

	(void)state;
	good(&s);
	full = s.len;
	for (len = 0; len < full; len++) {
		s.len = len;
		assert_true(talk(&hs, &s, "export") <= len);
		assert_int_not_equal(hs.state, NBD_HS_DONE);
		assert_int_not_equal(hs.state, NBD_HS_FAILED);
	}
}

/* Any one byte changed: an answer, no more. */
static void each_byte(void **state)
{
	struct server s = { .len = 0 };
	struct nbd_handshake hs;
	unsigned int value;
	size_t i;

	(void)state;
	good(&s);
	for (i = 0; i < s.len; i++) {
		const uint8_t old = s.bytes[i];

		for (value = 0; value < 256; value += 5) {
			s.bytes[i] = (uint8_t)value;
			talk(&hs, &s, "export");
			if (hs.state == NBD_HS_DONE)
				assert_true(hs.size && hs.size <= INT64_MAX && hs.flags & 1);
		}
		s.bytes[i] = old;
	}
}

#define SERVER(...) ({ struct server s_ = { .len = 0 }; struct server *s = &s_; __VA_ARGS__; s_; })

#define TALE(name, ...)							\
static void name(struct server *s)					\
{									\
	__VA_ARGS__;							\
}

TALE(other_protocol, put(s, "SSH-2.0-OpenSSH_9.2p1", 21))
TALE(oldstyle, put(s, "NBDMAGIC", 8); put64(s, 0x0000420281861253ull); put64(s, 0))
TALE(reply_magic, greet(s, 3); put64(s, 1); put32(s, 7); put32(s, 1); put32(s, 0))
TALE(reply_option, greet(s, 3); reply_to(s, 3, 1, 0))
TALE(reply_endless, greet(s, 3); reply(s, 3, 0xffffffffu))
TALE(reply_too_long, greet(s, 3); reply(s, 0x80000006u, NBD_HS_IN_MAX + 1))
TALE(reply_unknown, greet(s, 3); reply(s, 2, 0))
TALE(ack_payload, greet(s, 3); reply(s, 1, 4))
TALE(info_empty, greet(s, 3); reply(s, 3, 0))
TALE(info_short, greet(s, 3); reply(s, 3, 1); put(s, "x", 1))
TALE(export_length, greet(s, 3); reply(s, 3, 11); put16(s, 0); put(s, "123456789", 9))
TALE(block_length, greet(s, 3); reply(s, 3, 6); put16(s, 3); put32(s, 1))
TALE(block_zero, greet(s, 3); info_block(s, 0))
TALE(block_odd, greet(s, 3); info_block(s, 3))
TALE(block_large, greet(s, 3); info_block(s, 131072))
TALE(no_export, greet(s, 3); reply(s, 1, 0))
TALE(size_zero, greet(s, 3); info_export(s, 0, 1); reply(s, 1, 0))
TALE(size_huge, greet(s, 3); info_export(s, ~0ull, 1); reply(s, 1, 0))
TALE(flags_none, greet(s, 3); info_export(s, 4096, 0); reply(s, 1, 0))
TALE(err_unknown, greet(s, 3); reply(s, 0x80000006u, 0))
TALE(err_policy, greet(s, 3); reply(s, 0x80000002u, 0))
TALE(err_tls, greet(s, 3); reply(s, 0x80000005u, 0); reply_to(s, 5, 1, 0); reply(s, 0x80000005u, 0))
TALE(tls_unsupported, greet(s, 3); reply(s, 0x80000005u, 0); reply_to(s, 5, 0x80000001u, 0))
TALE(tls_policy, greet(s, 3); reply(s, 0x80000005u, 0); reply_to(s, 5, 0x80000002u, 0))
TALE(tls_other_option, greet(s, 3); reply(s, 0x80000005u, 0); reply(s, 1, 0))
TALE(tls_info, greet(s, 3); reply(s, 0x80000005u, 0); reply_to(s, 5, 3, 2); put16(s, 0))
TALE(tls_payload, greet(s, 3); reply(s, 0x80000005u, 0); reply_to(s, 5, 1, 2); put16(s, 0))
TALE(tls_forgets, greet(s, 3); info_export(s, 4096, 1); reply(s, 0x80000005u, 0);
	reply_to(s, 5, 1, 0); reply(s, 1, 0))
TALE(err_other, greet(s, 3); reply(s, 0x8000ffffu, 0))

static const struct {
	const char *name;
	void (*tell)(struct server *s);
	const char *why;
} tales[] = {
#define D(fn, why) { #fn, fn, why }
	D(other_protocol, "this is not an NBD server"),
	D(oldstyle, "the server speaks only the obsolete oldstyle negotiation"),
	D(reply_magic, "the server's reply is not one to our request"),
	D(reply_option, "the server's reply is not one to our request"),
	D(reply_endless, "the server's reply is absurdly long"),
	D(reply_too_long, "the server's reply is absurdly long"),
	D(reply_unknown, "the server's reply is of an unknown type"),
	D(ack_payload, "the server's acknowledgment has a payload"),
	D(info_empty, "the server's information is empty"),
	D(info_short, "the server's information is too short"),
	D(export_length, "the server's export information has a wrong length"),
	D(block_length, "the server's block size has a wrong length"),
	D(block_zero, "the server's block size is out of range"),
	D(block_odd, "the server's block size is out of range"),
	D(block_large, "the server's block size is out of range"),
	D(no_export, "the server did not say how large the export is"),
	D(size_zero, "the export's size is out of range"),
	D(size_huge, "the export's size is out of range"),
	D(flags_none, "the server's transmission flags are not valid"),
	D(err_unknown, "the server has no such export"),
	D(err_policy, "the server does not let us use this export"),
	D(err_tls, "the server requires TLS within TLS"),
	D(tls_unsupported, "the server has no TLS"),
	D(tls_policy, "the server has no TLS"),
	D(tls_other_option, "the server's reply is not one to our request"),
	D(tls_info, "the server's reply is not one to our request"),
	D(tls_payload, "the server's acknowledgment has a payload"),
	D(tls_forgets, "the server did not say how large the export is"),
	D(err_other, "the server refuses the export"),
#undef D
};

/* Each hostile reply, and each refusal, is told apart. */
static void hostile(void **state)
{
	struct nbd_handshake hs;
	struct server s;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tales); i++) {
		s.len = 0;
		tales[i].tell(&s);
		talk(&hs, &s, "export");
		if (hs.state != NBD_HS_FAILED || hs.out_len || strcmp(hs.why, tales[i].why))
			fail_msg("%s: %s", tales[i].name, hs.why ?: "believed");
	}
	report_kinds("NBD replies", ARRAY_SIZE(tales));
}

/* A server's words are shown, but nothing that a terminal would act on. */
static void words(void **state)
{
	struct server srv = SERVER(greet(s, 3); reply(s, 0x80000006u, 8);
				   put(s, "no\033[2J\n\xff", 8));
	struct nbd_handshake hs;

	(void)state;
	talk(&hs, &srv, "export");
	assert_string_equal(hs.server_says, "no?[2J??");
	srv = SERVER(greet(s, 3); reply(s, 0x80000006u, 4096); s->len += 4096);
	talk(&hs, &srv, "export");
	assert_int_equal(hs.state, NBD_HS_FAILED);
	assert_int_equal(strlen(hs.server_says), sizeof(hs.server_says) - 1);
}

/* Unknown information is skipped, but not for ever. */
static void endless(void **state)
{
	struct server s = { .len = 0 };
	struct nbd_handshake hs;
	unsigned int i;

	(void)state;
	greet(&s, 3);
	for (i = 0; i < 100; i++) {
		reply(&s, 3, 4);
		put16(&s, 1);
		put16(&s, 0);
	}
	talk(&hs, &s, "export");
	assert_int_equal(hs.state, NBD_HS_FAILED);
	assert_string_equal(hs.why, "the server never comes to an end");
}

/* A second UNSUP cannot come: the old option has no replies. */
static void fallback_ends(void **state)
{
	struct server srv = SERVER(greet(s, 3); reply(s, 0x80000001u, 0); reply(s, 0x80000001u, 0));
	struct nbd_handshake hs;

	(void)state;
	talk(&hs, &srv, "export");
	assert_true(hs.state == NBD_HS_DONE || hs.state == NBD_HS_FAILED);
}

static void long_names(void **state)
{
	char name[NBD_EXPORT_MAX + 2];
	struct nbd_handshake hs;
	struct server s = { .len = 0 };

	(void)state;
	memset(name, 'n', sizeof(name));
	name[NBD_EXPORT_MAX] = 0;
	good(&s);
	talk(&hs, &s, name);
	assert_int_equal(hs.state, NBD_HS_DONE);
	name[NBD_EXPORT_MAX] = 'n';
	name[NBD_EXPORT_MAX + 1] = 0;
	nbd_handshake_start(&hs, name, NBD_TLS_IF_ASKED);
	assert_int_equal(hs.state, NBD_HS_FAILED);
}

static void put_tls_answer(struct server *s)
{
	reply_to(s, 5, 1, 0);
	info_export(s, 1 << 20, 0x125);
	reply(s, 1, 0);
}

/* A server that wants TLS gets it, and is asked again within. */
static void tls_if_asked(void **state)
{
	static const uint8_t expected[] = {
		'I', 'H', 'A', 'V', 'E', 'O', 'P', 'T', 0, 0, 0, 5, 0, 0, 0, 0,
	};
	struct server srv = SERVER(greet(s, 3); info_export(s, 5, 1); reply(s, 0x80000005u, 4);
				   put(s, "tls!", 4); put_tls_answer(s));
	struct nbd_handshake hs;

	(void)state;
	assert_int_equal(talk(&hs, &srv, "export"), srv.len);
	assert_int_equal(hs.state, NBD_HS_DONE);
	assert_int_equal(hs.size, 1 << 20);
	assert_string_equal(hs.server_says, "");
	srv = SERVER(greet(s, 3); reply(s, 0x80000005u, 0));
	talk(&hs, &srv, "export");
	assert_int_equal(hs.state, NBD_HS_REPLY);
	assert_int_equal(hs.out_len, sizeof(expected));
	assert_memory_equal(hs.out, expected, sizeof(expected));
}

/* Where we demand it, nothing is said of the export before; or nothing comes of it. */
static void tls_demanded(void **state)
{
	static const struct {
		uint16_t flags;
		uint32_t reply;
	} refusals[] = { { 0, 0 }, { 3, 0x80000001u }, { 3, 0x80000002u }, { 3, 0x80000003u } };
	struct server srv = SERVER(greet(s, 3); put_tls_answer(s));
	struct nbd_handshake hs;
	unsigned int i;

	(void)state;
	assert_int_equal(talk_tls(&hs, &srv, "export", NBD_TLS_DEMANDED), srv.len);
	assert_int_equal(hs.state, NBD_HS_DONE);
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		srv = SERVER(greet(s, refusals[i].flags); reply_to(s, 5, refusals[i].reply, 0));
		talk_tls(&hs, &srv, "export", NBD_TLS_DEMANDED);
		assert_int_equal(hs.state, NBD_HS_FAILED);
		assert_string_equal(hs.why, "the server has no TLS");
	}
	/* One that goes on as if nothing had been asked. */
	srv = SERVER(good(s));
	talk_tls(&hs, &srv, "export", NBD_TLS_DEMANDED);
	assert_int_equal(hs.state, NBD_HS_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(go), cmocka_unit_test(sends), cmocka_unit_test(falls_back),
		cmocka_unit_test(newstyle), cmocka_unit_test(truncated),
		cmocka_unit_test(each_byte), cmocka_unit_test(hostile),
		cmocka_unit_test(words), cmocka_unit_test(endless),
		cmocka_unit_test(fallback_ends), cmocka_unit_test(long_names),
		cmocka_unit_test(tls_if_asked), cmocka_unit_test(tls_demanded),
	};

	return cmocka_run_group_tests_name("NBD negotiation", tests, NULL, NULL);
}
