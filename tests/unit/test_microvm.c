// SPDX-License-Identifier: GPL-2.0-or-later
/* What QEMU is started with: devices that its machine takes, and its kernel's words. */
#include <errno.h>

#include "shell.h"

#include "../../user/skyd/runner_start.h"

static char top[64] = "/tmp/test_microvm.XXXXXX";
static struct config config = {
	.workload_state = top, .workload_kernel = "/boot/kernel", .workload_cmdline = "quiet",
	.workload_ids = 600000, .workload_no_kvm = true, .attest_name = "here",
};
static struct runner r = { .config = &config };

/* What was started last, word for word; nothing is. */
static char started[16384];
static unsigned int file_max;

int runner_spawn(const struct runner_program *p, char why[RUNNER_WHY])
{
	size_t len = 0;
	unsigned int i;

	*why = 0;
	for (i = 0; p->argv[i]; i++)
		len += snprintf(started + len, sizeof(started) - len, "<%s>", p->argv[i]);
	file_max = p->file_max;
	return 0;
}

static struct runner_start *a_start(char *machine)
{
	struct runner_start *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	config.workload_machine = machine;
	s->r = &r;
	s->mem = 256;
	s->image = 7;
	strcpy(s->record.name, "vm");
	memcpy(s->command, "one\0two\0", 9);
	*started = 0;
	return s;
}

static void has(const char *text)
{
	if (!strstr(started, text))
		fail_msg("no %s in %s", text, started);
}

static void has_not(const char *text)
{
	if (strstr(started, text))
		fail_msg("%s in %s", text, started);
}

/* Return: what HTTP says of it; nothing was started. */
static unsigned int refused(struct runner_start *s)
{
	unsigned int status;

	assert_true(runner_start_microvm(s) < 0);
	assert_string_equal(started, "");
	assert_true(*s->why);
	status = s->status;
	free(s);
	return status;
}

static void runs(struct runner_start *s)
{
	assert_int_equal(runner_start_microvm(s), 0);
	free(s);
}

static void without_devices(void **state)
{
	(void)state;
	runs(a_start("microvm,acpi=off"));
	has("<-M><microvm,acpi=off>");
	has(" -- one two><-serial>");
	has_not("drive");
	has_not("net");
	assert_int_equal(file_max, RUNNER_FILE_MAX);
}

/* Without PCI the short forms of -drive and -nic make nothing. */
static void on_a_microvm(void **state)
{
	struct runner_start *s = a_start("microvm,acpi=on");

	(void)state;
	strcpy(s->block, "/dev/mapper/vault");
	strcpy(s->net, "tap0");
	s->secrets = 5;
	runs(s);
	has("<file=/dev/mapper/vault,if=none,id=block,format=raw>");
	has("<file=/proc/self/fd/4,if=none,id=secrets,format=raw,readonly=on,file.locking=off>");
	has("<tap,id=net,ifname=tap0,script=no,downscript=no>");
	has("<-device><virtio-net-device,netdev=net,mac=");
	/* Of disks the order is what the guest knows them by. */
	has("<-device><virtio-blk-device,drive=block><-drive>");
	has("<-device><virtio-blk-device,drive=secrets,serial=secrets>");
	has_not("-pci");
	has_not("-nic");
}

static void on_a_pc(void **state)
{
	struct runner_start *s = a_start("q35");

	(void)state;
	strcpy(s->block, top);
	strcpy(s->net, "tap0");
	s->secrets = 5;
	runs(s);
	has("<virtio-blk-pci,drive=block>");
	has("<virtio-blk-pci,drive=secrets,serial=secrets>");
	has("<virtio-net-pci,netdev=net,mac=");
	has_not("virtio-blk-device");
	has_not("virtio-net-device");
	/* A PC's devices are found without ACPI. */
	s = a_start("q35,acpi=off");
	s->secrets = 5;
	runs(s);
}

/* What is behind "mac=" of what was started. */
static void mac_of(const char *workload, char text[MAC_TEXT])
{
	struct runner_start *s = a_start("microvm,acpi=on");
	const char *at;

	strcpy(s->record.name, workload);
	strcpy(s->net, "tap0");
	runs(s);
	at = strstr(started, ",mac=");
	assert_non_null(at);
	memcpy(text, at + 5, MAC_TEXT - 1);
	text[MAC_TEXT - 1] = 0;
	assert_int_equal(at[5 + MAC_TEXT - 1], '>');
}

