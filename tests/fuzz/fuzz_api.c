// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile documents of the API and of the administrator: what is read is no deeper than it may
 * be, what is refused for its depth has it, and members are what they are said to be.
 */
#include <stdlib.h>
#include <string.h>

#include "../../user/skyd/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static unsigned int depth_of(const json_t *j)
{
	unsigned int most = 0, d;
	const char *name;
	json_t *value;
	size_t i;

	if (json_is_object(j))
		json_object_foreach((json_t *)j, name, value) {
			d = depth_of(value);
			most = d > most ? d : most;
		}
	else if (json_is_array(j))
		json_array_foreach(j, i, value) {
			d = depth_of(value);
			most = d > most ? d : most;
		}
	else
		return 0;
	return most + 1;
}

static void read_members(struct api_ask *a)
{
	static const char *const names[] = { "name", "number", "real", "flag", NULL };
	struct store_text text = { 0 };
	u64 number = 7;
	double real = 0.5;
	bool flag = false;

	if (!api_text(a, "name", true, &text))
		require(text.len && text.len == strlen(text.data));
	if (!api_number(a, "number", 100, &number))
		require(number <= 100);
	if (!api_real(a, "real", 0, 1, &real))
		require(real >= 0 && real <= 1);
	api_bool(a, "flag", &flag);
	if (!api_only(a, names))
		require(json_object_size(a->in) <= 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_ask a = { 0 };
	json_error_t err;
	json_t *free_of_bounds = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &err);
	int status = api_read(&a, data, size, &a.in);

	if (!status) {
		require(json_is_object(a.in) && depth_of(a.in) <= API_DEPTH);
		read_members(&a);
	} else {
		require(status == 400 && *a.why && !a.in);
		/* No document that is shallow is refused but for what jansson says of it. */
		require(!json_is_object(free_of_bounds) || depth_of(free_of_bounds) > API_DEPTH);
	}
	json_decref(free_of_bounds);
	json_decref(a.in);
	return 0;
}
