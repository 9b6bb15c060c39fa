// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole way with a TPM that is not ours (swtpm, asked by tpm2-tools): certificate of the
 * endorsement key, an attestation key that is activated, quotes, a certified key.
 */
#include <time.h>

#include "shell.h"
#include "tpm_fake.h"
#include "tpm/credential.h"
#include "tpm/ek_chain.h"
#include "tpm_esys/device.h"

#define PCRS	0x491u			/* 0, 4, 7 and 10 */
#define LIST	"sha256:0,4,7,10"
#define NONCE	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char top[64] = "/tmp/skyhold-tpm-XXXXXX";

static struct file output(const char *name)
{
	CLEANUP_FREE char *data = NULL;
	char path[256];
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	if (file_read(path, FILE_MOST, &data, &len))
		fail_msg("no %s", path);
	return bytes_copy(data, len);
}

/* Beside the TPM, which has three slots for objects: they are emptied. */
static void run(const char *command)
{
	RUN(0, "cd %s && { %s; } >/dev/null && tpm2_flushcontext -t", top, command);
}

static int setup(void **state)
{
	char tcti[128];

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(tcti, sizeof(tcti), "swtpm:path=%s/s", top);
	setenv("TPM2TOOLS_TCTI", tcti, 1);
	setenv("TSS2_LOG", "all+NONE", 1);
	RUN(0, "cd %s && mkdir ca state && T=$PWD &&"
	    "printf 'create_certs_tool=/usr/bin/swtpm_localca\\n"
	    "create_certs_tool_config=%%s/ca.conf\\ncreate_certs_tool_options=%%s/ca.options\\n' $T $T >setup.conf &&"
	    "printf 'statedir=%%s/ca\\nsigningkey=%%s/ca/key.pem\\nissuercert=%%s/ca/issuer.pem\\n"
	    "certserial=%%s/ca/serial\\n' $T $T $T $T >ca.conf &&"
	    "echo '--platform-manufacturer Sky --platform-version 1 --platform-model M' >ca.options &&"
	    "swtpm_setup --tpm2 --tpmstate $T/state --create-ek-cert --overwrite --pcr-banks sha256"
	    " --config $T/setup.conf &&"
	    "swtpm socket --tpm2 --tpmstate dir=$T/state --server type=unixio,path=$T/s"
	    " --ctrl type=unixio,path=$T/s.ctrl --flags startup-clear,not-need-init"
	    " --pid file=$T/pid --daemon", top);
	run("tpm2_createek -G rsa -c ek_rsa.ctx -u ek_rsa.pub");
	run("tpm2_createek -G ecc -c ek_ecc.ctx -u ek_ecc.pub");
	run("tpm2_createak -C ek_rsa.ctx -c ak_ecc.ctx -G ecc -g sha256 -s ecdsa -u ak_ecc.pub");
	run("tpm2_createak -C ek_ecc.ctx -c ak_rsa.ctx -G rsa -g sha256 -s rsassa -u ak_rsa.pub");
	run("tpm2_createak -C ek_rsa.ctx -c ak_pss.ctx -G rsa -g sha256 -s rsapss -u ak_pss.pub");
	run("tpm2_pcrextend 4:sha256=000000000000000000000000000000000000000000000000000000000000002a");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return sh("cd %s && kill $(cat pid); rm -rf %s", top, top);
}

/* --- quotes -------------------------------------------------------------------------------- */

struct live {
	struct file ak, message, signature;
	struct tpm_public public;
	struct tpm_pcr_set pcrs;
	uint8_t nonce[32];
	struct tpm_selection select;
	struct tpm_expect expect;
};

static void read_pcrs(struct tpm_pcr_set *pcrs)
{
	memset(pcrs, 0, sizeof(*pcrs));
	RUN(0, "tpm2_pcrread " LIST " | sed -nE 's/^ +([0-9]+) *: 0x/sha256 \\1 /p'");
	assert_int_equal(tpm_pcrs_parse(pcrs, str_of(said), NULL), 0);
	assert_int_equal(pcrs->bank[0].known, PCRS);
}

