// SPDX-License-Identifier: GPL-2.0-or-later
/* Generations out of the cache: opened, waited for, brought from the disk. */
#include <errno.h>
#include <stdlib.h>

#include "cache_private.h"

struct open_job {
	struct fetch *f;
	const u8 *cipher;
};

static int open_run(void *arg)
{
	const struct open_job *j = arg;
	struct fetch *f = j->f;
	const struct body_key *key = f->get->key;
	const bool packed = f->record.compression != SKY_PLAIN;
	struct decoder *d = &f->work->decoder;
	struct owner owner = {
		.aead = aead_new(key->key), .object = key->object, .version = key->version,
		.number = f->number,
	};
	int rc = -ENOMEM;

	d->compressor = packed ? compressor_take(f->g) : NULL;
	if (owner.aead && (d->compressor || !packed))
		rc = decode_cipher(d, &owner, &f->record, j->cipher, f->work->plain);
	compressor_give(f->g, TAKE_PTR(d->compressor));
	aead_free(owner.aead);
	return rc;
}

int cache_fetch(struct fetch *f)
{
	struct gateway *g = f->g;
	struct cache *c = g->cache;
	struct ring_entry *e = ring_find(&c->ring, f->record.generation);
	struct open_job j = { .f = f };
	int rc = -EBADMSG;

	if (!e)
		return -ENOENT;
	ring_hold(e);
	j.cipher = c->arena + e->at;
	if (e->len == f->record.stored_bytes)
		rc = data_work(g, f->record.plain_bytes <= DATA_INLINE, open_run, &j,
			       data_until(f->get->patience));
	if (!rc) {
		c->counts.hits++;
		c->counts.hit_bytes += e->len;
	} else if (rc == -EBADMSG && !c->left) {
		c->counts.wrong++;
		ring_drop(&c->ring, e);
		ring_drop_id(&c->disk.ring, f->record.generation);
	}
	ring_put(&c->ring, e);
	return !rc || rc == -ECANCELED ? rc : -ENOENT;
}

/* --- who waits for whom ------------------------------------------------------------ */

static struct cache_flight **street_of(struct cache *c, const u8 id[RING_ID_BYTES])
{
	return &c->flight[id[0] % CACHE_STREETS];
}

static void flight_put(struct cache_flight *flight)
{
	if (!--flight->users)
		free(flight);
}

static struct cache_flight *flight_new(struct cache *c, const u8 id[RING_ID_BYTES])
{
	struct cache_flight *flight = calloc(1, sizeof(*flight));

	if (!flight)
		return NULL;
	flight->users = 1;
	io_event_init(&flight->landed);
	memcpy(flight->id, id, sizeof(flight->id));
	flight->next = *street_of(c, id);
	*street_of(c, id) = flight;
	return flight;
}

/*
 * Who waits has memory, and so has who is waited for: he needs nothing that somebody behind him
 * could hold.
 */
int cache_lead(struct fetch *f, struct cache_flight **lead)
{
	struct cache *c = f->g->cache;
	struct cache_flight *flight = *street_of(c, f->record.generation);
	int rc;

	*lead = NULL;
	while (flight && memcmp(flight->id, f->record.generation, sizeof(flight->id)))
		flight = flight->next;
	if (!flight) {
		*lead = flight_new(c, f->record.generation);
		return 0;
	}
	flight->users++;
	rc = io_event_wait(&flight->landed, data_until(f->get->patience));
	if (!rc) {
		c->counts.shared += flight->kept;
		rc = flight->kept || flight->result == -ECANCELED ? -EAGAIN : -EBUSY;
		c->counts.misses += rc == -EBUSY;
	}
	flight_put(flight);
	return rc;
}

void cache_led(struct gateway *g, struct cache_flight *flight, int result)
{
	struct cache_flight **at;

	if (!flight)
		return;
	at = street_of(g->cache, flight->id);
	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
	flight->result = result;
	flight->kept = ring_has(&g->cache->ring, flight->id);
	io_event_set(&flight->landed);
	flight_put(flight);
}

/* --- from the disk ----------------------------------------------------------------- */

int cache_bring(struct fetch *f)
{
	struct cache *c = f->g->cache;
	struct ring_entry *from = ring_find(&c->disk.ring, f->record.generation), *to;
	int rc = -ENOENT;

	if (from && !c->disk.off) {
		to = ring_add(&c->ring, from->id, from->place, from->body, from->len);
		c->counts.refused[CACHE_NO_ROOM] += !to;
		if (to) {
			to->bucket = from->bucket;
			to->policy = from->policy;
		}
		rc = to ? disk_bring(&c->disk, from, to) : -ENOENT;
	}
	c->counts.disk_hits += !rc;
	c->counts.misses += rc == -ENOENT;
	return rc;
}
