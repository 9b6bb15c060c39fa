// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl attest, as people run it on files. */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include "attest_util.h"
#include "base/cleanup.h"
#include "shell.h"
#include "tpm/ear.h"

#define FILES	"tests/fixtures/tpm"
#define LOG	"binary_bios_measurements"

static char skyctl[PATH_MAX], top[] = "/tmp/test_attest.XXXXXX";

static int setup(void **state)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	if (len < 0 || !mkdtemp(top))
		return -1;
	self[len] = '\0';
	return snprintf(skyctl, sizeof(skyctl), "%s/skyctl", dirname(self)) < 0;
}

static int teardown(void **state)
{
	(void)state;
	return sh("rm -rf %s", top);
}

static void replay(void **state)
{
	(void)state;
	RUN(0, "%s attest replay %s/%s/" LOG, skyctl, FILES, PREDICTED);
	heard("sha256 4 a57abb33d954667485aa7c06d40e570f18982d3cc669d04b703943e54fbb150a\n");
	not_heard("sha256 10 ");
	/* What it prints is what it reads. */
	RUN(0, "%s attest replay %s/%s/" LOG " > %s/pcrs; %s attest replay %s/%s/" LOG
	    " --pcrs %s/pcrs", skyctl, FILES, PREDICTED, top, skyctl, FILES, PREDICTED, top);
	RUN(0, "%s attest replay %s/%s/" LOG " --events", skyctl, FILES, SECURE);
	heard("4 7 EV_EFI_VARIABLE_DRIVER_CONFIG ccfc4bb32888a345bc8aeadaba552b627d99348c767681ab3141f5b01e40a40e data SecureBoot\n");
	RUN(0, "%s attest replay %s/%s/" LOG " --json --pcrs %s/%s/pcrs.txt", skyctl, FILES, UKI,
	    FILES, UKI);
	heard("\"type\": \"EV_SEPARATOR\"");
	RUN(2, "%s attest replay %s/%s/" LOG " --pcrs %s/%s/pcrs.txt", skyctl, FILES, TAMPERED,
	    FILES, PREDICTED);
	heard("PCR 4 of sha256 is not what the log leads to");
	not_heard("PCR 7 of");
	RUN(2, "%s attest replay %s/%s/" LOG " --pcrs /dev/null", skyctl, FILES, UKI);
}

static void damaged(void **state)
{
	(void)state;
	RUN(4, "head -c 3000 %s/%s/" LOG " > %s/cut; %s attest replay %s/cut", FILES, PREDICTED, top,
	    skyctl, top);
	heard("cut: event 33, at byte 2952: the event is cut short");
	RUN(4, "%s attest replay /dev/null", skyctl);
	RUN(4, "%s attest replay %s/nowhere", skyctl, top);
	RUN(1, "%s attest replay", skyctl);
	RUN(1, "echo sha256 x > %s/bad; %s attest replay %s/%s/" LOG " --pcrs %s/bad", top, skyctl,
	    FILES, UKI, top);
	heard("bad:1: a line is");
	/* An end that is cut and nobody's. */
	RUN(0, "{ cat %s/%s/" LOG "; printf '\\0\\0\\0\\0\\3\\0\\0\\0\\1'; } > %s/more;"
	    "%s attest replay %s/more --pcrs %s/%s/pcrs.txt", FILES, PREDICTED, top, skyctl, top,
	    FILES, PREDICTED);
	heard("all PCRs agree without the end of the log");
}

static void ima(void **state)
{
	(void)state;
	RUN(0, "%s attest ima %s/ovmf-crb-direct/ima_binary --pcrs %s/ovmf-crb-direct/pcrs.txt",
	    skyctl, FILES, FILES);
	heard("PCR 10 of sha256: 16 entries lead to it\n");
	heard("PCR 10 of sha384: 16 entries lead to it, by SHA-1 with zeros behind it\n");
	RUN(0, "%s attest ima %s/%s/ima_binary --events", skyctl, FILES, DM);
	heard(" record dm_table_load\n");
	RUN(0, "%s attest ima %s/%s/ima_binary", skyctl, FILES, DM);
	heard("sha256 10 ");
	RUN(2, "%s attest ima %s/%s/ima_binary --pcrs %s/%s/pcrs_after.txt --json", skyctl, FILES,
	    UKI, FILES, UKI);
	heard("log incomplete: 69 entries");
	heard("\"entries\": 69");
	RUN(4, "head -c 999 %s/%s/ima_binary > %s/cut; %s attest ima %s/cut", FILES, UKI, top, skyctl,
	    top);
	heard("the entry is cut short");
}

static json_int_t validity(const json_t *claims)
{
	return json_integer_value(json_object_get(claims, "exp")) -
	       json_integer_value(json_object_get(claims, "iat"));
}

