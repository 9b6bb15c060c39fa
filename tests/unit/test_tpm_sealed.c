// SPDX-License-Identifier: GPL-2.0-or-later
/* Volume keys sealed by a TPM (swtpm), as people use them: rlncsetup and skyctl. */
#include <linux/crc32c.h>

#include "tpm_live.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "rlnc_keyslot.h"

#define CHEAP	" --pbkdf-force-iterations 1 --pbkdf-memory 64 "
#define TPM	"--tpm2-device \"$TPM2TOOLS_TCTI\" "
#define SEALED	"rlncsetup key test --tpm2 " TPM
#define SIGN	"skyctl tpm sign-policy --pcrs now --key boot.key "
#define SOME	"000000000000000000000000000000000000000000000000000000000000002a"

/* What the PCRs of this boot are, for whoever signs. */
#define NOW	"tpm2_pcrread sha256:4,7,8,9,11 | sed -nE 's/^ +([0-9]+) *: 0x/sha256 \\1 /p' >now"

static void boot(const char *kernel)
{
	tpm_reboot("tpm");
	RUN(0, "tpm2_pcrextend 4:sha256=%064x && tpm2_pcrextend 9:sha256=" SOME, *kernel);
}

static int start(void **state)
{
	(void)state;
	if (live_start("/tmp/test_tpm_sealed.XXXXXX"))
		return -1;
	RUN(0, "openssl genrsa -out boot.key 2048 && openssl rsa -in boot.key -pubout -out boot.pem &&"
	    "openssl ecparam -name prime256v1 -genkey -noout -out ecc.key &&"
	    "openssl ec -in ecc.key -pubout -out ecc.pem && openssl genrsa -out other.key 2048");
	tpm_on("tpm");
	boot("a");
	RUN(0, "truncate -s 64M m0 m1 m2; printf p >pass; rlncsetup format -q -k 2 -d pass" CHEAP "m?");
	RUN(0, "rlncsetup key add -d pass --tpm2 " TPM "--tpm2-public-key boot.pem m?");
	heard("Key slot 1 added.");
	RUN(0, "rlncsetup tpm epoch " TPM);
	heard("1\n");
	RUN(0, NOW " && " SIGN "--epoch 1 --out good");
	return 0;
}

static int end(void **state)
{
	(void)state;
	return live_end();
}

/* --- what opens ---------------------------------------------------------------------------- */

static void this_boot(void **state)
{
	(void)state;
	RUN(0, SEALED "--tpm2-signature good m?");
	heard("Key slot 1 opens.");
	/* As often as it is asked to, and whatever else lies in the TPM. */
	RUN(0, "tpm2_createprimary -C o -c x.ctx && tpm2_flushcontext -t");
	RUN(0, SEALED "--tpm2-signature good m0 m1");
	boot("a");
	RUN(0, SEALED "--tpm2-signature good m?");
	/* Asked for nothing, it tries the TPM. */
	RUN(0, "rlncsetup key test " TPM "--tpm2-signature good m? </dev/null");
	RUN(0, "rlncsetup key list m?");
	heard("tpm2");
	heard("PCRs 4+7+9+11 of sha256");
	RUN(0, "rlncsetup key list --json m?");
	heard("\"pcrs\": [");
	RUN(0, "rlncsetup dump m0");
	heard("tpm2");
}

static void other_key_kind(void **state)
{
	(void)state;
	RUN(0, "cp m0 e0; cp m1 e1; cp m2 e2;"
	    "rlncsetup key add -d pass -S 7 --slot-label ecc --tpm2 " TPM
	    "--tpm2-public-key ecc.pem --tpm2-pcrs 4+11 e?");
	RUN(0, "skyctl tpm sign-policy --pcrs now --key ecc.key --select 4+11 --epoch 1 --out ecc.json");
	RUN(0, SEALED "--tpm2-signature ecc.json e?");
	heard("Key slot 7 opens.");
	/* Both are tried; which file has what does not matter. */
	RUN(0, "rlncsetup key remove -q -d pass -S 7 e?");
	RUN(2, SEALED "--tpm2-signature ecc.json e?");
	heard("there is no policy signed by its key");
	RUN(0, SEALED "--tpm2-signature good e?");
	/* A private key is as good as its public one here. */
	RUN(0, "rlncsetup key add -d pass --tpm2 " TPM "--tpm2-public-key ecc.key --tpm2-pcrs 4+11 e?");
	RUN(0, SEALED "--tpm2-signature ecc.json e?");
	RUN(0, "rm e?");
}

