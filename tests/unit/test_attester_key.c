// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The attestation key that an attester keeps: the same after each start, of use to its own TPM
 * (swtpm) alone, and of a file that nobody else could have written.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tpm_live.h"

#include "../../user/skyd/attester.h"
#include "base/file.h"
#include "tpm_esys/certify.h"

static struct device_bytes kept, ek, ak;

static int start(void **state)
{
	(void)state;
	if (live_start("/tmp/test_attester_key.XXXXXX"))
		return -1;
	tpm_on("other");
	tpm_on("tpm");
	return 0;
}

static int end(void **state)
{
	(void)state;
	return live_end();
}

static const char *tcti(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "swtpm:path=%s/%s/s", live_top, name);
	return text;
}

/* As another process has it: nothing of the one before is in the TPM. */
static int keys(const char *name, struct device_bytes *of)
{
	struct device *d;
	int rc;

	assert_int_equal(device_open(tcti(name), &d), 0);
	rc = device_keys_kept(d, of, &ek, &ak);
	device_close(d);
	return rc;
}

static void same_key(void **state)
{
	struct device_bytes first_ek, first;

	(void)state;
	kept.len = 0;
	assert_int_equal(keys("tpm", &kept), 0);
	assert_in_range(kept.len, 100, 512);	/* one sector of the file */
	first = ak;
	first_ek = ek;
	assert_int_equal(keys("tpm", &kept), 0);
	assert_int_equal(ak.len, first.len);
	assert_memory_equal(ak.at, first.at, first.len);
	assert_memory_equal(ek.at, first_ek.at, first_ek.len);
	tpm_reboot("tpm");
	assert_int_equal(keys("tpm", &kept), 0);
	assert_memory_equal(ak.at, first.at, first.len);
}

static void of_another_tpm(void **state)
{
	struct device_bytes of_other = { .len = 0 };

	(void)state;
	assert_int_equal(keys("other", &kept), -EXDEV);
	assert_int_equal(keys("other", &of_other), 0);
	assert_int_equal(keys("tpm", &of_other), -EXDEV);
	assert_int_equal(keys("tpm", &kept), 0);
}

/* Bytes from one end to the other, and ends that are too early.  The first length says nothing. */
static void damaged(void **state)
{
	struct device_bytes copy;
	struct device *d;
	size_t i;
	int rc;

	(void)state;
	for (i = 2; i < kept.len; i += 61) {
		copy = kept;
		copy.at[i] ^= 0x10;
		assert_int_equal(device_open(tcti("tpm"), &d), 0);
		rc = device_keys_kept(d, &copy, &ek, &ak);
		if (rc != -EXDEV && rc != -EBADMSG)
			fail_msg("byte %zu: %d, TPM says %#x", i, rc, device_error(d));
		device_close(d);
		copy = kept;
		copy.len = i;
		if (keys("tpm", &copy) != -EBADMSG)
			fail_msg("%zu bytes", i);
	}
}

/* A TPM that has no room now says nothing about the key. */
static void no_room(void **state)
{
	(void)state;
	RUN(0, "export TPM2TOOLS_TCTI=%s; tpm2_createprimary -c a >/dev/null && tpm2_createprimary -c b >/dev/null",
	    tcti("tpm"));
	assert_int_equal(keys("tpm", &kept), -EIO);
	RUN(0, "tpm2_flushcontext -T %s -t", tcti("tpm"));
	assert_int_equal(keys("tpm", &kept), 0);
}

/* Nor does one whose owner wants a password for the endorsement hierarchy. */
static void with_password(void **state)
{
	(void)state;
	RUN(0, "tpm2_changeauth -T %s -c e secret", tcti("tpm"));
	assert_int_equal(keys("tpm", &kept), -EIO);
	RUN(0, "tpm2_changeauth -T %s -c e -p secret", tcti("tpm"));
	assert_int_equal(keys("tpm", &kept), 0);
}

/* --- its file ------------------------------------------------------------------------------ */

static void opened(struct attester *a)
{
	memset(a, 0, sizeof(*a));
	attester_key_open(a, "ak");
}

