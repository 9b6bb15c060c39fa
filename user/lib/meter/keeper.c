// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "keeper_private.h"

#define COUNTER_MOST	(1ull << 52)	/* beyond it an instance begins anew */

uint64_t meter_keeper_next(const struct meter_keeper *k)
{
	return k->next;
}

uint64_t meter_keeper_boot(const struct meter_keeper *k)
{
	return k->boot;
}

unsigned int meter_keeper_living(const struct meter_keeper *k)
{
	unsigned int i, n = 0;

	for (i = 0; i < k->lives; i++)
		n += !k->life[i].ended;
	return n;
}

static int lock(struct meter_keeper *k, char why[METER_WHY])
{
	CLEANUP_FREE char *path = keeper_path(k, "lock");

	if (!path)
		return -ENOMEM;
	if (mkdir(k->config.dir, 0750) && errno != EEXIST) {
		snprintf(why, METER_WHY, "cannot make %s: %s", k->config.dir, strerror(errno));
		return -errno;
	}
	k->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (k->lock < 0 || flock(k->lock, LOCK_EX | LOCK_NB)) {
		snprintf(why, METER_WHY, "%s: %s", path, errno == EWOULDBLOCK ?
			 "another one writes this chain" : strerror(errno));
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	return 0;
}

int meter_keeper_open(struct meter_keeper **to, const struct meter_keeper_config *config,
		      char why[METER_WHY])
{
	struct meter_keeper *k = calloc(1, sizeof(*k));
	unsigned int i;
	int rc;

	*to = NULL;
	snprintf(why, METER_WHY, "no memory");
	if (!k)
		return -ENOMEM;
	k->config = *config;
	k->lock = -1;
	k->file = -1;
	k->text.room = keeper_room;
	rc = lock(k, why);
	if (!rc)
		rc = keeper_load(k, why);
	if (!rc)
		rc = keeper_key(k, why);
	for (i = 0; i < k->lives; i++)
		k->life[i].seen = false;
	if (rc)
		meter_keeper_close(k);
	else
		*to = k;
	return rc;
}

void meter_keeper_close(struct meter_keeper *k)
{
	if (!k)
		return;
	while (k->lives)
		keeper_forget(k, 0);
	ecdsa_free(k->key);
	if (k->file >= 0)
		close(k->file);
	if (k->lock >= 0)
		close(k->lock);
	free(k->life);
	free(k->leaf);
	free(k->text.at);
	free(k->certificate);
	free(k);
}

/* --- a record ---------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct meter_counter *x = a, *y = b;

	return str_compare(x->name, y->name);
}

static bool same_digest(const struct meter_digest *a, const struct meter_digest *b)
{
	return a->set == b->set && (!a->set || !memcmp(a->at, b->at, sizeof(a->at)));
}

/* The last record of a unit, whatever has become of it. */
static struct keeper_life *find(struct meter_keeper *k, const struct meter_record *r)
{
	struct keeper_life *found = NULL;
	unsigned int i;

	for (i = 0; i < k->lives; i++) {
		const struct meter_record *was = &k->life[i].r;

		if (str_equal(was->source, r->source) && str_equal(was->unit, r->unit) &&
		    (!found || was->instance > found->r.instance))
			found = &k->life[i];
	}
	return found;
}

bool meter_keeper_last(struct meter_keeper *k, struct str source, struct str unit, uint64_t *to)
{
	const struct meter_record r = { .source = source, .unit = unit };
	const struct keeper_life *was = find(k, &r);

	if (was)
		*to = was->r.to;
	return was;
}

static bool goes_back(const struct meter_record *was, const struct meter_record *r)
{
	unsigned int i, found = 0;

	for (i = 0; i < r->counters; i++) {
		if (r->counter[i].value < meter_counter_get(was, r->counter[i].name))
			return true;
		found += bsearch(&r->counter[i], was->counter, was->counters,
				 sizeof(*was->counter), by_name) != NULL;
	}
	return found < was->counters;
}

static bool unchanged(const struct meter_record *was, const struct meter_record *r)
{
	unsigned int i;

	for (i = 0; i < r->counters; i++)
		if (r->counter[i].value != meter_counter_get(was, r->counter[i].name))
			return false;
	return r->counters == was->counters && same_digest(&was->input, &r->input) &&
	       same_digest(&was->output, &r->output);
}

/* Differences on top of what there was; false: it is too much for an instance. */
static bool add_up(const struct meter_record *was, struct meter_record *r)
{
	unsigned int i;

	for (i = 0; i < r->counters; i++)
		if (meter_counter_get(was, r->counter[i].name) + r->counter[i].value > COUNTER_MOST)
			return false;
	for (i = 0; i < r->counters; i++)
		r->counter[i].value += meter_counter_get(was, r->counter[i].name);
	return true;
}

static int write_record(struct meter_keeper *k, const struct meter_record *r, bool ended)
{
	char text[METER_LINE_MAX];
	struct out o = OUT(text, sizeof(text) - 128);
	uint8_t digest[SHA256_BYTES], der[ECDSA_DER_MAX];
	struct str body;
	int len, rc;

	meter_record_print(&o, r);
	if (o.err)
		return o.err == -EMSGSIZE ? -EINVAL : o.err;
	body = out_written(&o);
	meter_digest_of(body, digest);
	len = ecdsa_sign(k->key, digest, der);
	if (len < 0)
		return len;
	rc = keeper_leaf_add(k, r, body);
	if (!rc)
		rc = keeper_remember(k, body, ended);
	if (rc)
		return rc;
	meter_line_print(&k->text, body, der, len);
	out_char(&k->text, '\n');
	memcpy(k->prev, digest, sizeof(k->prev));
	k->next++;
	return k->text.err;
}

/*
 * Does it go on from @was?  Its counters are made absolute.  What is counted since its beginning
 * has one tenant for life: another one would be billed for all of it once more.  It ends with its
 * host's boot, of which the next one may use the name again.
 */
static bool goes_on(const struct keeper_life *was, const struct meter_sample *s,
		    struct meter_record *r)
{
	if (!was || !same_digest(&was->r.image, &r->image))
		return false;
	if (s->added)
		return str_equal(was->r.tenant, r->tenant) && add_up(&was->r, r);
	if (was->r.boot != r->boot || goes_back(&was->r, r) ||
	    (was->ended && !(s->ended && unchanged(&was->r, r))))
		return false;
	r->tenant = was->r.tenant;
	return true;
}

int meter_keeper_add(struct meter_keeper *k, struct meter_sample *s)
{
	char source[METER_TEXT_MAX + 1], tenant[METER_TEXT_MAX + 1], unit[METER_TEXT_MAX + 1];
	struct meter_record r = {
		.boot = k->boot, .seq = k->next, .image = s->image, .input = s->input,
		.output = s->output, .from = s->since, .to = s->now, .counters = s->counters,
		.source = meter_text(s->source, source), .tenant = meter_text(s->tenant, tenant),
		.unit = meter_text(s->unit, unit),
	};
	struct keeper_life *was;

	if (s->counters > METER_COUNTERS)
		return -EINVAL;
	qsort(s->counter, s->counters, sizeof(*s->counter), by_name);
	memcpy(r.counter, s->counter, s->counters * sizeof(*s->counter));
	memcpy(r.ak, k->ak, sizeof(r.ak));
	memcpy(r.prev, k->prev, sizeof(r.prev));
	was = find(k, &r);
	if (was)
		was->seen = true;
	r.instance = k->instances;
	if (goes_on(was, s, &r)) {
		r.instance = was->r.instance;
		r.from = was->r.to;
		if (was->ended || (!s->ended && unchanged(&was->r, &r)))
			return 0;
	}
	/* A clock that was set back does not make time go back. */
	if (r.from > r.to)
		r.to = r.from;
	return write_record(k, &r, s->ended);
}

/* --- writing ----------------------------------------------------------------------------- */

static int open_file(struct meter_keeper *k, uint64_t now)
{
	uint64_t most = k->config.segment ? k->config.segment : METER_SEGMENT;
	char name[KEEPER_NAME + 1], day[KEEPER_DAY + 1];
	CLEANUP_FREE char *path = NULL;
	time_t seconds = now / 1000000;
	struct tm tm;
	int rc;

	gmtime_r(&seconds, &tm);
	if (strftime(day, sizeof(day), "%Y-%m-%d", &tm) != KEEPER_DAY)
		return -EOVERFLOW;
	rc = keeper_segment(k, day, k->size && k->size + k->text.len > most, name);
	if (rc)
		return rc;
	if (strcmp(name, k->name)) {
		strcpy(k->name, name);
		k->size = 0;
		k->told = false;
		if (k->file >= 0)
			close(k->file);
		k->file = -1;
	}
	if (k->file >= 0)
		return 0;
	path = keeper_path(k, k->name);
	if (!path)
		return -ENOMEM;
	/* One that has records is not made anew: a hole would be in it. */
	k->file = open(path, O_WRONLY | O_CLOEXEC | (k->size ? 0 : O_CREAT), 0640);
	return k->file < 0 ? -errno : 0;
}

/* A new file is in its folder for good, too. */
static int sync_all(struct meter_keeper *k)
{
	CLEANUP_CLOSE int dir = -1;

	if (fsync(k->file))
		return -errno;
	if (k->size)
		return 0;
	dir = open(k->config.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 || fsync(dir) ? -errno : 0;
}

static int write_lines(struct meter_keeper *k, uint64_t now)
{
	size_t head;
	int rc;

	if (!k->text.len)
		return 0;
	rc = open_file(k, now);
	if (rc)
		return rc;
	head = k->told ? 0 : strlen(k->certificate);
	rc = pwrite_all(k->file, k->certificate, head, k->size);
	if (!rc)
		rc = pwrite_all(k->file, k->text.at, k->text.len, k->size + head);
	if (!rc)
		rc = sync_all(k);
	if (rc)
		return rc;
	k->size += head + k->text.len;
	k->told = true;
	k->text.len = 0;
	return 0;
}

static int write_leaves(struct meter_keeper *k, char why[METER_WHY])
{
	struct ledger_item *item;
	unsigned int i, done, part;
	int rc = 0;

	if (!k->leaves)
		return 0;
	item = calloc(k->leaves, sizeof(*item));
	if (!item)
		return -ENOMEM;
	for (i = 0; i < k->leaves; i++)
		item[i] = (struct ledger_item){
			.event = { STR("meter"), STR(METER_LEAF_ACTION), str_of(k->leaf[i].object),
				   str_of(k->leaf[i].result), STR_NONE },
			.time = k->leaf[i].time,
		};
	for (done = 0; !rc && done < k->leaves; done += part) {
		part = k->leaves - done < LEDGER_BATCH ? k->leaves - done : LEDGER_BATCH;
		rc = ledger_append(k->config.ledger, item + done, part, NULL, why);
	}
	free(item);
	if (!rc)
		k->leaves = 0;
	return rc;
}

int meter_keeper_commit(struct meter_keeper *k, bool all, uint64_t now, char why[METER_WHY])
{
	unsigned int i;
	int rc;

	snprintf(why, METER_WHY, "%s: records cannot be written", k->config.dir);
	rc = k->text.err ? k->text.err : write_lines(k, now);
	if (!rc)
		rc = write_leaves(k, why);
	if (rc)
		return rc;
	for (i = k->lives; i--;) {
		if (all && !k->life[i].seen)
			keeper_forget(k, i);
		else
			k->life[i].seen = false;
	}
	snprintf(why, METER_WHY, "%s/state cannot be written", k->config.dir);
	return keeper_save(k);
}
