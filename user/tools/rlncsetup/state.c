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

/**
 * state_save - remember the members of a volume that was opened
 * @device:	name below /dev/mapper
 *
 * Return: 0 or -errno, reported.
 */
int state_save(const char *device, const struct state *s)
{
	CLEANUP_JSON json_t *list = json_array();
	CLEANUP_JSON json_t *root = NULL;
	CLEANUP_FREE char *text = NULL;
	char path[256];
	unsigned int i;
	int rc;

	for (i = 0; i < s->count; i++) {
		const struct state_member *m = &s->member[i];

		json_array_append_new(list, json_pack("{s:s,s:s,s:i}", "name", m->name,
						      "device", m->path, "nbd", m->nbd));
	}
	root = json_pack("{s:s,s:O}", "uuid", s->uuid, "members", list);
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
	const char *uuid;
	json_t *list;
	char path[256];
	int rc;

	*s = (struct state){ .count = 0 };
	state_path(device, path);
	rc = file_read(path, STATE_MAX, &text, NULL);
	if (rc)
		return rc;
	root = json_loads(text, 0, NULL);
	if (!root || json_unpack(root, "{s:s,s:o}", "uuid", &uuid, "members", &list) ||
	    strlen(uuid) >= sizeof(s->uuid) || !json_is_array(list) ||
	    json_array_size(list) > RLNC_MAX_MEMBERS)
		return -EINVAL;
	strcpy(s->uuid, uuid);
	s->member = calloc(json_array_size(list) + 1, sizeof(*s->member));
	if (!s->member)
		return -ENOMEM;
	for (; s->count < json_array_size(list); s->count++) {
		rc = copy_member(json_array_get(list, s->count), &s->member[s->count]);
		if (rc)
			return rc;
	}
	return 0;
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
	s->member = NULL;
	s->count = 0;
}