/* --- what does not, and what is said -------------------------------------------------------- */

static void other_pcrs(void **state)
{
	(void)state;
	boot("b");
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("PCRs 4 are not those of any signed policy");
	heard("hint: something else was booted");
	RUN(0, "tpm2_pcrextend 7:sha256=" SOME);
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("PCRs 4, 7 are not");
	/* One that is not among them does not matter. */
	boot("a");
	RUN(0, "tpm2_pcrextend 8:sha256=" SOME);
	RUN(0, SEALED "--tpm2-signature good m?");
	/* A passphrase opens whatever was booted. */
	boot("b");
	RUN(0, "rlncsetup key test -d pass m?");
	boot("a");
}

static void capped(void **state)
{
	(void)state;
	RUN(0, "rlncsetup tpm cap " TPM);
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("was told to do so no more (PCR 11)");
	/* All banks have it. */
	RUN(0, "tpm2_pcrread sha384:11 | grep -c 'x0*$'; true");
	heard("0\n");
	boot("a");
	RUN(0, SEALED "--tpm2-signature good m?");
}

static void other_signer(void **state)
{
	(void)state;
	RUN(0, "skyctl tpm sign-policy --pcrs now --key other.key --epoch 1 --out forged");
	RUN(2, SEALED "--tpm2-signature forged m?");
	heard("there is no policy signed by its key");
	/* Who says that it was the right one is not believed. */
	RUN(0, "sed -i \"s/\\\"pkfp\\\": .*/$(grep -o '\\\"pkfp.*' good)/\" forged");
	RUN(2, SEALED "--tpm2-signature forged m?");
	heard("is not signed by its key");
	/* Nor one that says nothing. */
	RUN(2, "printf '{}' >empty; " SEALED "--tpm2-signature empty m?");
	heard("there is no policy signed by its key");
	RUN(4, "printf '{\"sha256\":[{\"epoch\":1}]}' >empty; " SEALED "--tpm2-signature empty m?");
	heard("signed policies empty:");
	RUN(4, SEALED "--tpm2-signature nowhere m?");
	heard("signed policies nowhere: No such file");
}

static void other_selection(void **state)
{
	(void)state;
	/* The signer is trusted, but not to leave a PCR out. */
	RUN(0, SIGN "--select 4+9 --epoch 1 --out fewer");
	RUN(2, SEALED "--tpm2-signature fewer m?");
	heard("wants a policy over PCRs 4, 7, 9, 11 of sha256");
}

/* A policy of systemd's, by the same key, is not one of ours. */
static void signature_without_ref(void **state)
{
	(void)state;
	RUN(0, "grep -o '\"pol\": \"[^\"]*' good | cut -d'\"' -f4 | tr -d '\\n' | xxd -r -p >pol;"
	    "openssl dgst -sha256 -sign boot.key pol | base64 -w0 >sig;"
	    "sed \"s|\\\"sig\\\": \\\"[^\\\"]*|\\\"sig\\\": \\\"$(cat sig)|\" good >bare");
	RUN(2, SEALED "--tpm2-signature bare m?");
	heard("is not signed by its key");
}

static void epochs(void **state)
{
	(void)state;
	/* Signed for the epoch to come, and good in this one already. */
	RUN(0, SIGN "--epoch 2 --out next");
	RUN(0, SEALED "--tpm2-signature next m?");
	RUN(4, "rlncsetup tpm epoch " TPM "--tpm2-signature nowhere bump");
	RUN(0, "rlncsetup tpm epoch " TPM "--tpm2-signature next bump");
	heard("2\n");
	/* What was signed ahead outlives it, and that is said. */
	heard("policies of epoch 2 are signed, and good until that is ended, too");
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("is of epoch 1, and it is 2 now");
	RUN(0, SEALED "--tpm2-signature next m?");
	/* Of several the one that holds; files gather them. */
	RUN(0, SIGN "--epoch 2 --out good");
	RUN(0, "grep -c '\"pol\"' good");
	heard("2\n");
	RUN(0, SEALED "--tpm2-signature good m?");
	/* A larger number in the file is not what was signed. */
	RUN(0, "rlncsetup tpm epoch " TPM "--tpm2-signature next bump");
	heard("3\n");
	not_heard("are signed");
	RUN(0, "sed 's/\"epoch\": 2/\"epoch\": 3/' next >later");
	RUN(2, SEALED "--tpm2-signature later m?");
	RUN(2, SEALED "--tpm2-signature next m?");
	RUN(0, SIGN "--epoch 3 --out good");
	RUN(0, SEALED "--tpm2-signature good m?");
	boot("a");
	RUN(2, SEALED "--tpm2-signature next m?");
	RUN(0, SEALED "--tpm2-signature good m?");
}

