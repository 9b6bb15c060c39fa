// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "audit.h"
#include "backend_private.h"
#include "io/loop.h"
#include "io/sync.h"
#include "log.h"

#define QUEUE_MAX	LEDGER_BATCH

/* Bytes of texts as they are printed: whatever names are made of, api_audit.c can give the file. */
#define PRINTED_OBJECT	(2 * ENTRY_TEXT_MAX)
#define PRINTED		256u

_Static_assert(TILE_WIDTH * (2 + ENTRY_REST + PRINTED_OBJECT + 4 * PRINTED) <= META_API_MAX,
	       "a file of entries is one answer");

/* Who waits for one. */
struct waiting {
	struct io_event done;
	int rc;
};

struct audit_item {
	struct audit_item *next;
	struct waiting *waiting;	/* or NULL */
	struct ledger_item item;
	char text[];
};

/* --- a batch --------------------------------------------------------------------------- */

struct batch {
	struct audit *a;
	struct ledger_item *item;
	unsigned int count;
	char why[LEDGER_WHY];
};

static int write_batch(void *arg)
{
	struct batch *t = arg;

	return ledger_append(t->a->ledger, t->item, t->count, NULL, t->why);
}

/* Told first when it can be told again. */
static void add_lost(const struct audit *a, struct batch *t, char object[AUDIT_OBJECT])
{
	if (!a->lost)
		return;
	t->item[t->count++] = (struct ledger_item){
		.event = { AUDIT_BACKEND, STR("audit.lost"),
			   audit_number(object, "events", a->lost), AUDIT_OK, STR_NONE },
		.time = backend_now(),
	};
}

static void finish(struct audit_item *i, int rc)
{
	struct audit_item *next;

	for (; i; i = next) {
		next = i->next;
		if (i->waiting) {
			i->waiting->rc = rc;
			io_event_set(&i->waiting->done);
		}
		free(i);
	}
}

/* All that is queued.  Not cancelled. */
static void write_queued(struct audit *a)
{
	struct audit_item *first = a->first, *i;
	struct batch t = { .a = a };
	const u64 lost = a->lost;
	char object[AUDIT_OBJECT];
	int rc = -ENOMEM;

	if (!first)
		return;
	t.item = calloc(a->queued + 1, sizeof(*t.item));
	a->first = NULL;
	a->last = &a->first;
	a->queued = 0;
	if (t.item) {
		add_lost(a, &t, object);
		for (i = first; i; i = i->next)
			t.item[t.count++] = i->item;
		io_shield();
		rc = io_work(a->pool, write_batch, &t, 0);
		io_unshield();
	}
	if (rc) {
		log_line(LEVEL_ERROR, "the audit ledger lacks %u events: %s", t.count,
			 *t.why ? t.why : strerror(-rc));
		for (i = first; i; i = i->next)
			a->lost++;
	} else {
		/* More may have been lost since. */
		a->lost -= lost;
	}
	finish(first, rc);
	free(t.item);
}

static int writer(void *arg)
{
	struct backend *b = arg;
	struct audit *a = b->audit;
	int rc;

	do {
		rc = io_event_wait(&a->wake, 0);
		io_event_clear(&a->wake);
		/* At the end, too: somebody may wait for what was told last. */
		while (a->first)
			write_queued(a);
		audit_witness_wake(b);
	} while (rc != -ECANCELED);
	a->writing = false;
	return 0;
}

/* --- telling --------------------------------------------------------------------------- */

static struct str copy(struct str s, char **to)
{
	struct str c = { *to, s.len };

	if (c.len)
		memcpy(*to, s.at, c.len);
	*to += c.len;
	return c;
}

static struct audit_item *item_of(const struct ledger_event *e)
{
	const struct str actor = entry_head(e->actor, PRINTED),
			 action = entry_head(e->action, PRINTED),
			 object = entry_head(e->object, PRINTED_OBJECT),
			 result = entry_head(e->result, PRINTED),
			 policy = entry_head(e->policy, PRINTED);
	struct audit_item *i = malloc(sizeof(*i) + actor.len + action.len + object.len +
				      result.len + policy.len);
	char *to;

