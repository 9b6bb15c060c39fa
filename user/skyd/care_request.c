// SPDX-License-Identifier: GPL-2.0-or-later
/* The backend's own requests to locations: each with a URL that is made for it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "care.h"
#include "crypto/hash.h"
#include "location_http.h"
#include "plan_private.h"

#define CONNECTIONS	4u

/* The way to one location; kept as long as its URL and its authority are the same. */
struct care_place {
	struct location *location;
	char *url, *ca;
	unsigned int users;
};

static void place_put(struct care_place *p)
{
	if (--p->users)
		return;
	location_close(p->location);
	free(p->url);
	free(p->ca);
	free(p);
}

static int place_open(struct backend *b, const struct plan_place *row, struct care_place **to)
{
	struct care_place *p = calloc(1, sizeof(*p));
	struct location_config config = {
		.edge = row->row.kind == STORE_EDGE, .most = CONNECTIONS,
		.resolver = b->resolver,
	};
	char why[TLS_WHY] = "";
	int rc = -ENOMEM;

	if (!p)
		return -ENOMEM;
	p->users = 1;
	p->url = strndup(row->row.url.data, row->row.url.len);
	p->ca = strndup(row->ca.len ? row->ca.data : "", row->ca.len);
	config.url = p->url;
	config.ca = str_of(p->ca ? p->ca : "");
	if (p->url && p->ca)
		rc = location_open(&p->location, &config, why);
	if (rc)
		plan_note_why(b, row->row.id, *why ? why : strerror(-rc));
	if (rc)
		place_put(p);
	else
		*to = p;
	return rc;
}

static bool is(const char *text, const void *data, size_t len)
{
	return strlen(text) == len && (!len || !memcmp(text, data, len));
}

/* Calls may be under way on an older one: it goes with the last of them. */
static int place_get(struct backend *b, u16 id, struct care_place **to)
{
	struct care_place **kept = &b->care->place[id];
	const struct plan_place *row = catalogue_find(b->plan->catalogue, id);
	int rc = 0;

	if (!row || !row->host.len)
		return -EHOSTUNREACH;
	if (*kept && !(is((*kept)->url, row->row.url.data, row->row.url.len) &&
		       is((*kept)->ca, row->ca.data, row->ca.len))) {
		place_put(*kept);
		*kept = NULL;
	}
	if (!*kept)
		rc = place_open(b, row, kept);
	if (rc)
		return rc;
	(*kept)->users++;
	*to = *kept;
	return 0;
}

void care_places_free(struct backend_care *care)
{
	unsigned int i;

	for (i = 0; i < SKY_NO_LOCATION; i++)
		if (care->place[i])
			place_put(care->place[i]);
}

static const char *const methods[] = {
	[CARE_GET] = "GET", [CARE_PUT] = "PUT", [CARE_DELETE] = "DELETE",
};

static int request_once(struct backend *b, struct location *l, u16 id, struct care_request *r)
{
	STORE_ARENA a = { 0 };
	struct location_ask ask = { .deadline = r->deadline };
	const struct iovec body = { (void *)r->body, r->len };
	struct plan_url url;
	u8 sha256[SHA256_BYTES];
	int rc = 0;

	if (r->method == CARE_PUT)
		rc = hash_once(HASH_SHA256, r->body, r->len, sha256);
	if (!rc && r->method == CARE_LIST)
		rc = plan_list_url(b, id, r->name, r->arena, &url, &r->prefix);
	else if (!rc)
		rc = plan_url(b, methods[r->method], id, r->name, r->len,
			      r->method == CARE_PUT ? sha256 : NULL, 0, &a, &url);
	if (rc)
		return rc < -STORE_ERROR_FIRST ? -EHOSTUNREACH : rc;
	ask.url = str_of(url.url);
	if (r->method == CARE_PUT)
		return location_put(l, &ask, &body, 1);
	if (r->method == CARE_DELETE)
		return location_delete(l, &ask);
	return location_get(l, &ask, r->to, r->max);
}

int care_request(struct backend *b, u16 id, struct care_request *r)
{
	struct care_place *p;
	int rc = place_get(b, id, &p);

	if (rc)
		return rc;
	rc = request_once(b, p->location, id, r);
	if (location_is_plain(p->location))
		b->plan->live[id]->plain = true;
	/* A URL that was used up by a request which was then sent again: another one. */
	if (rc == -EACCES)
		rc = request_once(b, p->location, id, r);
	if (rc < 0 && rc != -ECANCELED)
		plan_note_why(b, id, *location_why(p->location) ? location_why(p->location) :
				     strerror(-rc));
	place_put(p);
	return rc;
}

int care_remove(struct backend *b, u16 location, struct str name)
{
	struct care_request r = {
		.method = CARE_DELETE, .name = name, .deadline = io_after_ms(CARE_REQUEST_MS),
	};

	return care_request(b, location, &r);
}
