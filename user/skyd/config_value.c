// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/authority.h"
#include "base/size.h"
#include "config_value.h"

static const char *const type_names[] = {
	"text", "absolute path", "number", "time", "yes or no", "level", "address",
	"yes, no or local",
};

/* What the value of a type looks like, for who has got one wrong. */
static const char *const type_help[] = {
	"", "begin it with /", "write digits", "write a number and ms, s, min or h",
	"write yes or no", "write error, warning, info or debug",
	"write HOST:PORT, [ADDRESS]:PORT or unix:/PATH", "write yes, no or local",
};

static bool read_time(const char *text, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 } };
	char digits[16] = "";
	size_t i, n = strspn(text, "0123456789");
	uint64_t value;

	if (!n || n >= sizeof(digits))
		return false;
	memcpy(digits, text, n);
	if (number_parse(digits, 0, UINT32_MAX, &value))
		return false;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + n, units[i].unit))
			continue;
		*ms = value * units[i].ms;
		return true;
	}
	return false;
}

static bool read_bool(const char *text, bool *value)
{
	*value = !strcmp(text, "yes");
	return *value || !strcmp(text, "no");
}

static bool read_level(const char *text, uint64_t *value)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	size_t i;

	for (i = 0; i < 4; i++) {
		if (strcmp(text, names[i]))
			continue;
		*value = i;
		return true;
	}
	return false;
}

static bool is_address(const char *text)
{
	struct authority a;

	if (!strncmp(text, "unix:", 5))
		return text[5] == '/' &&
		       strlen(text + 5) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
	return !authority_parse(text, strlen(text), "", &a) && a.host[0] && a.port[0];
}

static bool read_choice(const char *text, uint64_t *value)
{
	bool flag;

	if (!strcmp(text, "local")) {
		*value = CHOICE_LOCAL;
		return true;
	}
	if (!read_bool(text, &flag))
		return false;
	*value = flag ? CHOICE_YES : CHOICE_NO;
	return true;
}

int config_value_set(void *values, const struct config_key *k, const char *text)
{
	void *to = (char *)values + k->offset;
	uint64_t number = 0;
	bool flag, ok;
	char *copy;

	switch (k->type) {
	case BOOL:
		ok = read_bool(text, &flag);
		if (ok)
			*(bool *)to = flag;
		return ok ? 0 : -EINVAL;
	case CHOICE:
		return read_choice(text, to) ? 0 : -EINVAL;
	case NUMBER:
	case TIME:
	case LEVEL:
		ok = k->type == TIME ? read_time(text, &number) :
		     k->type == LEVEL ? read_level(text, &number) :
		     !number_parse(text, 0, UINT64_MAX, &number);
		if (!ok)
			return -EINVAL;
		if (number < k->min || number > k->max)
			return -ERANGE;
		*(uint64_t *)to = number;
		return 0;
	case PATH:
		if (text[0] != '/' && text[0])
			return -EINVAL;
		break;
	case ADDRESS:
		/* None is one where that is what it is without a word. */
		if (!is_address(text) && (*text || !k->value || *k->value))
			return -EINVAL;
		break;
	case TEXT:
		break;
	}
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*(char **)to);
	*(char **)to = copy;
	return 0;
}

void config_value_range(const struct config_key *k, char text[CONFIG_RANGE])
{
	const char *unit = k->type == TIME ? "ms" : "";

	snprintf(text, CONFIG_RANGE, "%llu%s to %llu%s", (unsigned long long)k->min, unit,
		 (unsigned long long)k->max, unit);
}

const char *config_value_type(const struct config_key *k)
{
	return type_names[k->type];
}

const char *config_value_help(const struct config_key *k)
{
	return type_help[k->type];
}
