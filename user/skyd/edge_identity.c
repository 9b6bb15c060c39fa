// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <asm/byteorder.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "crypto/crc.h"
#include "edge_identity.h"

static const uint8_t zeros[sizeof(((struct sky_edge_key *)NULL)->reserved)];

static uint64_t sum_of(const struct sky_edge_key *file)
{
	return crc_update(CRC_64NVME, 0, file, offsetof(struct sky_edge_key, crc));
}

/* Is it a point of the curve? */
static bool is_point(const uint8_t point[P256_POINT_BYTES])
{
	struct ecdsa_key *key = ecdsa_public(point);

	ecdsa_free(key);
	return key;
}

bool edge_identity_parse(const struct sky_edge_key *file, struct edge_identity *who)
{
	struct ecdsa_key *key;

	if (memcmp(file->magic, SKY_EDGE_KEY_MAGIC, sizeof(file->magic)) ||
	    memcmp(file->reserved, zeros, sizeof(zeros)) || le64_to_cpu(file->crc) != sum_of(file))
		return false;
	key = ecdsa_private(file->scalar);
	if (!key)
		return false;
	ecdsa_point(key, who->point);
	ecdsa_free(key);
	memcpy(who->id, file->edge, sizeof(who->id));
	memcpy(who->scalar, file->scalar, sizeof(who->scalar));
	who->salt = le64_to_cpu(file->salt);
	return true;
}

/* Of random bytes all but one in 2^32 are the scalar of a key. */
static int make(struct sky_edge_key *file, struct edge_identity *who)
{
	int rc;

	do {
		rc = random_bytes(file, sizeof(*file)) ? -EIO : 0;
		memcpy(file->magic, SKY_EDGE_KEY_MAGIC, sizeof(file->magic));
		memset(file->reserved, 0, sizeof(file->reserved));
		file->crc = cpu_to_le64(sum_of(file));
	} while (!rc && !edge_identity_parse(file, who));
	return rc;
}

/* With a new id all that is stored would be nobody's. */
static int create(const char *folder, const char *path, struct edge_identity *who)
{
	CLEANUP_FREE char *store = NULL;
	struct sky_edge_key file;
	struct stat st;
	int rc;

	if (asprintf(&store, "%s/fragments/store", folder) < 0)
		return -ENOMEM;
	if (!lstat(store, &st))
		return -ENOKEY;
	rc = make(&file, who);
	rc = rc ? rc : file_write_atomic(path, &file, sizeof(file), 0600);
	explicit_bzero(&file, sizeof(file));
	return rc;
}

int edge_identity_load(const char *folder, struct edge_identity *who)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int fd = -1;
	struct sky_edge_key file;
	struct stat st;
	int rc;

	if (asprintf(&path, "%s/key", folder) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? create(folder, path, who) : -errno;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_mode & 077)
		return -EPERM;
	if (st.st_size != sizeof(file))
		return -EBADMSG;
	rc = pread_all(fd, &file, sizeof(file), 0);
	if (!rc && !edge_identity_parse(&file, who))
		rc = -EBADMSG;
	explicit_bzero(&file, sizeof(file));
	return rc;
}

int edge_backend_load(const char *folder, uint8_t point[P256_POINT_BYTES])
{
	CLEANUP_FREE char *path = NULL, *bytes = NULL;
	size_t len;
	int rc;

	if (asprintf(&path, "%s/backend", folder) < 0)
		return -ENOMEM;
	rc = file_read(path, P256_POINT_BYTES, &bytes, &len);
	if (rc)
		return rc == -EFBIG ? -EBADMSG : rc;
	if (len != P256_POINT_BYTES || !is_point((uint8_t *)bytes))
		return -EBADMSG;
	memcpy(point, bytes, len);
	return 0;
}

int edge_backend_save(const char *folder, const uint8_t point[P256_POINT_BYTES])
{
	CLEANUP_FREE char *path = NULL;

	if (!is_point(point))
		return -EINVAL;
	if (asprintf(&path, "%s/backend", folder) < 0)
		return -ENOMEM;
	return file_write_atomic(path, point, P256_POINT_BYTES, 0600);
}

bool edge_point_parse(struct str hex, uint8_t point[P256_POINT_BYTES])
{
	size_t i;

	if (hex.len != 2 * P256_POINT_BYTES)
		return false;
	for (i = 0; i < P256_POINT_BYTES; i++) {
		int high = hex_value(hex.at[2 * i]), low = hex_value(hex.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		point[i] = high << 4 | low;
	}
	return is_point(point);
}
