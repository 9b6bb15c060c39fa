// SPDX-License-Identifier: GPL-2.0-or-later
/* Secrets in the starter's hands: devices, folders, descriptors; nothing is left of them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asm/byteorder.h>

#include "shell.h"

#include "../../user/skyd/runner_secret.h"
#include "crypto/hash.h"
#include "session/session.h"
#include "sky_secret.h"

static char top[64] = "/tmp/test_runner_secret.XXXXXX";

#define SESSION \
	"{\"session\":\"s\",\"version\":1,\"images\":[\"sha256:1111111111111111111111111111111111111111111111111111111111111111\"]," \
	"\"tiers\":[3],\"hosts\":[\"a\"],\"command\":[],\"secrets\":[{\"name\":\"key\",\"deliver\":\"device\"}," \
	"{\"name\":\"other\",\"deliver\":\"device\"}]}"

static const struct str values[] = { { "a key", 5 }, { "another", 7 } };

/* As its starter has it: sealed. */
static int image_of_secrets(void)
{
	static u8 image[SKY_SECRET_SIZE_MAX];
	CLEANUP_SESSION session;
	char why[SESSION_WHY];
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING), len;

	assert_int_equal(session_parse(STR(SESSION), &session, why), 0);
	len = session_image(&session, values, image);
	assert_true(fd >= 0 && len > 0);
	assert_int_equal(write(fd, image, len), len);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
	return fd;
}

static int kept(const struct secret *device)
{
	struct runner_start *s = calloc(1, sizeof(*s));
	int rc = runner_secrets_keep(device, s);

	assert_true(rc ? s->status == 500 && *s->why : !s->status);
	if (!rc && device->len)
		assert_int_equal(fcntl(s->secrets, F_GETFL) & O_ACCMODE, O_RDONLY);
	runner_secrets_end(s);
	free(s);
	return rc;
}

/* Who sums it up may be who has changed it. */
static void sum_up(const struct secret *device)
{
	struct sky_secret_hdr *head = (void *)device->data;

	assert_int_equal(hash_once(HASH_SHA256, device->data + sizeof(*head),
				   le32_to_cpu(head->length) - sizeof(*head), head->sha256), 0);
}

/* The runner may have been broken into: what it gives becomes files that root makes. */
static void damaged(void **state)
{
	static const char *const names[] = {
		"", "../key", "/etc/key", "a/b", ".", "..", "-a", "a b",
	};
	CLEANUP_SECRET struct secret device = SECRET_NONE;
	struct sky_secret_entry *entry;
	int fd = image_of_secrets();
	unsigned int i;

	(void)state;
	assert_int_equal(kept(&device), 0);
	assert_int_equal(secret_alloc(&device, SKY_SECRET_BLOCK), 0);
	device.len = SKY_SECRET_BLOCK;
	assert_int_equal(pread(fd, device.data, device.len, 0), device.len);
	close(fd);
	assert_int_equal(kept(&device), 0);
	for (i = 0; i < 120; i++) {
		device.data[i] ^= 1;
		/* Which version of which session it is binds nobody here. */
		if (i < 16 || (i >= 20 && i < 24) || i >= 88)
			assert_int_equal(kept(&device), -EBADMSG);
		device.data[i] ^= 1;
	}
	entry = (void *)(device.data + sizeof(struct sky_secret_hdr));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(entry[1].name, 0, sizeof(entry[1].name));
		memcpy(entry[1].name, names[i], strlen(names[i]));
		sum_up(&device);
		assert_int_equal(kept(&device), -EBADMSG);
	}
	memset(entry[1].name, 'a', sizeof(entry[1].name));
	sum_up(&device);
	assert_int_equal(kept(&device), -EBADMSG);
	memcpy(entry[1].name, "good", 5);
	memset(entry[1].name + 5, 0, sizeof(entry[1].name) - 5);
	sum_up(&device);
	assert_int_equal(kept(&device), 0);
	entry[1].length = cpu_to_le32(SKY_SECRET_BLOCK);
	sum_up(&device);
	assert_int_equal(kept(&device), -EBADMSG);
	device.len = 100;
	assert_int_equal(kept(&device), -EBADMSG);
}

