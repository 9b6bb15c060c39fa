// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kv ip=A.B.C.D/BITS [gw=A.B.C.D]: keys and values on a disk, for clients of Redis (RESP2)
 * at port 6379.
 *
 * An answer is sent when what it says has been written to the disk: SET, DEL and INCR like
 * SAVE, which therefore has nothing left to do.  What the host's disk keeps in a volatile
 * cache is the host's matter: there is no hypercall to flush it.
 */
#include "kv/resp.h"
#include "kv/store.h"
#include "lib/service.h"

#define DISK		1
#define NET		2
#define PORT		6379
#define ENTRIES		16384u
#define REPLY_ROOM	(KV_VALUE_MAX + 64u)	/* no request is begun without it */
#define IDLE_MS		300000u
#define SCAN_DEFAULT	10

GUEST_MANIFEST(GUEST_BLOCK("disk"), GUEST_NET("net"));

struct reply {
	size_t len;
	bool full;			/* it did not fit */
	uint8_t data[TCP_BUFFER];
};

static struct kv kv;
static struct reply reply;
static uint64_t active_at[TCP_CONNECTIONS];
static uint64_t requests, connections;
static bool quit;

/* --- replies ------------------------------------------------------------------------ */

static void put(const void *data, size_t len)
{
	if (reply.full || len > sizeof(reply.data) - reply.len) {
		reply.full = true;
		return;
	}
	memcpy(reply.data + reply.len, data, len);
	reply.len += len;
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

static void put_number(char kind, int64_t v)
{
	char text[24] = { kind, '-' };
	size_t n = v < 0 ? 2 : 1;

	n += service_digits(text + n, v < 0 ? -(uint64_t)v : (uint64_t)v);
	memcpy(text + n, "\r\n", 2);
	put(text, n + 2);
}

static void put_bulk(const void *data, size_t len)
{
	put_number('$', len);
	put(data, len);
	put_text("\r\n");
}

static void put_error(const char *why)
{
	put_text("-ERR ");
	put_text(why);
	put_text("\r\n");
}

/* A disk that fails ends the guest: no answer is better than one that is not true. */
static void put_result(enum kv_result ret)
{
	if (ret == KV_IO)
		guest_fail("the disk has failed\n");
	if (ret == KV_FULL)
		put_text("-OOM no room for it\r\n");
	else if (ret == KV_RANGE)
		put_error("key or value too long");
	else
		put_text("+OK\r\n");
}

/* --- commands ------------------------------------------------------------------------ */

static bool word_is(const struct resp_word *w, const char *upper)
{
	size_t i;

	for (i = 0; i < w->len && upper[i]; i++)
		if ((w->data[i] >= 'a' && w->data[i] <= 'z' ? w->data[i] - 32 : w->data[i]) !=
		    (uint8_t)upper[i])
			return false;
	return i == w->len && !upper[i];
}

static void cmd_ping(const struct resp_request *rq)
{
	if (rq->count > 1)
		put_bulk(rq->word[1].data, rq->word[1].len);
	else
		put_text("+PONG\r\n");
}

static void cmd_get(const struct resp_request *rq)
{
	static uint8_t value[KV_VALUE_MAX];
	int len = kv_get(&kv, rq->word[1].data, rq->word[1].len, value);

	if (len == KV_IO)
		guest_fail("the disk has failed\n");
	if (len < 0)
		put_text("$-1\r\n");
	else
		put_bulk(value, len);
}

static void cmd_set(const struct resp_request *rq)
{
	put_result(kv_set(&kv, rq->word[1].data, rq->word[1].len, rq->word[2].data,
			  rq->word[2].len));
}

static void cmd_del(const struct resp_request *rq)
{
	unsigned int i;
	enum kv_result ret;
	int64_t n = 0;

	for (i = 1; i < rq->count; i++) {
		ret = kv_delete(&kv, rq->word[i].data, rq->word[i].len);
		if (ret == KV_IO)
			guest_fail("the disk has failed\n");
		n += !ret;
	}
	put_number(':', n);
}

static void cmd_exists(const struct resp_request *rq)
{
	unsigned int i;
	int64_t n = 0;

	for (i = 1; i < rq->count; i++)
		n += kv_has(&kv, rq->word[i].data, rq->word[i].len);
	put_number(':', n);
}

static void cmd_incr(const struct resp_request *rq)
{
	const struct resp_word *key = &rq->word[1];
	static uint8_t value[KV_VALUE_MAX];
	int len = kv_get(&kv, key->data, key->len, value);
	enum kv_result ret;
	char text[24];
	int64_t v = 0;
	size_t n = 0;

	if (len == KV_IO)
		guest_fail("the disk has failed\n");
	if (len >= 0 && (!resp_number(value, len, &v) || v == INT64_MAX)) {
		put_error("value is not an integer or out of range");
		return;
	}
	v++;
	if (v < 0)
		text[n++] = '-';
	n += service_digits(text + n, v < 0 ? -(uint64_t)v : (uint64_t)v);
	ret = kv_set(&kv, key->data, key->len, text, n);
	if (ret)
		put_result(ret);
	else
		put_number(':', v);
}

/* A pattern is a key, or the beginning of one and a star. */
static bool pattern_good(const struct resp_word *w)
{
	size_t i;

	for (i = 0; i < w->len; i++)
		if (w->data[i] == '?' || w->data[i] == '[' || w->data[i] == '\\' ||
		    (w->data[i] == '*' && i + 1 < w->len))
			return false;
	return true;
}

static bool pattern_fits(const struct resp_word *w, const struct kv_entry *e)
{
	bool star = w->len && w->data[w->len - 1] == '*';
	size_t len = w->len - star;

	return (star ? e->key_len >= len : e->key_len == len) && !memcmp(e->key, w->data, len);
}

static void cmd_keys(const struct resp_request *rq)
{
	const struct kv_entry *e;
	uint32_t cursor = 0;
	int64_t n = 0;

	if (!pattern_good(&rq->word[1])) {
		put_error("a pattern is a key, or its beginning and *");
		return;
	}
	while ((e = kv_next(&kv, &cursor)))
		n += pattern_fits(&rq->word[1], e);
	put_number('*', n);
	for (cursor = 0; !reply.full && (e = kv_next(&kv, &cursor));)
		if (pattern_fits(&rq->word[1], e))
			put_bulk(e->key, e->key_len);
}

static void cmd_scan(const struct resp_request *rq)
{
	struct resp_word all = { .data = (const uint8_t *)"*", .len = 1 };
	const struct resp_word *pattern = &all;
	const struct kv_entry *found[RESP_WORDS / 2], *e;
	int64_t at, count = SCAN_DEFAULT;
	char digits[20];
	uint32_t cursor;
	unsigned int i, n = 0;

	if (!resp_number(rq->word[1].data, rq->word[1].len, &at) || at < 0 || at > ENTRIES) {
		put_error("invalid cursor");
		return;
	}
	for (i = 2; i + 1 < rq->count; i += 2) {
		if (word_is(&rq->word[i], "MATCH") && pattern_good(&rq->word[i + 1]))
			pattern = &rq->word[i + 1];
		else if (!word_is(&rq->word[i], "COUNT") || count < 1 ||
			 !resp_number(rq->word[i + 1].data, rq->word[i + 1].len, &count))
			break;
	}
	if (i < rq->count || count < 1) {
		put_error("SCAN cursor [MATCH key*] [COUNT n]");
		return;
	}
	if (count > GUEST_COUNT(found))
		count = GUEST_COUNT(found);
	for (cursor = at, e = NULL; n < count && (e = kv_next(&kv, &cursor));)
		if (pattern_fits(pattern, e))
			found[n++] = e;
	put_number('*', 2);
	put_bulk(digits, service_digits(digits, e ? cursor : 0));
	put_number('*', n);
	for (i = 0; i < n; i++)
		put_bulk(found[i]->key, found[i]->key_len);
}

static void cmd_dbsize(const struct resp_request *rq)
{
	(void)rq;
	put_number(':', kv.count);
}

static void cmd_save(const struct resp_request *rq)
{
	(void)rq;
	put_result(kv_commit(&kv));
}

static void cmd_info(const struct resp_request *rq)
{
	const struct { const char *name; uint64_t value; } lines[] = {
		{ "keys:", kv.count }, { "keys_max:", kv.entries }, { "live_bytes:", kv.live },
		{ "log_bytes:", kv.head }, { "log_size:", kv.area_size },
		{ "compactions:", kv.compactions }, { "epoch:", kv.epoch },
		{ "requests:", requests }, { "connections:", connections },
		{ "uptime_in_seconds:", guest_monotonic_ns() / 1000000000 },
	};
	static char text[1024];
	size_t n = 0;
	unsigned int i;

	(void)rq;
	for (i = 0; i < GUEST_COUNT(lines); i++) {
		memcpy(text + n, lines[i].name, strlen(lines[i].name));
		n += strlen(lines[i].name);
		n += service_digits(text + n, lines[i].value);
		memcpy(text + n, "\r\n", 2);
		n += 2;
	}
	put_bulk(text, n);
}

static void cmd_quit(const struct resp_request *rq)
{
	(void)rq;
	put_text("+OK\r\n");
	quit = true;
}

static const struct {
	const char *name;
	unsigned int least, most;	/* words */
	void (*run)(const struct resp_request *rq);
} commands[] = {
	{ "PING", 1, 2, cmd_ping }, { "GET", 2, 2, cmd_get }, { "SET", 3, 3, cmd_set },
	{ "DEL", 2, RESP_WORDS, cmd_del }, { "EXISTS", 2, RESP_WORDS, cmd_exists },
	{ "INCR", 2, 2, cmd_incr }, { "KEYS", 2, 2, cmd_keys }, { "SCAN", 2, 6, cmd_scan },
	{ "DBSIZE", 1, 1, cmd_dbsize }, { "SAVE", 1, 1, cmd_save }, { "INFO", 1, 2, cmd_info },
	{ "QUIT", 1, 1, cmd_quit },
};

static void run(const struct resp_request *rq)
{
	unsigned int i;

	requests++;
	for (i = 0; i < GUEST_COUNT(commands); i++) {
		if (!word_is(&rq->word[0], commands[i].name))
			continue;
		if (rq->count < commands[i].least || rq->count > commands[i].most)
			put_error("wrong number of arguments");
		else
			commands[i].run(rq);
		return;
	}
	put_error("unknown command");
}

/* --- connections ----------------------------------------------------------------------- */

static void open_connection(int c)
{
	connections++;
	active_at[c] = guest_monotonic_ns() / 1000000;
}

/* One request of those that have come: 1, or 0 if there is none, or -1: the end. */
static int one_request(struct net *net, int c)
{
	static uint8_t data[TCP_BUFFER];
	struct resp_request rq;
	const char *why = "";
	int len = tcp_peek(net, c, data, sizeof(data));
	long n;

	if (len <= 0)
		return len;
	reply.len = 0;
	reply.full = false;
	n = resp_parse(data, len, &rq, &why);
	if (!n && len == TCP_BUFFER) {
		why = "too big request";
		n = -1;
	}
	if (n < 0) {
		put_text("-ERR Protocol error: ");
		put_text(why);
		put_text("\r\n");
		tcp_write(net, c, reply.data, reply.len);
		return -1;
	}
	if (!n)
		return 0;
	if (rq.count)
		run(&rq);
	if (reply.full || reply.len > tcp_room(net, c)) {
		/* Only KEYS and SCAN are as long; nothing was changed by asking. */
		if (!reply.full && reply.len <= TCP_BUFFER && tcp_unsent(net, c))
			return 0;
		reply.len = 0;
		reply.full = false;
		put_error("too many keys for one answer: use SCAN");
	}
	tcp_write(net, c, reply.data, reply.len);
	tcp_read(net, c, data, n);
	return quit ? -1 : 1;
}

static bool serve(struct net *net, int c, uint64_t now)
{
	int ret = 1;

	quit = false;
	while (ret > 0 && tcp_room(net, c) >= REPLY_ROOM) {
		ret = one_request(net, c);
		if (ret > 0)
			active_at[c] = now;
	}
	if (ret < 0 || tcp_was_reset(net, c) || !tcp_is_open(net, c))
		return false;
	return now < active_at[c] + IDLE_MS;
}

static void commit(void)
{
	if (kv_commit(&kv))
		guest_fail("the disk has failed\n");
}

static int disk_read(void *context, uint64_t at, void *data, uint64_t len)
{
	(void)context;
	return guest_block_read(DISK, at, data, len);
}

static int disk_write(void *context, uint64_t at, const void *data, uint64_t len)
{
	(void)context;
	return guest_block_write(DISK, at, data, len);
}

int guest_main(int argc, char **argv)
{
	static const struct service service = {
		.net = NET, .port = PORT, .open = open_connection, .serve = serve, .turn = commit,
	};
	struct kv_disk disk = { .read = disk_read, .write = disk_write,
				.capacity = guest_device(DISK)->u.block.capacity };
	struct kv_entry *entry = guest_alloc(ENTRIES * sizeof(*entry));
	enum kv_result ret;
	uint8_t secret[16];

	if (guest_device(DISK)->u.block.block_size > KV_BLOCK)
		guest_fail("blocks of more than %u bytes\n", KV_BLOCK);
	if (!entry)
		guest_fail("16 MiB of memory are needed\n");
	service_secret(secret);
	ret = kv_open(&kv, &disk, secret, entry, ENTRIES);
	if (ret == KV_FOREIGN)
		guest_fail("the disk is neither a store nor empty\n");
	if (ret)
		guest_fail("the disk cannot be opened: %d\n", ret);
	guest_printf("%u keys, epoch %llu\n", kv.count, (unsigned long long)kv.epoch);
	service_run(&service, argc, argv);
}
