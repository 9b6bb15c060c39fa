// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "govern/folder.h"
#include "governance_document.h"

int governance_document(const struct config *config, enum govern_document which, char **text,
			size_t *len, char why[GOVERN_WHY])
{
	char path[PATH_MAX];
	const struct govern_folder f = { .path = path };
	struct govern_state s = { 0 };
	struct str found;
	int rc;

	*text = NULL;
	*why = 0;
	if (!config->state)
		return -ENOENT;
	if (snprintf(path, sizeof(path), "%s/governance", config->state) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	rc = govern_folder_read(&f, &s, why);
	found = rc ? STR_NONE : govern_document(&s, which);
	if (!rc)
		rc = found.len ? 0 : -ENOENT;
	if (!rc) {
		*text = strndup(found.at, found.len);
		*len = found.len;
		rc = *text ? 0 : -ENOMEM;
	}
	govern_state_close(&s);
	return rc;
}
