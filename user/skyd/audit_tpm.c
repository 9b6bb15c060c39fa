// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_tpm.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "tpm_esys/nv.h"

#define DIGITS		16u
#define FILE_BYTES	(DIGITS + 2 * SHA256_BYTES)

static void print(const struct audit_tpm *t, uint64_t value, char to[FILE_BYTES + 1])
{
	char text[64];
	uint8_t mac[SHA256_BYTES];
	int len = snprintf(text, sizeof(text), "skyd audit counter %08x %016llx", AUDIT_TPM_INDEX,
			   (unsigned long long)value);

	hmac_with(t->key, text, len, mac);
	snprintf(to, DIGITS + 1, "%016llx", (unsigned long long)value);
	hex_encode(mac, sizeof(mac), to + DIGITS);
}

static int read_base(struct audit_tpm *t)
{
	CLEANUP_FREE char *text = NULL;
	char again[FILE_BYTES + 1];
	uint8_t bytes[DIGITS / 2];
	unsigned int i;
	size_t len;
	int rc = file_read(t->path, FILE_BYTES, &text, &len);

	if (rc)
		return rc;
	if (len != FILE_BYTES)
		return -EBADMSG;
	memcpy(again, text, DIGITS);
	again[DIGITS] = 0;
	if (hex_decode(again, bytes, sizeof(bytes)))
		return -EBADMSG;
	for (t->base = 0, i = 0; i < sizeof(bytes); i++)
		t->base = t->base << 8 | bytes[i];
	print(t, t->base, again);
	return mac_equal(again, text, FILE_BYTES) ? 0 : -EBADMSG;
}

static int write_base(const struct audit_tpm *t)
{
	char text[FILE_BYTES + 1];

	print(t, t->base, text);
	return file_write_atomic(t->path, text, FILE_BYTES, 0600);
}

/* Return: -ENODEV when there is no TPM. */
static int attach(const struct audit_tpm *t, struct device **tpm)
{
	int rc;

	/* What the library prints goes nowhere that anybody reads. */
	setenv("TSS2_LOG", "all+NONE", 0);
	rc = device_open(t->tcti, tpm);
	return rc == -EIO ? -ENODEV : rc;
}

static int begin_now(struct audit_tpm *t)
{
	struct device *tpm;
	int rc = attach(t, &tpm);

	if (rc)
		return rc;
	rc = nv_counter_read(tpm, AUDIT_TPM_INDEX, &t->base);
	if (rc == -ENOENT) {
		rc = nv_counter_define(tpm, AUDIT_TPM_INDEX);
		rc = rc ? rc : nv_counter_read(tpm, AUDIT_TPM_INDEX, &t->base);
	}
	device_close(tpm);
	return rc ? rc : write_base(t);
}

void audit_tpm_prepare(const char *tcti)
{
	if (tcti && *tcti)
		device_preload(tcti);
}

/* There is no TPM, for this process; of a device it shows why, and what to do. */
static void tell_no_tpm(const struct audit_tpm *t, char why[AUDIT_TPM_WHY])
{
	const char *path = strncmp(t->tcti, "device:", 7) ? NULL : t->tcti + 7;
	int fd = path ? open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	const int err = fd < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (path && err == ENOENT)
		snprintf(why, AUDIT_TPM_WHY, "audit_tpm: there is no %.60s here; skyd.service shows its processes no devices: a drop-in needs PrivateDevices=no and DeviceAllow=%.60s",
			 path, path);
	else if (path && err == EPERM)
		snprintf(why, AUDIT_TPM_WHY, "audit_tpm: the service may not open %.60s: a drop-in needs DeviceAllow=%.60s",
			 path, path);
	else if (path && err == EACCES)
		snprintf(why, AUDIT_TPM_WHY, "audit_tpm: user %u, group %u, may not open %.60s: a rule of udev gives the backend's group the device",
			 geteuid(), getegid(), path);
	else
		snprintf(why, AUDIT_TPM_WHY, "audit_tpm: there is no TPM at %.60s%s%s", t->tcti,
			 path && err ? ": " : "", path && err ? strerror(err) : "");
}

int audit_tpm_begin(struct audit_tpm *t, bool fresh, char why[AUDIT_TPM_WHY])
{
	uint64_t value;
	int rc = read_base(t);

	if (rc == -ENOENT && fresh)
		rc = begin_now(t);
	else if (rc == -ENOENT)
		rc = -ESTALE;
	if (!rc)
		rc = audit_tpm_read(t, &value);
	switch (-rc) {
	case 0:
		break;
	case ENODEV:
		tell_no_tpm(t, why);
		break;
	case ESTALE:
		snprintf(why, AUDIT_TPM_WHY, "%s: this ledger was not begun with this TPM's counter",
			 t->path);
		break;
	case EBADMSG:
		snprintf(why, AUDIT_TPM_WHY, "%s: damaged, or of another ledger", t->path);
		break;
	default:
		snprintf(why, AUDIT_TPM_WHY, "audit_tpm: counter 0x%08x of %s: %s", AUDIT_TPM_INDEX,
			 t->tcti, strerror(-rc));
	}
	return rc;
}

int audit_tpm_read(void *ctx, uint64_t *value)
{
	const struct audit_tpm *t = ctx;
	struct device *tpm;
	uint64_t count;
	int rc = attach(t, &tpm);

	*value = 0;
	if (rc)
		return rc;
	rc = nv_counter_read(tpm, AUDIT_TPM_INDEX, &count);
	device_close(tpm);
	/* It was there. */
	if (rc == -ENOENT || (!rc && count < t->base))
		return -ESTALE;
	if (!rc)
		*value = count - t->base;
	return rc;
}

int audit_tpm_advance(void *ctx, uint64_t value)
{
	const struct audit_tpm *t = ctx;
	struct device *tpm;
	uint64_t count;
	int rc = attach(t, &tpm);

	if (rc)
		return rc;
	rc = nv_counter_read(tpm, AUDIT_TPM_INDEX, &count);
	if (!rc && count + 1 != t->base + value)
		rc = -ESTALE;
	if (!rc)
		rc = nv_counter_increment(tpm, AUDIT_TPM_INDEX);
	device_close(tpm);
	return rc;
}
