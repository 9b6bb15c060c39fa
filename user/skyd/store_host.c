// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "store_host.h"
#include "store_private.h"

#define NAME_MAX_BYTES	63
#define COLUMNS \
	"name, state, ek, ak, signer, clock, resets, restarts, enrolled, judged, trusted, lease," \
	" policy, verdict, shown, refused, team, token"

static const struct db_sql sql_put = {
	"keep a host",
	"INSERT INTO host (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
	" ?13, ?14, ?15, ?16, ?17, ?18) ON CONFLICT (name) DO UPDATE SET state = ?2, ek = ?3, ak = ?4,"
	" signer = ?5, clock = ?6, resets = ?7, restarts = ?8, enrolled = ?9, judged = ?10,"
	" trusted = ?11, lease = ?12, policy = ?13, verdict = ?14, shown = ?15, refused = ?16,"
	" team = ?17, token = ?18",
};

static const struct db_sql sql_other = {
	"look for another host of a TPM",
	"SELECT 1 FROM host WHERE ek = ?1 AND name <> ?2 AND state = ?3 LIMIT 1",
};

static const struct db_sql sql_state = {
	"look whether a host was revoked", "SELECT state FROM host WHERE name = ?1",
};

static const struct db_sql sql_get = {
	"read a host", "SELECT " COLUMNS " FROM host WHERE name = ?1",
};

static const struct db_sql sql_list = {
	"list hosts", "SELECT " COLUMNS " FROM host WHERE name > ?1 ORDER BY name LIMIT ?2",
};

static const struct db_sql sql_leases = {
	"list leases of hosts",
	"SELECT name, lease, policy FROM host WHERE name > ?1 ORDER BY name LIMIT ?2",
};

struct host_call {
	const struct store_host *host;
	struct store_text name;
	unsigned int max;
	struct store_arena *arena;
	struct store_host *out;
	struct store_host_lease *leases;
};

static int put_tx(struct db_conn *c, void *arg)
{
	struct host_call *call = arg;
	const struct store_host *h = call->host;
	u64 one;
	int err = -ENOENT;

	/* Who read the row before that, in whichever process, does not undo it. */
	if (h->state != STORE_HOST_REVOKED && !h->named)
		err = store_number(c, &sql_state, DB_ARGS(STORE_ARG(h->name)), ENOENT, &one);
	if (err != -ENOENT && (err || one == STORE_HOST_REVOKED))
		return err ? err : -EKEYREJECTED;
	err = -ENOENT;
	if (h->state == STORE_HOST_ENROLLED)
		err = store_number(c, &sql_other,
				   DB_ARGS(STORE_ARG(h->ek), STORE_ARG(h->name),
					   DB_INT(STORE_HOST_ENROLLED)), ENOENT, &one);
	if (err != -ENOENT)
		return err ? err : -EEXIST;
	return store_change(c, &sql_put,
			    DB_ARGS(STORE_ARG(h->name), DB_INT(h->state), STORE_ARG(h->ek),
				    STORE_ARG(h->ak), STORE_ARG(h->signer), DB_INT(h->clock),
				    DB_INT(h->resets), DB_INT(h->restarts), DB_INT(h->enrolled),
				    DB_INT(h->judged), DB_INT(h->trusted), DB_INT(h->lease),
				    STORE_ARG(h->policy), STORE_ARG(h->verdict),
				    STORE_ARG(h->shown), STORE_ARG(h->refused), DB_INT(h->team),
				    STORE_ARG(h->token)), EIO);
}

int store_host_put(struct store *s, const struct store_host *host)
{
	if (!host->name.len || host->name.len > NAME_MAX_BYTES ||
	    host->state > STORE_HOST_REVOKED || host->verdict.len > STORE_BLOB_MAX ||
	    host->token.len > STORE_BLOB_MAX)
		return -STORE_INVALID;
	return store_write(s, put_tx, &(struct host_call){ .host = host });
}

static int fill(struct db_rows *rows, struct store_arena *a, struct store_host *h)
{
	int err = 0;

	*h = (struct store_host){
		.name = store_column(a, rows, 0, &err), .state = db_int(rows, 1),
		.ek = store_column(a, rows, 2, &err), .ak = store_column(a, rows, 3, &err),
		.signer = store_column(a, rows, 4, &err), .clock = db_int(rows, 5),
		.resets = db_int(rows, 6), .restarts = db_int(rows, 7),
		.enrolled = db_int(rows, 8), .judged = db_int(rows, 9),
		.trusted = db_int(rows, 10), .lease = db_int(rows, 11),
		.policy = store_column(a, rows, 12, &err),
		.verdict = store_column(a, rows, 13, &err),
		.shown = store_column(a, rows, 14, &err),
		.refused = store_column(a, rows, 15, &err), .team = db_int(rows, 16),
		.token = store_column(a, rows, 17, &err),
	};
	return err;
}

static int get_tx(struct db_conn *c, void *arg)
{
	struct host_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_get, DB_ARGS(STORE_ARG(call->name)));
	int more = db_next(rows);

	if (more <= 0)
		return more ? more : -ENOENT;
	return fill(rows, call->arena, call->out);
}

int store_host_get(struct store *s, struct store_text name, struct store_arena *a,
		   struct store_host *host)
{
	return store_read(s, get_tx, &(struct host_call){ .name = name, .arena = a, .out = host });
}

static int list_tx(struct db_conn *c, void *arg)
{
	struct host_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_list, DB_ARGS(STORE_ARG(call->name), DB_INT(call->max)));
	int count = 0, more = 0, err = 0;

	while (!err && (more = db_next(rows)) > 0)
		err = fill(rows, call->arena, &call->out[count++]);
	if (err)
		return err;
	return more < 0 ? more : count;
}

int store_host_list(struct store *s, struct store_text after, unsigned int max,
		    struct store_arena *a, struct store_host **hosts)
{
	struct host_call call = { .name = after, .max = store_page_max(max), .arena = a };

	call.out = store_alloc(a, call.max * sizeof(*call.out));
	if (!call.out)
		return -ENOMEM;
	*hosts = call.out;
	return store_read(s, list_tx, &call);
}

static int leases_tx(struct db_conn *c, void *arg)
{
	struct host_call *call = arg;
	DB_ROWS rows = db_query(c, &sql_leases, DB_ARGS(STORE_ARG(call->name), DB_INT(call->max)));
	int count = 0, more = 0, err = 0;

	while (!err && (more = db_next(rows)) > 0) {
		call->leases[count].name = store_column(call->arena, rows, 0, &err);
		call->leases[count].lease = db_int(rows, 1);
		call->leases[count++].policy = store_column(call->arena, rows, 2, &err);
	}
	if (err)
		return err;
	return more < 0 ? more : count;
}

int store_host_leases(struct store *s, struct store_text after, unsigned int max,
		      struct store_arena *a, struct store_host_lease **leases)
{
	struct host_call call = { .name = after, .max = store_page_max(max), .arena = a };

	call.leases = store_alloc(a, call.max * sizeof(*call.leases));
	if (!call.leases)
		return -ENOMEM;
	*leases = call.leases;
	return store_read(s, leases_tx, &call);
}
