// SPDX-License-Identifier: GPL-2.0-or-later
/* The backend: versions, uploads, pieces, listings, deletions, documents, expiry. */
#include "backend_util.h"

#define RUN(fn) \
	static void test_##fn(void **state) { assert_int_equal(on_loop(state, fn, NULL), 0); }

static struct home home;

/* --- versions --------------------------------------------------------------------- */

static void versioning(struct home *h, u8 value, int wanted)
{
	const struct meta_bucket_set ask = {
		.caller = caller_of(OWNER), .name = rtext("b"), .value = value,
	};

	must_equal(TELL(h, META_BUCKET_VERSIONING, bucket_set, &ask), wanted);
}

static struct meta_result put(struct home *h, const char *name, const char *etag)
{
	const struct put p = {
		.who = OWNER, .bucket = "b", .name = name, .etag = etag, .size = 7,
	};
	struct meta_result result;

	must_equal(put_object(h, &p, &result), 0);
	return result;
}

static char etag_read[64];	/* by read_version(): texts go with their answer */

static int read_version(struct home *h, enum asker who, const struct meta_result *version,
			struct meta_object *give)
{
	ANSWER answer = LINK_ANSWER_NONE;
	struct meta_read ask = {
		.caller = caller_of(who), .bucket = rtext("b"), .name = rtext("o"),
	};
	int rc;

	if (version) {
		ask.version_kind = version->version_kind;
		memcpy(ask.version, version->version, META_VERSION_BYTES);
	}
	rc = ASK(h, META_READ, read, &ask, object, give, &answer);
	if (!rc)
		must(str_copy(str_of_bytes(give->etag), etag_read, sizeof(etag_read)));
	return rc;
}

static int versions(void *arg)
{
	struct meta_delete_item item = { .name = rtext("o") };
	struct meta_delete ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .item = &item, .count = 1,
	};
	struct meta_result old, first, second;
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER again = LINK_ANSWER_NONE;
	struct home *h = &home;
	struct meta_object o;
	struct meta_deleted give;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	versioning(h, STORE_UNVERSIONED, REFUSED(ILLEGAL_VERSIONING));
	old = put(h, "o", "old");
	must_equal(old.version_kind, META_LATEST);
	versioning(h, STORE_VERSIONED, 0);
	first = put(h, "o", "1");
	second = put(h, "o", "2");
	must_equal(first.version_kind, META_BY_ID);
	must(memcmp(first.version, second.version, META_VERSION_BYTES));
	must_equal(read_version(h, OWNER, &first, &o), 0);
	must(!o.latest && !strcmp(etag_read, "1"));
	old.version_kind = META_NULL;
	must_equal(read_version(h, OWNER, &old, &o), 0);
	must(!strcmp(etag_read, "old"));
	/* A marker: the latest is gone, for who may see it; the versions are there. */
	must_equal(ASK(h, META_DELETE, delete, &ask, deleted, &give, &answer), 0);
	must_equal(give.item[0].code, S3_OK);
	must(give.item[0].marker && give.item[0].version_kind == META_BY_ID);
	must_equal(read_version(h, OWNER, NULL, &o), 0);
	must(o.marker && o.latest && !o.etag.len && !o.data.size);
	must_equal(read_version(h, ANONYMOUS, NULL, &o), REFUSED(ACCESS_DENIED));
	must_equal(read_version(h, OWNER, &second, &o), 0);
	item.version_kind = META_BY_ID;
	memcpy(item.version, give.item[0].version, META_VERSION_BYTES);
	must_equal(ASK(h, META_DELETE, delete, &ask, deleted, &give, &again), 0);
	must(give.item[0].marker);
	must_equal(read_version(h, OWNER, NULL, &o), 0);
	must(!strcmp(etag_read, "2"));
	first.version[0] ^= 1;
	must_equal(read_version(h, OWNER, &first, &o), REFUSED(NO_SUCH_VERSION));
	first.version_kind = 3;
	must_equal(read_version(h, OWNER, &first, &o), -EINVAL);
	home_close(h);
	return 0;
}

RUN(versions)

/* --- uploads ---------------------------------------------------------------------- */

static struct meta_result make_upload(struct home *h)
{
	ANSWER answer = LINK_ANSWER_NONE;
	const struct meta_commit ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("o"),
		.key = rtext("bodykey"), .checksums = rtext("crc"), .headers = rtext("head"),
	};
	struct meta_result give;

	must_equal(ASK(h, META_UPLOAD_CREATE, commit, &ask, result, &give, &answer), 0);
	must_equal(give.version_kind, META_BY_ID);
	return give;
}

