/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for the gateway's data path: a backend that answers META_* of fragments from
 * memory, and locations that are real HTTP servers with a mood each.  All in one loop.
 */
#ifndef TEST_DATA_UTIL_H
#define TEST_DATA_UTIL_H

#include <netinet/in.h>

#include "io_util.h"

#include "../../user/skyd/data_path.h"
#include "base/secret.h"
#include "crypto/crc.h"
#include "http/listen.h"
#include "http/uri.h"

#define WORLD_PLACES	8u
#define WORLD_PAGES	64u
#define WORLD_US	1000000ull

enum mood {
	GOOD,
	DEAD,			/* nobody listens */
	STOPPED,		/* takes requests, never answers */
	SLOW,			/* a fifth of a second for each */
	FULL,			/* 507 */
	CORRUPT,		/* one bit is wrong */
	FORGED,			/* another fragment of the same size, sums and all */
	SHORT,			/* half of it */
	FORGETFUL,		/* 404 */
	EXPIRED,		/* 403, for the first URL of each name */
	BUSY,			/* 503 */
};

struct kept {
	struct kept *next;
	char name[META_FRAGMENT_NAME_MAX];
	size_t len;
	unsigned int refused;
	u8 data[];
};

struct world;

struct location {
	struct world *w;
	u16 id;
	enum mood mood;
	int port, fd;
	struct http_server server;
	struct http_listen listen;
	struct kept *kept;
	unsigned int puts, gets, repeated;
	char url[64];
};

struct page_kept {
	u64 start, length;
	u32 part, len;
	u8 data[SKY_PAGE_MAX_BYTES];
};

struct world {
	struct io_group group, repairs;
	struct gateway g;
	struct io_stream stream;
	unsigned int n;
	struct location at[WORLD_PLACES];
	/* The backend's. */
	u64 revision, reservation, nonce;
	u32 part;
	u64 life_us;			/* of reservations */
	unsigned int slots, signs, pages_asked, repairs_asked, lists, pieces, dropped;
	unsigned int dropped_wrong;		/* by META_REPAIR */
	int sign_error;			/* for the next META_SIGN */
	unsigned int sign_errors;
	struct { u64 reservation; u8 id[META_SLOTS_MAX][16]; u64 used; } given[64];
	unsigned int given_count;
	struct page_kept page[WORLD_PAGES];
	unsigned int pages;
	u8 spent[1 << 20];		/* by nonce */
	unsigned int replayed;
};

/* --- locations --------------------------------------------------------------------- */

static inline struct kept *kept_find(struct location *l, struct str name)
{
	struct kept *k;

	for (k = l->kept; k && !str_is(name, k->name); k = k->next)
		;
	return k;
}

static inline int told(struct http_request *rq, unsigned int status)
{
	http_reply(rq, status);
	return http_reply_whole(rq, "<Error/>", 8);
}

static inline int take_put(struct http_request *rq, struct location *l, struct str name)
{
	u8 want[32], have[32];
	struct kept *k;
	struct str hex;
	size_t got = 0, len = rq->head.content_length, i;
	ssize_t n;

	k = malloc(sizeof(*k) + len + 1);
	while ((n = http_request_read(rq, k->data + got, len + 1 - got)) > 0)
		got += n;
	if (n < 0 || got != len) {
		free(k);
		return n < 0 ? n : -EIO;
	}
	must(http_find(&rq->head, STR("X-Amz-Content-Sha256"), &hex));
	must_equal(hex.len, 64);
	for (i = 0; i < 32; i++)
		want[i] = hex_value(hex.at[2 * i]) << 4 | hex_value(hex.at[2 * i + 1]);
	hash_once(HASH_SHA256, k->data, len, have);
	must(!memcmp(want, have, 32));
	if (kept_find(l, name)) {
		free(k);
		l->repeated++;
		return told(rq, 412);
	}
	must(str_copy(name, k->name, sizeof(k->name)));
	k->len = len;
	k->refused = 0;
	k->next = l->kept;
	l->kept = k;
	l->puts++;
	http_reply(rq, 200);
	return http_reply_whole(rq, "", 0);
}

static inline void forge(struct location *l, struct kept *k, u8 *data)
{
	struct fragment f;
	u8 *symbol;

	(void)l;
	must_equal(fragment_parse(&f, data, k->len), 0);
	symbol = (u8 *)f.symbol;
	symbol[0] ^= 1;
	symbol[f.symbol_bytes / 2] ^= 0x80;
	fragment_format(data, &f);
}

