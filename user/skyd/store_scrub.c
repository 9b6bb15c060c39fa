// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What scrubs of locations want of the store: how far they are, all names of one moment, and the
 * times of which it knows nothing.
 */
#include <errno.h>

#include "store_private.h"
#include "store_scrub.h"

#define COUNTS	"listed, read, unnamed, young, outside, deleted, missing, wrong, made"

static const struct db_sql sql_begin = {
	"begin to scrub a location",
	"INSERT OR REPLACE INTO scrub (location, state, flags, pass, began, ended, last, " COUNTS
	") VALUES (?1, 0, ?2, 1, ?3, 0, x'', 0, 0, 0, 0, 0, 0, 0, 0, 0)",
};

static const struct db_sql sql_save = {
	"note how far a scrub is",
	"UPDATE scrub SET state = ?3, pass = ?4, ended = ?5, last = ?6, listed = ?7, read = ?8,"
	" unnamed = ?9, young = ?10, outside = ?11, deleted = ?12, missing = ?13, wrong = ?14,"
	" made = ?15, flags = ?16 WHERE location = ?1 AND began = ?2",
};

static const struct db_sql sql_drop = {
	"drop a scrub", "DELETE FROM scrub WHERE location = ?1",
};

static const struct db_sql sql_list = {
	"list scrubs",
	"SELECT location, state, flags, pass, began, ended, last, " COUNTS " FROM scrub"
	" ORDER BY location",
};

static const struct db_sql sql_count = { "count scrubs", "SELECT count(*) FROM scrub" };

/* Parts and pages of what is being collected are among the others. */
static const struct db_sql sql_names[] = {
	{ "name what is reserved", "SELECT remaining, records FROM reservation" },
	{ "name fragments of objects", "SELECT -1, records FROM object WHERE ref = 0" },
	{ "name fragments of versions", "SELECT -1, records FROM version WHERE ref = 0" },
	{ "name fragments of parts", "SELECT -1, records FROM part WHERE ref = 0" },
	{ "name fragments of pages", "SELECT -1, records FROM page" },
	{ "name garbage", "SELECT mask, records FROM garbage WHERE mask <> 0" },
};

static const struct db_sql sql_moves = {
	"name what moves", "SELECT number, location, generation FROM move",
};

static const struct db_sql sql_alive = {
	"ask when the store was there", "SELECT value FROM counter WHERE id = 2",
};

/* Also a clock that is set back: a gap too wide is the safe side, and one that is missing not. */
static const struct db_sql sql_set_alive = {
	"note that the store is there", "UPDATE counter SET value = ?1 WHERE id = 2",
};

static const struct db_sql sql_add_gap = {
	"note a gap", "INSERT OR REPLACE INTO gap VALUES (?1, ?2)",
};

static const struct db_sql sql_gaps = {
	"list gaps", "SELECT since, until FROM gap ORDER BY since",
};

static const struct db_sql sql_count_gaps = { "count gaps", "SELECT count(*) FROM gap" };

enum flags { READS = 1, ACCEPT = 2 };

struct scrub_call {
	u64 location, now;
	bool start;
	const struct store_scrub *scrub;
	struct store_arena *arena;
	struct store_scrub *scrubs;
	struct store_gap *gaps;
	const struct store_namer *namer;
};

static u64 flags_of(const struct store_scrub *s)
{
	return (s->reads ? READS : 0) | (s->accept ? ACCEPT : 0);
}

/* --- how far they are ---------------------------------------------------- */

static int begin_tx(struct db_conn *c, void *arg)
{
	const struct scrub_call *call = arg;

	return store_change(c, &sql_begin, DB_ARGS(DB_INT(call->scrub->location),
						   DB_INT(flags_of(call->scrub)),
						   DB_INT(call->now)), EIO);
}

int store_scrub_begin(struct store *s, const struct store_scrub *scrub)
{
	return store_write(s, begin_tx,
			   &(struct scrub_call){ .scrub = scrub, .now = store_now(s) });
}

static int save_tx(struct db_conn *c, void *arg)
{
	const struct store_scrub *s = ((struct scrub_call *)arg)->scrub;
	const struct store_scrub_counts *n = &s->counts;

	return store_change(c, &sql_save,
			    DB_ARGS(DB_INT(s->location), DB_INT(s->began), DB_INT(s->state),
				    DB_INT(s->pass), DB_INT(s->ended),
				    DB_BYTES(s->after, s->after_len), DB_INT(n->listed),
				    DB_INT(n->read), DB_INT(n->unnamed), DB_INT(n->young),
				    DB_INT(n->foreign), DB_INT(n->deleted), DB_INT(n->missing),
				    DB_INT(n->wrong), DB_INT(n->made), DB_INT(flags_of(s))),
			    STORE_NO_SUCH_LOCATION);
}

int store_scrub_save(struct store *s, const struct store_scrub *scrub)
{
	return store_write(s, save_tx, &(struct scrub_call){ .scrub = scrub });
}

static int drop_tx(struct db_conn *c, void *arg)
{
	const struct scrub_call *call = arg;

	return store_change(c, &sql_drop, DB_ARGS(DB_INT(call->location)), STORE_NO_SUCH_LOCATION);
}