static int put_part(struct home *h, enum asker who, const u8 *upload, u32 number, u32 size)
{
	ANSWER opened_answer = LINK_ANSWER_NONE;
	ANSWER answer = LINK_ANSWER_NONE;
	struct meta_open open = {
		.caller = caller_of(who), .bucket = rtext("b"), .name = rtext("o"),
		.part = number, .slots = 1,
	};
	struct meta_commit commit = {
		.caller = open.caller, .bucket = open.bucket, .name = open.name, .part = number,
		.size = size, .etag = rtext("part"), .generations = 1,
	};
	struct meta_claim claim = { .mask = 1 };
	u8 page[SKY_PAGE_MAX_BYTES];
	struct meta_opened opened;
	struct meta_result give;
	int rc;

	memcpy(open.upload, upload, META_VERSION_BYTES);
	memcpy(commit.upload, upload, META_VERSION_BYTES);
	rc = ASK(h, META_OPEN, open, &open, opened, &opened, &opened_answer);
	if (rc)
		return rc;
	must(ris(opened.upload_key, "bodykey") && ris(opened.upload_checksums, "crc"));
	commit.records = (struct rpc_bytes){
		page, one_record(&opened.slots, 0, &opened.policy, size, page) };
	claim.reservation = opened.slots.reservation;
	commit.claim = &claim;
	commit.claims = 1;
	return ASK(h, META_COMMIT, commit, &commit, result, &give, &answer);
}

static int complete(struct home *h, const u8 *upload, const struct meta_part *part, u32 parts)
{
	ANSWER answer = LINK_ANSWER_NONE;
	struct meta_complete ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("o"), .part = part,
		.parts = parts, .etag = rtext("whole-2"),
	};
	struct meta_result give;

	memcpy(ask.upload, upload, META_VERSION_BYTES);
	return ASK(h, META_UPLOAD_COMPLETE, complete, &ask, result, &give, &answer);
}

static void read_parts(struct home *h)
{
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER listed = LINK_ANSWER_NONE;
	ANSWER wrong = LINK_ANSWER_NONE;
	struct meta_read ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("o"),
		.from = META_FROM_PART, .value = 3, .generations = 1,
	};
	struct meta_upload parts = { .caller = ask.caller, .max = 1 };
	struct meta_parts given;
	struct meta_object o;

	must_equal(ASK(h, META_READ, read, &ask, object, &o, &answer), 0);
	must_equal(o.data.parts, 2);
	must_equal(o.part_start, STORE_PART_MIN);
	must_equal(o.part_size, 10);
	must_equal(o.page.start, STORE_PART_MIN);
	must_equal(o.page.part, 3);
	must_equal(o.page.urls, 4);
	parts.data = o.data;
	must_equal(ASK(h, META_OBJECT_PARTS, upload, &parts, parts, &given, &listed), 0);
	must_equal(given.count, 1);
	must(given.truncated && given.part[0].number == 1);
	ask.value = 2;
	must_equal(ASK(h, META_READ, read, &ask, object, &o, &wrong), REFUSED(INVALID_PART_NUMBER));
	parts.data.parts++;
	must_equal(ASK(h, META_OBJECT_PARTS, upload, &parts, parts, &given, &wrong),
		   REFUSED(ACCESS_DENIED));
}

