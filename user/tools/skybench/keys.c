// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "keys.h"

static bool is_section(struct str line)
{
	return str_starts(line, STR("[")) && str_ends(line, STR("]"));
}

/* One line of the section.  Return: 0 or -E2BIG. */
static int take(struct str line, struct s3_keys *keys)
{
	struct str name;

	if (line.len && (*line.at == '#' || *line.at == ';'))
		return 0;
	if (!str_cut(&line, '=', &name))
		return 0;
	name = str_trim(name);
	line = str_trim(line);
	if (str_is(name, "aws_access_key_id"))
		return str_copy(line, keys->access, sizeof(keys->access)) ? 0 : -E2BIG;
	if (str_is(name, "aws_secret_access_key"))
		return str_copy(line, keys->secret, sizeof(keys->secret)) ? 0 : -E2BIG;
	return 0;
}

int keys_parse(struct str text, struct str profile, struct s3_keys *keys)
{
	bool inside = false, found = false;
	struct str line, name;
	int rc = 0;

	memset(keys, 0, sizeof(*keys));
	while (!rc && str_cut(&text, '\n', &line)) {
		if (str_ends(line, STR("\r")))
			line.len--;
		line = str_trim(line);
		if (is_section(line)) {
			name = str_trim((struct str){ line.at + 1, line.len - 2 });
			inside = str_equal(name, profile);
			found |= inside;
		} else if (inside) {
			rc = take(line, keys);
		}
	}
	if (!rc && !found)
		rc = -ENOENT;
	if (!rc && (!*keys->access || !*keys->secret))
		rc = -ENOKEY;
	if (rc)
		explicit_bzero(keys, sizeof(*keys));
	return rc;
}
