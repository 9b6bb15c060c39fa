// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schema.  Names are blobs, so that they sort bytewise.
 *
 * A name's latest version is in table object unless it is a delete marker; all
 * its other versions are in table version, latest first.  So a listing of objects
 * reads nothing but what it returns, whatever the number of old versions and
 * markers, and a bucket without versioning never touches the second table.  Both
 * have the same columns in the same order: rows move between them.
 *
 * ref, parts, records say where a body is: ref 0: records are those of its only
 * generation; parts 0: ref is a piece with rows in page; else ref is the upload
 * with rows in part.  garbage takes these three over as they are, so letting go
 * of an object costs one row whatever its size.
 */
#include "store_private.h"

#define OBJECT_COLUMNS \
	"bucket INTEGER NOT NULL, name BLOB NOT NULL, seq INTEGER NOT NULL," \
	"rand INTEGER NOT NULL, nil INTEGER NOT NULL, marker INTEGER NOT NULL," \
	"size INTEGER NOT NULL, etag BLOB NOT NULL, checksums BLOB NOT NULL," \
	"tags BLOB NOT NULL, headers BLOB NOT NULL, metadata BLOB NOT NULL," \
	"acl BLOB NOT NULL, key BLOB NOT NULL, revision INTEGER NOT NULL," \
	"ref INTEGER NOT NULL, parts INTEGER NOT NULL, records BLOB NOT NULL,"

