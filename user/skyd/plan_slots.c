// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reservations: ids of generations and where their fragments go, drawn ahead and written down
 * in the store before anybody sends anything there.
 *
 * For a while a reservation is kept here as well, so that URLs are signed for what it names and
 * for nothing else.  What is not known here, after a restart or a reload above all, is looked up
 * in the store: gateways go on with what another process has told them.  Once it has expired, the
 * store's leftovers find its fragments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pipe/manifest.h"
#include "plan_private.h"

#define TABLE		4096u
#define USE_US		(15 * 60 * 1000000ull)	/* generations of it may be begun */
#define COMMIT_US	(60 * 60 * 1000000ull)	/* and then be committed */
#define RESERVED_BYTES	(64u << 20)		/* of all that are kept here */

struct reservation {
	struct reservation *next;	/* of one bucket of the table */
	struct reservation *younger;
	u64 id;
	u64 end;			/* microseconds since 1970 */
	size_t size;
	u8 count, n;
	u8 (*generation)[SKY_GENERATION_ID_BYTES];
	u16 location[];			/* n of each generation */
};

/* --- those that are kept ----------------------------------------------------------------- */

static struct reservation **bucket_of(struct backend_plan *p, u64 id)
{
	return &p->table[id % TABLE];
}

static void drop_oldest(struct backend_plan *p)
{
	struct reservation *r = p->first, **at = bucket_of(p, r->id);

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	p->first = r->younger;
	if (!p->first)
		p->last = NULL;
	p->reservations--;
	p->reserved_bytes -= r->size;
	free(r);
}

static int make_table(struct backend_plan *p)
{
	if (!p->table)
		p->table = calloc(TABLE, sizeof(struct reservation *));
	return p->table ? 0 : -ENOMEM;
}

static void keep_reservation(struct backend_plan *p, struct reservation *r)
{
	struct reservation **at = bucket_of(p, r->id);
	u64 now = plan_now();

	r->next = *at;
	*at = r;
	if (p->last)
		p->last->younger = r;
	else
		p->first = r;
	p->last = r;
	p->reservations++;
	p->reserved_bytes += r->size;
	while (p->first != r && (p->first->end <= now || p->reserved_bytes > RESERVED_BYTES))
		drop_oldest(p);
}

void reservations_free(struct backend_plan *p)
{
	while (p->first)
		drop_oldest(p);
	free(p->table);
}

static struct reservation *new_reservation(unsigned int count, unsigned int n)
{
	size_t size = sizeof(struct reservation) + count * n * sizeof(u16) +
		      count * SKY_GENERATION_ID_BYTES;
	struct reservation *r = calloc(1, size);

	if (!r)
		return NULL;
	r->size = size;
	r->count = count;
	r->n = n;
	r->generation = (void *)(r->location + count * n);
	if (!plan_draw(r->generation, count))
		return r;
	free(r);
	return NULL;
}

/* --- those that are looked for ----------------------------------------------------------- */

static struct reservation *find_kept(struct backend_plan *p, u64 id)
{
	struct reservation *r = *bucket_of(p, id);

	while (r && r->id != id)
		r = r->next;
	return r;
}

/* Slots that have been claimed have no locations: nobody has anything to send there. */
static int read_records(const struct store_reserved *row, struct reservation **made)
{
	struct page page;
	struct record record;
	struct reservation *r = NULL;
	uint64_t number, offset;
	unsigned int i;

	if (page_parse(&page, row->records.data, row->records.len))
		return -EBADMSG;
	for (i = 0; page_next(&page, &record, &number, &offset); i++) {
		if (!r)
			r = new_reservation(page.count, record.n);
		if (!r)
			return -ENOMEM;
		if (record.n != r->n || i >= r->count)
			break;
		memcpy(r->generation[i], record.generation, sizeof(record.generation));
		if (row->remaining >> i & 1)
			memcpy(r->location + i * r->n, record.location, r->n * sizeof(u16));
		else
			memset(r->location + i * r->n, 0xff, r->n * sizeof(u16));
	}
	if (!r || i != r->count) {
		free(r);
		return -EBADMSG;
	}
	*made = r;
	return 0;
}

