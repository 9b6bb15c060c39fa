// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "chain_private.h"

const char *meter_finding_name(enum meter_finding f)
{
	static const char *const names[METER_FINDINGS] = {
		[METER_DROPPED] = "dropped", [METER_DOUBLED] = "doubled",
		[METER_ALTERED] = "altered", [METER_REORDERED] = "reordered",
		[METER_FORKED] = "forked", [METER_FOREIGN] = "foreign",
		[METER_REBOOT] = "reboot", [METER_BACKWARDS] = "backwards",
		[METER_UNLOGGED] = "unlogged",
	};

	return names[f];
}

void meter_tell(struct meter_chain *c, enum meter_finding f, const char *fmt, ...)
{
	char why[METER_WHY];
	va_list ap;

	c->sound = false;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (c->config.listener.found)
		c->config.listener.found(c->config.listener.ctx, f, c->file, c->line, why);
}

struct meter_chain *meter_chain_new(const struct meter_chain_config *config)
{
	struct meter_chain *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->config = *config;
	c->sound = true;
	c->have_ak = config->known;
	memcpy(c->ak, config->ak, sizeof(c->ak));
	return c;
}

void meter_chain_free(struct meter_chain *c)
{
	if (!c)
		return;
	meter_lives_free(c);
	ecdsa_free(c->key);
	free(c->seen);
	free(c);
}

uint64_t meter_chain_count(const struct meter_chain *c)
{
	return c->records;
}

bool meter_chain_sound(const struct meter_chain *c)
{
	return c->sound;
}

bool meter_chain_ak(const struct meter_chain *c, uint8_t ak[METER_AK_BYTES])
{
	memcpy(ak, c->ak, sizeof(c->ak));
	return c->have_ak;
}

/* --- lines ------------------------------------------------------------------------------- */

static struct meter_seen *see(struct meter_chain *c)
{
	struct meter_seen *more, *s;

	if (c->seens == c->seens_room) {
		size_t room = c->seens_room ? 2 * c->seens_room : 256;

		more = reallocarray(c->seen, room, sizeof(*more));
		if (!more)
			return NULL;
		c->seen = more;
		c->seens_room = room;
	}
	s = &c->seen[c->seens];
	*s = (struct meter_seen){ .order = c->seens++, .file = c->file, .line = c->line };
	return s;
}

/* In its place: the one that is expected there is not missed as well. */
static int see_bad(struct meter_chain *c, uint64_t says)
{
	bool first = !c->seens;
	struct meter_seen *s = see(c);

	if (!s)
		return -ENOMEM;
	s->bad = true;
	s->seq = first ? (c->config.partial ? says : 0) : c->most + 1;
	s->boot = c->boot;
	c->most = s->seq;
	return 0;
}

/* Whose is it?  Return: whether it may be believed. */
static bool check(struct meter_chain *c, const struct meter_line *l, uint8_t digest[SHA256_BYTES])
{
	const struct meter_record *r = &l->record;

	if (c->have_ak && memcmp(r->ak, c->ak, sizeof(c->ak))) {
		meter_tell(c, METER_FOREIGN, "record %" PRIu64 " is of another attestation key",
			   r->seq);
		return false;
	}
	if (!c->key) {
		meter_tell(c, METER_ALTERED, "there is no certificate in front of record %" PRIu64,
			   r->seq);
		return false;
	}
	meter_digest_of(l->body, digest);
	if (ecdsa_verify(c->key, digest, l->signature, l->signature_len)) {
		if (r->boot == c->boot)
			return true;
		meter_tell(c, METER_ALTERED, "record %" PRIu64 " says boot %" PRIu64
			   ", and its key is of boot %" PRIu64, r->seq, r->boot, c->boot);
	} else if (r->boot != c->boot) {
		meter_tell(c, METER_REBOOT, "record %" PRIu64 " says boot %" PRIu64
			   ", whose certificate is not in front of it", r->seq, r->boot);
	} else {
		meter_tell(c, METER_ALTERED, "record %" PRIu64 " is not what was signed", r->seq);
	}
	return false;
}

static int take_record(struct meter_chain *c, struct str text)
{
	uint64_t used[METER_COUNTERS];
	uint8_t digest[SHA256_BYTES];
	struct meter_seen *s;
	struct meter_line l;
	bool late;
	int rc;

	if (meter_line_parse(text, &l)) {
		meter_tell(c, METER_ALTERED, "it is no record as one is written");
		return see_bad(c, 0);
	}
	if (!check(c, &l, digest))
		return see_bad(c, l.record.seq);
	late = c->seens && l.record.seq <= c->most;
	s = see(c);
	if (!s)
		return -ENOMEM;
	s->seq = l.record.seq;
	s->boot = l.record.boot;
	memcpy(s->digest, digest, sizeof(s->digest));
	memcpy(s->prev, l.record.prev, sizeof(s->prev));
	/* What is there twice, or late, is named for that; its counters are in later ones. */
	if (late)
		return 0;
	c->most = s->seq;
	c->records++;
	rc = meter_life_add(c, &l.record, used);
	if (!rc && c->config.listener.record)
		c->config.listener.record(c->config.listener.ctx, &l.record, used);
	return rc;
}

