// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * skyctl secret: sessions, and their secrets.  A value is read from a file and boxed here, so that
 * only the vault can read it; it is bound to the document as this program writes it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/out.h"
#include "base/report.h"
#include "base/secret.h"
#include "session/box.h"
#include "session/session.h"
#include "skyctl.h"

#define COLUMNS	"name version changed secrets"

struct making {
	const struct options *o;
	struct session s;
	char *document;
	uint8_t point[P256_POINT_BYTES];
	bool update;
};

static int read_document(const char *path, json_t **to)
{
	CLEANUP_FREE char *text = NULL;
	json_error_t err;
	size_t len;
	int rc = file_read(strcmp(path, "-") ? path : "/dev/stdin", SESSION_MAX_BYTES, &text, &len);

	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	*to = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	if (!*to)
		return fail(EINVAL, "%s:%d: %s", path, err.line, err.text);
	return json_is_object(*to) ? 0 : fail(EINVAL, "%s is no object", path);
}

/* Of a question, the name and the team. */
static json_t *about(const struct options *o, const char *name)
{
	json_t *in = json_object();

	if (name)
		json_object_set_new(in, "name", json_string(name));
	if (o->team)
		json_object_set_new(in, "team", json_string(o->team));
	return in;
}

/* The vault's key, which --vault says if nobody in between is believed; the next version. */
static int ask_intake(struct making *m, const char *name, json_int_t *version)
{
	const struct options *o = m->o;
	json_t *in = about(o, name), *out = NULL;
	const char *point;
	int rc = ask(o, "secret intake", in, &out);

	json_decref(in);
	if (rc)
		return rc;
	point = json_string_value(json_object_get(out, "point"));
	*version = json_integer_value(json_object_get(out, "version"));
	if (!point || hex_decode(point, m->point, sizeof(m->point)) || *version < 1)
		rc = fail(EBADMSG, "skyd answered what makes no sense");
	else if (o->vault && strcmp(o->vault, point))
		rc = fail(EKEYREJECTED, "the vault's key is said to be %s, which is not that of --vault",
			  point);
	json_decref(out);
	return rc;
}

/* NAME=REST among those of an option.  Return: REST, or NULL. */
static const char *given(const char *const *list, unsigned int count, struct str name)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (str_starts(str_of(list[i]), name) && list[i][name.len] == '=')
			return list[i] + name.len + 1;
	return NULL;
}

/* Whatever is given is for a secret that there is, and once. */
static int check_given(const struct making *m, const char *const *list, unsigned int count)
{
	const struct options *o = m->o;
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct str name = { list[i], strcspn(list[i], "=") };

		if (!list[i][name.len] || !list[i][name.len + 1])
			return fail(EINVAL, "%s: it is NAME=, and something behind it", list[i]);
		if (!session_find(&m->s, name))
			return fail(EINVAL, "%.*s: the session has no such secret", STR_ARG(name));
		if (given(o->value, o->values, name) && given(o->random, o->randoms, name))
			return fail(EINVAL, "%.*s: it has a value, or is random", STR_ARG(name));
		if (given(list, i, name))
			return fail(EINVAL, "%.*s is given twice", STR_ARG(name));
	}
	return 0;
}

static int read_value(const char *path, bool word, struct secret *value)
{
	const bool input = !strcmp(path, "-");
	FILE *f = input ? stdin : fopen(path, "re");
	int rc = f ? read_secret(fileno(f), SESSION_VALUE_MAX, word ? '\n' : -1, value) : -errno;

	if (f && !input)
		fclose(f);
	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	return value->len ? 0 : fail(EINVAL, "%s is empty", path);
}

/* A word ends with its line; of a file each byte counts. */
static int box_value(const struct making *m, const struct session_secret *secret, const char *path,
		     json_t *to)
{
	const bool word = secret->deliver == SESSION_CMDLINE;
	CLEANUP_SECRET struct secret value = SECRET_NONE;
	static uint8_t box[SESSION_VALUE_MAX + BOX_OVERHEAD];
	static char text[2 * sizeof(box)];
	struct out o = OUT(text, sizeof(text));
	uint8_t context[BOX_CONTEXT];
	int rc = read_value(path, word, &value);

	if (rc)
		return rc;
	if (word && !session_word_ok(value.data, value.len))
		return fail(EINVAL, "%s: a secret of the command line is a word of ASCII, without a bar",
			    path);
	rc = box_context_intake(m->s.digest, secret->name, context);
	if (!rc)
		rc = box_seal(m->point, context, value.data, value.len, box);
	if (rc)
		return fail(-rc, "cannot encrypt for the vault");
	out_base64(&o, box, value.len + BOX_OVERHEAD);
	json_object_set_new(to, "box", json_stringn(text, out_written(&o).len));
	return 0;
}