static inline int give_get(struct http_request *rq, struct location *l, struct str name)
{
	struct kept *k = kept_find(l, name);
	size_t len;
	u8 *copy;
	int rc;

	l->gets++;
	if (!k || l->mood == FORGETFUL)
		return told(rq, 404);
	if (l->mood == EXPIRED && !k->refused++)
		return told(rq, 403);
	copy = malloc(k->len);
	memcpy(copy, k->data, k->len);
	len = l->mood == SHORT ? k->len / 2 : k->len;
	if (l->mood == CORRUPT)
		copy[k->len - 30] ^= 4;
	if (l->mood == FORGED)
		forge(l, k, copy);
	http_reply(rq, 200);
	rc = http_reply_whole(rq, copy, len);
	free(copy);
	return rc;
}

static inline int at_location(struct http_request *rq, void *arg)
{
	struct location *l = arg;
	struct uri u;
	struct str value;
	uint64_t nonce;

	must(uri_split(http_str(&rq->head, rq->head.target), &u));
	must(query_find(u.query, STR("n"), &value));
	must(str_number(value, sizeof(l->w->spent) - 1, &nonce));
	if (l->mood == STOPPED)
		return io_sleep_until(io_after_ms(600000));
	if (l->mood == SLOW && io_sleep_until(io_after_ms(200)))
		return -ECANCELED;
	if (l->mood == BUSY)
		return told(rq, 503);
	if (l->w->spent[nonce]) {
		l->w->replayed++;
		return told(rq, 403);
	}
	l->w->spent[nonce] = 1;
	if (str_is(http_method(rq), "GET"))
		return give_get(rq, l, str_skip(u.path, 1));
	if (l->mood == FULL)
		return told(rq, 507);
	return take_put(rq, l, str_skip(u.path, 1));
}

static inline int location_run(void *arg)
{
	struct location *l = arg;

	return http_listen_run(&l->listen);
}