static void other_tpm(void **state)
{
	(void)state;
	tpm_on("tpm2");
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("sealed by another TPM");
	RUN(4, "rlncsetup tpm epoch " TPM);
	heard("has no counter");
	tpm_off("tpm2");
	RUN(4, "rlncsetup key test --tpm2 --tpm2-device swtpm:path=/nowhere m?");
	heard("there is no TPM 2.0 at");
	boot("a");
	/* And the one that it was, when its owner has been cleared. */
	RUN(0, "cp -a tpm keep");
	RUN(0, "tpm2_clear -c p");
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("or this one was cleared since");
	tpm_off("tpm");
	RUN(0, "rm -rf tpm; mv keep tpm");
	tpm_on("tpm");
	boot("a");
	RUN(0, SEALED "--tpm2-signature good m?");
}

/* Whoever has the owner's rights can spoil the counter, and gains nothing. */
static void counter_gone(void **state)
{
	(void)state;
	tpm_off("tpm");
	RUN(0, "cp -a tpm keep");
	tpm_on("tpm");
	boot("a");
	RUN(0, "tpm2_nvundefine 0x01a5c001");
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("has no counter of epochs any more (NV index 0x01a5c001)");
	/* One that starts anew is beyond what it was. */
	RUN(0, "tpm2_nvdefine 0x01a5c001 -C o -s 8 -a 'nt=counter|ownerread|authread|ownerwrite|no_da'"
	    " && tpm2_nvincrement 0x01a5c001 -C o");
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("is of epoch 3, and it is 4 now");
	/* What can be set at will is not the one that was signed for. */
	RUN(0, "tpm2_nvundefine 0x01a5c001;"
	    "tpm2_nvdefine 0x01a5c001 -C o -s 8 -a 'ownerread|authread|ownerwrite|no_da' &&"
	    "printf '\\0\\0\\0\\0\\0\\0\\0\\1' | tpm2_nvwrite 0x01a5c001 -C o -i -");
	RUN(2, SEALED "--tpm2-signature good m?");
	heard("does not find its policy fulfilled");
	RUN(4, "rlncsetup tpm epoch " TPM "bump");
	heard("somebody else's NV index");
	tpm_off("tpm");
	RUN(0, "rm -rf tpm; mv keep tpm");
	tpm_on("tpm");
	boot("a");
	RUN(0, SEALED "--tpm2-signature good m?");
}

/* Nobody but the owner, once there is a password. */
static void owner_password(void **state)
{
	(void)state;
	RUN(0, "tpm2_nvincrement 0x01a5c001 -C 0x01a5c001; test $? -ne 0");
	RUN(0, "tpm2_createprimary -C o -c root.ctx >/dev/null && tpm2_flushcontext -t");
	RUN(0, "tpm2_changeauth -c o secret");
	RUN(2, "rlncsetup tpm epoch " TPM "bump");
	heard("the TPM's owner has a password");
	RUN(0, "rlncsetup tpm epoch " TPM);
	heard("3\n");
	RUN(0, "tpm2_nvundefine 0x01a5c001; test $? -ne 0");
	RUN(0, "tpm2_changeauth -c o -p secret");
}

/* --- a slot that was changed ---------------------------------------------------------------- */

static void write_slots(const char *file, const uint8_t *set, size_t bytes)
{
	CLEANUP_FCLOSE FILE *f = fopen(file, "r+");
	unsigned int copy;

	assert_non_null(f);
	for (copy = 0; copy < RLNC_KEYSLOT_COPIES; copy++) {
		long at = RLNC_KEYSLOT_OFFSET + copy * RLNC_KEYSLOT_STRIDE;

		assert_int_equal(fseek(f, at, SEEK_SET), 0);
		assert_int_equal(fwrite(set, bytes, 1, f), 1);
	}
}