static void verify(void **state)
{
	struct boot b = boot_of(PREDICTED);
	json_t *policy = policy_of(&b, "sha256"), *claims = NULL;
	CLEANUP_FREE char *pem = NULL;
	struct ear_key *key;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/policy", top);
	assert_int_equal(json_dump_file(policy, path, 0), 0);
#define VERIFY(boot)	"%s attest verify --policy %s/policy --log " FILES "/" boot "/" LOG \
			" --ima " FILES "/" boot "/ima_binary --pcrs " FILES "/" boot "/pcrs.txt"
	RUN(0, VERIFY(PREDICTED), skyctl, top);
	heard("trusted: 37 events of the firmware, 11 entries of IMA\n");
	RUN(2, VERIFY(TAMPERED), skyctl, top);
	heard("event-digest: event ");
	heard("(EV_EFI_BOOT_SERVICES_APPLICATION, PCR 4): ");
	heard("not trusted: 37 events");
	heard("policy test does not trust this machine: 6 findings");
	RUN(2, VERIFY(TAMPERED) " --json", skyctl, top);
	heard("\"trusted\": false");

	/* A token for whoever has asked. */
	RUN(0, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out %s/key", top);
	RUN(0, "openssl pkey -in %s/key -pubout -out %s/pub", top, top);
	RUN(0, VERIFY(PREDICTED) " --sign %s/key --subject host-7 --nonce abc", skyctl, top, top);
	snprintf(path, sizeof(path), "%s/pub", top);
	assert_int_equal(file_read(path, 4096, &pem, NULL), 0);
	key = ear_key_public(str_of(pem));
	said[strcspn(said, "\n")] = '\0';
	assert_int_equal(ear_verify(key, str_of(said), time(NULL), "abc", &claims), 0);
	assert_non_null(json_object_get(json_object_get(claims, "submods"), "host-7"));
	assert_int_equal(validity(claims), 300);
	json_decref(claims);
	RUN(0, VERIFY(PREDICTED) " --sign %s/key --valid 7", skyctl, top, top);
	said[strcspn(said, "\n")] = '\0';
	assert_int_equal(ear_verify(key, str_of(said), time(NULL) + 3600, NULL, &claims), -ETIME);
	assert_int_equal(ear_verify(key, str_of(said), time(NULL) - 7, NULL, &claims), 0);
	assert_int_equal(validity(claims), 7);
	json_decref(claims);
	ear_key_free(key);
	RUN(1, VERIFY(PREDICTED) " --sign %s/key --valid 0", skyctl, top, top);
	RUN(1, VERIFY(PREDICTED) " --sign %s/pub", skyctl, top, top);
	heard("no private key of P-256");

	RUN(1, "%s attest verify --policy %s/policy", skyctl, top);
	RUN(1, "echo '{\"version\":1,\"name\":\"p\",\"ima\":{\"files\":[7]}}' > %s/policy;"
	    VERIFY(PREDICTED), top, skyctl, top);
	heard("policy: ima.files[0]: it is not an object");
	json_decref(policy);
	boot_free(&b);
}

/* The PCRs are believed for a TPM's sake, and those alone that it vouches for. */
static void quoted(void **state)
{
	static const char nonce[] =
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
	static const char *const of_quotes[] = {
		"--ek /dev/null", "--select sha256:0", "--scheme ecdsa", "--hash sha256",
	};
	unsigned int i;

	(void)state;
#define BY_QUOTE(nonce, sig, more)	"%s attest verify --policy %s/quoted" \
		" --log " FILES "/" UKI "/" LOG \
		" --quote " FILES "/" UKI "/quote.msg" \
		" --signature " FILES "/" UKI "/" sig \
		" --ak " FILES "/" UKI "/ak.pub" \
		" --pcrs " FILES "/" UKI "/quote.pcrs.txt" \
		" --nonce " nonce more
	RUN(0, "echo '{\"version\":1,\"name\":\"q\",\"replay\":[0,1,2,3,4,5,6,7]}' > %s/quoted; "
	    BY_QUOTE("%s", "quote.sig", ""), top, skyctl, top, nonce);
	heard("trusted: ");
	RUN(2, BY_QUOTE("ff%s", "quote.sig", ""), skyctl, top, nonce + 2);
	heard("refused: ");
	RUN(2, BY_QUOTE("%s", "quote_rsa.sig", ""), skyctl, top, nonce);
	RUN(2, BY_QUOTE("%s", "quote.sig", " --select sha256:0,1,2"), skyctl, top, nonce);
	RUN(1, BY_QUOTE("x", "quote.sig", ""), skyctl, top);
	RUN(1, "%s attest verify --policy %s/quoted --pcrs /dev/null --ak /dev/null", skyctl, top);
	heard("--quote, --signature and --ak go together");
	/* What only a quote can answer is not passed over without one. */
	for (i = 0; i < COUNT(of_quotes); i++) {
		RUN(1, "%s attest verify --policy %s/quoted --pcrs /dev/null %s", skyctl, top,
		    of_quotes[i]);
		heard("--ek, --select, --scheme and --hash are of a --quote");
	}
	/* One value is another: nobody vouches for that. */
	RUN(2, "sed '4s/[0-9A-F]$/0/;4s/00$/01/' " FILES "/" UKI "/quote.pcrs.txt > %s/changed; "
	    BY_QUOTE("%s", "quote.sig", " --pcrs %s/changed"), top, skyctl, top, nonce, top);
	heard("refused: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay), cmocka_unit_test(damaged), cmocka_unit_test(ima),
		cmocka_unit_test(verify), cmocka_unit_test(quoted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
