// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl tpm as people run it, over files of real boots. */
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "shell.h"

#define FIXTURES	"tests/fixtures/tpm/"
#define BOOT		FIXTURES "ovmf-uki-quote/"
#define NONCE		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define QUOTE		"verify " BOOT "ak.pub " BOOT "quote.msg " BOOT "quote.sig "
#define QUOTE_RSA	"verify " BOOT "ak_rsa.pub " BOOT "quote_rsa.msg " BOOT "quote_rsa.sig "
#define PCRS		"--pcrs " BOOT "quote.pcrs.txt "
#define PCRS_RSA	"--pcrs " BOOT "quote_rsa.pcrs.txt "
#define ROOTS		"--roots " FIXTURES "ek-ca/swtpm-localca-rootca-cert.pem "
#define BETWEEN		"--between " FIXTURES "ek-ca/issuercert.pem "

static char folder[PATH_MAX], top[] = "/tmp/skyhold-tool-XXXXXX";

static void quotes(void **state)
{
	(void)state;
	RUN(0, "%s/skyctl tpm quote " QUOTE PCRS "--nonce " NONCE, folder);
	heard("accepted: yes");
	heard("firmware: 2019102300163636");
	RUN(0, "%s/skyctl tpm quote " QUOTE PCRS "--json --ek " BOOT "ek.pub --nonce " NONCE, folder);
	heard("\"accepted\": true");
	RUN(0, "%s/skyctl tpm quote " QUOTE_RSA PCRS_RSA "--scheme rsassa --nonce " NONCE, folder);
	RUN(0, "%s/skyctl tpm quote " QUOTE_RSA PCRS_RSA "--scheme rsassa --nonce " NONCE
	    " --select sha1:0,1,2,3,4,5,6,7,8,9,10+sha256:10,9,8,7,6,5,4,3,2,1,0", folder);
}

static void refused_quotes(void **state)
{
	(void)state;
	RUN(2, "%s/skyctl tpm quote " QUOTE PCRS "--nonce 00", folder);
	heard("refused: the nonce is another one");
	not_heard("accepted");
	RUN(2, "%s/skyctl tpm quote " QUOTE PCRS "--scheme rsassa --nonce " NONCE, folder);
	heard("scheme");
	RUN(2, "%s/skyctl tpm quote " QUOTE PCRS "--hash sha384 --nonce " NONCE, folder);
	heard("hash");
	RUN(2, "%s/skyctl tpm quote " QUOTE PCRS "--select sha256:0 --nonce " NONCE, folder);
	heard("other PCRs");
	RUN(2, "%s/skyctl tpm quote " QUOTE PCRS "--ek " FIXTURES
	    "ovmf-direct-quote-imabuf/ek.pub --nonce " NONCE, folder);
	heard("lies elsewhere");
	RUN(2, "sed '/^sha256 4 /s/[0-9A-F]$/0/' " BOOT "quote.pcrs.txt |"
	    "%s/skyctl tpm quote " QUOTE "--pcrs - --nonce " NONCE, folder);
	heard("not those that were quoted");
	RUN(4, "%s/skyctl tpm quote verify " BOOT "ak.name " BOOT "quote.msg " BOOT "quote.sig "
	    PCRS "--nonce " NONCE, folder);
	heard("TPM2B_PUBLIC");
}

