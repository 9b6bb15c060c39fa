// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include <asm/byteorder.h>
#include <linux/types.h>

#include "crypto/hash.h"
#include "session.h"
#include "sky_secret.h"

_Static_assert(SESSION_SECRETS <= SKY_SECRET_COUNT_MAX && SESSION_NAME_MAX < SKY_SECRET_NAME &&
	       sizeof(struct sky_secret_hdr) + SESSION_SECRETS * (sizeof(struct sky_secret_entry) +
	       SKY_SECRET_ALIGN) + SESSION_VALUES_MAX + SKY_SECRET_BLOCK <= SKY_SECRET_SIZE_MAX,
	       "whatever a session holds has room on a device");

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

int session_image(const struct session *s, const struct str *value, void *to)
{
	struct sky_secret_hdr *head = to;
	struct sky_secret_entry *entry = (void *)(head + 1);
	size_t end = sizeof(*head), total = 0;
	unsigned int i, count = 0;
	__u8 *bytes = to;

	memset(to, 0, SKY_SECRET_SIZE_MAX);
	for (i = 0; i < s->secrets; i++) {
		count += s->secret[i].deliver == SESSION_DEVICE;
		total += value[i].len;
	}
	if (total > SESSION_VALUES_MAX)
		return -EMSGSIZE;
	end += count * sizeof(*entry);
	for (i = 0; i < s->secrets; i++) {
		if (s->secret[i].deliver != SESSION_DEVICE)
			continue;
		end = round_up(end, SKY_SECRET_ALIGN);
		memcpy(entry->name, s->secret[i].name.at, s->secret[i].name.len);
		entry->offset = cpu_to_le32(end);
		entry->length = cpu_to_le32(value[i].len);
		if (value[i].len)
			memcpy(bytes + end, value[i].at, value[i].len);
		end += value[i].len;
		entry++;
	}
	memcpy(head->magic, SKY_SECRET_MAGIC, sizeof(head->magic));
	head->count = cpu_to_le32(count);
	head->length = cpu_to_le32(end);
	head->version = cpu_to_le32(s->version);
	memcpy(head->session, s->name.at, s->name.len);
	if (hash_once(HASH_SHA256, bytes + sizeof(*head), end - sizeof(*head), head->sha256))
		return -EIO;
	return round_up(end, SKY_SECRET_BLOCK);
}

int session_image_find(const void *image, size_t len, struct str name, struct str *value)
{
	const __u8 *bytes = image;
	struct sky_secret_entry entry;
	struct sky_secret_hdr head;
	__u8 sum[HASH_SHA256_BYTES];
	size_t length, count, offset, i;

	if (len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	length = le32_to_cpu(head.length);
	count = le32_to_cpu(head.count);
	if (memcmp(head.magic, SKY_SECRET_MAGIC, sizeof(head.magic)) || head.zero ||
	    length > len || length < sizeof(head) || count > SKY_SECRET_COUNT_MAX ||
	    (length - sizeof(head)) / sizeof(entry) < count)
		return -EBADMSG;
	if (hash_once(HASH_SHA256, bytes + sizeof(head), length - sizeof(head), sum) ||
	    memcmp(sum, head.sha256, sizeof(sum)))
		return -EBADMSG;
	for (i = 0; i < count; i++) {
		memcpy(&entry, bytes + sizeof(head) + i * sizeof(entry), sizeof(entry));
		offset = le32_to_cpu(entry.offset);
		if (entry.name[SKY_SECRET_NAME - 1] || offset > length ||
		    le32_to_cpu(entry.length) > length - offset)
			return -EBADMSG;
		*value = (struct str){ (const char *)bytes + offset, le32_to_cpu(entry.length) };
		if (str_is(name, (const char *)entry.name))
			return 0;
	}
	return -ENOENT;
}