static void take(struct live *l, const char *kind, uint16_t scheme)
{
	const char *why;
	char command[512], name[32];

	memset(l, 0, sizeof(*l));
	snprintf(command, sizeof(command),
		 "tpm2_quote -c ak_%s.ctx -l " LIST " -q " NONCE " -m msg -s sig -g sha256 --scheme %s",
		 kind, scheme == TPM_ALG_ECDSA ? "ecdsa" : scheme == TPM_ALG_RSAPSS ? "rsapss" :
		 "rsassa");
	run(command);
	snprintf(name, sizeof(name), "ak_%s.pub", kind);
	l->ak = output(name);
	l->message = output("msg");
	l->signature = output("sig");
	assert_int_equal(tpm_public_parse_2b(l->ak.at, l->ak.len, &l->public, &why), 0);
	assert_int_equal(hex_decode(NONCE, l->nonce, 32), 0);
	read_pcrs(&l->pcrs);
	l->select = (struct tpm_selection){ TPM_ALG_SHA256, PCRS };
	l->expect = (struct tpm_expect){
		.nonce = { l->nonce, 32 }, .scheme = scheme, .hash = TPM_ALG_SHA256,
		.select = &l->select, .selects = 1, .pcrs = &l->pcrs,
	};
}

static void drop(struct live *l)
{
	file_free(&l->ak);
	file_free(&l->message);
	file_free(&l->signature);
}

/* Return: NULL, or why it is refused. */
static const char *judge(const struct live *l, struct tpm_attest *a)
{
	const char *why = NULL;
	int rc = tpm_quote_verify(&l->public, l->message.at, l->message.len, l->signature.at,
				  l->signature.len, &l->expect, a, &why);

	assert_true(!rc == !why);
	return why;
}

static void says(const char *why, const char *want)
{
	if (!why || !strstr(why, want))
		fail_msg("\"%s\" is not \"%s\"", why ? why : "accepted", want);
}

static void accepted(const char *why)
{
	if (why)
		fail_msg("refused: %s", why);
}

/* Every byte, in every way that one bit of it can be wrong. */
static void flip(struct live *l, struct file *part)
{
	struct tpm_attest a;
	size_t i;

	for (i = 0; i < 8 * part->len; i++) {
		part->at[i / 8] ^= 1 << i % 8;
		assert_non_null(judge(l, &a));
		part->at[i / 8] ^= 1 << i % 8;
	}
}

static void one_kind(const char *kind, const char *other, uint16_t scheme)
{
	struct tpm_attest a;
	struct tpm_public public;
	struct live l;
	const char *why;

	take(&l, kind, scheme);
	accepted(judge(&l, &a));
	flip(&l, &l.message);
	flip(&l, &l.signature);

	l.nonce[0] ^= 1;
	says(judge(&l, &a), "nonce");
	l.nonce[0] ^= 1;
	l.select.mask &= ~0x400u;
	says(judge(&l, &a), "other PCRs");
	l.select.mask = PCRS;
	l.pcrs.bank[0].known &= ~0x10u;
	says(judge(&l, &a), "PCR whose value");
	l.pcrs.bank[0].known = PCRS;
	l.pcrs.bank[0].value[7][31] ^= 1;
	says(judge(&l, &a), "not those that were quoted");
	l.pcrs.bank[0].value[7][31] ^= 1;
	/* Another key of the same kind, of the same TPM. */
	RUN(0, "cd %s && tpm2_createak -C ek_%s.ctx -c other.ctx -G %s -g sha256 -s %s -u other.pub"
	    " && tpm2_flushcontext -t", top, strcmp(kind, "rsa") ? "rsa" : "ecc",
	    !strcmp(kind, "ecc") ? "ecc" : "rsa", other);
	CLEANUP_FILE struct file area = output("other.pub");

	public = l.public;
	assert_int_equal(tpm_public_parse_2b(area.at, area.len, &l.public, &why), 0);
	says(judge(&l, &a), "signature is not");
	l.public = public;
	accepted(judge(&l, &a));
	drop(&l);
}

static void ecdsa(void **state)
{
	(void)state;
	one_kind("ecc", "ecdsa", TPM_ALG_ECDSA);
}

static void rsassa(void **state)
{
	(void)state;
	one_kind("rsa", "rsassa", TPM_ALG_RSASSA);
}

static void rsapss(void **state)
{
	(void)state;
	one_kind("pss", "rsapss", TPM_ALG_RSAPSS);
}

