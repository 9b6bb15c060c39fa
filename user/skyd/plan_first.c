// SPDX-License-Identifier: GPL-2.0-or-later
/* What a store has from its first start on: a policy for who asks for none, and a catalogue. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "plan_private.h"

/* Of DEFLATE the level that keeps up with a disk; what does not shrink is not even tried. */
#define FIRST_WBITS	(-15)
#define FIRST_LEVEL	1

void plan_default_policy(struct policy *p)
{
	policy_default(p);
	strcpy(p->name, PLAN_DEFAULT_POLICY);
	strcpy(p->description, "Any four of six locations give an object back.");
	/* What is lost must not stop writing before it stops reading; repair makes up for it. */
	p->quorum = p->k;
	p->compression = POLICY_DEFLATE;
	p->wbits = FIRST_WBITS;
	p->level = FIRST_LEVEL;
}

static int first_policy(struct backend *b)
{
	STORE_ARENA a = { 0 };
	CLEANUP_FREE struct policy *p = malloc(sizeof(*p));
	CLEANUP_FREE char *body = NULL;
	struct store_policy row;
	u64 id;
	int rc = store_policy_find(b->store, 0, STORE_TEXT(PLAN_DEFAULT_POLICY), &a, &row);

	if (rc != -STORE_NO_SUCH_POLICY)
		return rc;
	if (!p)
		return -ENOMEM;
	plan_default_policy(p);
	body = policy_print_json(p);
	return body ? store_policy_create(b->store, 0, STORE_TEXT(PLAN_DEFAULT_POLICY),
					  (struct store_text){ body, strlen(body) }, &id) :
		      -ENOMEM;
}

static struct store_text text(const char *s)
{
	return (struct store_text){ s, strlen(s) };
}

static int first_place(struct backend *b, const struct place *place)
{
	char name[128];
	struct store_location row = {
		.kind = STORE_CLOUD, .state = STORE_DISABLED, .provider = text(place->provider),
		.country = text(place->country), .city = text(place->city),
		.jurisdiction = text(place->jurisdiction), .gdpr = place->gdpr,
		.latitude_e6 = lround(place->latitude * 1e6),
		.longitude_e6 = lround(place->longitude * 1e6),
	};

	snprintf(name, sizeof(name), "%s %s", place->provider, place->name);
	row.name = text(name);
	return store_location_create(b->store, &row);
}

/* Places where nothing can be put until the operator gives one of them a URL and credentials. */
static int first_places(struct backend *b)
{
	STORE_ARENA a = { 0 };
	struct store_location *rows;
	unsigned int i;
	int rc = store_location_list(b->store, 0, 0, 1, &a, &rows);

	if (rc)
		return rc < 0 ? rc : 0;
	for (i = 0; !rc && i < PLACES; i++) {
		rc = first_place(b, &places[i]);
		/* Cut short by a crash before, or by another backend's own first start. */
		rc = rc == -EEXIST ? 0 : rc;
	}
	return rc;
}

int plan_first(struct backend *b)
{
	int rc = first_policy(b);

	if (!rc)
		rc = first_places(b);
	if (rc)
		log_line(LEVEL_ERROR, "the first policy and places cannot be stored: %s",
			 store_s3_error(rc)->code);
	return rc;
}
