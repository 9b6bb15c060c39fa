// SPDX-License-Identifier: GPL-2.0-or-later
/* Hostile sessions and devices: refused with a reason, or bound to all that they say. */
#include <errno.h>

#include "fuzz_util.h"
#include "session/session.h"
#include "sky_secret.h"

static void use(const struct session *s)
{
	static char image[SKY_SECRET_SIZE_MAX], command[65536];
	struct str value[SESSION_SECRETS], found;
	const uint8_t digest[SESSION_DIGEST] = { 0 };
	struct session_start start = { .image = digest, .now = 1 };
	char why[SESSION_WHY] = "";
	unsigned int i;
	int len;

	for (i = 0; i < s->secrets; i++)
		value[i] = STR("a-value");
	require(s->version && s->tiers && !(s->tiers & ~0x1cu) && s->secrets);
	require((s->images || s->signers) && (s->hosts || s->policies));
	/* A host and an image that nobody has named. */
	for (start.tier = 0; start.tier < 6; start.tier++)
		require(session_judge(s, &start, why) && *why);
	require(session_command(s, value, command, sizeof(command)) >= 0);
	len = session_image(s, value, image);
	require(len > 0 && !(len % SKY_SECRET_BLOCK));
	for (i = 0; i < s->secrets; i++)
		require(session_image_find(image, len, s->secret[i].name, &found) ==
			(s->secret[i].deliver == SESSION_DEVICE ? 0 : -ENOENT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, found;
	char why[SESSION_WHY];
	struct session s;

	if (!session_parse(text, &s, why))
		use(&s);
	else
		require(*why);
	session_free(&s);
	session_image_find(data, size, STR("key"), &found);
	return 0;
}