/* A PCR is extended: the old quote does not vouch for the new value.  The clock goes on. */
static void time_passes(void **state)
{
	struct tpm_attest first, second;
	struct tpm_clock after;
	struct live old, new;

	(void)state;
	take(&old, "ecc", TPM_ALG_ECDSA);
	accepted(judge(&old, &first));
	run("tpm2_pcrextend 10:sha256=" NONCE);
	read_pcrs(&old.pcrs);
	says(judge(&old, &second), "not those that were quoted");
	take(&new, "ecc", TPM_ALG_ECDSA);
	new.expect.previous = &first.clock;
	accepted(judge(&new, &second));
	assert_true(second.clock.clock >= first.clock.clock);
	after = second.clock;
	after.clock++;
	new.expect.previous = &after;
	says(judge(&new, &second), "clock");
	after = second.clock;
	after.resets++;
	says(judge(&new, &second), "reset less");
	drop(&old);
	drop(&new);
}

/* TPM2_Certify of a key beside it.  tpm2-tools choose the nonce themselves. */
static void certified_key(void **state)
{
	static const uint8_t nonce[] = { 0x00, 0xff, 0x55, 0xaa };
	struct tpm_expect expect = {
		.nonce = { nonce, sizeof(nonce) }, .scheme = TPM_ALG_ECDSA, .hash = TPM_ALG_SHA256,
	};
	struct tpm_public ak, key;
	struct tpm_attest a;
	const char *why = NULL;

	(void)state;
	run("tpm2_createprimary -C e -G ecc -c key.ctx");
	run("tpm2_readpublic -c key.ctx -o key.pub");
	run("tpm2_certify -C ak_ecc.ctx -c key.ctx -g sha256 -o cert -s cert.sig");
	CLEANUP_FILE struct file area = output("ak_ecc.pub");
	CLEANUP_FILE struct file subject = output("key.pub");
	CLEANUP_FILE struct file message = output("cert");
	CLEANUP_FILE struct file sig = output("cert.sig");

	assert_int_equal(tpm_public_parse_2b(area.at, area.len, &ak, &why), 0);
	assert_int_equal(tpm_public_parse_2b(subject.at, subject.len, &key, &why), 0);
	if (tpm_certify_verify(&ak, message.at, message.len, sig.at, sig.len, &expect, &key, &a,
			       &why))
		fail_msg("refused: %s", why);
	assert_int_equal(tpm_certify_verify(&ak, message.at, message.len, sig.at, sig.len, &expect,
					    &ak, &a, &why), -EACCES);
	says(why, "another key");
}

/* --- the endorsement key ------------------------------------------------------------------- */

/* The certificate as the TPM's NV index has it leads to the maker of this TPM. */
static void live_certificate(void **state)
{
	struct tpm_ek_roots *roots;
	struct tpm_ek_info info;
	struct tpm_public ek;
	const char *why;

	(void)state;
	run("tpm2_nvread 0x01c00002 -o ek.der");
	CLEANUP_FILE struct file cert = output("ek.der");
	CLEANUP_FILE struct file root = output("ca/swtpm-localca-rootca-cert.pem");
	CLEANUP_FILE struct file between = output("ca/issuer.pem");
	CLEANUP_FILE struct file area = output("ek_rsa.pub");
	CLEANUP_FILE struct file other = output("ek_ecc.pub");

	assert_int_equal(tpm_ek_roots_new((char *)root.at, root.len, (char *)between.at,
					  between.len, &roots, &why), 0);
	assert_int_equal(tpm_public_parse_2b(area.at, area.len, &ek, &why), 0);
	if (tpm_ek_verify(roots, cert.at, cert.len, &ek, time(NULL), &info, &why))
		fail_msg("refused: %s", why);
	assert_string_equal(info.model, "swtpm");
	assert_int_equal(tpm_public_parse_2b(other.at, other.len, &ek, &why), 0);
	assert_int_equal(tpm_ek_verify(roots, cert.at, cert.len, &ek, time(NULL), &info, &why),
			 -EACCES);
	says(why, "another key");
	tpm_ek_roots_free(roots);
}

/* As tpm2-tools keep it in a file. */
static void write_credential(const struct tpm_credential *c)
{
	uint8_t bytes[2000];
	struct tpm_writer w = TPM_WRITER(bytes, sizeof(bytes));
	char path[256];

	tpm_write_u32(&w, 0xbadcc0de);
	tpm_write_u32(&w, 1);
	tpm_write_bytes(&w, c->blob, c->blob_len);
	tpm_write_bytes(&w, c->secret, c->secret_len);
	snprintf(path, sizeof(path), "%s/cred", top);
	assert_int_equal(file_write_atomic(path, bytes, w.len, 0600), 0);
}

