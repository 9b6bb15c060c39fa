// SPDX-License-Identifier: GPL-2.0-or-later
/* /run/rlncsetup/NAME.json: how the members of an open volume were named. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
#include "base/text.h"
#include "rlncsetup.h"

#define STATE_DIR	"/run/rlncsetup"
#define STATE_MAX	(2u << 20)

static void drop_json(json_t **j)
{
	json_decref(*j);
}

#define CLEANUP_JSON	__attribute__((__cleanup__(drop_json)))

static void state_path(const char *device, char path[256])
{
	snprintf(path, 256, STATE_DIR "/%s.json", device);
}

static int number_if(const struct remote *r, enum remote_kind kind)
{
	return r->kind == kind ? r->number : -1;
}

/* Names of files may be no text; JSON has text only. What is remote is found by its URL. */
static json_t *member_json(const struct state_member *m)
{
	char name[sizeof(m->name)], path[sizeof(m->path)];

	text_printable(m->name, name, sizeof(name));
	text_printable(m->path, path, sizeof(path));
	return json_pack("{s:s,s:s,s:i,s:i,s:[ssss]}", "name", name, "device", path,
			 "nbd", number_if(&m->remote, REMOTE_NBD),
			 "nvme", number_if(&m->remote, REMOTE_NVME),
			 "tls", m->tls[0], m->tls[1], m->tls[2], m->tls[3]);
}

static json_t *members_json(const struct state_member *m, unsigned int count)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < count; i++)
		json_array_append_new(list, member_json(&m[i]));
	return list;
}

/**
 * state_init - members of which nothing is known yet
 * @s:		filled in; state_free() it
 * @uuid:	of the volume
 * @count:	n
 *
 * Return: 0 or -ENOMEM, reported.
 */
int state_init(struct state *s, const char *uuid, unsigned int count)
{
	*s = (struct state){ .count = 0 };
	snprintf(s->uuid, sizeof(s->uuid), "%s", uuid);
	s->member = calloc(count + 1, sizeof(*s->member));
	if (!s->member)
		return fail(ENOMEM, "out of memory");
	s->count = count;
	return 0;
}

/**
 * state_grow - there is one member more, of which nothing is known yet
 *
 * Return: 0 or -ENOMEM, reported.
 */
int state_grow(struct state *s)
{
	struct state_member *more = reallocarray(s->member, s->count + 1, sizeof(*more));

	if (!more)
		return fail(ENOMEM, "out of memory");
	memset(&more[s->count], 0, sizeof(*more));
	s->member = more;
	s->count++;
	return 0;
}

/* Whoever reads it later is in another folder. */
static int keep_file(const char *file, char *to, size_t size)
{
	CLEANUP_FREE char *whole = file ? realpath(file, NULL) : NULL;

	if (whole && strlen(whole) >= size)
		return fail(ENAMETOOLONG, "%.40s...: name too long", whole);
	snprintf(to, size, "%s", whole ? whole : "");
	return 0;
}

/**
 * state_set - what is to be remembered of a member
 * @to:		filled in
 * @m:		the member
 * @o:		with which it was connected
 *
 * Return: 0 or -errno, reported.
 */
int state_set(struct state_member *to, const struct tool_member *m, const struct options *o)
{
	int rc;

	memset(to, 0, sizeof(*to));
	if (strlen(m->name) >= sizeof(to->name))
		return fail(ENAMETOOLONG, "member %.40s...: name too long", m->name);
	strcpy(to->name, m->name);
	memcpy(to->path, m->path, sizeof(to->path));
	to->remote = m->remote;
	if (m->remote.kind != REMOTE_NBD)
		return 0;
	rc = keep_file(o->tls_ca, to->tls[0], sizeof(to->tls[0]));
	if (!rc)
		rc = keep_file(o->tls_cert, to->tls[1], sizeof(to->tls[1]));
	if (!rc)
		rc = keep_file(o->tls_key, to->tls[2], sizeof(to->tls[2]));
	snprintf(to->tls[3], sizeof(to->tls[3]), "%s", o->tls_host ? o->tls_host : "");
	return rc;
}

static const char *unless_empty(const char *text)
{
	return *text ? text : NULL;
}

/**
 * state_options - the options to connect a member again
 * @m:		the member; must outlive @o
 * @o:		those of TLS are changed, unless some were given
 */
void state_options(const struct state_member *m, struct options *o)
{
	if (o->tls_ca || o->tls_cert || o->tls_key || o->tls_host)
		return;
	o->tls_ca = unless_empty(m->tls[0]);
	o->tls_cert = unless_empty(m->tls[1]);
	o->tls_key = unless_empty(m->tls[2]);
	o->tls_host = unless_empty(m->tls[3]);
}