static inline void location_open(struct world *w, unsigned int i)
{
	struct location *l = &w->at[i];
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);

	l->w = w;
	l->id = 100 + i;
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must_equal(bind(l->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	must_equal(listen(l->fd, 512), 0);
	must_equal(getsockname(l->fd, (struct sockaddr *)&at, &len), 0);
	l->port = ntohs(at.sin_port);
	snprintf(l->url, sizeof(l->url), "http://127.0.0.1:%d", l->port);
	l->server = (struct http_server){
		.limits = HTTP_LIMITS_USUAL, .handler = at_location, .arg = l,
	};
	l->listen = (struct http_listen){
		.server = &l->server, .door = { { l->fd, NULL } }, .doors = 1, .most = 1000,
	};
	http_listen_init(&l->listen);
	must_equal(io_spawn(&w->group, location_run, l, NULL), 0);
}

static inline void location_kill(struct location *l)
{
	l->mood = DEAD;
	http_listen_stop(&l->listen);
	shutdown(l->fd, SHUT_RDWR);
}

/* --- the backend ------------------------------------------------------------------- */

static inline int ask_locations(struct link_request *r, const void *ask, void *give)
{
	struct world *w = r->ctx;
	struct meta_locations *l = give;
	struct meta_location *at = link_scratch(r, w->n * sizeof(*at));
	unsigned int i;

	(void)ask;
	w->lists++;
	for (i = 0; i < w->n; i++)
		at[i] = (struct meta_location){
			.id = w->at[i].id, .edge = i % 2,
			.url = { w->at[i].url, strlen(w->at[i].url) },
		};
	*l = (struct meta_locations){ w->revision, at, w->n };
	return 0;
}

static inline int ask_slots(struct link_request *r, const void *ask, void *give)
{
	struct world *w = r->ctx;
	const struct meta_slots_ask *a = ask;
	struct meta_slots *s = give;
	struct { struct meta_slot slot[META_SLOTS_MAX]; u16 location[WORLD_PLACES]; } *room;
	unsigned int i, at = w->given_count++ % 64;

	room = link_scratch(r, sizeof(*room));
	for (i = 0; i < w->n; i++)
		room->location[i] = w->at[i].id;
	w->given[at].reservation = ++w->reservation;
	w->given[at].used = 0;
	for (i = 0; i < a->count; i++) {
		must_equal(random_bytes(w->given[at].id[i], 16), 0);
		memcpy(room->slot[i].generation, w->given[at].id[i], 16);
		room->slot[i].locations = (struct rpc_bytes){ room->location, 2 * w->n };
	}
	w->slots++;
	*s = (struct meta_slots){
		.reservation = w->reservation, .until = data_now_us() + w->life_us,
		.revision = w->revision, .slot = room->slot, .count = a->count,
	};
	return 0;
}

static inline struct rpc_bytes url_of(struct world *w, char *to)
{
	w->nonce++;
	return (struct rpc_bytes){
		to, snprintf(to, 32, "a=1&n=%llu", (unsigned long long)w->nonce),
	};
}

struct url_room {
	struct meta_url url[META_URLS_MAX];
	char text[META_URLS_MAX][32];
};

static inline int ask_sign(struct link_request *r, const void *ask, void *give)
{
	struct world *w = r->ctx;
	const struct meta_sign *a = ask;
	struct meta_signed *s = give;
	struct url_room *room = link_scratch(r, sizeof(*room));
	u32 i, at;

	w->signs++;
	if (w->sign_errors) {
		w->sign_errors--;
		return w->sign_error;
	}
	for (i = 0; i < a->count; i++) {
		const struct meta_fragment *f = &a->fragment[i];

		for (at = 0; at < 64 && w->given[at].reservation != f->reservation; at++)
			;
		if (at == 64)
			return -ESTALE;
		/* Nobody encodes two things for one generation. */
		must(i || !(w->given[at].used >> f->slot & 1));
		w->given[at].used |= 1ull << f->slot;
		room->url[i] = (struct meta_url){
			.slot = f->slot, .row = f->row, .location = w->at[f->row].id,
			.query = url_of(w, room->text[i]),
		};
	}
	*s = (struct meta_signed){ room->url, a->count };
	return 0;
}

static inline int page_at(struct world *w, u64 offset)
{
	unsigned int i;

	for (i = 0; i < w->pages; i++)
		if (offset >= w->page[i].start && offset < w->page[i].start + w->page[i].length)
			return i;
	return -1;
}

/* With URLs of some generations from @offset on. */
static inline void page_give(struct world *w, u64 offset, unsigned int generations,
			     unsigned int spare, struct url_room *room, struct meta_page *page)
{
	const int at = page_at(w, offset);
	const struct page_kept *p = &w->page[at < 0 ? 0 : at];
	struct record rec;
	struct page cursor;
	uint64_t number, start;
	unsigned int row;
	u32 urls = 0;

	must(at >= 0);
	must_equal(page_parse(&cursor, p->data, p->len), 0);
	while (page_next(&cursor, &rec, &number, &start)) {
		if (start - cursor.offset + p->start + rec.plain_bytes <= offset || !generations)
			continue;
		generations--;
		for (row = 0; row < rec.n && row < rec.k + spare; row++, urls++)
			room->url[urls] = (struct meta_url){
				.slot = cursor.seen - 1, .row = row, .location = rec.location[row],
				.query = url_of(w, room->text[urls]),
			};
	}
	*page = (struct meta_page){
		.start = p->start, .length = p->length, .part = p->part,
		.records = { p->data, p->len },
		.revision = w->revision, .url = room->url, .urls = urls,
	};
}

static inline int ask_page(struct link_request *r, const void *ask, void *give)
{
	struct world *w = r->ctx;
	const struct meta_page_ask *a = ask;
	struct url_room *room = link_scratch(r, sizeof(*room));

	w->pages_asked++;
	if (page_at(w, a->offset) < 0)
		return -EINVAL;
	page_give(w, a->offset, a->generations, a->spare, room, give);
	return 0;
}

/* What is wrong is deleted by the backend. */
static inline void kept_drop(struct world *w, const struct meta_repair *a,
			     const struct meta_fragment *f)
{
	const int at = page_at(w, a->offset);
	struct kept **k = &w->at[f->row].kept, *gone;
	char name[META_FRAGMENT_NAME_MAX];
	uint64_t number, start;
	struct record rec;
	struct page page;

	must_equal(page_parse(&page, w->page[at].data, w->page[at].len), 0);
	must_equal(page_seek(&page, page.offset + a->offset - w->page[at].start), 0);
	must(page_next(&page, &rec, &number, &start));
	meta_fragment_name(rec.generation, f->row, name);
	while (*k && strcmp((*k)->name, name))
		k = &(*k)->next;
	must(!!*k);
	gone = *k;
	*k = gone->next;
	free(gone);
	w->dropped_wrong++;
}

static inline int ask_repair(struct link_request *r, const void *ask, void *give)
{
	struct world *w = r->ctx;
	const struct meta_repair *a = ask;
	struct meta_signed *s = give;
	struct url_room *room = link_scratch(r, sizeof(*room));
	u32 i;

	w->repairs_asked++;
	for (i = 0; i < a->count; i++)
		if (a->fragment[i].wrong)
			kept_drop(w, a, &a->fragment[i]);
	for (i = 0; i < a->count; i++)
		room->url[i] = (struct meta_url){
			.row = a->fragment[i].row, .location = w->at[a->fragment[i].row].id,
			.query = url_of(w, room->text[i]),
		};
	*s = (struct meta_signed){ room->url, a->count };
	return 0;
}

static inline int ask_piece_open(struct link_request *r, const void *ask, void *give)
{
	struct world *w = r->ctx;

	(void)ask;
	w->pieces++;
	*(struct meta_piece *)give = (struct meta_piece){ .piece = 77 };
	return 0;
}

static inline void keep_page(struct world *w, u64 start, u64 length, struct rpc_bytes records)
{
	struct page_kept *p = &w->page[w->pages++];

	must(w->pages <= WORLD_PAGES);
	p->start = start;
	p->length = length;
	p->part = w->part;
	p->len = records.len;
	memcpy(p->data, records.data, records.len);
}

static inline int ask_piece_add(struct link_request *r, const void *ask, void *give)
{
	struct world *w = r->ctx;
	const struct meta_piece *a = ask;

	(void)give;
	must_equal(a->piece, 77);
	must(a->claims && a->generations);
	keep_page(w, a->start, a->length, a->records);
	return 0;
}

static inline int ask_piece_drop(struct link_request *r, const void *ask, void *give)
{
	struct world *w = r->ctx;

	(void)ask;
	(void)give;
	w->dropped++;
	return 0;
}

#define ASKS(number, ask, give, handler) \
	{ number, #number, ask, give, 1 << 20, 2, handler }

static const struct link_operation world_operations[] = {
	ASKS(META_LOCATIONS, &meta_key_ask_schema, &meta_locations_schema, ask_locations),
	ASKS(META_SLOTS, &meta_slots_ask_schema, &meta_slots_schema, ask_slots),
	ASKS(META_SIGN, &meta_sign_schema, &meta_signed_schema, ask_sign),
	ASKS(META_PAGE, &meta_page_ask_schema, &meta_page_schema, ask_page),
	ASKS(META_REPAIR, &meta_repair_schema, &meta_signed_schema, ask_repair),
	ASKS(META_PIECE_OPEN, &meta_piece_schema, &meta_piece_schema, ask_piece_open),
	ASKS(META_PIECE_ADD, &meta_piece_schema, NULL, ask_piece_add),
	ASKS(META_PIECE_DROP, &meta_piece_schema, NULL, ask_piece_drop),
};

static inline int backend_run(void *arg)
{
	struct world *w = arg;
	const struct link_service service = {
		.operation = world_operations, .operations = ARRAY_SIZE(world_operations),
		.ctx = w, .peer = 1,
	};

	link_serve(&service, &w->stream);
	io_stream_close(&w->stream);
	return 0;
}

static inline void world_open(struct world *w, unsigned int n, u64 memory)
{
	unsigned int i;
	int fd[2];

	memset(w, 0, sizeof(*w));
	w->n = n;
	w->revision = 5;
	w->life_us = 600 * WORLD_US;
	io_group_init(&w->group);
	io_group_init(&w->repairs);
	stream_pair(fd);
	io_stream_socket(&w->stream, fd[0]);
	must_equal(io_spawn(&w->group, backend_run, w, NULL), 0);
	for (i = 0; i < n; i++)
		location_open(w, i);
	must_equal(link_open(&w->g.backend, NULL, &w->group), 0);
	link_attach(w->g.backend, fd[1]);
	w->g.repairs = &w->repairs;
	must_equal(io_pool_open(&w->g.pool, 3), 0);
	must_equal(data_path_open(&w->g, memory), 0);
}

static inline void world_close(struct world *w)
{
	struct kept *k;
	unsigned int i;

	io_group_end(&w->repairs);
	data_path_close(&w->g);
	link_close(w->g.backend);
	io_group_end(&w->group);
	io_pool_close(w->g.pool);
	for (i = 0; i < w->n; i++) {
		close(w->at[i].fd);
		while ((k = w->at[i].kept)) {
			w->at[i].kept = k->next;
			free(k);
		}
	}
}

/* --- bodies ------------------------------------------------------------------------ */

/* Byte @at of the body of a seed. */
static inline void body_bytes(u64 seed, u64 at, u8 *to, size_t len, bool text)
{
	size_t i;

	for (i = 0; i < len; i++, at++) {
		u64 x = (at / 8 + 1) * 0x9e3779b97f4a7c15ull + seed;

		x ^= x >> 29;
		x *= 0xbf58476d1ce4e5b9ull;
		x ^= x >> 32;
		to[i] = text ? "etaoin shrdlu"[at / 3 % 13] : x >> at % 8 * 8;
	}
}

struct body {
	struct pipe_source source;
	struct pipe_sink sink;
	u64 seed, at, size;
	size_t piece;			/* bytes at once */
	bool text;
	int end;			/* what the end of the source is */
	int64_t pause_ms;
	int sink_error;
	u64 sink_room;
};

static inline ssize_t body_read(struct pipe_source *s, void *to, size_t len)
{
	struct body *b = container_of(s, struct body, source);

	if (b->at == b->size)
		return b->end;
	if (b->pause_ms && io_sleep_until(io_after_ms(b->pause_ms)))
		return -ECANCELED;
	len = min_t(size_t, len, b->piece);
	len = min_t(u64, len, b->size - b->at);
	body_bytes(b->seed, b->at, to, len, b->text);
	b->at += len;
	return len;
}

static inline int body_write(struct pipe_sink *s, const void *data, size_t len)
{
	struct body *b = container_of(s, struct body, sink);
	u8 *want = malloc(len);
	bool same;

	if (b->pause_ms && io_sleep_until(io_after_ms(b->pause_ms))) {
		free(want);
		return -ECANCELED;
	}
	body_bytes(b->seed, b->at, want, len, b->text);
	same = !memcmp(want, data, len);
	free(want);
	must(same);
	b->at += len;
	if (b->sink_error && b->at >= b->sink_room)
		return b->sink_error;
	return 0;
}

static inline struct body body_of(u64 seed, u64 size)
{
	return (struct body){
		.source.read = body_read, .sink.write = body_write, .seed = seed, .size = size,
		.piece = 100003,
	};
}

static const struct meta_caller world_caller = {
	.access_key = { "AKIDEXAMPLE", 11 }, .address = { "192.0.2.1", 9 },
};

static const struct body_key world_key = { .key = "key", .object = "obj", .version = "ver" };

#define BUCKET	((struct rpc_bytes){ "bucket", 6 })

static inline struct meta_policy world_policy(unsigned int k, unsigned int n, unsigned int quorum)
{
	return (struct meta_policy){
		.team = 1, .bucket = 2, .id = 3, .revision = 1, .k = k, .n = n, .quorum = quorum,
		.mode = SKY_SYSTEMATIC, .generation_bytes = 256 << 10,
	};
}

/* One object of a world: how it is coded, and where its pages are. */
struct thing {
	struct meta_policy policy;
	struct meta_object object;
	struct pipe_put put;
	struct cache_use cache;
	u64 seed, size;
	bool text;
};

static inline int thing_put(struct world *w, struct thing *t, struct body *b)
{
	int rc;

	w->pages = 0;
	w->part = t->put.part;
	t->seed = b->seed;
	t->text = b->text;
	t->put = (struct pipe_put){
		.caller = &world_caller, .bucket = BUCKET, .policy = &t->policy, .key = &world_key,
		.source = &b->source, .size_hint = t->put.size_hint ? t->put.size_hint : b->size,
		.checksum = t->put.checksum, .part = t->put.part, .patience = t->put.patience,
		.cache = t->cache,
	};
	rc = pipe_put(&w->g, &t->put);
	if (!rc) {
		t->size = t->put.size;
		if (!t->put.piece)
			w->pages = 0;
		if (!t->put.piece && t->put.records_len)
			keep_page(w, 0, t->put.size,
				  (struct rpc_bytes){ t->put.records, t->put.records_len });
	}
	pipe_put_free(&t->put);
	t->object = (struct meta_object){
		.policy = t->policy, .size = t->size,
		.data = { .ref = 1, .size = t->size, .records = { "inner", 5 } },
	};
	return rc;
}

static inline int thing_get(struct world *w, struct thing *t, u64 offset, u64 length,
			    struct body *b)
{
	struct pipe_get get = {
		.object = &t->object, .key = &world_key, .offset = offset, .length = length,
		.sink = &b->sink, .patience = t->put.patience, .cache = t->cache,
	};
	int rc;

	b->seed = t->seed, b->text = t->text, b->at = offset;
	rc = pipe_get(&w->g, &get);
	must(rc || b->at == offset + length);
	return rc;
}

static inline int thing_read(struct world *w, struct thing *t)
{
	struct body b = body_of(t->seed, t->size);

	return thing_get(w, t, 0, t->size, &b);
}

#endif /* TEST_DATA_UTIL_H */