static const char first[] =
	"CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL);"
	"INSERT INTO counter VALUES (1, 0);"

	"CREATE TABLE team (id INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL UNIQUE,"
	" created INTEGER NOT NULL);"

	"CREATE TABLE usage (team INTEGER NOT NULL, id INTEGER NOT NULL,"
	" objects INTEGER NOT NULL, versions INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" uploads INTEGER NOT NULL, PRIMARY KEY (team, id)) WITHOUT ROWID;"

	"CREATE TABLE key (access BLOB PRIMARY KEY, team INTEGER NOT NULL, secret BLOB NOT NULL,"
	" comment BLOB NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,"
	" enabled INTEGER NOT NULL, scope INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX key_team ON key (team, access);"
	"CREATE TABLE key_scope (access BLOB NOT NULL, bucket INTEGER NOT NULL,"
	" scope INTEGER NOT NULL, PRIMARY KEY (access, bucket)) WITHOUT ROWID;"
	"CREATE INDEX key_scope_bucket ON key_scope (bucket);"

	"CREATE TABLE policy (id INTEGER PRIMARY KEY AUTOINCREMENT, team INTEGER NOT NULL,"
	" name BLOB NOT NULL, revision INTEGER NOT NULL, UNIQUE (name, team));"
	"CREATE TABLE policy_revision (policy INTEGER NOT NULL, revision INTEGER NOT NULL,"
	" created INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (policy, revision))"
	" WITHOUT ROWID;"

	"CREATE TABLE location (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
	" state INTEGER NOT NULL, team INTEGER NOT NULL, created INTEGER NOT NULL,"
	" name BLOB NOT NULL, provider BLOB NOT NULL, url BLOB NOT NULL, country BLOB NOT NULL,"
	" city BLOB NOT NULL, jurisdiction BLOB NOT NULL, region BLOB NOT NULL,"
	" cluster BLOB NOT NULL, description BLOB NOT NULL, latitude INTEGER NOT NULL,"
	" longitude INTEGER NOT NULL, gdpr INTEGER NOT NULL, storage INTEGER NOT NULL,"
	" ingress INTEGER NOT NULL, egress INTEGER NOT NULL, credentials BLOB NOT NULL,"
	" point BLOB NOT NULL, capacity INTEGER NOT NULL, used INTEGER NOT NULL,"
	" UNIQUE (team, name));"
	"CREATE TABLE sample (location INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" at INTEGER NOT NULL, us INTEGER NOT NULL, PRIMARY KEY (location, kind, at))"
	" WITHOUT ROWID;"
	"CREATE TABLE outage (location INTEGER NOT NULL, since INTEGER NOT NULL,"
	" until INTEGER NOT NULL, PRIMARY KEY (location, since)) WITHOUT ROWID;"

	"CREATE TABLE bucket (id INTEGER PRIMARY KEY AUTOINCREMENT, team INTEGER NOT NULL,"
	" name BLOB NOT NULL UNIQUE, created INTEGER NOT NULL, policy INTEGER NOT NULL,"
	" revision INTEGER NOT NULL, versioning INTEGER NOT NULL, shared INTEGER NOT NULL,"
	" key BLOB NOT NULL);"
	"CREATE INDEX bucket_team ON bucket (team, name);"
	"CREATE INDEX bucket_policy ON bucket (policy);"
	"CREATE TABLE document (bucket INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" body BLOB NOT NULL, PRIMARY KEY (bucket, kind)) WITHOUT ROWID;"

	"CREATE TABLE object (" OBJECT_COLUMNS " PRIMARY KEY (bucket, name)) WITHOUT ROWID;"
	"CREATE TABLE version (" OBJECT_COLUMNS " PRIMARY KEY (bucket, name, seq DESC))"
	" WITHOUT ROWID;"
	"CREATE UNIQUE INDEX version_null ON version (bucket, name) WHERE nil = 1;"

	"CREATE TABLE reservation (id INTEGER PRIMARY KEY, team INTEGER NOT NULL,"
	" expires INTEGER NOT NULL, remaining INTEGER NOT NULL, records BLOB NOT NULL);"
	"CREATE INDEX reservation_expires ON reservation (expires);"
	"CREATE TABLE piece (id INTEGER PRIMARY KEY, team INTEGER NOT NULL,"
	" expires INTEGER NOT NULL, length INTEGER NOT NULL);"
	"CREATE INDEX piece_expires ON piece (expires);"
	"CREATE TABLE page (piece INTEGER NOT NULL, start INTEGER NOT NULL,"
	" length INTEGER NOT NULL, generations INTEGER NOT NULL, records BLOB NOT NULL,"
	" PRIMARY KEY (piece, start)) WITHOUT ROWID;"

	"CREATE TABLE upload (id INTEGER PRIMARY KEY, rand INTEGER NOT NULL,"
	" bucket INTEGER NOT NULL, name BLOB NOT NULL, created INTEGER NOT NULL,"
	" headers BLOB NOT NULL, metadata BLOB NOT NULL, tags BLOB NOT NULL,"
	" acl BLOB NOT NULL, key BLOB NOT NULL, checksums BLOB NOT NULL);"
	"CREATE INDEX upload_name ON upload (bucket, name, id);"
	"CREATE TABLE part (upload INTEGER NOT NULL, number INTEGER NOT NULL,"
	" size INTEGER NOT NULL, modified INTEGER NOT NULL, etag BLOB NOT NULL,"
	" checksums BLOB NOT NULL, ref INTEGER NOT NULL, records BLOB NOT NULL,"
	" start INTEGER, PRIMARY KEY (upload, number)) WITHOUT ROWID;"
	"CREATE INDEX part_start ON part (upload, start) WHERE start IS NOT NULL;"

	"CREATE TABLE garbage (id INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL,"
	" kind INTEGER NOT NULL, ref INTEGER NOT NULL, mask INTEGER NOT NULL,"
	" records BLOB NOT NULL);"
	"CREATE INDEX garbage_due ON garbage (due, id);";

/*
 * Fragments that leave a location.  A row of move names one that no record names: it is being
 * made (open), or is to be deleted from due on.  As long as there is a row for a place, nothing
 * of that name is put there anew.
 */