int store_scrub_drop(struct store *s, u16 location)
{
	return store_write(s, drop_tx, &(struct scrub_call){ .location = location });
}

static void take(struct db_rows *rows, struct store_scrub *to)
{
	const struct db_bytes after = db_bytes(rows, 6);
	const u64 flags = db_int(rows, 2);

	*to = (struct store_scrub){
		.location = db_int(rows, 0), .state = db_int(rows, 1), .reads = flags & READS,
		.accept = flags & ACCEPT, .pass = db_int(rows, 3), .began = db_int(rows, 4),
		.ended = db_int(rows, 5),
		.counts = {
			.listed = db_int(rows, 7), .read = db_int(rows, 8),
			.unnamed = db_int(rows, 9), .young = db_int(rows, 10),
			.foreign = db_int(rows, 11), .deleted = db_int(rows, 12),
			.missing = db_int(rows, 13), .wrong = db_int(rows, 14),
			.made = db_int(rows, 15),
		},
	};
	to->after_len = after.len < sizeof(to->after) ? after.len : 0;
	if (to->after_len)
		memcpy(to->after, after.data, to->after_len);
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct scrub_call *call = arg;
	u64 most;
	int count = 0, more, err = store_number(c, &sql_count, DB_NO_ARGS, EIO, &most);

	if (err)
		return err;
	call->scrubs = store_alloc(call->arena, (most + 1) * sizeof(*call->scrubs));
	if (!call->scrubs)
		return -ENOMEM;
	DB_ROWS rows = db_query(c, &sql_list, DB_NO_ARGS);

	while ((more = db_next(rows)) > 0)
		take(rows, &call->scrubs[count++]);
	return more < 0 ? more : count;
}

int store_scrub_list(struct store *s, struct store_arena *a, struct store_scrub **scrubs)
{
	struct scrub_call call = { .arena = a };
	int rc = store_read(s, list_tx, &call);

	*scrubs = call.scrubs;
	return rc;
}

/* --- names --------------------------------------------------------------- */

static int name_moves(struct db_conn *c, const struct store_namer *namer)
{
	DB_ROWS rows = db_query(c, &sql_moves, DB_NO_ARGS);
	int more;

	while ((more = db_next(rows)) > 0) {
		const struct db_bytes generation = db_bytes(rows, 2);

		if (generation.len != STORE_GENERATION_BYTES)
			return -EUCLEAN;
		namer->one(namer->arg, generation.data, db_int(rows, 0), db_int(rows, 1));
	}
	return more;
}

static int name_records(struct db_conn *c, const struct db_sql *sql,
			const struct store_namer *namer)
{
	DB_ROWS rows = db_query(c, sql, DB_NO_ARGS);
	int more;

	while ((more = db_next(rows)) > 0) {
		const struct store_text records = store_bytes(db_bytes(rows, 1));

		if (records.len)
			namer->records(namer->arg, records, db_int(rows, 0));
	}
	return more;
}

static int names_tx(struct db_conn *c, void *arg)
{
	const struct scrub_call *call = arg;
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof(sql_names) / sizeof(sql_names[0]); i++)
		rc = name_records(c, &sql_names[i], call->namer);
	return rc ? rc : name_moves(c, call->namer);
}

int store_names(struct store *s, const struct store_namer *namer)
{
	return store_read(s, names_tx, &(struct scrub_call){ .namer = namer });
}

/* --- gaps ---------------------------------------------------------------- */

int store_note_alive(struct db_conn *c, u64 now)
{
	int rc = db_run(c, &sql_set_alive, DB_ARGS(DB_INT(now)));

	return rc < 0 ? rc : 0;
}

static int alive_tx(struct db_conn *c, void *arg)
{
	const struct scrub_call *call = arg;
	u64 last;
	int err = store_number(c, &sql_alive, DB_NO_ARGS, EIO, &last);

	if (!err && call->start && call->now > last)
		err = store_change(c, &sql_add_gap, DB_ARGS(DB_INT(last), DB_INT(call->now)), EIO);
	return err ? err : store_note_alive(c, call->now);
}

int store_alive(struct store *s, bool start)
{
	return store_write(s, alive_tx,
			   &(struct scrub_call){ .now = store_now(s), .start = start });
}

static int gaps_tx(struct db_conn *c, void *arg)
{
	struct scrub_call *call = arg;
	u64 most;
	int count = 0, more, err = store_number(c, &sql_count_gaps, DB_NO_ARGS, EIO, &most);

	if (err)
		return err;
	call->gaps = store_alloc(call->arena, (most + 1) * sizeof(*call->gaps));
	if (!call->gaps)
		return -ENOMEM;
	DB_ROWS rows = db_query(c, &sql_gaps, DB_NO_ARGS);

	while ((more = db_next(rows)) > 0)
		call->gaps[count++] = (struct store_gap){ db_int(rows, 0), db_int(rows, 1) };
	return more < 0 ? more : count;
}

int store_gaps(struct store *s, struct store_arena *a, struct store_gap **gaps)
{
	struct scrub_call call = { .arena = a };
	int rc = store_read(s, gaps_tx, &call);

	*gaps = call.gaps;
	return rc;
}
