// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "base/hex.h"
#include "bech32.h"
#include "crypto/hmac.h"
#include "crypto/shamir.h"
#include "govern_private.h"
#include "recovery.h"

#define HRP		"skyshare"
#define FORMAT		"skyhold-recovery-1"
#define SHARE_BYTES	(RECOVERY_GROUP_BYTES + 2 + RECOVERY_KEY_BYTES)
#define DIGEST_TITLE	"skyhold share"
#define GROUP_TITLE	"skyhold group"

static void digest_of(const struct recovery_sheet *sheet, unsigned int index,
		      const uint8_t *value, uint8_t digest[SHA256_BYTES])
{
	uint8_t bytes[sizeof(DIGEST_TITLE) + sizeof(sheet->salt) + 1 + RECOVERY_KEY_BYTES];
	struct out o = OUT((char *)bytes, sizeof(bytes));

	out_bytes(&o, DIGEST_TITLE, strlen(DIGEST_TITLE));
	out_bytes(&o, sheet->salt, sizeof(sheet->salt));
	out_char(&o, (char)index);
	out_bytes(&o, value, RECOVERY_KEY_BYTES);
	sha256_of(bytes, o.len, digest);
	explicit_bzero(bytes, sizeof(bytes));
}

static void group_of(const struct recovery_sheet *sheet, uint8_t group[RECOVERY_GROUP_BYTES])
{
	uint8_t bytes[sizeof(GROUP_TITLE) + sizeof(sheet->salt) + 1 + sizeof(sheet->digest)];
	struct out o = OUT((char *)bytes, sizeof(bytes));
	uint8_t digest[SHA256_BYTES];

	out_bytes(&o, GROUP_TITLE, strlen(GROUP_TITLE));
	out_bytes(&o, sheet->salt, sizeof(sheet->salt));
	out_char(&o, (char)sheet->threshold);
	out_bytes(&o, sheet->digest, sheet->shares * SHA256_BYTES);
	sha256_of(bytes, o.len, digest);
	memcpy(group, digest, RECOVERY_GROUP_BYTES);
}

int recovery_split(const uint8_t *key, unsigned int threshold, unsigned int count,
		   struct recovery_sheet *sheet, struct recovery_share *share)
{
	uint8_t value[RECOVERY_SHARES * RECOVERY_KEY_BYTES];
	unsigned int i;
	int rc;

	if (threshold < 2 || threshold > count || count > RECOVERY_SHARES)
		return -EINVAL;
	memset(sheet, 0, sizeof(*sheet));
	sheet->threshold = threshold;
	sheet->shares = count;
	rc = random_bytes(sheet->salt, sizeof(sheet->salt));
	rc = rc ? rc : shamir_split(key, RECOVERY_KEY_BYTES, threshold, count, value);
	if (rc)
		return rc;
	for (i = 0; i < count; i++)
		digest_of(sheet, i + 1, &value[i * RECOVERY_KEY_BYTES], sheet->digest[i]);
	group_of(sheet, sheet->group);
	for (i = 0; i < count; i++) {
		share[i] = (struct recovery_share){ .threshold = threshold, .index = i + 1 };
		memcpy(share[i].group, sheet->group, sizeof(sheet->group));
		memcpy(share[i].value, &value[i * RECOVERY_KEY_BYTES], RECOVERY_KEY_BYTES);
	}
	explicit_bzero(value, sizeof(value));
	return 0;
}