/* Return: the exit status of the tool. */
static int activate(const char *ek, const char *ak)
{
	int status;

	status = sh("cd %s && rm -f secret && tpm2_startauthsession --policy-session -S session &&"
		    "tpm2_policysecret -S session -c e &&"
		    "tpm2_activatecredential -c ak_%s.ctx -C ek_%s.ctx -i cred -o secret -P session:session",
		    top, ak, ek);
	run("tpm2_flushcontext session");
	return status;
}

static void one_credential(const char *ek_kind, const char *ak_kind, const char *other_ak)
{
	static const char secret[] = "known by that TPM alone 01234567";
	struct tpm_public ek, ak;
	struct tpm_credential c, damaged;
	struct tpm_name name;
	const char *why;
	char file[32];

	snprintf(file, sizeof(file), "ek_%s.pub", ek_kind);
	CLEANUP_FILE struct file ek_area = output(file);

	snprintf(file, sizeof(file), "ak_%s.pub", ak_kind);
	CLEANUP_FILE struct file ak_area = output(file);

	assert_int_equal(tpm_public_parse_2b(ek_area.at, ek_area.len, &ek, &why), 0);
	assert_int_equal(tpm_public_parse_2b(ak_area.at, ak_area.len, &ak, &why), 0);
	assert_int_equal(tpm_public_name(&ak, &name), 0);
	assert_int_equal(tpm_make_credential(&ek, &name, secret, 32, &c, &why), 0);
	write_credential(&c);
	if (activate(ek_kind, ak_kind))
		fail_msg("not activated: %s", said);
	CLEANUP_FILE struct file got = output("secret");

	assert_int_equal(got.len, 32);
	assert_memory_equal(got.at, secret, 32);
	/* It is for that key only. */
	assert_int_not_equal(activate(ek_kind, other_ak), 0);
	damaged = c;
	damaged.blob[damaged.blob_len - 1] ^= 1;
	write_credential(&damaged);
	assert_int_not_equal(activate(ek_kind, ak_kind), 0);
	damaged = c;
	damaged.secret[damaged.secret_len - 1] ^= 1;
	write_credential(&damaged);
	assert_int_not_equal(activate(ek_kind, ak_kind), 0);
	/* Short secrets, and those that no TPM would take. */
	assert_int_equal(tpm_make_credential(&ek, &name, secret, 1, &c, &why), 0);
	write_credential(&c);
	assert_int_equal(activate(ek_kind, ak_kind), 0);
	assert_int_equal(tpm_make_credential(&ek, &name, secret, 0, &c, &why), -EINVAL);
	assert_int_equal(tpm_make_credential(&ek, &name, secret, 33, &c, &why), -EINVAL);
	assert_int_equal(tpm_make_credential(&ak, &name, secret, 16, &c, &why), -EINVAL);
	says(why, "decrypt");
	name.len = 0;
	assert_int_equal(tpm_make_credential(&ek, &name, secret, 16, &c, &why), -EINVAL);
}

/* A credential of tpm2-tools for that kind of keys, of a recorded boot, has the same form. */
static void recorded_form(void **state)
{
	CLEANUP_FILE struct file recorded = fixture("ovmf-uki-quote", "cred.blob");
	CLEANUP_FILE struct file ek_area = fixture("ovmf-uki-quote", "ek.pub");
	CLEANUP_FILE struct file ak_area = fixture("ovmf-uki-quote", "ak.pub");
	CLEANUP_FILE struct file secret = fixture("ovmf-uki-quote", "cred.out");
	struct tpm_reader r = TPM_READER(recorded.at, recorded.len);
	struct tpm_public ek, ak;
	struct tpm_credential c;
	struct tpm_name name;
	const char *why;

	(void)state;
	assert_int_equal(tpm_public_parse_2b(ek_area.at, ek_area.len, &ek, &why), 0);
	assert_int_equal(tpm_public_parse_2b(ak_area.at, ak_area.len, &ak, &why), 0);
	assert_int_equal(tpm_public_name(&ak, &name), 0);
	assert_int_equal(tpm_make_credential(&ek, &name, secret.at, secret.len, &c, &why), 0);
	assert_int_equal(tpm_read_u32(&r), 0xbadcc0de);
	assert_int_equal(tpm_read_u32(&r), 1);
	assert_int_equal(tpm_read_2b(&r, UINT16_MAX).len, c.blob_len - 2);
	assert_int_equal(tpm_read_2b(&r, UINT16_MAX).len, c.secret_len - 2);
	assert_true(tpm_read_end(&r));
}

