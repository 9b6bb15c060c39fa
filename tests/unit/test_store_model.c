// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store beside a naive model.  Random operations on both; every answer, every
 * listing and at the end every fragment must agree.  A clock that stands still and
 * jumps back is part of it.
 */
#include "store_model.h"

#define OPERATIONS	20000

/* --- operations ---------------------------------------------------------- */

static int expected_condition(const struct store_condition *c, const struct version *live)
{
	bool any = c->if_match.len == 1 || c->if_none_match.len == 1;

	if (c->if_match.len)
		return !live ? -STORE_NO_SUCH_KEY :
		       any || text_is(c->if_match, live->etag) ? 0 : -STORE_PRECONDITION;
	if (c->if_none_match.len)
		return live && (any || text_is(c->if_none_match, live->etag)) ?
		       -STORE_PRECONDITION : 0;
	return 0;
}

static struct version *live_version(struct model *m, unsigned int b, unsigned int n)
{
	struct version *v = newest(m, b, n);

	return v && !v->marker ? v : NULL;
}

static void random_condition(struct model *m, const struct version *live,
			     struct store_condition *c)
{
	static const char *const texts[] = { "*", "e-none" };
	struct store_text t = str(texts[pick(m, 2)]);

	if (live && pick(m, 2))
		t = str(live->etag);
	if (!pick(m, 4))
		c->if_match = t;
	else if (!pick(m, 4))
		c->if_none_match = t;
}

static void op_put(struct model *m, unsigned int b, unsigned int n)
{
	struct version *live = live_version(m, b, n);
	struct store_result result;
	struct store_put put = {
		.team = m->shop->team, .bucket = m->bucket[b], .name = m->name[n],
		.key = str("key"), .headers = str("headers"),
	};
	struct made made;
	char etag[16];
	int err;

	snprintf(etag, sizeof(etag), "e%u", m->versions);
	put.etag = str(etag);
	random_condition(m, live, &put.condition);
	make_body(m, &made);
	put.body = made.store;
	err = store_object_put(m->shop->store, &put, &result);
	assert_int_equal(err, expected_condition(&put.condition, live));
	if (!err) {
		add_version(m, b, n, made.body, made.store.size, etag, &result);
		return;
	}
	/* What was not committed is found again: the claim expires, the piece is dropped. */
	if (made.store.piece)
		ASSERT_OK(store_piece_drop(m->shop->store, m->shop->team, made.store.piece));
	if (made.store.claims || made.store.piece) {
		kill_body(m, made.body);
		return;
	}
	while (made.body->count)
		m->fate[made.body->label[--made.body->count]] = FATE_NONE;
	free(made.body);
}

static void op_delete(struct model *m, unsigned int b, unsigned int n)
{
	struct store_result result;

	ASSERT_OK(store_object_delete(m->shop->store, m->shop->team, m->bucket[b], m->name[n],
				      NULL, NULL, &result));
	assert_int_equal(result.marker, m->mode[b] != STORE_UNVERSIONED);
	if (m->mode[b] == STORE_UNVERSIONED)
		kill_version(m, null_version(m, b, n));
	else
		add_version(m, b, n, NULL, 0, "", &result);
}

/* Some version of the name: any, the null one, or one that is not there. */
static struct version *pick_version(struct model *m, unsigned int b, unsigned int n,
				    struct store_version *id)
{
	unsigned int i, tries;

	memset(id, 0, sizeof(*id));
	if (!pick(m, 4)) {
		id->kind = STORE_NULL;
		return null_version(m, b, n);
	}
	id->kind = STORE_BY_ID;
	for (tries = 0; m->versions && tries < 300; tries++) {
		i = pick(m, m->versions);
		if (m->version[i].bucket == b && m->version[i].name == n &&
		    m->version[i].id.kind == STORE_BY_ID) {
			*id = m->version[i].id;
			return m->version[i].there ? &m->version[i] : NULL;
		}
	}
	return NULL;
}