static const char second[] =
	"CREATE TABLE repair (location INTEGER PRIMARY KEY, state INTEGER NOT NULL,"
	" reads INTEGER NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL,"
	" mark INTEGER NOT NULL, total INTEGER NOT NULL, moved INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, targets BLOB NOT NULL);"
	"CREATE TABLE move (generation BLOB NOT NULL, number INTEGER NOT NULL,"
	" location INTEGER NOT NULL, open INTEGER NOT NULL, due INTEGER NOT NULL,"
	" PRIMARY KEY (generation, number, location)) WITHOUT ROWID;"
	"CREATE INDEX move_due ON move (due);";

/* A machine that attests.  What its TPM counts is never set back but with its keys. */
static const char third[] =
	"CREATE TABLE host (name BLOB PRIMARY KEY, state INTEGER NOT NULL, ek BLOB NOT NULL,"
	" ak BLOB NOT NULL, signer BLOB NOT NULL, clock INTEGER NOT NULL, resets INTEGER NOT NULL,"
	" restarts INTEGER NOT NULL, enrolled INTEGER NOT NULL, judged INTEGER NOT NULL,"
	" trusted INTEGER NOT NULL, lease INTEGER NOT NULL, policy BLOB NOT NULL,"
	" verdict BLOB NOT NULL, shown BLOB NOT NULL, refused BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX host_ek ON host (ek);";

/*
 * Scrubs, and what they have to know: times of which the store knows nothing.  The second counter
 * is when it was there for the last time, in microseconds since 1970.
 */
static const char fourth[] =
	"INSERT INTO counter VALUES (2, 0);"
	"CREATE TABLE gap (since INTEGER PRIMARY KEY, until INTEGER NOT NULL);"
	"CREATE TABLE scrub (location INTEGER PRIMARY KEY, state INTEGER NOT NULL,"
	" flags INTEGER NOT NULL, pass INTEGER NOT NULL, began INTEGER NOT NULL,"
	" ended INTEGER NOT NULL, last BLOB NOT NULL, listed INTEGER NOT NULL,"
	" read INTEGER NOT NULL, unnamed INTEGER NOT NULL, young INTEGER NOT NULL,"
	" outside INTEGER NOT NULL, deleted INTEGER NOT NULL, missing INTEGER NOT NULL,"
	" wrong INTEGER NOT NULL, made INTEGER NOT NULL);";

/* What others are told of a machine that attests, and which team may ask for it. */
static const char fifth[] =
	"ALTER TABLE host ADD COLUMN team INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE host ADD COLUMN token BLOB NOT NULL DEFAULT x'';";

/* What teams have asked for; and of each gateway, up to which of its batches that is. */
static const char sixth[] =
	"CREATE TABLE traffic (team INTEGER PRIMARY KEY, requests INTEGER NOT NULL,"
	" received INTEGER NOT NULL, sent INTEGER NOT NULL);"
	"INSERT INTO traffic SELECT id, 0, 0, 0 FROM team;"
	"CREATE TABLE teller (gateway BLOB PRIMARY KEY, number INTEGER NOT NULL,"
	" told INTEGER NOT NULL) WITHOUT ROWID;";

/* To whom secrets may be given, and those, as the vault has wrapped them. */
static const char seventh[] =
	"CREATE TABLE session (team INTEGER NOT NULL, name BLOB NOT NULL,"
	" version INTEGER NOT NULL, changed INTEGER NOT NULL, document BLOB NOT NULL,"
	" secrets BLOB NOT NULL, PRIMARY KEY (team, name)) WITHOUT ROWID;";

const struct db_migration store_migrations[] = {
	{ "teams, policies, locations, buckets, objects, uploads, garbage", first },
	{ "fragments that leave a location", second },
	{ "machines that attest", third },
	{ "scrubs of locations", fourth },
	{ "tokens of machines that attest", fifth },
	{ "requests and bytes of teams", sixth },
	{ "secrets of workloads", seventh },
};

const unsigned int store_migration_count = sizeof(store_migrations) / sizeof(store_migrations[0]);
