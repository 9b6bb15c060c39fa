// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl workload run: a description of what is to run, and the bundle that vouches for it. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "skyctl.h"

#define DOCUMENT_MAX	131072u

static int read_document(const char *path, json_t **to)
{
	CLEANUP_FREE char *text = NULL;
	json_error_t err;
	size_t len;
	int rc = file_read(strcmp(path, "-") ? path : "/dev/stdin", DOCUMENT_MAX, &text, &len);

	if (rc)
		return fail(-rc, "cannot read %s: %s", path, strerror(-rc));
	*to = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	if (!*to)
		return fail(EINVAL, "%s:%d: %s", path, err.line, err.text);
	return json_is_object(*to) ? 0 : fail(EINVAL, "%s is no object", path);
}

int cmd_workload_run(const struct options *o, int argc, char **argv)
{
	json_t *in = NULL, *bundle = NULL, *out = NULL;
	int rc = read_document(argv[0], &in);

	(void)argc;
	if (!rc && o->bundle)
		rc = read_document(o->bundle, &bundle);
	if (!rc && bundle)
		json_object_set(in, "bundle", bundle);
	if (!rc)
		rc = ask(o, "workload run", in, &out);
	if (!rc)
		rc = print_answer(o, out, NULL);
	json_decref(out);
	json_decref(bundle);
	json_decref(in);
	return rc;
}
