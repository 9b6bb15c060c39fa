// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl attest host: machines that attest to a backend, asked of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "skyctl.h"

#define COLUMNS	"name state needed leased lease_ms judged why"

static const struct {
	const char *word, *verb;
	bool names;			/* a host has to be named */
} words[] = {
	{ "list", "attest host list", false },
	{ "show", "attest host show", true },
	{ "token", "attest host token", true },
	{ "enrol", "attest host enrol", true },
	{ "revoke", "attest host revoke", true },
};

int cmd_attest_host(const struct options *o, int argc, char **argv)
{
	json_t *in, *out = NULL;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < sizeof(words) / sizeof(words[0]) && strcmp(words[i].word, argv[0]); i++)
		;
	if (i == sizeof(words) / sizeof(words[0]))
		return fail(EINVAL, "attest host %s: it is list, show, token, enrol or revoke", argv[0]);
	if (words[i].names && argc < 2)
		return fail(EINVAL, "attest host %s: say which HOST", argv[0]);
	if (!words[i].names && argc > 1)
		return fail(EINVAL, "attest host %s takes no HOST", argv[0]);
	if (o->ek && strcmp(argv[0], "enrol"))
		return fail(EINVAL, "--ek is for enrol");
	if (o->team && strcmp(argv[0], "enrol"))
		return fail(EINVAL, "--team is for enrol");
	in = json_object();
	if (argc == 2 && json_object_set_new(in, "name", json_string(argv[1])))
		rc = fail(EINVAL, "%s is not UTF-8", argv[1]);
	if (!rc && o->ek && json_object_set_new(in, "ek", json_string(o->ek)))
		rc = fail(EINVAL, "%s is not UTF-8", o->ek);
	if (!rc && o->team && json_object_set_new(in, "team", json_string(o->team)))
		rc = fail(EINVAL, "%s is not UTF-8", o->team);
	if (!rc)
		rc = ask(o, words[i].verb, in, &out);
	if (!rc && !o->json && !strcmp(argv[0], "token"))
		puts(json_string_value(json_object_get(out, "token")));
	else if (!rc)
		rc = print_answer(o, out, COLUMNS);
	json_decref(out);
	json_decref(in);
	return rc;
}