static int uploads(void *arg)
{
	const struct meta_part both[2] = {
		{ .number = 1, .etag = rtext("part") }, { .number = 3, .etag = rtext("part") },
	};
	const struct meta_part wrong[2] = { both[1], both[0] };
	struct meta_upload ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("o"), .max = 1,
	};
	ANSWER answer = LINK_ANSWER_NONE;
	struct meta_result u, second;
	struct home *h = &home;
	struct meta_parts parts;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	u = make_upload(h);
	second = make_upload(h);
	must_equal(put_part(h, OTHER, u.version, 1, 10), REFUSED(ACCESS_DENIED));
	must_equal(put_part(h, OWNER, u.version, 10001, 10), REFUSED(INVALID_ARGUMENT));
	must_equal(put_part(h, OWNER, u.version, 1, STORE_PART_MIN), 0);
	must_equal(put_part(h, OWNER, u.version, 3, 10), 0);
	memcpy(ask.upload, u.version, META_VERSION_BYTES);
	must_equal(ASK(h, META_UPLOAD_PARTS, upload, &ask, parts, &parts, &answer), 0);
	must_equal(parts.count, 1);
	must(parts.truncated && ris(parts.key, "bodykey") && ris(parts.headers, "head"));
	must_equal(complete(h, u.version, wrong, 2), REFUSED(INVALID_PART_ORDER));
	must_equal(complete(h, u.version, both, 2), 0);
	/* Again, as who has lost the answer; not what it was not made of. */
	must_equal(complete(h, u.version, both, 2), 0);
	must_equal(complete(h, second.version, both, 2), REFUSED(INVALID_PART));
	read_parts(h);
	memcpy(ask.upload, second.version, META_VERSION_BYTES);
	ask.caller = caller_of(READER);
	must_equal(TELL(h, META_UPLOAD_ABORT, upload, &ask), REFUSED(ACCESS_DENIED));
	ask.caller = caller_of(OWNER);
	must_equal(TELL(h, META_UPLOAD_ABORT, upload, &ask), 0);
	must_equal(TELL(h, META_UPLOAD_ABORT, upload, &ask), REFUSED(NO_SUCH_UPLOAD));
	must_equal(put_part(h, OWNER, second.version, 1, 10), REFUSED(NO_SUCH_UPLOAD));
	must_equal(complete(h, second.version, both, 2), REFUSED(NO_SUCH_UPLOAD));
	must_equal(put_simple(h, OWNER, "b", "o"), 0);
	must_equal(complete(h, u.version, both, 2), REFUSED(NO_SUCH_UPLOAD));
	home_close(h);
	return 0;
}

RUN(uploads)

/* --- pieces ----------------------------------------------------------------------- */

static u32 two_records(const struct meta_slots *slots, unsigned int from,
		       const struct meta_policy *policy, u64 offset, u8 *to)
{
	struct page_writer w;
	unsigned int i, row;

	page_begin(&w, to, from, offset);
	for (i = from; i < from + 2; i++) {
		const u8 *at = slots->slot[i].locations.data;
		struct record r = {
			.plain_bytes = 500, .stored_bytes = 500, .k = policy->k, .n = policy->n,
		};

		memcpy(r.generation, slots->slot[i].generation, sizeof(r.generation));
		for (row = 0; row < r.n; row++)
			r.location[row] = at[2 * row] | at[2 * row + 1] << 8;
		must_equal(page_add(&w, &r), 0);
	}
	return (u32)page_end(&w);
}

static int add_page(struct home *h, u64 piece, const struct meta_opened *opened, unsigned int from,
		    u64 start)
{
	const struct meta_claim claim = { opened->slots.reservation, 3ull << from };
	u8 page[SKY_PAGE_MAX_BYTES];
	const struct meta_piece ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .piece = piece, .start = start,
		.length = 1000, .generations = 2,
		.records = { page, two_records(&opened->slots, from, &opened->policy, 500 * from,
					       page) },
		.claim = &claim, .claims = 1,
	};

	return TELL(h, META_PIECE_ADD, piece, &ask);
}

static int pieces(void *arg)
{
	const struct meta_open open = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("o"), .slots = 4,
	};
	struct meta_piece piece = { .caller = open.caller, .bucket = open.bucket }, made;
	struct meta_commit commit = {
		.caller = open.caller, .bucket = open.bucket, .name = open.name, .size = 2000,
		.etag = rtext("e"),
	};
	struct meta_read read = {
		.caller = open.caller, .bucket = open.bucket, .name = open.name,
		.from = META_FROM_OFFSET, .value = 1700, .generations = 8, .spare = 2,
	};
	ANSWER opened_answer = LINK_ANSWER_NONE;
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER committed = LINK_ANSWER_NONE;
	ANSWER found = LINK_ANSWER_NONE;
	struct home *h = &home;
	struct meta_opened opened;
	struct meta_result result;
	struct meta_object o;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(ASK(h, META_OPEN, open, &open, opened, &opened, &opened_answer), 0);
	must_equal(opened.slots.count, 4);
	must_equal(ASK(h, META_PIECE_OPEN, piece, &piece, piece, &made, &answer), 0);
	must_equal(add_page(h, made.piece, &opened, 0, 0), 0);
	/* Claimed already; and a page that says another place than the question. */
	must(add_page(h, made.piece, &opened, 0, 0) < 0);
	must_equal(add_page(h, made.piece, &opened, 2, 999), -EINVAL);
	must_equal(add_page(h, made.piece, &opened, 2, 1000), 0);
	commit.piece = made.piece;
	must_equal(ASK(h, META_COMMIT, commit, &commit, result, &result, &committed), 0);
	must_equal(ASK(h, META_READ, read, &read, object, &o, &found), 0);
	must_equal(o.page.start, 1000);
	must_equal(o.page.length, 1000);
	must_equal(o.page.urls, 6);
	must_equal(o.page.url[0].slot, 1);
	piece.piece = made.piece;
	must_equal(TELL(h, META_PIECE_DROP, piece, &piece), 0);
	must_equal(read_object(h, OWNER, "b", "o", META_HEAD), 0);
	home_close(h);
	return 0;
}

