// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "anchor.h"
#include "crypto/kdf.h"

#define FIELDS		4u			/* counter, low, high, open */
#define PLACE_BYTES	(8 * FIELDS + SHA256_BYTES)
#define AREA_BYTES	(ANCHOR_ID_BYTES + 2 * PLACE_BYTES)

static size_t place_of(uint64_t count)
{
	return ANCHOR_ID_BYTES + count % 2 * PLACE_BYTES;
}

static void put(uint8_t *to, uint64_t value)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		to[i] = value >> 8 * (7 - i);
}

static uint64_t get(const uint8_t *from)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		value = value << 8 | from[i];
	return value;
}

int anchor_key(const uint8_t id[ANCHOR_ID_BYTES], const struct secret *volume_key,
	       struct anchor_volume *v)
{
	memcpy(v->id, id, sizeof(v->id));
	return hkdf_sha256(volume_key->data, volume_key->len, id, ANCHOR_ID_BYTES, ANCHOR_KDF,
			   strlen(ANCHOR_KDF), v->key, sizeof(v->key)) ? -EIO : 0;
}

/* It binds the volume, and the counter by its number: one's record is nothing in another's. */
static int authenticate(const struct anchor_volume *v, unsigned int which,
			const uint8_t fields[8 * FIELDS], uint8_t mac[SHA256_BYTES])
{
	uint8_t text[ANCHOR_ID_BYTES + 8 + 8 * FIELDS];

	memcpy(text, v->id, ANCHOR_ID_BYTES);
	put(text + ANCHOR_ID_BYTES, ANCHOR_COUNTER(which));
	memcpy(text + ANCHOR_ID_BYTES + 8, fields, 8 * FIELDS);
	return hmac_sha256(v->key, sizeof(v->key), text, sizeof(text), mac) ? -EIO : 0;
}

static int print(const struct anchor_volume *v, unsigned int which, uint64_t count,
		 const struct anchor *a, uint8_t place[PLACE_BYTES])
{
	put(place, count);
	put(place + 8, a->low);
	put(place + 16, a->high);
	put(place + 24, a->open);
	return authenticate(v, which, place, place + 8 * FIELDS);
}

/* The place for @count, if it was written for it, and with the key. */
static int parse(const struct anchor_volume *v, unsigned int which, uint64_t count,
		 const uint8_t *place, struct anchor *to)
{
	uint8_t mac[SHA256_BYTES];
	int rc = authenticate(v, which, place, mac);

	if (rc)
		return rc;
	*to = (struct anchor){ get(place + 8), get(place + 16), get(place + 24) == 1 };
	return mac_equal(mac, place + 8 * FIELDS, sizeof(mac)) && get(place) == count ? 0 :
	       -EBADMSG;
}

static bool is_zero(const uint8_t id[ANCHOR_ID_BYTES])
{
	static const uint8_t zero[ANCHOR_ID_BYTES];

	return !memcmp(id, zero, sizeof(zero));
}

int anchor_owner(struct device *d, unsigned int which, uint8_t id[ANCHOR_ID_BYTES])
{
	uint8_t area[AREA_BYTES];
	int rc = nv_area_read(d, ANCHOR_AREA(which), area, sizeof(area));

	if (rc)
		return rc == -EPROTO ? -ENOENT : rc;
	memcpy(id, area, ANCHOR_ID_BYTES);
	return is_zero(id) ? -ENOENT : 0;
}

int anchor_find(struct device *d, const uint8_t id[ANCHOR_ID_BYTES], unsigned int *which)
{
	uint8_t found[ANCHOR_ID_BYTES];
	int rc;

	for (*which = 0; *which < ANCHORS; ++*which) {
		rc = anchor_owner(d, *which, found);
		if (!rc && !memcmp(found, id, sizeof(found)))
			return 0;
		if (rc && rc != -ENOENT)
			return rc;
	}
	return -ENOENT;
}