static int find_stored(struct backend *b, u64 id, struct reservation **found)
{
	STORE_ARENA a = { 0 };
	struct store_reserved row;
	struct reservation *r;
	int rc = store_reserved(b->store, id, &a, &row);

	if (!rc)
		rc = read_records(&row, &r);
	if (rc)
		return rc;
	r->id = id;
	r->end = row.expires;
	/* Another call may have looked for it meanwhile. */
	*found = find_kept(b->plan, id);
	if (*found) {
		free(r);
		return 0;
	}
	keep_reservation(b->plan, r);
	*found = r;
	return 0;
}

int reservation_find(struct backend *b, u64 id, unsigned int slot, struct reserved *found)
{
	struct reservation *r;
	int rc = make_table(b->plan);

	if (rc)
		return rc;
	r = find_kept(b->plan, id);
	if (!r)
		rc = find_stored(b, id, &r);
	if (rc)
		return rc;
	if (r->end <= plan_now() || slot >= r->count)
		return -STORE_EXPIRED;
	*found = (struct reserved){ r->generation[slot], r->location + slot * r->n, r->n };
	return 0;
}

/* --- choosing ---------------------------------------------------------------------------- */

/* How the locations of one reservation are chosen. */
struct choice {
	const struct catalogue *catalogue;
	struct requirement need;
	unsigned int n;			/* rows there are; need.n of them get one that is up */
	struct location *down;		/* what is down, as if it were up; NULL: not needed */
	unsigned int quorum;
};

/* With less than all, as long as what can be written makes a quorum. */
static int begin_choice(struct choice *c, struct policy_error *err)
{
	const struct catalogue *all = c->catalogue;
	struct policy_error less;
	u16 chosen[SKY_MAX_N];
	unsigned int i;
	int rc = placement_choose(all->location, all->count, &c->need, 0, chosen, err);

	if (!rc)
		return 0;
	while (rc && c->need.n > c->quorum) {
		c->need.n--;
		rc = placement_choose(all->location, all->count, &c->need, 0, chosen, &less);
	}
	if (rc)
		return rc;
	c->down = calloc(all->count, sizeof(*c->down));
	if (!c->down)
		return -ENOMEM;
	for (i = 0; i < all->count; i++) {
		const struct plan_place *p = &all->place[i];

		c->down[i] = all->location[i];
		c->down[i].state = p->live->down && p->row.state == STORE_ACTIVE && p->host.len ?
					   LOCATION_UP : LOCATION_DOWN;
	}
	return 0;
}

/*
 * The last rows go to what is down: whoever sends them will fail, but when it is back they can
 * be rebuilt where the record says that they are.
 */
static void choose_down(const struct choice *c, u64 seed, u16 *to)
{
	struct requirement need = c->need;
	struct policy_error err;
	u16 chosen[SKY_MAX_N];
	unsigned int i, rest = c->n - c->need.n;

	for (need.n = rest; need.n; need.n--)
		if (!placement_choose(c->down, c->catalogue->count, &need, seed, chosen, &err))
			break;
	for (i = 0; i < rest; i++)
		to[i] = i < need.n ? c->down[chosen[i]].id : SKY_NO_LOCATION;
}

static int choose(const struct choice *c, const u8 *generation, u16 *to, struct policy_error *err)
{
	u16 chosen[SKY_MAX_N];
	unsigned int i;
	u64 seed;
	int rc;

	memcpy(&seed, generation, sizeof(seed));
	rc = placement_choose(c->catalogue->location, c->catalogue->count, &c->need, seed, chosen,
			      err);
	for (i = 0; !rc && i < c->need.n; i++)
		to[i] = c->catalogue->location[chosen[i]].id;
	if (!rc && c->down)
		choose_down(c, seed, to + c->need.n);
	return rc;
}

