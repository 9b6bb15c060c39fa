// SPDX-License-Identifier: GPL-2.0-or-later
/* /etc/rlnctab: what `open` needs to know of a volume that is only named. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/report.h"
#include "rlncsetup.h"

#define TAB_MAX		(4u << 20)
#define BLANKS		" \t\r"

/* For whoever reads the table at boot; `open` has no use for them. */
static bool is_for_boot(const char *option)
{
	return !strcmp(option, "noauto") || !strcmp(option, "nofail") ||
	       !strcmp(option, "initramfs");
}

static int take_option(const char *path, char *word, struct options *o)
{
	char *value = strchr(word, '=');
	int rc;

	if (is_for_boot(word))
		return 0;
	if (value)
		*value++ = 0;
	rc = program_set(&program, CMD_OPEN, word, value, o, o->given);
	if (rc)
		hint("it is in %s", path);
	return rc;
}

/* Three words, then members; the line is cut into pieces. */
static int take_line(const char *path, char *line, struct tab_entry *e, struct options *o)
{
	char *save = NULL, *save_option = NULL, *word, *key_file, *option;
	int rc = 0;

	key_file = strtok_r(line, BLANKS, &save);
	option = strtok_r(NULL, BLANKS, &save);
	for (word = strtok_r(NULL, BLANKS, &save); word; word = strtok_r(NULL, BLANKS, &save)) {
		if (e->members == RLNC_MAX_MEMBERS)
			return fail(EINVAL, "%s: more than %u members", path, RLNC_MAX_MEMBERS);
		e->member[e->members++] = word;
	}
	if (!e->members)
		return fail(EINVAL, "%s: a line is NAME KEY-FILE OPTIONS MEMBER...", path);
	if (!strcmp(key_file, "tpm2"))
		o->tpm2 |= !o->key_file && !o->volume_key_file;
	else if (!o->key_file && !o->tpm2 && strcmp(key_file, "-") && strcmp(key_file, "none"))
		o->key_file = key_file;
	if (!strcmp(option, "-"))
		return 0;
	for (word = strtok_r(option, ",", &save_option); word && !rc;
	     word = strtok_r(NULL, ",", &save_option))
		rc = take_option(path, word, o);
	return rc;
}

/**
 * tab_find - a volume's line
 * @path:	of the table
 * @name:	of the volume
 * @e:		its members; tab_free() it whatever is returned
 * @o:		receives the line's options, but for those that were given
 *
 * Return: 0 or -errno, reported.
 */
int tab_find(const char *path, const char *name, struct tab_entry *e, struct options *o)
{
	char *line, *save = NULL;
	size_t len;
	int rc;

	*e = (struct tab_entry){ .members = 0 };
	rc = file_read(path, TAB_MAX, &e->text, NULL);
	if (rc) {
		fail(-rc, "%s: %s", path, strerror(-rc));
		if (rc == -ENOENT)
			hint("name its members: rlncsetup open %s MEMBER...", name);
		return rc;
	}
	for (line = strtok_r(e->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, BLANKS);
		len = strcspn(line, BLANKS);
		if (*line == '#' || len != strlen(name) || memcmp(line, name, len))
			continue;
		if (!line[len])
			return fail(EINVAL, "%s: a line is NAME KEY-FILE OPTIONS MEMBER...", path);
		return take_line(path, line + len, e, o);
	}
	fail(ENODEV, "%s has no volume %s", path, name);
	hint("name its members: rlncsetup open %s MEMBER...", name);
	return -ENODEV;
}

/**
 * tab_free - release what tab_find() read; options of it are gone too
 */
void tab_free(struct tab_entry *e)
{
	free(e->text);
	e->text = NULL;
}
