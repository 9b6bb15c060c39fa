// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What servers answer skyctl with, and what it makes of names; each kind chosen by the first
 * byte.  Nothing that is shown has a control character, and no name that passes leaves a folder.
 */
#include "fuzz_util.h"

#include <errno.h>

#include "skyctl/s3.h"

static void shows(struct str name)
{
	char text[S3_SHOWN_MAX];
	const char *c;

	s3_shown(name, text);
	for (c = text; *c; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
	require(str_is_utf8(str_of(text)) || strlen(text) + 8 > S3_SHOWN_MAX);
}

static void names(struct str name)
{
	struct str rest = name, part;

	shows(name);
	if (s3_name_fault(name))
		return;
	require(name.len && *name.at != '/' && !memchr(name.at, 0, name.len));
	while (str_cut(&rest, '/', &part))
		require(!str_is(part, "..") && !str_is(part, ".") && (part.len || !rest.at));
}

static void pages(struct str text)
{
	struct s3_page page;
	size_t i;
	int rc = s3_read_page(text, &page);

	require(!rc || rc == -EBADMSG);
	for (i = 0; !rc && i < page.count; i++) {
		require(page.item[i].key.at && page.item[i].key.len);
		names(page.item[i].key);
	}
	s3_page_free(&page);
}

static void on_undeleted(void *arg, struct str key, struct str code, struct str message)
{
	(void)arg;
	shows(key);
	shows(code);
	shows(message);
}

static void values(struct str text)
{
	char value[32];

	if (s3_read_value(text, "Error/Code", value, sizeof(value)))
		require(strlen(value) < sizeof(value));
	s3_read_value(text, "LocationConstraint", value, sizeof(value));
	s3_read_undeleted(text, on_undeleted, NULL);
}

static void files(struct str text)
{
	struct str value;

	if (s3_ini_find(text, STR("a"), STR("b"), &value))
		require(!value.len || !memchr(value.at, '\n', value.len));
	if (s3_hint_find(text, STR("A"), &value))
		require(!memchr(value.at, '\'', value.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text;

	if (!size)
		return 0;
	text = own_copy(data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		pages(text);
		break;
	case 1:
		values(text);
		break;
	case 2:
		names(text);
		break;
	case 3:
		files(text);
		break;
	}
	free((char *)text.at);
	return 0;
}