static void op_delete_version(struct model *m, unsigned int b, unsigned int n)
{
	struct store_version id;
	struct version *v = pick_version(m, b, n, &id);
	struct store_result result;

	ASSERT_OK(store_object_delete(m->shop->store, m->shop->team, m->bucket[b], m->name[n],
				      &id, NULL, &result));
	assert_int_equal(result.marker, v && v->marker);
	kill_version(m, v);
}

static void check_body(struct model *m, const struct store_object *o, const struct body *body)
{
	u64 offset = 0, base;
	u32 part, at = 0, i;

	while (offset < o->size) {
		struct store_page page;
		u32 label;

		ASSERT_OK(store_data_page(m->shop->store, &o->data, offset, &m->shop->arena, &page,
					  &base, &part));
		assert_int_equal(base + page.start, offset);
		for (i = 0; i < page.generations; i++, at++) {
			memcpy(&label, (const u8 *)page.records.data + 4 * i, 4);
			assert_int_equal(label, body->label[at]);
		}
		/* The page of any byte within it is this page. */
		offset += page.length;
		if (!pick(m, 4)) {
			struct store_page again;

			ASSERT_OK(store_data_page(m->shop->store, &o->data,
						  offset - 1 - pick(m, page.length),
						  &m->shop->arena, &again, &base, &part));
			assert_int_equal(base + again.start + again.length, offset);
		}
	}
	assert_int_equal(at, body ? body->count : 0);
}

static void op_get(struct model *m, unsigned int b, unsigned int n)
{
	struct version *v = newest(m, b, n), *latest = v;
	struct store_version id, *named = NULL;
	struct store_object o;
	int err;

	if (pick(m, 2)) {
		v = pick_version(m, b, n, &id);
		named = &id;
	}
	err = store_object_get(m->shop->store, m->shop->team, m->bucket[b], m->name[n], named,
			       &m->shop->arena, &o);
	if (!v) {
		assert_int_equal(err, named ? -STORE_NO_SUCH_VERSION : -STORE_NO_SUCH_KEY);
		return;
	}
	if (v->marker)
		assert_int_equal(err, named ? -STORE_METHOD_NOT_ALLOWED : -STORE_NO_SUCH_KEY);
	else
		ASSERT_OK(err);
	assert_int_equal(o.marker, v->marker);
	assert_int_equal(o.latest, v == latest);
	assert_int_equal(o.order, v->order);
	assert_int_equal(o.size, v->size);
	assert_memory_equal(&o.version, &v->id, sizeof(o.version));
	assert_true(text_is(o.etag, v->etag));
	if (!v->marker)
		check_body(m, &o, v->body);
}

static void op_mode(struct model *m)
{
	unsigned int b = 1 + pick(m, 2);

	m->mode[b] = 1 + pick(m, 2);
	ASSERT_OK(store_bucket_set_versioning(m->shop->store, m->shop->team, m->bucket[b],
					      m->mode[b]));
}

/* --- uploads ------------------------------------------------------------- */

static void upload_open(struct model *m, struct upload *u)
{
	struct store_upload up = { .team = m->shop->team };

	*u = (struct upload){ .there = true, .bucket = pick(m, 3), .name = pick(m, NAMES) };
	up.bucket = m->bucket[u->bucket];
	up.name = m->name[u->name];
	ASSERT_OK(store_upload_create(m->shop->store, &up));
	memcpy(u->id, up.id, sizeof(u->id));
}

static void upload_part(struct model *m, struct upload *u)
{
	unsigned int i = pick(m, 8);
	struct store_part part = { .number = 1 + 3 * i, .etag = str("part") };
	struct made made;

	make_body(m, &made);
	ASSERT_OK(store_part_put(m->shop->store, m->shop->team, m->bucket[u->bucket],
				 m->name[u->name], u->id, &part, &made.store));
	kill_body(m, u->part[i]);
	u->part[i] = made.body;
	u->size[i] = made.store.size;
}