/* Bytes of it from one end to the other; the checksum is put right, and the seal has to find it. */
static void flipped_bytes(void **state)
{
	uint8_t set[3 * RLNC_KEYSLOT_BLOCK];
	struct rlnc_disk_keyslots *head = (struct rlnc_disk_keyslots *)set;
	struct rlnc_disk_keyslot *slot = (struct rlnc_disk_keyslot *)set + 2;
	unsigned int tried = 0;
	size_t at, used;
	FILE *f;

	(void)state;
	RUN(0, "cp m0 f0; cp m1 f1; cp m2 f2");
	f = fopen("f0", "r");
	assert_non_null(f);
	assert_int_equal(fseek(f, RLNC_KEYSLOT_OFFSET, SEEK_SET), 0);
	assert_int_equal(fread(set, sizeof(set), 1, f), 1);
	fclose(f);
	assert_int_equal(head->count, 2);
	assert_int_equal(slot->type, RLNC_KEYSLOT_TPM2);
	used = offsetof(struct rlnc_disk_keyslot, blob) + slot->blob_bytes;
	for (at = 0; at < used; at += 23, tried++) {
		uint8_t *byte = (uint8_t *)slot + at;
		unsigned int i;
		char name[] = "f0";

		*byte ^= 0x40;
		head->crc = 0;
		head->crc = ~crc32c(~0u, set, sizeof(set));
		for (i = 0; i < 3; i++, name[1]++)
			write_slots(name, set, sizeof(set));
		if (!sh("! " SEALED "--tpm2-signature good f?"))
			not_heard("ERROR");
		else
			fail_msg("byte %zu: opened: %s", at, said);
		*byte ^= 0x40;
	}
	print_message("# %u bytes of %zu\n", tried, used);
	RUN(0, SEALED "--tpm2-signature good m?; rm f?");
}

/* --- arguments ----------------------------------------------------------------------------- */

static void wrong_arguments(void **state)
{
	(void)state;
	RUN(1, "rlncsetup key add -d pass --tpm2 " TPM "m?");
	heard("--tpm2-public-key FILE");
	RUN(1, "rlncsetup key add -d pass --tpm2 " TPM "--tpm2-public-key pass m?");
	heard("pass: no key in PEM");
	RUN(1, "rlncsetup key add -d pass --tpm2 " TPM "--tpm2-public-key boot.pem --tpm2-pcrs 4+24 m?");
	heard("write it as 4+7+9+11");
	RUN(1, "rlncsetup key add -d pass --tpm2 " TPM "--tpm2-public-key boot.pem --tpm2-bank md5 m?");
	heard("there is no such bank");
	RUN(1, "openssl ecparam -name secp384r1 -genkey -noout -out p384.key;"
	    "rlncsetup key add -d pass --tpm2 " TPM "--tpm2-public-key p384.key m?");
	heard("another curve than P-256");
	RUN(1, "rlncsetup tpm epoch " TPM "back");
	heard("\"back\" is not known");
	RUN(1, SIGN "--out x");
	heard("the --epoch");
	RUN(1, SIGN "--epoch 1 --select 4+12 --out x");
	heard("PCR 12 is not known");
	RUN(0, "cp good x; test $(rlncsetup key list m? | grep -c tpm2) = 1");
	RUN(2, "truncate -s 64M n0 n1; rlncsetup format -q -k 1 -d pass" CHEAP "n?;" SEALED "n?");
	heard("has no key slot of a TPM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_boot),
		cmocka_unit_test(other_key_kind),
		cmocka_unit_test(other_pcrs),
		cmocka_unit_test(capped),
		cmocka_unit_test(other_signer),
		cmocka_unit_test(other_selection),
		cmocka_unit_test(signature_without_ref),
		cmocka_unit_test(epochs),
		cmocka_unit_test(other_tpm),
		cmocka_unit_test(counter_gone),
		cmocka_unit_test(owner_password),
		cmocka_unit_test(flipped_bytes),
		cmocka_unit_test(wrong_arguments),
	};

	return cmocka_run_group_tests(tests, start, end);
}
