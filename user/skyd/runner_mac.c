// SPDX-License-Identifier: GPL-2.0-or-later
/* The address of a microVM's network card: its own in a network, and the same at each start. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "runner_start.h"

#define LABEL		"skyd mac 1"
#define LOCAL		0x02u		/* administered here (IEEE 802, 8.4) */
#define GROUP		0x01u
#define MACHINE_ID	"/etc/machine-id"
#define MACHINE_ID_MAX	64u		/* bytes of that file; it has 33 */

int runner_mac(struct str host, struct str machine, struct str workload, char text[MAC_TEXT])
{
	u8 digest[HASH_MAX_BYTES];
	char from[512];
	int rc, len = snprintf(from, sizeof(from), "%s%c%.*s%c%.*s%c%.*s", LABEL, 0,
			       STR_ARG(host), 0, STR_ARG(machine), 0, STR_ARG(workload));

	if (len >= (int)sizeof(from))
		return -ENAMETOOLONG;
	rc = hash_once(HASH_SHA256, from, len, digest);
	if (rc)
		return rc;
	digest[0] = (digest[0] & ~GROUP) | LOCAL;
	snprintf(text, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", digest[0], digest[1], digest[2],
		 digest[3], digest[4], digest[5]);
	return 0;
}

int runner_mac_here(const struct config *config, const char *workload, char text[MAC_TEXT])
{
	CLEANUP_FREE char *id = NULL;
	size_t len = 0;

	/* Where there is none, the host's name alone tells one machine from another. */
	if (file_read(MACHINE_ID, MACHINE_ID_MAX, &id, &len))
		len = 0;
	while (len && id[len - 1] == '\n')
		len--;
	return runner_mac(str_of(config->attest_name), (struct str){ id, len }, str_of(workload),
			  text);
}