static void upload_abort(struct model *m, struct upload *u)
{
	unsigned int i;

	ASSERT_OK(store_upload_abort(m->shop->store, m->shop->team, m->bucket[u->bucket],
				     m->name[u->name], u->id));
	for (i = 0; i < 8; i++)
		kill_body(m, u->part[i]);
	u->there = false;
}

static void upload_complete(struct model *m, struct upload *u)
{
	struct store_part parts[8] = { 0 };
	struct store_complete complete = {
		.team = m->shop->team, .bucket = m->bucket[u->bucket], .name = m->name[u->name],
		.part = parts, .etag = str("whole-8"),
	};
	struct body *body = calloc(1, sizeof(*body));
	struct store_result result;
	bool used[8] = { 0 }, small = false;
	unsigned int i, last_small = 0;
	u64 size = 0;
	int err;

	memcpy(complete.id, u->id, sizeof(u->id));
	for (i = 0; i < 8; i++) {
		if (!u->part[i] || !pick(m, 4) || body->count + u->part[i]->count > BODY_MAX)
			continue;
		used[i] = true;
		small |= last_small;
		last_small = u->size[i] < STORE_PART_MIN;
		parts[complete.parts++] = (struct store_part){ .number = 1 + 3 * i,
							       .etag = str("part") };
		memcpy(body->label + body->count, u->part[i]->label, u->part[i]->count * 4);
		body->count += u->part[i]->count;
		size += u->size[i];
	}
	err = store_upload_complete(m->shop->store, &complete, &result);
	if (!complete.parts || small) {
		assert_int_equal(err, complete.parts ? -STORE_PART_TOO_SMALL : -STORE_INVALID);
		free(body);
		return;
	}
	ASSERT_OK(err);
	add_version(m, u->bucket, u->name, body, size, "whole-8", &result);
	for (i = 0; i < 8; i++) {
		if (used[i])
			free(u->part[i]);
		else
			kill_body(m, u->part[i]);
	}
	u->there = false;
}

static void op_upload(struct model *m)
{
	struct upload *u = &m->upload[pick(m, UPLOADS)];
	unsigned int what = pick(m, 12);

	if (!u->there)
		upload_open(m, u);
	else if (what == 0)
		upload_abort(m, u);
	else if (what < 3)
		upload_complete(m, u);
	else
		upload_part(m, u);
}

/* --- listings ------------------------------------------------------------ */

struct item {
	struct store_text name;
	bool group, latest;
	const struct version *version;
};

struct wanted {
	struct item item[VERSIONS_MAX];
	unsigned int count;
};

static struct wanted wanted;

static bool begins(struct store_text t, struct store_text with)
{
	return t.len >= with.len && !memcmp(t.data, with.data, with.len);
}

/* The group by the first delimiter behind the prefix, byte by byte. */
static struct store_text group_by(const struct store_list *l, struct store_text name)
{
	size_t at;

	for (at = l->prefix.len; l->delimiter.len && at + l->delimiter.len <= name.len; at++)
		if (!memcmp((const u8 *)name.data + at, l->delimiter.data, l->delimiter.len))
			return (struct store_text){ name.data, at + l->delimiter.len };
	return (struct store_text){ 0 };
}