static int choose_all(struct backend *b, const struct policy *policy, struct reservation *r)
{
	struct catalogue *catalogue = catalogue_get(b);
	struct choice c = {
		.catalogue = catalogue, .n = r->n, .quorum = policy->quorum,
		.need = {
			.n = r->n,
			.bytes = policy->generation_bytes / policy->k + SKY_FRAGMENT_ALIGN,
			.backends = &policy->backends, .edge_devices = &policy->edge_devices,
		},
	};
	struct policy_error err = { "" };
	unsigned int i;
	int rc;

	catalogue_states(catalogue);
	rc = begin_choice(&c, &err);
	for (i = 0; !rc && i < r->count; i++)
		rc = choose(&c, r->generation[i], r->location + i * r->n, &err);
	if (rc == -ENOSPC)
		log_line(LEVEL_WARNING, "policy %s cannot be fulfilled now: %s", policy->name,
			 err.text);
	free(c.down);
	catalogue_put(catalogue);
	return rc;
}

/* --- reservations ------------------------------------------------------------------------- */

/* What garbage collection needs of a generation: id, rows and locations; lengths are not known. */
static size_t write_records(const struct policy *policy, const struct reservation *r, void *page)
{
	struct page_writer w;
	unsigned int i;

	page_begin(&w, page, 0, 0);
	for (i = 0; i < r->count; i++) {
		struct record record = {
			.plain_bytes = 1, .stored_bytes = 1, .mode = SKY_SYSTEMATIC,
			.k = policy->k, .n = r->n,
		};

		memcpy(record.generation, r->generation[i], sizeof(record.generation));
		memcpy(record.location, r->location + i * r->n, r->n * sizeof(u16));
		if (page_add(&w, &record))
			return 0;
	}
	return page_end(&w);
}

static int store_it(struct backend *b, u64 team, const struct policy *policy,
		    struct reservation *r)
{
	CLEANUP_FREE void *page = malloc(SKY_PAGE_MAX_BYTES);
	struct store_text records = { .data = page };

	if (!page)
		return -ENOMEM;
	records.len = write_records(policy, r, page);
	if (!records.len)
		return -EIO;
	r->end = plan_now() + USE_US + COMMIT_US;
	return store_reserve(b->store, team, r->count, records, r->end, &r->id);
}

static int tell(const struct reservation *r, u64 revision, struct store_arena *a,
		struct meta_slots *slots)
{
	struct meta_slot *slot = store_alloc(a, r->count * (sizeof(*slot) + r->n * sizeof(u16)));
	u8 *to = (u8 *)(slot + r->count);
	unsigned int i, j;

	if (!slot)
		return -ENOMEM;
	for (i = 0; i < r->count; i++) {
		memcpy(slot[i].generation, r->generation[i], sizeof(slot[i].generation));
		slot[i].locations = (struct rpc_bytes){ to, r->n * sizeof(u16) };
		for (j = 0; j < r->n; j++) {
			*to++ = r->location[i * r->n + j];
			*to++ = r->location[i * r->n + j] >> 8;
		}
	}
	*slots = (struct meta_slots){
		.reservation = r->id, .until = r->end - COMMIT_US, .revision = revision,
		.slot = slot, .count = r->count,
	};
	return 0;
}

int plan_slots(struct backend *b, u64 team, const struct policy *policy, unsigned int count,
	       struct store_arena *a, struct meta_slots *slots)
{
	struct backend_plan *p = b->plan;
	const unsigned int n = policy_n(policy);
	const unsigned int most = (SKY_PAGE_MAX_BYTES - sizeof(struct sky_page_hdr)) /
				  record_bytes(n);
	struct reservation *r;
	int rc;

	if (!count || count > META_SLOTS_MAX)
		return -EINVAL;
	rc = make_table(p);
	if (rc)
		return rc;
	/* A page holds fewer generations of very many rows. */
	r = new_reservation(count < most ? count : most, n);
	if (!r)
		return -ENOMEM;
	rc = choose_all(b, policy, r);
	if (!rc)
		rc = store_it(b, team, policy, r);
	if (!rc)
		rc = tell(r, p->revision, a, slots);
	if (rc)
		free(r);
	else
		keep_reservation(p, r);
	return rc;
}