RUN(pieces)

/* --- listings, deletions ---------------------------------------------------------- */

#define NAMES	600u

static void list_all(struct home *h, u32 max, u32 wanted)
{
	struct meta_list ask = { .caller = caller_of(OWNER), .bucket = rtext("b"), .max = max };
	char after[META_NAME_MAX];
	u32 seen = 0;
	bool more;

	do {
		ANSWER answer = LINK_ANSWER_NONE;
		struct meta_listing give;

		must_equal(ASK(h, META_LIST, list, &ask, listing, &give, &answer), 0);
		seen += give.count;
		more = give.truncated;
		must(!more || give.count);
		memcpy(after, give.next.data, give.next.len);
		ask.after = (struct rpc_bytes){ after, give.next.len };
	} while (more);
	must_equal(seen, wanted);
}

static int listings(void *arg)
{
	static struct meta_delete_item item[NAMES];
	static char name[NAMES][1025];
	struct meta_delete ask = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .item = item, .count = NAMES,
	};
	ANSWER answer = LINK_ANSWER_NONE;
	ANSWER refused = LINK_ANSWER_NONE;
	struct home *h = &home;
	struct meta_deleted give;
	u32 i;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	for (i = 0; i < NAMES; i++) {
		const struct put p = { .who = OWNER, .bucket = "b", .name = name[i], .etag = "e" };
		struct meta_result result;

		/* Long ones, so that a page is full before a thousand. */
		memset(name[i], 'a' + i % 26, 1000);
		snprintf(name[i] + 1000, 24, "%u", i);
		item[i].name = rtext(name[i]);
		must_equal(put_object(h, &p, &result), 0);
	}
	list_all(h, 1000, NAMES);
	list_all(h, 7, NAMES);
	ask.caller = caller_of(READER);
	must_equal(ASK(h, META_DELETE, delete, &ask, deleted, &give, &refused), 0);
	for (i = 0; i < NAMES; i++)
		must_equal(give.item[i].code, S3_ACCESS_DENIED);
	ask.caller = caller_of(OWNER);
	must_equal(ASK(h, META_DELETE, delete, &ask, deleted, &give, &answer), 0);
	must_equal(give.count, NAMES);
	for (i = 0; i < NAMES; i++)
		must_equal(give.item[i].code, S3_OK);
	list_all(h, 1000, 0);
	home_close(h);
	return 0;
}

RUN(listings)

/* --- expiry ----------------------------------------------------------------------- */

static int expiry(void *arg)
{
	static const char rules[] =
		"<LifecycleConfiguration><Rule><ID>a b</ID><Status>Enabled</Status>\n"
		"<Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>3</Days></Expiration>\n"
		"</Rule><Rule><ID>far</ID><Status>Enabled</Status><Filter><Prefix></Prefix>\n"
		"</Filter><Expiration><Date>2100-01-01T00:00:00Z</Date></Expiration></Rule>\n"
		"</LifecycleConfiguration>";
	struct put p = { .who = OWNER, .bucket = "b", .name = "other", .etag = "e", .size = 3 };
	struct home *h = &home;
	struct meta_result result;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	must_equal(put_object(h, &p, &result), 0);
	must_equal(result.expiration.len, 0);
	must_equal(set_document(h, OWNER, "b", STORE_LIFECYCLE, rules), 0);
	{
		ANSWER answer = LINK_ANSWER_NONE;
		const struct meta_read ask = {
			.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("other"),
		};
		struct meta_object o;

		must_equal(ASK(h, META_READ, read, &ask, object, &o, &answer), 0);
		must(ris(o.expiration,
			 "expiry-date=\"Fri, 01 Jan 2100 00:00:00 GMT\", rule-id=\"far\""));
	}
	must_equal(put_simple(h, OWNER, "b", "logs/1"), 0);
	{
		ANSWER answer = LINK_ANSWER_NONE;
		const struct meta_read ask = {
			.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("logs/1"),
		};
		struct meta_object o;
		struct str s;

		must_equal(ASK(h, META_READ, read, &ask, object, &o, &answer), 0);
		s = str_of_bytes(o.expiration);
		must(str_ends(s, STR(" 00:00:00 GMT\", rule-id=\"a%20b\"")));
	}
	home_close(h);
	return 0;
}

