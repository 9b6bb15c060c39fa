/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A naive model of the store: arrays, searched from end to end.  What is in it,
 * and the bodies that are given to both.
 */
#ifndef TEST_STORE_MODEL_H
#define TEST_STORE_MODEL_H

#include "store_util.h"

#define NAMES		60
#define VERSIONS_MAX	40000
#define LABELS_MAX	(1 << 20)
#define BODY_MAX	400		/* generations */
#define G		(4u << 20)	/* plain bytes of a generation */
#define UPLOADS		6

/* A generation is its number; where each one is now. */
enum fate { FATE_NONE, FATE_LIVE, FATE_DEAD, FATE_COLLECTED };

struct body {
	u32 count;
	u32 label[BODY_MAX];
};

struct version {
	bool there;
	unsigned int bucket, name;
	struct store_version id;
	bool isnull, marker;
	char etag[16];
	u64 size, order;
	struct body *body;
};

struct upload {
	bool there;
	unsigned int bucket, name;
	u8 id[STORE_VERSION_BYTES];
	struct body *part[8];
	u64 size[8];
};

struct model {
	struct shop *shop;
	u64 bucket[3];
	enum store_versioning mode[3];
	struct store_text name[NAMES];		/* sorted */
	struct version version[VERSIONS_MAX];	/* the later the newer */
	unsigned int versions;
	struct upload upload[UPLOADS];
	u8 fate[LABELS_MAX];
	u32 labels;
	u64 reservation;
	u32 reserved[STORE_PAGE_GENERATIONS];
	unsigned int next;
	unsigned int rng;
	unsigned int entries;			/* listed */
};

static unsigned int pick(struct model *m, unsigned int n)
{
	return rand_r(&m->rng) % n;
}

/* --- names --------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct store_text *x = a, *y = b;
	int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Few letters, many slashes, bytes that a careless comparison would get wrong. */
static void make_names(struct model *m)
{
	static const u8 letters[] = { 'a', 'b', '/', '/', '-', 0, 0x7f, 0x80, 0xff };
	unsigned int i, j;

	for (i = 0; i < NAMES; i++) {
		size_t len = 1 + pick(m, i % 10 ? 6 : 30);
		u8 *p = malloc(len);

		for (j = 0; j < len; j++)
			p[j] = letters[pick(m, sizeof(letters))];
		m->name[i] = (struct store_text){ p, len };
		for (j = 0; j < i; j++)
			if (!by_name(&m->name[i], &m->name[j]))
				break;
		if (j < i) {
			free(p);
			i--;
		}
	}
	qsort(m->name, NAMES, sizeof(m->name[0]), by_name);
}

/* --- the model's versions ------------------------------------------------ */

static struct version *newest(struct model *m, unsigned int b, unsigned int n)
{
	unsigned int i = m->versions;

	while (i--)
		if (m->version[i].there && m->version[i].bucket == b && m->version[i].name == n)
			return &m->version[i];
	return NULL;
}

static struct version *null_version(struct model *m, unsigned int b, unsigned int n)
{
	unsigned int i = m->versions;

	while (i--) {
		struct version *v = &m->version[i];

		if (v->there && v->bucket == b && v->name == n && v->isnull)
			return v;
	}
	return NULL;
}

static void kill_body(struct model *m, struct body *body)
{
	u32 i;

	for (i = 0; body && i < body->count; i++) {
		assert_int_equal(m->fate[body->label[i]], FATE_LIVE);
		m->fate[body->label[i]] = FATE_DEAD;
	}
	free(body);
}

static void kill_version(struct model *m, struct version *v)
{
	if (!v)
		return;
	v->there = false;
	kill_body(m, TAKE_PTR(v->body));
}

static void add_version(struct model *m, unsigned int b, unsigned int n, struct body *body,
			u64 size, const char *etag, const struct store_result *result)
{
	struct version *v = &m->version[m->versions++];
	struct version *old = newest(m, b, n);

	assert_true(m->versions <= VERSIONS_MAX);
	if (m->mode[b] != STORE_VERSIONED)
		kill_version(m, null_version(m, b, n));
	if (old)
		assert_true(result->order > old->order);
	*v = (struct version){
		.there = true, .bucket = b, .name = n, .id = result->version,
		.isnull = m->mode[b] != STORE_VERSIONED, .marker = result->marker,
		.size = size, .order = result->order, .body = body,
	};
	if (v->isnull)
		v->id = (struct store_version){ .kind = STORE_NULL };
	snprintf(v->etag, sizeof(v->etag), "%s", etag);
}

/* --- bodies -------------------------------------------------------------- */

static u32 new_label(struct model *m, enum fate fate)
{
	assert_true(m->labels < LABELS_MAX);
	m->fate[m->labels] = fate;
	return m->labels++;
}

static struct store_page page_of(const struct body *body, u32 from, u32 count)
{
	return (struct store_page){
		.start = (u64)from * G, .length = (u64)count * G, .generations = count,
		.records = { body->label + from, count * sizeof(u32) },
	};
}

/* One generation, out of a reservation that serves many. */
static void reserved_body(struct model *m, struct body *body, struct store_claim *claim)
{
	unsigned int i;

	if (m->next == STORE_PAGE_GENERATIONS) {
		for (i = 0; i < STORE_PAGE_GENERATIONS; i++)
			m->reserved[i] = new_label(m, FATE_DEAD);
		ASSERT_OK(store_reserve(m->shop->store, 0, STORE_PAGE_GENERATIONS,
					(struct store_text){ m->reserved, sizeof(m->reserved) },
					clock_us + 1000000000, &m->reservation));
		m->next = 0;
	}
	*claim = (struct store_claim){ m->reservation, 1ull << m->next };
	body->count = 1;
	body->label[0] = m->reserved[m->next++];
	m->fate[body->label[0]] = FATE_LIVE;
}

static void piece_body(struct model *m, struct body *body, u64 *piece)
{
	u32 at, n;

	ASSERT_OK(store_piece_open(m->shop->store, m->shop->team, clock_us + 1000000000, piece));
	for (at = 0; at < body->count; at += n) {
		struct store_page page;

		n = 1 + pick(m, 64);
		if (n > body->count - at)
			n = body->count - at;
		page = page_of(body, at, n);
		ASSERT_OK(store_piece_add(m->shop->store, m->shop->team, *piece, &page, NULL, 0,
					  clock_us + 1000000000));
	}
}

struct made {
	struct body *body;
	struct store_body store;
	struct store_page page;
	struct store_claim claim;
};

static void make_body(struct model *m, struct made *made)
{
	struct body *body = calloc(1, sizeof(*body));
	unsigned int kind = pick(m, 10), i;

	*made = (struct made){ .body = body };
	if (kind > 6) {
		body->count = kind == 7 ? 0 : kind == 8 ? 2 + pick(m, 63) : 65 + pick(m, 300);
		for (i = 0; i < body->count; i++)
			body->label[i] = new_label(m, FATE_LIVE);
	} else {
		reserved_body(m, body, &made->claim);
		made->store.claim = &made->claim;
		made->store.claims = 1;
	}
	made->store.size = (u64)body->count * G;
	if (body->count > 64) {
		piece_body(m, body, &made->store.piece);
	} else if (body->count) {
		made->page = page_of(body, 0, body->count);
		made->store.page = &made->page;
	}
}

#endif /* TEST_STORE_MODEL_H */