static void want(struct model *m, const struct store_list *l, unsigned int b, bool all)
{
	unsigned int n, i;

	wanted.count = 0;
	for (n = 0; n < NAMES; n++) {
		struct store_text group = group_by(l, m->name[n]);
		struct version *v = newest(m, b, n);
		struct item *last = wanted.count ? &wanted.item[wanted.count - 1] : NULL;

		if (!v || (!all && v->marker) || !begins(m->name[n], l->prefix) ||
		    by_name(&m->name[n], &l->after) <= 0)
			continue;
		if (group.len && !by_name(&group, &l->after))
			continue;
		if (group.len) {
			if (!last || !last->group || by_name(&last->name, &group))
				wanted.item[wanted.count++] = (struct item){ .name = group,
									     .group = true };
			continue;
		}
		for (i = m->versions; i--;) {
			struct version *w = &m->version[i];

			if (!w->there || w->bucket != b || w->name != n || (!all && w != v))
				continue;
			wanted.item[wanted.count++] = (struct item){ m->name[n], false, w == v, w };
		}
	}
}

static void compare(const struct item *w, const struct store_entry *e)
{
	assert_int_equal(by_name(&w->name, &e->name), 0);
	assert_int_equal(w->group, e->group);
	if (w->group)
		return;
	assert_int_equal(w->latest, e->latest);
	assert_int_equal(w->version->marker, e->marker);
	assert_int_equal(w->version->order, e->order);
	assert_int_equal(w->version->size, e->size);
	assert_true(text_is(e->etag, w->version->etag));
	assert_memory_equal(&w->version->id, &e->version, sizeof(e->version));
}

static void op_list(struct model *m, unsigned int b)
{
	static const char *const delimiters[] = { "", "/", "a", "/a", "//", "\xff" };
	bool all = pick(m, 2);
	struct store_list l = {
		.team = m->shop->team, .bucket = m->bucket[b],
		.delimiter = str(delimiters[pick(m, 6)]), .max = 1 + pick(m, pick(m, 2) ? 3 : 50),
	};
	struct store_listing out = { .truncated = true };
	unsigned int at = 0, i;

	l.prefix = str("");
	l.after = str("");
	if (pick(m, 2)) {
		l.prefix = m->name[pick(m, NAMES)];
		l.prefix.len = pick(m, l.prefix.len + 1);
	}
	if (pick(m, 2)) {
		l.after = m->name[pick(m, NAMES)];
		l.after.len = pick(m, l.after.len + 1);
	}
	want(m, &l, b, all);
	while (out.truncated) {
		ASSERT_OK((all ? store_list_versions : store_list_objects)
			  (m->shop->store, &l, &m->shop->arena, &out));
		assert_true(out.count <= l.max && at + out.count <= wanted.count);
		assert_true(!out.truncated || out.count == l.max);
		for (i = 0; i < out.count; i++)
			compare(&wanted.item[at++], &out.entry[i]);
		l.after = out.next;
		l.after_version = out.next_version;
	}
	assert_int_equal(at, wanted.count);
	m->entries += at;
}

/* --- the end: every generation has one fate ------------------------------ */

static void collect_page(struct model *m, const struct store_garbage_page *g)
{
	u32 label, i;

	for (i = 0; i < g->page.generations; i++) {
		if (!(g->mask >> i & 1))
			continue;
		memcpy(&label, (const u8 *)g->page.records.data + 4 * i, 4);
		assert_true(label < m->labels);
		assert_int_equal(m->fate[label], FATE_DEAD);
		m->fate[label] = FATE_COLLECTED;
	}
}

static void collect_item(struct model *m, const struct store_garbage *item)
{
	struct store *s = m->shop->store;
	struct store_garbage_page page;
	int more;

	while ((more = store_garbage_next(s, item, &m->shop->arena, &page)) > 0) {
		collect_page(m, &page);
		ASSERT_OK(store_garbage_page_done(s, item, &page));
	}
	ASSERT_OK(more);
	ASSERT_OK(store_garbage_done(s, item));
	ASSERT_ERR(store_garbage_done(s, item), STORE_LEASE_LOST);
}

