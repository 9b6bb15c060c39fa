// SPDX-License-Identifier: GPL-2.0-or-later
/* Hostile commands: nothing is read outside, what passes keeps the grammar's limits. */
#include <stdlib.h>
#include <string.h>

#include "proto/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void text_ok(const char *text, size_t max)
{
	size_t i;

	if (!text)
		return;
	require(*text && strlen(text) <= max);
	for (i = 0; text[i]; i++)
		require(((uint8_t)text[i] >= 0x20 || text[i] == '\t') && text[i] != '|');
}

static void device_ok(const struct hedge_device_words *d)
{
	text_ok(d->name, HVT_NAME_SIZE - 1);
	text_ok(d->block, HEDGE_PATH_MAX);
	text_ok(d->net, HEDGE_IFNAME_MAX);
	require(d->name && !(d->block && d->net) && !(d->mac[0] & 1));
	require(!(d->has_mac && (d->block || d->readonly || d->block_size)));
	require(!d->block_size || (d->block_size >= 512 && d->block_size <= 32768));
}

static void command_ok(const struct hedge_command *cmd)
{
	u32 i, j;

	text_ok(cmd->name, HEDGE_NAME_MAX);
	text_ok(cmd->path, HEDGE_PATH_MAX);
	text_ok(cmd->cmdline, HVT_CMDLINE_SIZE - 1);
	text_ok(cmd->block, HEDGE_PATH_MAX);
	text_ok(cmd->net, HEDGE_IFNAME_MAX);
	text_ok(cmd->cgroup, HEDGE_PATH_MAX);
	text_ok(cmd->core, HEDGE_PATH_MAX);
	require(cmd->verb <= HEDGE_UNLISTEN && cmd->devices <= HVT_MANIFEST_MAX);
	require(cmd->count <= HEDGE_POOL_MAX && cmd->limits.cpu_quota <= 100);
	require(cmd->uid != ~0u && cmd->gid != ~0u);
	if (cmd->verb == HEDGE_START)
		require(cmd->name && cmd->path && cmd->cmdline && cmd->mem_mb >= HEDGE_MEM_MB_MIN &&
			cmd->mem_mb <= HEDGE_MEM_MB_MAX && !(cmd->mem_mb & 1));
	if (cmd->verb == HEDGE_RESTORE)
		require(cmd->name && cmd->path);
	for (i = 0; i < cmd->devices; i++) {
		device_ok(&cmd->device[i]);
		for (j = 0; j < i; j++)
			require(strcmp(cmd->device[i].name, cmd->device[j].name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hedge_command cmd;
	struct hedge_command_error error;
	char *line = malloc(size + 1);

	require(!!line);
	if (size)
		memcpy(line, data, size);
	if (hedge_command_parse(line, size, &cmd, &error)) {
		require(error.field && error.why && *error.why && strlen(error.field) < 80);
		text_ok(*error.field ? error.field : NULL, 80);
	} else {
		require(!error.field && !error.why);
		command_ok(&cmd);
	}
	free(line);
	return 0;
}