/* The device is read-only, has them, and is gone with the last who has it open. */
static void devices(void **state)
{
	u8 image[SKY_SECRET_BLOCK] = { 0 };
	struct str found;
	char path[32], backing[64];
	int secrets = image_of_secrets(), fd, guest;

	(void)state;
	if (access("/dev/loop-control", R_OK | W_OK)) {
		close(secrets);
		print_message("no loop devices here\n");
		skip();
	}
	fd = runner_secrets_loop(secrets, path);
	close(secrets);
	assert_true(fd >= 0);
	snprintf(backing, sizeof(backing), "/sys/block/%s/loop/backing_file", path + 5);
	guest = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(guest >= 0);
	close(fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		assert_int_equal(write(fd, image, sizeof(image)), -1);
		close(fd);
	}
	assert_int_equal(lseek(guest, 0, SEEK_END), SKY_SECRET_BLOCK);
	assert_int_equal(pread(guest, image, sizeof(image), 0), sizeof(image));
	assert_int_equal(session_image_find(image, sizeof(image), STR("other"), &found), 0);
	assert_true(str_equal(found, values[1]));
	RUN(0, "test -e %s", backing);
	close(guest);
	RUN(0, "for i in $(seq 100); do [ -e %s ] || exit 0; sleep 0.05; done; exit 1", backing);
}

/* In a namespace of its own each is a file; outside there is nothing, then or later. */
static void folders(void **state)
{
	char path[96], command[256];
	struct runner_secrets_folder f = { image_of_secrets(), path, 600000 };
	pid_t pid;
	int status;

	(void)state;
	if (geteuid()) {
		close(f.image);
		print_message("only root can mount\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/secrets", top);
	snprintf(command, sizeof(command),
		 "cd %s && [ \"$(cat key other)\" = 'a keyanother' ] && [ \"$(stat -c '%%a %%u %%g' key)\" = '400 600000 600000' ] && [ $(ls | wc -l) = 2 ]",
		 path);
	RUN(0, "mkdir %s", path);
	pid = fork();
	if (!pid)
		_exit(runner_secrets_mount(&f) ? 9 : system(command) ? 8 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	RUN(0, "[ -z \"$(ls -A %s)\" ] && ! grep -q %s /proc/mounts && rmdir %s", path, path, path);
	close(f.image);
}

/* What a program is given, and nothing else, whichever numbers they have here. */
static void descriptors(void **state)
{
	static const char *const argv[] = {
		"/bin/sh", "-c",
		"[ \"$(cat <&3)\" = image ] && [ \"$(head -c 8 <&4)\" = SKYSECR1 ] && ! [ -e /proc/self/fd/5 ]",
		NULL,
	};
	char log[96], why[RUNNER_WHY];
	struct runner_program p = { .argv = argv, .log = log, .seconds = 20 };
	int image, other, from;

	(void)state;
	snprintf(log, sizeof(log), "%s/log", top);
	for (from = 3; from < 6; from++) {
		other = image_of_secrets();
		image = memfd_create("image", 0);
		assert_int_equal(pwrite(image, "image", 5, 0), 5);
		/* The one where the other has to be, too. */
		p.second = fcntl(other, F_DUPFD_CLOEXEC, from);
		p.fd = fcntl(image, F_DUPFD_CLOEXEC, from);
		lseek(p.second, 0, SEEK_SET);
		if (runner_spawn(&p, why))
			fail_msg("%s", why);
		close(p.second);
		close(p.fd);
		close(image);
		close(other);
	}
}

static int fails(void *arg)
{
	(void)arg;
	return -EPERM;
}

/* Without its secrets a program does not begin. */
static void preparing(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	char log[96], why[RUNNER_WHY];
	const struct runner_program p = {
		.argv = argv, .log = log, .fd = -1, .seconds = 20, .prepare = fails,
	};

	(void)state;
	snprintf(log, sizeof(log), "%s/log", top);
	assert_int_equal(runner_spawn(&p, why), -EIO);
	assert_non_null(strstr(why, "125"));
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return sh("rm -r %s", top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices), cmocka_unit_test(folders), cmocka_unit_test(descriptors),
		cmocka_unit_test(preparing), cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