/* Both indexes of one that is free; what is left of one that was not finished is used. */
static int define(struct device *d, unsigned int which)
{
	uint8_t area[AREA_BYTES];
	uint64_t count;
	int rc = nv_counter_read(d, ANCHOR_COUNTER(which), &count);

	if (rc == -ENOENT)
		rc = nv_counter_define(d, ANCHOR_COUNTER(which));
	if (rc)
		return rc;
	rc = nv_area_read(d, ANCHOR_AREA(which), area, sizeof(area));
	return rc == -ENOENT ? nv_area_define(d, ANCHOR_AREA(which), sizeof(area)) : rc;
}

/* The place for the next value, and then the value. */
static int step(struct device *d, const struct anchor_volume *v, unsigned int which,
		const struct anchor *now)
{
	uint8_t place[PLACE_BYTES];
	uint64_t count;
	int rc = nv_counter_read(d, ANCHOR_COUNTER(which), &count);

	if (!rc)
		rc = print(v, which, count + 1, now, place);
	if (!rc)
		rc = nv_area_write(d, ANCHOR_AREA(which), place_of(count + 1), place,
				   sizeof(place));
	return rc ? rc : nv_counter_increment(d, ANCHOR_COUNTER(which));
}

/*
 * Counters of no anchor: whoever has taken the volume's id from beside a record could put it back
 * later, and as long as the counter is as it was the record would be believed.
 */
static int remove_unowned(struct device *d)
{
	uint8_t id[ANCHOR_ID_BYTES];
	unsigned int which;
	uint64_t count;
	int rc = 0;

	for (which = 0; which < ANCHORS && !rc; which++)
		if (anchor_owner(d, which, id) == -ENOENT &&
		    !nv_counter_read(d, ANCHOR_COUNTER(which), &count))
			rc = nv_remove(d, ANCHOR_COUNTER(which));
	return rc;
}

int anchor_make(struct device *d, const struct anchor_volume *v, const struct anchor *first)
{
	uint8_t id[ANCHOR_ID_BYTES];
	unsigned int which;
	int rc = anchor_find(d, v->id, &which);

	if (rc != -ENOENT)
		return rc ? rc : -EEXIST;
	rc = remove_unowned(d);
	if (rc)
		return rc;
	for (which = 0; which < ANCHORS; which++) {
		rc = anchor_owner(d, which, id);
		if (!rc)
			continue;
		if (rc == -ENOENT)
			rc = define(d, which);
		/* In the place of somebody else's index there is no anchor. */
		if (rc == -EPROTO || rc == -EEXIST)
			continue;
		if (!rc)
			rc = step(d, v, which, first);
		/* Only now is it one. */
		return rc ? rc : nv_area_write(d, ANCHOR_AREA(which), 0, v->id, sizeof(v->id));
	}
	return -ENOSPC;
}

static int read_at(struct device *d, const struct anchor_volume *v, unsigned int which,
		   struct anchor *to)
{
	uint8_t area[AREA_BYTES];
	uint64_t count;
	int rc = nv_counter_read(d, ANCHOR_COUNTER(which), &count);

	if (!rc)
		rc = nv_area_read(d, ANCHOR_AREA(which), area, sizeof(area));
	if (rc)
		return rc == -EIO ? rc : -EBADMSG;
	return parse(v, which, count, area + place_of(count), to);
}

int anchor_read(struct device *d, const struct anchor_volume *v, struct anchor *to)
{
	unsigned int which;
	int rc = anchor_find(d, v->id, &which);

	return rc ? rc : read_at(d, v, which, to);
}

int anchor_write(struct device *d, const struct anchor_volume *v, const struct anchor *now)
{
	struct anchor before;
	unsigned int which;
	int rc = anchor_find(d, v->id, &which);

	/* What is not believed is not made good by accident. */
	if (!rc)
		rc = read_at(d, v, which, &before);
	return rc ? rc : step(d, v, which, now);
}

bool anchor_due(const struct anchor *a, uint64_t lease, uint64_t epoch)
{
	return epoch + lease / 2 >= a->high ||
	       (a->high - a->low > lease && epoch > a->high - lease);
}

int anchor_remove(struct device *d, unsigned int which)
{
	int rc = nv_remove(d, ANCHOR_AREA(which));
	int counter = nv_remove(d, ANCHOR_COUNTER(which));

	if (rc && rc != -ENOENT)
		return rc;
	return counter && counter != -ENOENT ? counter : rc && counter ? -ENOENT : 0;
}
