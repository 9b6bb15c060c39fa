// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments that readers have missed, or found wrong: META_REPAIR.  Each is made anew where the
 * record says that it is.  A name is written once; what is there and wrong is deleted here, so
 * that no gateway needs leave to delete.  Who makes a fragment anew makes the same bytes as
 * anybody else who does: the last of two that cross each other puts back what it took away, and
 * if it dies in between the next reader misses the fragment, and makes it anew.  For an object
 * that has been replaced or deleted meanwhile there are no URLs: its fragments may be collected
 * before they are used, but not sooner than [backend] grace after this was looked at.
 */
#include <errno.h>
#include <string.h>

#include "backend_private.h"
#include "care.h"
#include "log.h"
#include "pipe/manifest.h"
#include "plan_private.h"
#include "store_move.h"

/* The generation that begins at, or holds, byte @offset of a body. */
static int find_record(struct call *c, const struct store_data *data, u64 offset,
		       struct record *record)
{
	struct store_page found;
	struct page page;
	uint64_t number, start;
	u64 base;
	u32 part;
	int rc = store_data_page(c->b->store, data, offset, &c->arena, &found, &base, &part);

	if (rc)
		return backend_status(rc);
	if (page_parse(&page, found.records.data, found.records.len) ||
	    page_seek(&page, page.offset + offset - base - found.start) ||
	    !page_next(&page, record, &number, &start))
		return meta_status(S3_INTERNAL_ERROR);
	return 0;
}

static int check_rows(const struct record *r, const struct meta_repair *ask)
{
	unsigned int wrong = 0;
	u32 i;

	for (i = 0; i < ask->count; i++) {
		const struct meta_fragment *f = &ask->fragment[i];

		if (f->row >= r->n || r->location[f->row] == SKY_NO_LOCATION)
			return -EINVAL;
		wrong += f->wrong;
	}
	/* k others are what it is made from. */
	return wrong > r->n - r->k ? -EINVAL : 0;
}

/* Return: whether it is gone. */
static bool remove_wrong(struct call *c, u16 location, struct str name)
{
	struct backend_care *care = c->b->care;
	int rc = care ? care->remove(c->b, location, name) : -EHOSTUNREACH;

	if (care)
		plan_note(c->b, location, rc);
	if (rc && rc != -ENOENT)
		log_line(LEVEL_WARNING, "fragment %.*s at location %u is wrong, and stays: %s",
			 STR_ARG(name), location, strerror(-rc));
	return !rc || rc == -ENOENT;
}

int backend_repair_row(struct call *c, const struct record *record, const struct meta_fragment *f,
		       struct meta_url *to)
{
	char name[META_FRAGMENT_NAME_MAX];
	const struct str fragment = {
		name, meta_fragment_name(record->generation, f->row, name),
	};
	struct store_move *moves;
	struct plan_url url;
	char *query;
	int rc;

	*to = (struct meta_url){ .row = f->row, .location = record->location[f->row] };
	/*
	 * One that has just been moved, or is about to be: who asks may have found out about
	 * another place, and what is there goes or stays by the table of moves alone.
	 */
	rc = store_move_places(c->b->store, record->generation, f->row, &c->arena, &moves);
	if (rc || plan_is_draining(c->b, to->location))
		return rc < 0 ? backend_status(rc) : 0;
	if (f->wrong && !remove_wrong(c, to->location, fragment))
		return 0;
	rc = plan_url(c->b, "PUT", to->location, fragment, f->bytes, f->sha256, c->url_life, &c->arena, &url);
	if (rc == -ENOMEM || rc == -ECANCELED)
		return rc;
	query = rc ? NULL : strchr(url.url, '?');
	if (query)
		to->query = bytes_of_str(str_of(query + 1));
	return 0;
}

static int answer_repair(struct link_request *r, const void *question, void *answer)
{
	const struct meta_repair *ask = question;
	struct meta_signed *give = answer;
	struct store_data data;
	struct meta_url *url;
	struct record record;
	struct call *c;
	u32 i;
	int rc = call_plain(r, &c);

	if (!rc)
		rc = data_check(c, &ask->data, true, &data);
	if (!rc && ask->offset >= data.size)
		rc = meta_status(S3_INVALID_RANGE);
	if (!rc)
		rc = find_record(c, &data, ask->offset, &record);
	if (!rc)
		rc = check_rows(&record, ask);
	if (rc)
		return rc;
	url = store_alloc(&c->arena, ask->count * sizeof(*url));
	if (!url)
		return -ENOMEM;
	for (i = 0; !rc && i < ask->count; i++)
		rc = backend_repair_row(c, &record, &ask->fragment[i], &url[i]);
	*give = (struct meta_signed){ url, ask->count };
	return rc;
}

const struct link_operation backend_repairs[] = {
	{ META_REPAIR, "repair", &meta_repair_schema, &meta_signed_schema,
	  META_URLS_MAX * sizeof(struct meta_fragment), GATEWAY, answer_repair },
	{ 0 },
};
