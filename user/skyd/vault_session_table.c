// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which sessions the vault has taken, in which version, and how often it has given their secrets.
 * Without that an older version that somebody has kept would be as good as the newest.
 *
 * KEYS.sessions, little endian:
 *
 *	 0  magic "SKYSESS1", u32 count, u32 zero
 *	16  of each: id (32), u64 owner, u64 number, u64 next, u32 version, u32 releases, u32 flags:
 *	    1 dropped, 2 the count of releases goes on with the next; u32 zero
 *	    HMAC-SHA256 of all that, under a key of the vault's own
 *
 * A file that is not there is empty: nothing is given then, and nothing that was wrapped before is
 * good again, as numbers are drawn.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "vault_session.h"

#define MAGIC	"SKYSESS1"
#define DROPPED		1u
#define NEXT_KEPT	2u

struct file_head {
	u8 magic[8];
	__le32 count;
	__le32 zero;
};

struct file_row {
	u8 id[SESSION_DIGEST];
	__le64 owner;
	__le64 number;
	__le64 next;
	__le32 version;
	__le32 releases;
	__le32 flags;
	__le32 zero;
};

_Static_assert(sizeof(struct file_head) == 16 && sizeof(struct file_row) == 72, "the file");

#define FILE_SIZE(rows)	(sizeof(struct file_head) + (rows) * sizeof(struct file_row) + SHA256_BYTES)

static int take_rows(struct vault_sessions *t, const u8 *file, size_t len)
{
	struct file_head head;
	struct file_row row;
	u8 mac[SHA256_BYTES];
	unsigned int i;

	if (len < FILE_SIZE(0))
		return -EBADMSG;
	memcpy(&head, file, sizeof(head));
	if (memcmp(head.magic, MAGIC, sizeof(head.magic)) || head.zero ||
	    le32_to_cpu(head.count) > VAULT_SESSIONS || len != FILE_SIZE(le32_to_cpu(head.count)))
		return -EBADMSG;
	if (hmac_sha256(t->key, sizeof(t->key), file, len - SHA256_BYTES, mac))
		return -EIO;
	if (!mac_equal(mac, file + len - SHA256_BYTES, SHA256_BYTES))
		return -EBADMSG;
	t->rows = le32_to_cpu(head.count);
	t->row = calloc(t->rows + 1, sizeof(*t->row));
	if (!t->row)
		return -ENOMEM;
	for (i = 0; i < t->rows; i++) {
		memcpy(&row, file + sizeof(head) + i * sizeof(row), sizeof(row));
		memcpy(t->row[i].id, row.id, sizeof(row.id));
		t->row[i].owner = le64_to_cpu(row.owner);
		t->row[i].version = le32_to_cpu(row.version);
		t->row[i].releases = le32_to_cpu(row.releases);
		t->row[i].number = le64_to_cpu(row.number);
		t->row[i].next = le64_to_cpu(row.next);
		t->row[i].dropped = le32_to_cpu(row.flags) & DROPPED;
		t->row[i].next_kept = le32_to_cpu(row.flags) & NEXT_KEPT;
	}
	return 0;
}

/* Two vaults serve while one replaces the other. */
static int lock(struct vault_sessions *t, const char *keys)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s.sessions.lock", keys) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	t->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (t->lock < 0 || flock(t->lock, LOCK_EX))
		return -errno;
	return 0;
}

int vault_sessions_open(struct vault_sessions *t, const struct vault *v)
{
	static const char info[] = "skyd vault sessions 1";
	CLEANUP_FREE char *file = NULL;
	size_t len;
	int rc;

	*t = (struct vault_sessions){ .lock = -1 };
	if (asprintf(&t->path, "%s.sessions", v->path) < 0) {
		t->path = NULL;
		return -ENOMEM;
	}
	rc = hkdf_sha256(v->keys->scalar, sizeof(v->keys->scalar), NULL, 0, info, sizeof(info) - 1,
			 t->key, sizeof(t->key));
	if (!rc)
		rc = lock(t, v->path);
	if (!rc)
		rc = file_read(t->path, FILE_SIZE(VAULT_SESSIONS), &file, &len);
	if (rc == -ENOENT) {
		t->row = calloc(1, sizeof(*t->row));
		return t->row ? 0 : -ENOMEM;
	}
	if (rc)
		return rc == -EFBIG ? -EBADMSG : rc;
	return take_rows(t, (u8 *)file, len);
}

void vault_sessions_close(struct vault_sessions *t)
{
	if (t->lock >= 0)
		close(t->lock);
	free(t->row);
	free(t->path);
	explicit_bzero(t, sizeof(*t));
	t->lock = -1;
}

static int id_of(u64 owner, struct str name, u8 id[SESSION_DIGEST])
{
	u8 text[8 + SESSION_NAME_MAX];
	const __le64 number = cpu_to_le64(owner);

	if (!name.len || name.len > SESSION_NAME_MAX)
		return -EINVAL;
	memcpy(text, &number, sizeof(number));
	memcpy(text + sizeof(number), name.at, name.len);
	return hash_once(HASH_SHA256, text, sizeof(number) + name.len, id);
}

struct vault_session *vault_sessions_find(struct vault_sessions *t, u64 owner, struct str name)
{
	u8 id[SESSION_DIGEST];
	unsigned int i;

	if (id_of(owner, name, id))
		return NULL;
	for (i = 0; i < t->rows; i++)
		if (!memcmp(t->row[i].id, id, sizeof(id)))
			return &t->row[i];
	return NULL;
}

int vault_sessions_add(struct vault_sessions *t, u64 owner, struct str name,
		       struct vault_session **row)
{
	struct vault_session *more;
	unsigned int i, own = 0;

	for (i = 0; i < t->rows; i++)
		own += t->row[i].owner == owner;
	if (t->rows == VAULT_SESSIONS || own == VAULT_OWNER_SESSIONS)
		return -ENOSPC;
	more = realloc(t->row, (t->rows + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->row = more;
	*row = &more[t->rows];
	**row = (struct vault_session){ .owner = owner };
	if (id_of(owner, name, (*row)->id))
		return -EIO;
	t->rows++;
	return 0;
}

void vault_sessions_settle(struct vault_session *row)
{
	row->version++;
	row->number = row->next;
	row->next = 0;
	row->dropped = false;
	if (!row->next_kept)
		row->releases = 0;
	row->next_kept = false;
}

int vault_sessions_write(const struct vault_sessions *t)
{
	const size_t len = FILE_SIZE(t->rows);
	CLEANUP_FREE u8 *file = malloc(len);
	const struct file_head head = { .magic = MAGIC, .count = cpu_to_le32(t->rows) };
	unsigned int i;

	if (!file)
		return -ENOMEM;
	memcpy(file, &head, sizeof(head));
	for (i = 0; i < t->rows; i++) {
		const struct vault_session *r = &t->row[i];
		struct file_row row = {
			.owner = cpu_to_le64(r->owner), .version = cpu_to_le32(r->version),
			.releases = cpu_to_le32(r->releases),
			.number = cpu_to_le64(r->number), .next = cpu_to_le64(r->next),
			.flags = cpu_to_le32((r->dropped ? DROPPED : 0) |
					     (r->next_kept ? NEXT_KEPT : 0)),
		};

		memcpy(row.id, r->id, sizeof(row.id));
		memcpy(file + sizeof(head) + i * sizeof(row), &row, sizeof(row));
	}
	if (hmac_sha256(t->key, sizeof(t->key), file, len - SHA256_BYTES,
			file + len - SHA256_BYTES))
		return -EIO;
	return file_write_atomic(t->path, file, len, 0600);
}