static void credential_rsa(void **state)
{
	(void)state;
	one_credential("rsa", "ecc", "pss");
}

static void credential_ecc(void **state)
{
	int i;

	(void)state;
	/* Each has a key of its own, and one in 128 a coordinate that begins with zeros. */
	for (i = 0; i < 3; i++)
		one_credential("ecc", "rsa", "ecc");
}

/* The same by our own hand, without tools: keys, quote, credential, certificate. */
static void own_attester(void **state)
{
	static const struct device_selection select = { TPM_ALG_SHA256, PCRS };
	static const struct tpm_selection selected = { TPM_ALG_SHA256, PCRS };
	static const char secret[] = "known by that TPM alone 01234567";
	static struct device_bytes ek_area, ak_area, message, signature, got;
	static uint8_t nv[DEVICE_NV_MAX];
	struct tpm_pcr_set pcrs;
	struct tpm_expect expect = {
		.nonce = { (const uint8_t *)"fresh", 5 }, .scheme = TPM_ALG_ECDSA,
		.hash = TPM_ALG_SHA256, .select = &selected, .selects = 1, .pcrs = &pcrs,
	};
	struct tpm_public ek, ak;
	struct tpm_credential c;
	struct tpm_attest a;
	struct tpm_name name, qualified;
	struct device *d;
	const char *why;
	size_t len;

	(void)state;
	read_pcrs(&pcrs);
	CLEANUP_FILE struct file same = output("ek_rsa.pub");
	CLEANUP_FILE struct file cert = output("ek.der");

	assert_int_equal(device_open("swtpm:path=/nowhere", &d), -EIO);
	assert_int_equal(device_open(getenv("TPM2TOOLS_TCTI"), &d), 0);
	assert_int_equal(device_quote(d, "fresh", 5, &select, 1, &message, &signature), -EINVAL);
	assert_int_equal(device_keys(d, &ek_area, &ak_area), 0);
	assert_int_equal(device_keys(d, &ek_area, &ak_area), -EBUSY);
	assert_int_equal(ek_area.len, same.len);
	assert_memory_equal(ek_area.at, same.at, same.len);
	assert_int_equal(tpm_public_parse_2b(ek_area.at, ek_area.len, &ek, &why), 0);
	assert_int_equal(tpm_public_parse_2b(ak_area.at, ak_area.len, &ak, &why), 0);
	assert_int_equal(tpm_public_qualified_name(&ak, &ek, TPM_RH_ENDORSEMENT, &qualified), 0);
	expect.signer = (struct tpm_blob){ qualified.at, qualified.len };
	assert_int_equal(device_quote(d, "fresh", 5, &select, 1, &message, &signature), 0);
	if (tpm_quote_verify(&ak, message.at, message.len, signature.at, signature.len, &expect, &a,
			     &why))
		fail_msg("refused: %s", why);

	assert_int_equal(tpm_public_name(&ak, &name), 0);
	assert_int_equal(tpm_make_credential(&ek, &name, secret, 32, &c, &why), 0);
	assert_int_equal(device_activate(d, c.blob, c.blob_len, c.secret, c.secret_len, &got), 0);
	assert_int_equal(got.len, 32);
	assert_memory_equal(got.at, secret, 32);
	assert_int_equal(device_activate(d, c.blob, c.blob_len - 1, c.secret, c.secret_len, &got),
			 -EBADMSG);
	name.at[5] ^= 1;
	assert_int_equal(tpm_make_credential(&ek, &name, secret, 32, &c, &why), 0);
	assert_int_equal(device_activate(d, c.blob, c.blob_len, c.secret, c.secret_len, &got),
			 -EACCES);
	assert_int_not_equal(device_error(d), 0);

	assert_int_equal(device_nv_read(d, DEVICE_EK_CERT_RSA, nv, &len), 0);
	assert_int_equal(len, cert.len);
	assert_memory_equal(nv, cert.at, len);
	assert_int_equal(device_nv_read(d, 0x01c0ffff, nv, &len), -ENOENT);
	device_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdsa),
		cmocka_unit_test(rsassa),
		cmocka_unit_test(rsapss),
		cmocka_unit_test(time_passes),
		cmocka_unit_test(certified_key),
		cmocka_unit_test(live_certificate),
		cmocka_unit_test(recorded_form),
		cmocka_unit_test(credential_rsa),
		cmocka_unit_test(credential_ecc),
		cmocka_unit_test(own_attester),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