static int way_of(const struct making *m, const struct session_secret *secret, json_t *to)
{
	const struct options *o = m->o;
	const char *value = given(o->value, o->values, secret->name);
	const char *random = given(o->random, o->randoms, secret->name);
	uint64_t bytes;

	if (value)
		return box_value(m, secret, value, to);
	if (random) {
		if (!str_number(str_of(random), SESSION_WORD_MAX / 2, &bytes) || !bytes)
			return fail(EINVAL, "--random %.*s=%s: 1 to %u bytes", STR_ARG(secret->name),
				    random, SESSION_WORD_MAX / 2);
		json_object_set_new(to, "random", json_integer(bytes));
		return 0;
	}
	if (!m->update)
		return fail(EINVAL, "say the value of %.*s: --value %.*s=FILE or --random %.*s=BYTES",
			    STR_ARG(secret->name), STR_ARG(secret->name), STR_ARG(secret->name));
	json_object_set_new(to, "keep", json_true());
	return 0;
}

static int say_all(struct making *m, json_t *in)
{
	json_t *ways = json_object();
	unsigned int i;
	int rc = 0;

	json_object_set_new(in, "secrets", ways);
	json_object_set_new(in, "document", json_string(m->document));
	for (i = 0; !rc && i < m->s.secrets; i++) {
		json_t *way = json_object();

		json_object_setn_new(ways, m->s.secret[i].name.at, m->s.secret[i].name.len, way);
		rc = way_of(m, &m->s.secret[i], way);
	}
	return rc;
}

/* Write the version into the document, unless it has one. */
static int finish_document(struct making *m, const char *path, json_t *document)
{
	const char *name = json_string_value(json_object_get(document, "session"));
	char why[SESSION_WHY];
	json_int_t version;
	int rc;

	if (!name)
		return fail(EINVAL, "%s: a member \"session\" with the name of the session is missing: add \"session\": \"NAME\"",
			    path);
	rc = ask_intake(m, name, &version);
	if (rc)
		return rc;
	if (!json_object_get(document, "version"))
		json_object_set_new(document, "version", json_integer(version));
	m->document = json_dumps(document, JSON_COMPACT);
	if (!m->document)
		return fail(ENOMEM, "no memory");
	rc = session_parse(str_of(m->document), &m->s, why);
	return rc ? fail(-rc, "%s: %s", path, *why ? why : strerror(-rc)) : 0;
}

static int make(const struct options *o, const char *path, bool update)
{
	struct making m = { .o = o, .update = update };
	json_t *document = NULL, *in = about(o, NULL), *out = NULL;
	int rc = read_document(path, &document);

	if (!rc)
		rc = finish_document(&m, path, document);
	if (!rc)
		rc = check_given(&m, o->value, o->values);
	if (!rc)
		rc = check_given(&m, o->random, o->randoms);
	if (!rc)
		rc = say_all(&m, in);
	if (!rc)
		rc = ask(o, update ? "secret update" : "secret create", in, &out);
	if (!rc)
		rc = print_answer(o, out, NULL);
	session_free(&m.s);
	free(m.document);
	json_decref(document);
	json_decref(out);
	json_decref(in);
	return rc;
}

int cmd_secret_create(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return make(o, argv[0], false);
}

int cmd_secret_update(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return make(o, argv[0], true);
}

static int plain(const struct options *o, const char *verb, const char *name)
{
	json_t *in = about(o, name), *out = NULL;
	int rc = ask(o, verb, in, &out);

	if (!rc)
		rc = print_answer(o, out, COLUMNS);
	json_decref(out);
	json_decref(in);
	return rc;
}

int cmd_secret_ls(const struct options *o, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return plain(o, "secret ls", NULL);
}

int cmd_secret_show(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return plain(o, "secret show", argv[0]);
}

int cmd_secret_rm(const struct options *o, int argc, char **argv)
{
	(void)argc;
	return plain(o, "secret rm", argv[0]);
}
