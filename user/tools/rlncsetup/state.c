// SPDX-License-Identifier: GPL-2.0-or-later
/* /run/rlncsetup/NAME.json: how the members of an open volume were named. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/report.h"
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

static json_t *members_json(const struct state_member *m, unsigned int count)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:i}", "name", m[i].name,
						      "device", m[i].path, "nbd", m[i].nbd));
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
	unsigned int i;

	*s = (struct state){ .count = 0 };
	snprintf(s->uuid, sizeof(s->uuid), "%s", uuid);
	s->member = calloc(count + 1, sizeof(*s->member));
	if (!s->member)
		return fail(ENOMEM, "out of memory");
	for (s->count = count, i = 0; i < count; i++)
		s->member[i].nbd = -1;
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
	more[s->count] = (struct state_member){ .nbd = -1 };
	s->member = more;
	s->count++;
	return 0;
}

/**
 * state_replace - another device is a member now
 * @s:		from state_init() or state_load()
 * @index:	of the member
 * @name:	as the user wrote it
 * @path:	block device
 * @nbd:	N of /dev/nbdN, or -1
 *
 * A device that we connected stays to be disconnected when the volume is
 * closed: until then the kernel keeps it.
 *
 * Return: 0 or -errno, reported.
 */
int state_replace(struct state *s, unsigned int index, const char *name, const char *path,
		  int nbd)
{
	struct state_member *m = &s->member[index], *more;

	if (strlen(name) >= sizeof(m->name) || strlen(path) >= sizeof(m->path))
		return fail(ENAMETOOLONG, "member %.40s...: name too long", name);
	if (m->nbd >= 0) {
		more = reallocarray(s->retired, s->retired_count + 1, sizeof(*more));
		if (!more)
			return fail(ENOMEM, "out of memory");
		more[s->retired_count++] = *m;
		s->retired = more;
	}
	strcpy(m->name, name);
	strcpy(m->path, path);
	m->nbd = nbd;
	return 0;
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

static int copy_member(json_t *j, struct state_member *m)
{
	const char *name, *path;

	if (json_unpack(j, "{s:s,s:s,s:i}", "name", &name, "device", &path, "nbd", &m->nbd) ||
	    strlen(name) >= sizeof(m->name) || strlen(path) >= sizeof(m->path))
		return -EINVAL;
	strcpy(m->name, name);
	strcpy(m->path, path);
	return 0;
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