	if (!i)
		return NULL;
	*i = (struct audit_item){ .item.time = backend_now() };
	to = i->text;
	i->item.event = (struct ledger_event){
		.actor = copy(actor, &to), .action = copy(action, &to),
		.object = copy(object, &to), .result = copy(result, &to),
		.policy = copy(policy, &to),
	};
	return i;
}

static int tell(struct audit *a, const struct ledger_event *e, struct waiting *w)
{
	struct audit_item *i = a->queued < QUEUE_MAX - 1 ? item_of(e) : NULL;

	if (!i) {
		a->lost++;
		return -ENOBUFS;
	}
	i->waiting = w;
	*a->last = i;
	a->last = &i->next;
	a->queued++;
	io_event_set(&a->wake);
	return 0;
}

void audit_event(struct backend *b, const struct ledger_event *e)
{
	if (b->audit)
		tell(b->audit, e, NULL);
}

int audit_event_wait(struct backend *b, const struct ledger_event *e)
{
	struct waiting w = { .rc = 0 };
	int rc;

	if (!b->audit)
		return 0;
	io_event_init(&w.done);
	/* It lies on this stack: whoever began to wait waits. */
	rc = tell(b->audit, e, b->audit->writing ? &w : NULL);
	if (rc || !b->audit->writing)
		return rc;
	io_shield();
	io_event_wait(&w.done, 0);
	io_unshield();
	return w.rc;
}

struct str audit_object(char to[AUDIT_OBJECT], const char *noun, struct str name)
{
	struct out o = OUT(to, AUDIT_OBJECT - 1);

	out_text(&o, noun);
	if (name.len)
		out_char(&o, ':');
	out_str(&o, str_head(name, o.size - o.len));
	return out_written(&o);
}

struct str audit_number(char to[AUDIT_OBJECT], const char *noun, u64 number)
{
	char digits[24];
	struct out o = OUT(digits, sizeof(digits));

	out_number(&o, number);
	return audit_object(to, noun, out_written(&o));
}

struct str audit_actor(struct backend *b, struct str access, char to[ENTRY_PSEUDONYM])
{
	if (!access.len || !b->audit)
		return STR("anonymous");
	entry_pseudonym(&b->audit->salt, "key", access, to);
	return str_of(to);
}

/* --- life ------------------------------------------------------------------------------ */

struct opening {
	struct audit *a;
	const struct config *config;
	char why[LEDGER_WHY];
};

static int open_files(void *arg)
{
	struct opening *o = arg;

	return audit_files(o->a, o->config, o->why);
}

static void tell_life(struct backend *b, struct str action)
{
	const struct ledger_event e = { AUDIT_BACKEND, action, STR("role:backend"), AUDIT_OK,
					STR_NONE };

	audit_event(b, &e);
}

int audit_open(struct backend *b)
{
	struct opening o = { .config = b->config };
	struct audit *a;
	int rc;

	if (!b->config->audit_dir || !*b->config->audit_dir)
		return 0;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	b->audit = a;
	o.a = a;
	a->last = &a->first;
	io_event_init(&a->wake);
	io_event_init(&a->unled);
	rc = io_pool_open(&a->pool, 1);
	if (!rc)
		rc = io_work(a->pool, open_files, &o, 0);
	if (rc) {
		log_line(LEVEL_ERROR, "the audit ledger cannot be opened: %s",
			 *o.why ? o.why : strerror(-rc));
		return rc;
	}
	tell_life(b, STR("backend.start"));
	return 0;
}

int audit_start(struct backend *b, struct io_group *group)
{
	int rc = b->audit ? io_spawn(group, writer, b, NULL) : 0;

	if (b->audit && !rc)
		b->audit->writing = true;
	return rc ? rc : audit_witness_start(b, group);
}

void audit_close(struct backend *b)
{
	struct audit *a = b->audit;

	if (!a)
		return;
	if (a->ledger) {
		tell_life(b, STR("backend.stop"));
		write_queued(a);
	}
	finish(a->first, -ECANCELED);
	audit_witness_close(b);
	ledger_close(a->ledger);
	io_pool_close(a->pool);
	note_signer_wipe(&a->signer);
	explicit_bzero(&a->salt, sizeof(a->salt));
	free(a->dir);
	free(a->key);
	free(a->epoch);
	free(a);
	b->audit = NULL;
}
