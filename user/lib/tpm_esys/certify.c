// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "certify.h"

#define SHA256_BANK	0x000bu
#define FIRMWARE_PCRS	0xffu

/* Return: 0; -ENOENT: there is none; -errno. */
static int read_key(const char *path, struct device_bytes *kept)
{
	CLEANUP_FREE char *data = NULL;
	size_t len = 0;
	int rc = file_read(path, sizeof(kept->at), &data, &len);

	kept->len = 0;
	if (rc)
		return rc;
	if (!len)
		return -EBADMSG;
	memcpy(kept->at, data, len);
	kept->len = len;
	return 0;
}

static int load(struct certify *c, const char *path, char why[CERTIFY_WHY])
{
	struct device_bytes kept;
	int rc = read_key(path, &kept);
	bool fresh = rc == -ENOENT;

	if (rc && !fresh) {
		snprintf(why, CERTIFY_WHY, "%s cannot be read: %s", path, strerror(-rc));
		return rc;
	}
	rc = device_keys_kept(c->device, &kept, &c->ek, &c->ak);
	if (!rc && fresh) {
		rc = file_write_atomic(path, kept.at, kept.len, 0600);
		if (rc)
			snprintf(why, CERTIFY_WHY, "%s cannot be written: %s", path, strerror(-rc));
		return rc;
	}
	if (rc == -EXDEV)
		snprintf(why, CERTIFY_WHY, "%s is the key of another TPM, or this one was cleared",
			 path);
	else if (rc == -EBADMSG)
		snprintf(why, CERTIFY_WHY, "%s is no attestation key", path);
	else if (rc)
		snprintf(why, CERTIFY_WHY, "the TPM refuses (0x%x)", device_error(c->device));
	return rc;
}

int certify_open(struct certify *c, const char *tcti, const char *ak_file, char why[CERTIFY_WHY])
{
	int rc = device_open(tcti, &c->device);

	if (rc) {
		snprintf(why, CERTIFY_WHY, "there is no TPM at %s", tcti ? tcti : "/dev/tpmrm0");
		return rc;
	}
	rc = load(c, ak_file, why);
	if (rc)
		certify_close(c);
	return rc;
}

void certify_close(struct certify *c)
{
	device_close(c->device);
	c->device = NULL;
}

int certify_digest(struct certify *c, const void *digest, size_t len, struct device_bytes *message,
		   struct device_bytes *signature)
{
	static const struct device_selection firmware = { SHA256_BANK, FIRMWARE_PCRS };

	return device_quote(c->device, digest, len, &firmware, 1, message, signature);
}