/* Each start has its own again; no other workload's, and none that QEMU gives to all. */
static void card_of_its_own(void **state)
{
	char one[MAC_TEXT], again[MAC_TEXT], other[MAC_TEXT], elsewhere[MAC_TEXT];

	(void)state;
	mac_of("one", one);
	mac_of("one", again);
	mac_of("other", other);
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
	config.attest_name = "there";
	mac_of("one", elsewhere);
	config.attest_name = "here";
	assert_string_not_equal(one, elsewhere);
}

/* printf 'skyd mac 1\0here\0id\0w0' | sha256sum, bits 0 and 1 of the first byte changed. */
static void known_addresses(void **state)
{
	static const struct { const char *host, *machine, *workload, *mac; } known[] = {
		{ "here", "id", "w0", "06:4e:9a:17:41:dc" },
		{ "here", "id", "w1", "72:ae:63:6b:45:8d" },
		{ "there", "id", "w0", "fa:c4:dd:0a:97:7f" },
		{ "here", "", "w0", "de:af:47:e5:00:68" },
	};
	char text[MAC_TEXT], name[16], long_name[600];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(runner_mac(str_of(known[i].host), str_of(known[i].machine),
					    str_of(known[i].workload), text), 0);
		assert_string_equal(text, known[i].mac);
	}
	/* Whatever the digest begins with. */
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "w%u", i);
		assert_int_equal(runner_mac(STR("h"), STR("m"), str_of(name), text), 0);
		assert_int_equal(strtoul(text, NULL, 16) & 3, 2);
	}
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = 0;
	assert_int_equal(runner_mac(STR("h"), STR("m"), str_of(long_name), text), -ENAMETOOLONG);
}

/* Of which it would never know. */
static void devices_without_acpi(void **state)
{
	struct runner_start *s = a_start("microvm,acpi=off");

	(void)state;
	strcpy(s->block, "/dev/vda");
	assert_int_equal(refused(s), 409);
	s = a_start("microvm,acpi=off");
	strcpy(s->net, "tap0");
	assert_int_equal(refused(s), 409);
	s = a_start("microvm,acpi=off");
	s->secrets = 5;
	assert_int_equal(refused(s), 409);
}

/* QEMU would ask a server. */
static void no_path(void **state)
{
	static const char *const bad[] = { "nbd:10.0.0.1:10809", "fat:rw:/etc", "disk", "ssh://a/b" };
	struct runner_start *s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s = a_start("microvm");
		strcpy(s->block, bad[i]);
		assert_int_equal(refused(s), 400);
	}
}

static void files(void **state)
{
	struct runner_start *s = a_start("microvm");

	(void)state;
	RUN(0, "truncate -s 1M %s/disk", top);
	snprintf(s->block, sizeof(s->block), "%s/disk", top);
	runs(s);
	assert_int_equal(file_max, 0);
}

/* Its clock is this machine's, but for a configuration that knows better. */
static void words(void **state)
{
	struct runner_start *s;
	unsigned int khz = 0;
	size_t i;

	(void)state;
	runs(a_start("microvm"));
	has("<console=ttyS0 panic=-1 reboot=t");
	has(" quiet -- one two>");
	has("<-accel><tcg,thread=single>");
#ifdef __x86_64__
	assert_int_equal(sscanf(strstr(started, "tsc_early_khz="), "tsc_early_khz=%u quiet", &khz), 1);
	assert_in_range(khz, 100000, 20000000);
#endif
	s = a_start("microvm");
	memcpy(s->command, "a \"b\0", 6);
	assert_int_equal(refused(s), 400);
	/* As long as one may be, and longer. */
	s = a_start("microvm");
	memset(s->command, 'a', 1900);
	s->command[1900] = 0;
	runs(s);
	s = a_start("microvm");
	memset(s->command, 'a', 2000);
	s->command[2000] = 0;
	assert_int_equal(refused(s), 400);
	s = a_start("microvm");
	for (i = 0; i < RUNNER_COMMAND_MAX - 1; i += 2)
		memcpy(s->command + i, "a", 2);
	assert_int_equal(refused(s), 400);
}

static int begin(void **state)
{
	(void)state;
	return !mkdtemp(top);
}

static int end(void **state)
{
	(void)state;
	return sh("rm -rf %s", top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_devices), cmocka_unit_test(on_a_microvm),
		cmocka_unit_test(on_a_pc), cmocka_unit_test(devices_without_acpi),
		cmocka_unit_test(no_path), cmocka_unit_test(files), cmocka_unit_test(words),
		cmocka_unit_test(card_of_its_own), cmocka_unit_test(known_addresses),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