static void collect(struct model *m)
{
	struct store *s = m->shop->store;
	struct store_garbage *items;
	int count, i;

	/* What was reserved expires, and may not be used any more. */
	clock_us += 10000000000ull;
	m->next = STORE_PAGE_GENERATIONS;
	do {
		count = store_leftovers(s, 10);
		assert_true(count >= 0);
	} while (count);
	while ((count = store_garbage_lease(s, 60000000, 7, &m->shop->arena, &items))) {
		assert_true(count > 0);
		for (i = 0; i < count; i++)
			collect_item(m, &items[i]);
		store_arena_reset(&m->shop->arena);
	}
	for (i = 0; i < m->labels; i++)
		assert_true(m->fate[i] != FATE_DEAD);
}

static void check_usage(struct model *m)
{
	struct store_usage want_usage = { 0 }, got;
	unsigned int b, n, i;

	for (i = 0; i < m->versions; i++) {
		want_usage.versions += m->version[i].there;
		want_usage.bytes += m->version[i].there ? m->version[i].size : 0;
	}
	for (b = 0; b < 3; b++)
		for (n = 0; n < NAMES; n++)
			want_usage.objects += !!live_version(m, b, n);
	for (i = 0; i < UPLOADS; i++)
		for (n = 0; m->upload[i].there && n < 8; n++)
			want_usage.uploads += m->upload[i].part[n] ? m->upload[i].size[n] : 0;
	ASSERT_OK(store_team_usage(m->shop->store, m->shop->team, &got));
	assert_memory_equal(&got, &want_usage, sizeof(got));
	ASSERT_OK(store_usage_check(m->shop->store));
}

static void step(struct model *m)
{
	unsigned int b = pick(m, 3), n = pick(m, NAMES), what;

	clock_us += pick(m, 3) ? pick(m, 1000) : 0;
	if (!pick(m, 100))
		clock_us -= 100000;
	what = pick(m, 16);
	if (what < 5)
		op_put(m, b, n);
	else if (what < 7)
		op_delete(m, b, n);
	else if (what < 10)
		op_delete_version(m, b, n);
	else if (what < 12)
		op_get(m, b, n);
	else if (what < 14)
		op_upload(m);
	else
		op_list(m, b);
	if (!pick(m, 200))
		op_mode(m);
}

/* Takes everything away, so that what is left over shows. */
static void clear(struct model *m)
{
	struct store_result result;
	unsigned int i;

	for (i = 0; i < UPLOADS; i++)
		if (m->upload[i].there)
			upload_abort(m, &m->upload[i]);
	for (i = 0; i < m->versions; i++) {
		struct version *v = &m->version[i];

		if (!v->there)
			continue;
		ASSERT_OK(store_object_delete(m->shop->store, m->shop->team, m->bucket[v->bucket],
					      m->name[v->name], &v->id, NULL, &result));
		kill_version(m, v);
	}
	check_usage(m);
	collect(m);
	for (i = 0; i < 3; i++)
		ASSERT_OK(store_bucket_delete(m->shop->store, m->shop->team, m->bucket[i]));
}

static void random_operations(void **state)
{
	static const char *const names[] = { "plain", "versioned", "suspended" };
	struct model *m = calloc(1, sizeof(*m));
	unsigned int i;

	m->shop = *state;
	m->rng = 4711;
	m->next = STORE_PAGE_GENERATIONS;
	make_names(m);
	for (i = 0; i < 3; i++) {
		m->bucket[i] = make_bucket(m->shop, m->shop->team, names[i]);
		m->mode[i] = i;
		ASSERT_OK(store_bucket_set_versioning(m->shop->store, m->shop->team, m->bucket[i],
						      i));
	}
	for (i = 0; i < OPERATIONS; i++) {
		step(m);
		if (i % 1000 == 999) {
			check_usage(m);
			collect(m);
		}
		store_arena_reset(&m->shop->arena);
	}
	print_message("# %d operations, %u versions, %u entries listed, %u generations\n",
		      OPERATIONS, m->versions, m->entries, m->labels);
	clear(m);
	for (i = 0; i < NAMES; i++)
		free((void *)m->name[i].data);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(random_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