/**
 * state_replace - another device is a member now
 * @s:		from state_init() or state_load()
 * @index:	of the member
 * @m:		the device
 * @o:		with which it was connected
 *
 * A device that we connected stays to be disconnected when the volume is
 * closed: until then the kernel keeps it.
 *
 * Return: 0 or -errno, reported.
 */
int state_replace(struct state *s, unsigned int index, const struct tool_member *m,
		  const struct options *o)
{
	struct state_member *old = &s->member[index], *more;

	if (old->remote.kind != REMOTE_NONE) {
		more = reallocarray(s->retired, s->retired_count + 1, sizeof(*more));
		if (!more)
			return fail(ENOMEM, "out of memory");
		more[s->retired_count++] = *old;
		s->retired = more;
	}
	return state_set(old, m, o);
}

/**
 * state_save - remember the members of a volume that was opened
 * @device:	name below /dev/mapper
 *
 * Return: 0 or -errno, reported.
 */
int state_save(const char *device, const struct state *s)
{
	CLEANUP_JSON json_t *root = NULL;
	CLEANUP_FREE char *text = NULL;
	char path[256];
	int rc;

	root = json_pack("{s:s,s:o,s:o}", "uuid", s->uuid,
			 "members", members_json(s->member, s->count),
			 "retired", members_json(s->retired, s->retired_count));
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	if (!text)
		return fail(ENOMEM, "out of memory");
	if (mkdir(STATE_DIR, 0700) && errno != EEXIST)
		return fail(errno, "%s: %s", STATE_DIR, strerror(errno));
	state_path(device, path);
	rc = file_write_atomic(path, text, strlen(text), 0600);
	return rc ? fail(-rc, "%s: %s", path, strerror(-rc)) : 0;
}

static int copy_text(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return -EINVAL;
	strcpy(to, from);
	return 0;
}

/* An older version wrote neither "nvme" nor "tls". */
static int copy_member(json_t *j, struct state_member *m)
{
	const char *name, *path, *tls[STATE_TLS_WORDS] = { "", "", "", "" };
	int nbd, nvme = -1, i, rc;

	if (json_unpack(j, "{s:s,s:s,s:i,s?i,s?[ssss]}", "name", &name, "device", &path,
			"nbd", &nbd, "nvme", &nvme, "tls", &tls[0], &tls[1], &tls[2], &tls[3]))
		return -EINVAL;
	if (nbd >= 0)
		m->remote = (struct remote){ REMOTE_NBD, nbd };
	else if (nvme >= 0)
		m->remote = (struct remote){ REMOTE_NVME, nvme };
	rc = copy_text(m->name, sizeof(m->name), name);
	if (!rc)
		rc = copy_text(m->path, sizeof(m->path), path);
	for (i = 0; i < STATE_TLS_WORDS && !rc; i++)
		rc = copy_text(m->tls[i], sizeof(m->tls[i]), tls[i]);
	return rc;
}

static int copy_members(json_t *list, struct state_member **m, unsigned int *count)
{
	int rc = 0;

	if (!json_is_array(list) || json_array_size(list) > RLNC_MAX_MEMBERS)
		return -EINVAL;
	*m = calloc(json_array_size(list) + 1, sizeof(**m));
	if (!*m)
		return -ENOMEM;
	for (; *count < json_array_size(list) && !rc; (*count)++)
		rc = copy_member(json_array_get(list, *count), *m + *count);
	return rc;
}

/**
 * state_load - what state_save() remembered
 * @device:	name below /dev/mapper
 * @s:		filled in; state_free() it whatever is returned
 *
 * Return: 0, or -errno, not reported: a volume may have been opened by dmsetup.
 */
int state_load(const char *device, struct state *s)
{
	CLEANUP_JSON json_t *root = NULL;
	CLEANUP_FREE char *text = NULL;
	json_t *list, *retired;
	const char *uuid;
	char path[256];
	int rc;

	*s = (struct state){ .count = 0 };
	state_path(device, path);
	rc = file_read(path, STATE_MAX, &text, NULL);
	if (rc)
		return rc;
	root = json_loads(text, 0, NULL);
	if (!root || json_unpack(root, "{s:s,s:o,s:o}", "uuid", &uuid, "members", &list,
				 "retired", &retired) ||
	    strlen(uuid) >= sizeof(s->uuid))
		return -EINVAL;
	strcpy(s->uuid, uuid);
	rc = copy_members(list, &s->member, &s->count);
	return rc ? rc : copy_members(retired, &s->retired, &s->retired_count);
}

/**
 * state_remove - forget a volume
 */
void state_remove(const char *device)
{
	char path[256];

	state_path(device, path);
	unlink(path);
}

/**
 * state_free - release what state_load() allocated
 */
void state_free(struct state *s)
{
	free(s->member);
	free(s->retired);
	*s = (struct state){ .count = 0 };
}