int meter_chain_line(struct meter_chain *c, struct str text, const char *file, unsigned int line)
{
	c->file = file;
	c->line = line;
	switch (meter_kind_of(text)) {
	case METER_RECORD:
		return take_record(c, text);
	case METER_CERTIFICATE:
		return meter_certificate_take(c, text);
	default:
		meter_tell(c, METER_ALTERED, "it is neither a record nor a certificate");
		return see_bad(c, 0);
	}
}

int meter_chain_end(struct meter_chain *c)
{
	meter_order_check(c);
	return 0;
}

/* --- leaves ------------------------------------------------------------------------------ */

void meter_leaf_object(const struct meter_record *r, char text[METER_LEAF_OBJECT_MAX])
{
	char ak[2 * METER_AK_BYTES + 1];

	hex_encode(r->ak, sizeof(r->ak), ak);
	snprintf(text, METER_LEAF_OBJECT_MAX, "meter:%s/%" PRIu64, ak, r->seq);
}

void meter_leaf_result(const uint8_t digest[SHA256_BYTES], char text[METER_LEAF_RESULT_MAX])
{
	strcpy(text, "sha256:");
	hex_encode(digest, SHA256_BYTES, text + strlen(text));
}

/* Is the leaf one of this host's?  Its record's number and digest, then. */
static bool leaf_parse(const struct meter_chain *c, struct str object, struct str result,
		       uint64_t *seq, uint8_t digest[SHA256_BYTES])
{
	char text[METER_LEAF_RESULT_MAX], ak[2 * METER_AK_BYTES + 1];
	struct str who;

	hex_encode(c->ak, sizeof(c->ak), ak);
	if (!c->have_ak || !str_starts(object, STR("meter:")))
		return false;
	object = str_skip(object, strlen("meter:"));
	if (!str_cut(&object, '/', &who) || !str_is(who, ak) ||
	    !str_number(object, METER_NUMBER_MAX, seq))
		return false;
	return str_starts(result, STR("sha256:")) && str_copy(str_skip(result, 7), text,
							       sizeof(text)) &&
	       strlen(text) == 2 * SHA256_BYTES && !hex_decode(text, digest, SHA256_BYTES);
}

/* The first of a number, in the order that the end has left; or where it would be. */
static size_t find(const struct meter_chain *c, uint64_t seq)
{
	size_t low = 0, high = c->seens;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->seen[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int meter_chain_leaf(struct meter_chain *c, struct str object, struct str result)
{
	uint8_t digest[SHA256_BYTES];
	bool there = false, same = false;
	uint64_t seq;
	size_t i;

	if (!leaf_parse(c, object, result, &seq, digest))
		return 0;
	for (i = find(c, seq); i < c->seens && c->seen[i].seq == seq; i++) {
		there = true;
		if (c->seen[i].bad || !memcmp(c->seen[i].digest, digest, sizeof(digest))) {
			c->seen[i].logged = true;
			same = true;
		}
	}
	c->file = NULL;
	c->line = 0;
	if (there && !same)
		meter_tell(c, METER_FORKED, "the ledger has another record %" PRIu64, seq);
	if (there || c->config.partial || (c->seens && seq <= c->most))
		return 0;
	if (!c->leaf_lost || seq < c->leaf_least)
		c->leaf_least = seq;
	if (!c->leaf_lost || seq > c->leaf_most)
		c->leaf_most = seq;
	c->leaf_lost = true;
	return 0;
}

int meter_chain_leaves_end(struct meter_chain *c)
{
	size_t i;

	c->file = NULL;
	c->line = 0;
	if (c->leaf_lost)
		meter_tell(c, METER_DROPPED, "records %" PRIu64 " to %" PRIu64
			   " of the ledger are not here", c->leaf_least, c->leaf_most);
	for (i = 0; i < c->seens; i++) {
		const struct meter_seen *s = &c->seen[i];

		if (s->logged || s->bad)
			continue;
		c->file = s->file;
		c->line = s->line;
		meter_tell(c, METER_UNLOGGED, "record %" PRIu64 " is not in the ledger", s->seq);
	}
	return 0;
}