int recovery_share_print(const struct recovery_share *s, char line[RECOVERY_LINE])
{
	struct out o = OUT(line, RECOVERY_LINE - 1);
	uint8_t bytes[SHARE_BYTES];

	memcpy(bytes, s->group, RECOVERY_GROUP_BYTES);
	bytes[RECOVERY_GROUP_BYTES] = s->threshold;
	bytes[RECOVERY_GROUP_BYTES + 1] = s->index;
	memcpy(bytes + RECOVERY_GROUP_BYTES + 2, s->value, RECOVERY_KEY_BYTES);
	bech32_print(&o, HRP, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	line[o.len] = 0;
	return o.err;
}

int recovery_share_parse(struct str line, struct recovery_share *s)
{
	uint8_t bytes[SHARE_BYTES];
	int n = bech32_parse(str_trim(line), HRP, bytes, sizeof(bytes));

	*s = (struct recovery_share){ 0 };
	if (n < 0)
		return n;
	s->threshold = bytes[RECOVERY_GROUP_BYTES];
	s->index = bytes[RECOVERY_GROUP_BYTES + 1];
	if (n != (int)sizeof(bytes) || s->threshold < 2 || s->threshold > RECOVERY_SHARES ||
	    !s->index || s->index > RECOVERY_SHARES)
		return -EINVAL;
	memcpy(s->group, bytes, RECOVERY_GROUP_BYTES);
	memcpy(s->value, bytes + RECOVERY_GROUP_BYTES + 2, RECOVERY_KEY_BYTES);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

int recovery_share_check(const struct recovery_sheet *sheet, const struct recovery_share *s)
{
	uint8_t digest[SHA256_BYTES];

	if (memcmp(s->group, sheet->group, sizeof(s->group)) || s->threshold != sheet->threshold ||
	    s->index > sheet->shares || !s->index)
		return -EINVAL;
	digest_of(sheet, s->index, s->value, digest);
	return memcmp(digest, sheet->digest[s->index - 1], sizeof(digest)) ? -EKEYREJECTED : 0;
}

int recovery_join(const struct recovery_sheet *sheet, const struct recovery_share *share,
		  unsigned int count, uint8_t *key)
{
	const uint8_t *value[RECOVERY_SHARES];
	uint8_t index[RECOVERY_SHARES];
	uint64_t seen = 0;
	unsigned int i;
	int rc;

	for (i = 0; i < count; i++) {
		rc = recovery_share_check(sheet, &share[i]);
		if (rc)
			return rc;
		if (seen >> share[i].index & 1)
			return -EEXIST;
		seen |= 1ull << share[i].index;
		index[i] = share[i].index;
		value[i] = share[i].value;
	}
	return count < sheet->threshold ? -EAGAIN :
	       shamir_join(index, value, count, RECOVERY_KEY_BYTES, key);
}

/* --- the sheet ------------------------------------------------------------------------- */

void recovery_group_print(const uint8_t group[RECOVERY_GROUP_BYTES], char text[RECOVERY_GROUP])
{
	struct out o = OUT(text, RECOVERY_GROUP - 1);

	out_hex(&o, group, RECOVERY_GROUP_BYTES);
	text[o.len] = 0;
}

static json_t *hex_of(const void *bytes, size_t len)
{
	char text[2 * SHA256_BYTES];
	struct out o = OUT(text, sizeof(text));

	out_hex(&o, bytes, len);
	return json_stringn(text, o.len);
}

char *recovery_sheet_print(const struct recovery_sheet *sheet)
{
	CLEANUP_FREE char *vault = malloc(RECOVERY_VAULT_MAX / 3 * 4 + 8);
	struct out o = OUT(vault, RECOVERY_VAULT_MAX / 3 * 4 + 8);
	CLEANUP_JSON *digests = json_array();
	CLEANUP_JSON *root = NULL;
	unsigned int i;

	for (i = 0; i < sheet->shares; i++)
		json_array_append_new(digests, hex_of(sheet->digest[i], SHA256_BYTES));
	if (!vault)
		return NULL;
	out_base64(&o, sheet->vault, sheet->vault_len);
	root = json_pack("{s:O, s:s, s:o, s:o, s:i, s:s%}", "digests", digests, "format", FORMAT,
			 "group", hex_of(sheet->group, RECOVERY_GROUP_BYTES), "salt",
			 hex_of(sheet->salt, sizeof(sheet->salt)), "threshold",
			 (int)sheet->threshold, "vault", vault, o.len);
	return root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

static bool read_hex(const char *text, void *to, size_t len)
{
	return text && strlen(text) == 2 * len && !hex_decode(text, to, len);
}

static bool read_sheet(const json_t *root, struct recovery_sheet *sheet)
{
	const json_t *digests = json_object_get(root, "digests");
	const char *vault = govern_json_text(root, "vault", RECOVERY_SHEET_MAX);
	const char *format = govern_json_text(root, "format", 64);
	const json_int_t threshold = json_integer_value(json_object_get(root, "threshold"));
	uint8_t group[RECOVERY_GROUP_BYTES];
	json_t *one;
	size_t i;
	int n;

	if (!format || strcmp(format, FORMAT) ||
	    !govern_json_only(root, "digests format group salt threshold vault") ||
	    json_array_size(digests) > RECOVERY_SHARES || threshold < 2 ||
	    threshold > (json_int_t)json_array_size(digests) || !vault)
		return false;
	sheet->threshold = threshold;
	sheet->shares = json_array_size(digests);
	json_array_foreach(digests, i, one)
		if (!read_hex(json_string_value(one), sheet->digest[i], SHA256_BYTES))
			return false;
	n = base64_decode(str_of(vault), sheet->vault, sizeof(sheet->vault));
	if (n <= 0 || !read_hex(govern_json_text(root, "group", 64), sheet->group,
				RECOVERY_GROUP_BYTES) ||
	    !read_hex(govern_json_text(root, "salt", 64), sheet->salt, sizeof(sheet->salt)))
		return false;
	sheet->vault_len = n;
	group_of(sheet, group);
	return !memcmp(group, sheet->group, sizeof(group));
}

int recovery_sheet_parse(struct str text, struct recovery_sheet *sheet, char why[GOVERN_WHY])
{
	CLEANUP_JSON *root = NULL;
	int rc;

	memset(sheet, 0, sizeof(*sheet));
	while (text.len && text.at[text.len - 1] == '\n')
		text.len--;
	rc = govern_json_read(&root, text, RECOVERY_SHEET_MAX, "the sheet", why);
	if (rc)
		return rc;
	return read_sheet(root, sheet) ? 0 :
	       govern_refuse(why, -EBADMSG, "is no sheet of a recovery key, or not as it was made");
}
