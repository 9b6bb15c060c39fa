// SPDX-License-Identifier: GPL-2.0-or-later
/* hedgectl net add, net delete. */
#include <errno.h>
#include <stdio.h>

#include "base/report.h"
#include "hedgectl.h"
#include "netlink/tap.h"

static int parse_mac(const char *text, uint8_t mac[6])
{
	int end = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &end) != 6 || text[end] || end != 17)
		return fail(EINVAL, "--mac %s: not of the form aa:bb:cc:dd:ee:ff", text);
	if (mac[0] & 1)
		return fail(EINVAL, "--mac %s: a group address", text);
	return 0;
}

/**
 * cmd_net_add - hedgectl net add
 */
int cmd_net_add(const struct options *o, int argc, char **argv)
{
	struct tap_config config = {
		.bridge = o->bridge, .mtu = o->mtu, .has_owner = o->user != UINT64_MAX,
		.owner = o->user,
	};
	uint8_t mac[6];
	int rc;

	(void)argc;
	if (o->mac) {
		rc = parse_mac(o->mac, mac);
		if (rc)
			return rc;
		config.mac = mac;
	}
	return tap_add(argv[0], &config);
}

/**
 * cmd_net_delete - hedgectl net delete
 */
int cmd_net_delete(const struct options *o, int argc, char **argv)
{
	(void)o;
	(void)argc;
	return tap_delete(argv[0]);
}
