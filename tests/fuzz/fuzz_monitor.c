// SPDX-License-Identifier: GPL-2.0-or-later
/* What hedge's files may say, and those that only look like them: nothing of it is obeyed. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "monitor/monitor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static int on_vm(const struct monitor_vm *vm, void *arg)
{
	(void)arg;
	require(*vm->name && strlen(vm->name) <= HEDGE_NAME_MAX && text_is_printable(vm->image));
	return 0;
}

static int on_stat(const char *key, const char *value, void *arg)
{
	(void)arg;
	require(*key && !strchr(key, ' ') && text_is_printable(key) && text_is_printable(value));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), value[16], why[16];
	uint64_t seq;

	require(!!text);
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	monitor_list_walk(text, on_vm, NULL);
	monitor_stats_walk(text, on_stat, NULL);
	monitor_stat(text, "id", value, sizeof(value));
	if (monitor_last_error(text, 0, 5, &seq, why, sizeof(why)))
		require(seq && strlen(why) < sizeof(why));
	free(text);
	return 0;
}