static void file_of_key(void **state)
{
	struct attester a;
	struct stat st;

	(void)state;
	opened(&a);
	assert_true(a.key_fd >= 0);
	assert_true(a.key_made);
	assert_int_equal(a.kept.len, 0);
	a.kept = kept;
	assert_int_equal(attester_key_write(&a), 0);
	attester_key_close(&a);
	assert_int_equal(a.key_fd, -1);
	assert_int_equal(stat("ak", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	opened(&a);
	assert_false(a.key_made);
	assert_int_equal(a.kept.len, kept.len);
	assert_memory_equal(a.kept.at, kept.at, kept.len);
	assert_int_equal(fcntl(a.key_fd, F_GETFL) & O_DSYNC, O_DSYNC);
	attester_key_close(&a);
}

/* Who writes records of use takes the same file, and so the key that has enrolled. */
static void same_for_meter(void **state)
{
	char why[CERTIFY_WHY] = "";
	struct certify c;

	(void)state;
	assert_int_equal(keys("tpm", &kept), 0);
	if (certify_open(&c, tcti("tpm"), "ak", why))
		fail_msg("%s", why);
	assert_int_equal(c.ak.len, ak.len);
	assert_memory_equal(c.ak.at, ak.at, ak.len);
	certify_close(&c);
	assert_int_equal(certify_open(&c, tcti("other"), "ak", why), -EXDEV);
}

/* Who comes first makes the key, and the other one takes it: the meter; and then the attester. */
static void made_once(void **state)
{
	char why[CERTIFY_WHY] = "";
	struct attester a;
	struct certify c;
	struct device_bytes first;
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(keys("tpm", &kept), 0);
	first = ak;
	RUN(0, "rm ak");
	opened(&a);
	attester_key_claim(&a);
	assert_true(a.key_made);
	child = fork();
	if (!child) {
		attester_key_close(&a);
		status = certify_open(&c, tcti("tpm"), "ak", why);
		if (!status)
			certify_close(&c);
		_exit(status || c.ak.len != first.len || memcmp(c.ak.at, first.at, first.len));
	}
	/* It waits. */
	usleep(1500000);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	a.kept = kept;
	assert_int_equal(attester_key_write(&a), 0);
	attester_key_close(&a);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* An attester that was open before the meter has made one. */
	RUN(0, "rm ak");
	opened(&a);
	assert_true(a.key_made);
	if (certify_open(&c, tcti("tpm"), "ak", why))
		fail_msg("%s", why);
	certify_close(&c);
	/* It has become another user meanwhile. */
	if (!geteuid())
		assert_int_equal(fchown(a.key_fd, 65534, 65534), 0);
	attester_key_claim(&a);
	assert_false(a.key_made);
	assert_int_equal(keys("tpm", &a.kept), 0);
	assert_int_equal(ak.len, c.ak.len);
	assert_memory_equal(ak.at, c.ak.at, ak.len);
	attester_key_close(&a);
	/* Nobody has written it. */
	RUN(0, "cp ak made && head -c 300 /dev/zero >ak");
	if (certify_open(&c, tcti("tpm"), "ak", why))
		fail_msg("%s", why);
	certify_close(&c);
	RUN(0, "test $(stat -c %%s ak) = $(stat -c %%s made)");
	RUN(0, "rm -f ak && mkfifo ak");
	assert_int_equal(certify_open(&c, tcti("tpm"), "ak", why), -EINVAL);
	RUN(0, "rm ak made");
}

/* What was cut off, or never written, is no key; a longer one leaves nothing behind it. */
static void never_written(void **state)
{
	struct attester a;

	(void)state;
	RUN(0, "head -c 300 /dev/zero >ak");
	opened(&a);
	assert_true(a.key_made);
	a.kept = kept;
	assert_int_equal(attester_key_write(&a), 0);
	attester_key_close(&a);
	opened(&a);
	assert_int_equal(a.kept.len, kept.len);
	attester_key_close(&a);
	RUN(0, "printf '\\0' >ak");
	opened(&a);
	assert_true(a.key_made);
	attester_key_close(&a);
}

static void files_of_others(void **state)
{
	static const char *const made[] = {
		"ln -s secret ak", "ln secret ak", "cp secret ak; chmod 622 ak", "mkdir ak",
		"mkfifo ak", "head -c 4096 /dev/urandom >ak", "cp secret ak; chown 65534 ak",
	};
	struct attester a;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		if (geteuid() && strstr(made[i], "chown"))
			continue;
		RUN(0, "rm -rf ak; printf word >secret; %s", made[i]);
		opened(&a);
		if (a.key_fd >= 0)
			fail_msg("%s: taken", made[i]);
		RUN(0, "cat secret");
		heard("word");
	}
	RUN(0, "rm -rf ak");
	attester_key_open(&a, "nowhere/ak");
	assert_int_equal(a.key_fd, -1);
	attester_key_open(&a, "");
	assert_int_equal(a.key_fd, -1);
}

/* The last: the TPM is another one afterwards, as its owner has wanted. */
static void cleared(void **state)
{
	(void)state;
	assert_int_equal(keys("tpm", &kept), 0);
	RUN(0, "tpm2_clear -T %s -c p", tcti("tpm"));
	assert_int_equal(keys("tpm", &kept), -EXDEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_key), cmocka_unit_test(of_another_tpm),
		cmocka_unit_test(damaged), cmocka_unit_test(no_room),
		cmocka_unit_test(with_password), cmocka_unit_test(file_of_key),
		cmocka_unit_test(same_for_meter), cmocka_unit_test(made_once),
		cmocka_unit_test(never_written), cmocka_unit_test(files_of_others),
		cmocka_unit_test(cleared),
	};

	return cmocka_run_group_tests_name("attester_key", tests, start, end);
}
