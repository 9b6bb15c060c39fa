// SPDX-License-Identifier: GPL-2.0-or-later
/* The audit ledger's counter in a TPM (swtpm): everything on the disk is put back, and it shows. */
#include <errno.h>

#include "tpm_live.h"

#include "audit_tpm.h"
#include "ledger/ledger.h"

static struct note_signer signer;
static struct hmac_key salt;
static struct audit_tpm tpm;
static char why[LEDGER_WHY];

/* As a backend does it.  Return: of the first that is refused. */
static int begin(bool fresh, struct ledger **l)
{
	const struct ledger_config config = {
		.path = "disk/ledger", .signer = &signer,
		.counter = { audit_tpm_read, audit_tpm_advance, &tpm },
	};
	int rc;

	*l = NULL;
	*why = 0;
	tpm = (struct audit_tpm){ getenv("TPM2TOOLS_TCTI"), "disk/epoch.tpm", &salt, 0 };
	rc = audit_tpm_begin(&tpm, fresh, why);
	return rc ? rc : ledger_open(l, &config, why);
}

static void append(struct ledger *l)
{
	const struct ledger_item item = {
		{ STR("who"), STR("noun.verb"), STR("noun:it"), STR("ok"), STR_NONE }, 1,
	};

	if (ledger_append(l, &item, 1, NULL, why))
		fail_msg("%s", why);
}

static void batches(unsigned int count)
{
	struct ledger *l;

	if (begin(false, &l))
		fail_msg("%s", why);
	while (count--)
		append(l);
	ledger_close(l);
}

static void refused(int want, const char *words)
{
	struct ledger *l;

	assert_int_equal(begin(false, &l), want);
	if (!strstr(why, words))
		fail_msg("\"%s\" is not \"%s\"", why, words);
	ledger_close(l);
}

static int start(void **state)
{
	static const uint8_t seed[ED25519_SEED_BYTES] = { 9 };

	(void)state;
	if (live_start("/tmp/test_tpm_ledger.XXXXXX") ||
	    note_signer_make(STR("here/log"), NOTE_ED25519, seed, &signer))
		return -1;
	hmac_key_set(&salt, "salt", 4);
	tpm_on("tpm");
	return sh("mkdir disk");
}

static int end(void **state)
{
	(void)state;
	return live_end();
}

static void begins(void **state)
{
	struct ledger *l;

	(void)state;
	refused(-ESTALE, "was not begun with this TPM");
	/* Other counters have been there, so that it does not begin at one. */
	RUN(0, "tpm2_nvdefine 0x01a5c00f -C o -s 8 -a 'nt=counter|ownerread|authread|ownerwrite' &&"
	    "for i in 1 2 3 4 5; do tpm2_nvincrement 0x01a5c00f -C o; done;"
	    "tpm2_nvundefine 0x01a5c00f");
	assert_int_equal(begin(true, &l), 0);
	assert_true(tpm.base > 5);
	assert_int_equal(ledger_epoch(l), 0);
	append(l);
	assert_int_equal(ledger_epoch(l), 1);
	ledger_close(l);
	batches(2);
	tpm_reboot("tpm");
	batches(1);
}

static void put_back(void **state)
{
	(void)state;
	RUN(0, "cp -a disk week");
	batches(2);
	RUN(0, "mv disk today; cp -a week disk");
	refused(-ESTALE, "the last checkpoint is of epoch 4, the counter is at 6");
	/* The ledger of then with the base of now, which is the same. */
	RUN(0, "cp today/epoch.tpm disk/");
	refused(-ESTALE, "an older state was put back");
	/* And with a base that would make up for it: nobody has its key. */
	RUN(0, "sed -i 's/^\\(.\\{15\\}\\)./\\1f/' disk/epoch.tpm");
	refused(-EBADMSG, "damaged, or of another ledger");
	RUN(0, "rm disk/epoch.tpm");
	refused(-ESTALE, "was not begun with this TPM");
	RUN(0, "rm -rf disk; mv today disk");
	batches(1);
}

static void counter_gone(void **state)
{
	(void)state;
	RUN(0, "tpm2_nvundefine 0x01a5c002");
	refused(-ESTALE, "was not begun with this TPM");
	RUN(0, "tpm2_nvdefine 0x01a5c002 -C o -s 8 -a 'nt=counter|ownerread|authread|ownerwrite|no_da' &&"
	    "tpm2_nvincrement 0x01a5c002 -C o");
	refused(-ESTALE, "the last checkpoint is of epoch 7, the counter is at 8");
	tpm_off("tpm");
	refused(-ENODEV, "there is no TPM at");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins),
		cmocka_unit_test(put_back),
		cmocka_unit_test(counter_gone),
	};

	return cmocka_run_group_tests(tests, start, end);
}