static void wrong_arguments(void **state)
{
	static const char *const bad[] = {
		QUOTE PCRS, QUOTE "--nonce 00", QUOTE PCRS "--nonce 0", QUOTE PCRS "--nonce zz",
		QUOTE PCRS "--nonce ''", QUOTE PCRS "--nonce 00 --scheme dsa",
		QUOTE PCRS "--nonce 00 --hash md5", QUOTE PCRS "--nonce 00 --select sha256",
		QUOTE PCRS "--nonce 00 --select sha256:24", QUOTE PCRS "--nonce 00 --select md5:0",
		QUOTE PCRS "--nonce 00 --select sha256:0,0", QUOTE PCRS "--nonce 00 --select ''",
		"check a b c " PCRS "--nonce 00", "verify",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		RUN(1, "%s/skyctl tpm quote %s", folder, bad[i]);
	RUN(4, "%s/skyctl tpm quote " QUOTE "--pcrs " BOOT "ak.pem --nonce 00", folder);
	heard("BANK INDEX HEX");
	RUN(1, "%s/skyctl tpm predict nothing --bank md5", folder);
	RUN(4, "%s/skyctl tpm predict /nowhere", folder);
	RUN(4, "%s/skyctl tpm predict " BOOT "ak.pub", folder);
	heard("does not begin as an image");
	RUN(1, "%s/skyctl tpm ek verify " BOOT "ek_rsa_cert.der " BOOT "ek.pub", folder);
	heard("--roots");
}

static void makers(void **state)
{
	(void)state;
	RUN(0, "%s/skyctl tpm ek verify " BOOT "ek_rsa_cert.der " BOOT "ek.pub " ROOTS BETWEEN,
	    folder);
	heard("model: swtpm");
	RUN(2, "%s/skyctl tpm ek verify " BOOT "ek_rsa_cert.der " BOOT "ek.pub " ROOTS, folder);
	heard("refused: unable to get");
	RUN(4, "%s/skyctl tpm ek verify " BOOT "ek_rsa_cert.der " BOOT "ek.pub --roots " BOOT "ak.pem",
	    folder);
}

static void make_uki(const char *cmdline)
{
	RUN(0, "cd %s && printf '%s' >cmdline && objcopy"
	    " --add-section .osrel=osrel --change-section-vma .osrel=0x20000"
	    " --add-section .cmdline=cmdline --change-section-vma .cmdline=0x30000"
	    " --add-section .linux=linux --change-section-vma .linux=0x2000000"
	    " /usr/lib/systemd/boot/efi/linuxx64.efi.stub uki", top, cmdline);
}

static void predictions(void **state)
{
	(void)state;
	RUN(0, "cd %s && cp $(ls /boot/vmlinuz-* | tail -n 1) linux && printf 'ID=sky\\n' >osrel", top);
	make_uki("quiet");
	RUN(0, "%s/skyctl tpm predict %s/uki | cut -d ' ' -f 1,2 | tr '\\n' ,", folder, top);
	assert_string_equal(said, "sha256 4,sha256 9,sha256 11,sha256 12,sha256 13,");
	RUN(0, "%s/skyctl tpm predict %s/uki --log " FIXTURES
	    "ovmf-uki-min-predicted/binary_bios_measurements | head -n 8 >%s/firmware", folder, top,
	    top);
	/* All but PCR 4, where the image is in it, are those of the boot. */
	RUN(0, "grep -iv '^sha256 4 ' %s/firmware | grep -ivFf " FIXTURES
	    "ovmf-uki-min-predicted/pcrs.txt | wc -l", top);
	assert_string_equal(said, "0\n");
	RUN(0, "wc -l <%s/firmware", top);
	assert_string_equal(said, "8\n");
	RUN(0, "%s/skyctl tpm predict %s/uki --bank sha384 --json", folder, top);
	heard("\"bank\": \"sha384\"");
	heard("\"kernel_authenticode\": \"");
	/* With Secure Boot the kernel is not measured for itself: PCR 4 is another, no other is. */
	RUN(0, "%s/skyctl tpm predict %s/uki >%s/off; %s/skyctl tpm predict %s/uki --secure-boot |"
	    " diff %s/off - | grep '^>' | cut -d ' ' -f 2,3", folder, top, top, folder, top, top);
	assert_string_equal(said, "sha256 4\n");
	RUN(0, "%s/skyctl tpm predict %s/uki --policy rack-7 >%s/policy", folder, top, top);
	RUN(0, "cat %s/policy", top);
	heard("\"name\": \"rack-7\"");
	RUN(2, "%s/skyctl attest verify --policy %s/policy --pcrs " FIXTURES
	    "ovmf-uki-min-predicted/pcrs.txt --log " FIXTURES
	    "ovmf-uki-min-predicted/binary_bios_measurements", folder, top);
	heard("event-digest: ");
	/* What a stub makes of the end of a line differs: it is not said. */
	make_uki("quiet\\n");
	RUN(0, "%s/skyctl tpm predict %s/uki", folder, top);
	heard("PCR 9 is not said");
	not_heard("sha256 9 ");
	RUN(4, "%s/skyctl tpm predict %s/uki --log " BOOT "ak.pub", folder, top);
}

static int setup(void **state)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	assert_true(len > 0);
	self[len] = 0;
	strcpy(folder, dirname(self));
	assert_non_null(mkdtemp(top));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return sh("rm -rf %s", top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(refused_quotes),
		cmocka_unit_test(wrong_arguments),
		cmocka_unit_test(makers),
		cmocka_unit_test(predictions),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