RUN(expiry)

/* --- ownership and public access -------------------------------------------------- */

static int keep_word(struct home *h, enum store_document kind, const char *word)
{
	struct store_arena arena = { 0 };
	struct store_bucket row;
	int rc = store_bucket_look(h->b.store, stext("b"), &arena, &row);

	if (!rc)
		rc = store_bucket_set_document(h->b.store, row.team, row.id, kind, stext(word));
	store_arena_free(&arena);
	backend_forget(&h->b);
	return rc;
}

/* What a gateway sends is checked; what cannot be read keeps everybody else away. */
static int limits(void *arg)
{
	static const char *const strange[] = { "Nobody", "BucketOwnerEnforced ", "1111", "<a/>" };
	struct meta_grant grant = {
		.permission = S3_READ,
		.uri = { GRANTS_ALL_USERS, sizeof(GRANTS_ALL_USERS) - 1 },
	};
	const struct meta_set lie = {
		.caller = caller_of(OWNER), .bucket = rtext("b"), .name = rtext("o"),
		.what = META_SET_ACL,
		.grant = &grant, .grants = 1, .canned_acl = rtext("bucket-owner-full-control"),
	};
	struct put p = {
		.who = OWNER, .bucket = "b", .name = "o", .etag = "e", .size = 5, .grant = &grant,
		.grants = 1,
	};
	struct home *h = &home;
	struct meta_result result;
	ANSWER answer = LINK_ANSWER_NONE;
	unsigned int i;

	(void)arg;
	home_open(h);
	must_equal(make_bucket(h, OWNER, "b"), 0);
	for (i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
		must_equal(set_document(h, OWNER, "b", STORE_OWNERSHIP, strange[i]), -EINVAL);
	must_equal(set_document(h, OWNER, "b", STORE_PUBLIC_ACCESS, "111"), -EINVAL);
	must_equal(set_document(h, OWNER, "b", STORE_PUBLIC_ACCESS, "ObjectWriter"), -EINVAL);
	must_equal(put_object(h, &p, &result), 0);
	must_equal(read_object(h, ANONYMOUS, "b", "o", META_GET), 0);
	must_equal(set_document(h, OWNER, "b", STORE_PUBLIC_ACCESS, "1000"), 0);
	must_equal(put_object(h, &p, &result), REFUSED(ACCESS_DENIED));
	must_equal(ASK(h, META_SET, set, &lie, result, &result, &answer), REFUSED(ACCESS_DENIED));
	must_equal(set_document(h, OWNER, "b", STORE_OWNERSHIP, "BucketOwnerEnforced"), 0);
	must_equal(put_object(h, &p, &result), REFUSED(ACCESS_CONTROL_LIST_NOT_SUPPORTED));
	must_equal(ASK(h, META_SET, set, &lie, result, &result, &answer),
		   REFUSED(ACCESS_CONTROL_LIST_NOT_SUPPORTED));
	must_equal(read_object(h, ANONYMOUS, "b", "o", META_GET), REFUSED(ACCESS_DENIED));
	must_equal(set_document(h, OWNER, "b", STORE_OWNERSHIP, ""), 0);
	must_equal(set_document(h, OWNER, "b", STORE_PUBLIC_ACCESS, ""), 0);
	must_equal(read_object(h, ANONYMOUS, "b", "o", META_GET), 0);
	must_equal(keep_word(h, STORE_OWNERSHIP, "of a version to come"), 0);
	must_equal(read_object(h, ANONYMOUS, "b", "o", META_GET), REFUSED(ACCESS_DENIED));
	must_equal(set_document(h, OWNER, "b", STORE_OWNERSHIP, "ObjectWriter"), 0);
	must_equal(keep_word(h, STORE_PUBLIC_ACCESS, "00000"), 0);
	must_equal(read_object(h, ANONYMOUS, "b", "o", META_GET), REFUSED(ACCESS_DENIED));
	must_equal(read_object(h, OWNER, "b", "o", META_GET), 0);
	home_close(h);
	return 0;
}

RUN(limits)

int main(void)
{
	static const struct config config = { .level = LEVEL_ERROR };
	const struct CMUnitTest tests[] = {
		ON_BOTH(test_versions), ON_BOTH(test_uploads), ON_BOTH(test_pieces),
		ON_BOTH(test_listings), ON_BOTH(test_expiry), ON_BOTH(test_limits),
	};

	log_start("test", &config);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
