// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl tpm: what a boot will measure, and what a TPM vouches for.  Asks nobody: files alone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/report.h"
#include "skyctl.h"
#include "tpm/ek_chain.h"
#include "tpm/predict.h"
#include "tpm/quote.h"

#define SMALL_MAX	65536u		/* keys, certificates, quotes, PCRs */
#define ROOTS_MAX	(4u << 20)

struct input {
	char *at;
	size_t len;
};

static void free_input(struct input *in)
{
	free(in->at);
}

#define CLEANUP_INPUT	CLEANUP(free_input)

static int load(const char *path, size_t max, struct input *in)
{
	int rc = file_read(strcmp(path, "-") ? path : "/dev/stdin", max, &in->at, &in->len);

	return rc ? fail(-rc, "cannot read %s: %s", path, strerror(-rc)) : 0;
}

static int load_public(const char *path, struct input *in, struct tpm_public *p)
{
	const char *why;
	int rc = load(path, SMALL_MAX, in);

	if (!rc && tpm_public_parse_2b(in->at, in->len, p, &why))
		rc = fail(EBADMSG, "%s: %s; a TPM2B_PUBLIC is wanted", path, why);
	return rc;
}

/* --- predict --------------------------------------------------------------------------------- */

static int read_log(const char *path, struct prediction *p)
{
	CLEANUP_INPUT struct input in = { NULL };
	struct eventlog log;
	const char *why;
	int rc = load(path, EVENTLOG_MAX_BYTES, &in);

	if (rc)
		return rc;
	if (eventlog_open(&log, in.at, in.len))
		return fail(EBADMSG, "%s: %s", path, log.fault.why);
	rc = predict_firmware(&log, p, &why);
	return rc ? fail(-rc, "%s: %s", path, why) : 0;
}

static json_t *pcrs_json(const struct tpm_pcr_bank *bank)
{
	json_t *of = json_object();
	char hex[2 * TPM_DIGEST_MAX + 1], number[8];
	unsigned int i;

	for (i = 0; i < TPM_PCRS; i++) {
		if (!(bank->known & 1u << i))
			continue;
		hex_encode(bank->value[i], bank->alg->size, hex);
		snprintf(number, sizeof(number), "%u", i);
		json_object_set_new(of, number, json_string(hex));
	}
	return of;
}

static void set_digest(json_t *to, const char *name, const struct tpm_alg *alg,
		       const uint8_t *digest)
{
	char hex[2 * TPM_DIGEST_MAX + 1];

	hex_encode(digest, alg->size, hex);
	json_object_set_new(to, name, json_string(hex));
}

static int print_json(const struct options *o, const struct uki_digests *d,
		      const struct tpm_pcr_bank *bank)
{
	json_t *out = json_object();
	int rc;

	set_digest(out, "image_authenticode", d->alg, d->image);
	set_digest(out, "kernel_authenticode", d->alg, d->kernel);
	json_object_set_new(out, "bank", json_string(d->alg->name));
	json_object_set_new(out, "pcrs", pcrs_json(bank));
	rc = print_answer(o, out, NULL);
	json_decref(out);
	return rc;
}

/* As `skyctl tpm quote` reads them. */
static void print_lines(const struct tpm_pcr_bank *bank)
{
	char hex[2 * TPM_DIGEST_MAX + 1];
	unsigned int i;

	for (i = 0; i < TPM_PCRS; i++) {
		if (!(bank->known & 1u << i))
			continue;
		hex_encode(bank->value[i], bank->alg->size, hex);
		printf("%s %u %s\n", bank->alg->name, i, hex);
	}
}

static int print_policy(const struct prediction *p, const char *name)
{
	json_t *policy = predict_policy(p, name);
	int rc = policy ? json_dumpf(policy, stdout, JSON_INDENT(2)) : -1;

	putchar('\n');
	json_decref(policy);
	return rc ? fail(ENOMEM, "cannot print the policy") : 0;
}

static int predict(const struct options *o, const char *path, struct uki_digests *d,
		   struct prediction *p)
{
	CLEANUP_INPUT struct input in = { NULL };
	const char *why;
	int rc = load(path, UKI_MAX_BYTES, &in);

	if (rc)
		return rc;
	rc = uki_measure(in.at, in.len, p->bank.alg, d, &why);
	if (rc)
		return fail(-rc, "%s: %s", path, why);
	p->secure_boot = o->secure_boot;
	if (o->log)
		rc = read_log(o->log, p);
	if (rc)
		return rc;
	rc = predict_image(d, p);
	return rc ? fail(-rc, "%s: cannot predict: %s", path, strerror(-rc)) : 0;
}

int cmd_tpm_predict(const struct options *o, int argc, char **argv)
{
	const struct tpm_alg *alg = tpm_alg_by_name(str_of(o->bank));
	struct prediction p;
	struct uki_digests d;
	int rc;

	(void)argc;
	if (!alg)
		return fail(EINVAL, "--bank %s: there is no such bank", o->bank);
	predict_begin(&p, alg);
	rc = predict(o, argv[0], &d, &p);
	if (rc)
		return rc;
	if (d.no_pcr_9)
		warn("%s: PCR 9 is not said: %s", argv[0], d.no_pcr_9);
	if (o->policy)
		return print_policy(&p, o->policy);
	if (o->json)
		return print_json(o, &d, &p.bank);
	print_lines(&p.bank);
	return 0;
}

/* --- quotes ---------------------------------------------------------------------------------- */

static int read_scheme(const char *text, uint16_t *to)
{
	static const struct {
		const char *name;
		uint16_t scheme;
	} names[] = {
		{ "ecdsa", TPM_ALG_ECDSA }, { "rsassa", TPM_ALG_RSASSA },
		{ "rsapss", TPM_ALG_RSAPSS },
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i].name))
			continue;
		*to = names[i].scheme;
		return 0;
	}
	return fail(EINVAL, "--scheme %s: it is ecdsa, rsassa or rsapss", text);
}

/* "sha256:0,4,7" */
static bool read_bank(struct str text, struct tpm_selection *to)
{
	const struct tpm_alg *alg;
	struct str name, one;
	uint64_t pcr;

	if (!str_cut(&text, ':', &name))
		return false;
	alg = tpm_alg_by_name(name);
	*to = (struct tpm_selection){ .alg = alg ? alg->id : 0 };
	while (str_cut(&text, ',', &one)) {
		if (!str_number(one, TPM_PCRS - 1, &pcr) || to->mask & 1u << pcr)
			return false;
		to->mask |= 1u << pcr;
	}
	return alg && to->mask;
}

/* Banks with a plus between; or all that the file of PCRs has. */
static int read_selection(const char *text, const struct tpm_pcr_set *pcrs,
			  struct tpm_selection *to, unsigned int *count)
{
	struct str rest = str_of(text), one;

	for (*count = 0; !text && *count < pcrs->count; ++*count)
		to[*count] = (struct tpm_selection){
			pcrs->bank[*count].alg->id, pcrs->bank[*count].known,
		};
	while (str_cut(&rest, '+', &one))
		if (*count == TPM_ALGS || !read_bank(one, &to[(*count)++]))
			return fail(EINVAL, "--select %s: write it as sha1:0,1+sha256:0,1,10", text);
	return 0;
}

static int read_pcrs(const char *path, struct tpm_pcr_set *pcrs)
{
	CLEANUP_INPUT struct input in = { NULL };
	unsigned int line;
	int rc = load(path, SMALL_MAX, &in);

	if (!rc && tpm_pcrs_parse(pcrs, (struct str){ in.at, in.len }, &line))
		rc = fail(EBADMSG, "%s:%u: write it as BANK INDEX HEX", path, line);
	return rc;
}

/* The key has to lie below that endorsement key. */
static int read_parent(const char *path, const struct tpm_public *ak, struct tpm_name *name)
{
	CLEANUP_INPUT struct input in = { NULL };
	struct tpm_public ek;
	int rc = load_public(path, &in, &ek);

	if (!rc && tpm_public_qualified_name(ak, &ek, TPM_RH_ENDORSEMENT, name))
		rc = fail(EIO, "%s: OpenSSL cannot hash", path);
	return rc;
}

static int accepted(const struct options *o, const struct tpm_attest *a)
{
	json_t *out = json_object();
	char firmware[32];
	int rc;

	snprintf(firmware, sizeof(firmware), "%016llx", (unsigned long long)a->firmware);
	json_object_set_new(out, "accepted", json_true());
	json_object_set_new(out, "firmware", json_string(firmware));
	json_object_set_new(out, "resets", json_integer(a->clock.resets));
	json_object_set_new(out, "restarts", json_integer(a->clock.restarts));
	json_object_set_new(out, "clock_ms", json_integer((json_int_t)a->clock.clock));
	json_object_set_new(out, "clock_safe", json_boolean(a->clock.safe));
	rc = print_answer(o, out, NULL);
	json_decref(out);
	return rc;
}

/* What --nonce, --scheme and --hash say; @nonce has TPM_DIGEST_MAX bytes. */
static int read_expect(const struct options *o, uint8_t *nonce, struct tpm_expect *expect)
{
	const struct tpm_alg *hash = tpm_alg_by_name(str_of(o->hash ? o->hash : "sha256"));
	size_t len = o->nonce ? strlen(o->nonce) / 2 : 0;

	if (!o->nonce || !o->pcrs)
		return fail(EINVAL, "say which --nonce the TPM was given, and the file of --pcrs");
	if (!len || len > TPM_DIGEST_MAX || hex_decode(o->nonce, nonce, len))
		return fail(EINVAL, "--nonce has 1 to %u bytes, two digits each", TPM_DIGEST_MAX);
	if (!hash)
		return fail(EINVAL, "--hash %s: there is no such hash", o->hash);
	expect->hash = hash->id;
	expect->nonce = (struct tpm_blob){ nonce, len };
	return read_scheme(o->scheme ? o->scheme : "ecdsa", &expect->scheme) ? -EINVAL : 0;
}

/* Those that a quote is over stay known, no others. */
static void keep_selected(struct tpm_pcr_set *pcrs, const struct tpm_expect *expect)
{
	unsigned int i, k;

	for (i = 0; i < pcrs->count; i++) {
		uint32_t mask = 0;

		for (k = 0; k < expect->selects; k++)
			if (expect->select[k].alg == pcrs->bank[i].alg->id)
				mask |= expect->select[k].mask;
		pcrs->bank[i].known &= mask;
	}
}

int quote_of_files(const struct options *o, const char *ak_file, const char *message_file,
		   const char *signature_file, struct tpm_pcr_set *pcrs, struct tpm_attest *said)
{
	CLEANUP_INPUT struct input area = { NULL }, message = { NULL }, signature = { NULL };
	struct tpm_expect expect = { .pcrs = pcrs };
	struct tpm_selection select[TPM_ALGS];
	struct tpm_name name = { .len = 0 };
	uint8_t nonce[TPM_DIGEST_MAX];
	struct tpm_public ak;
	struct tpm_attest a;
	const char *why;
	int rc = read_expect(o, nonce, &expect);

	rc = rc ? rc : load_public(ak_file, &area, &ak);
	rc = rc ? rc : load(message_file, SMALL_MAX, &message);
	rc = rc ? rc : load(signature_file, SMALL_MAX, &signature);
	rc = rc ? rc : read_pcrs(o->pcrs, pcrs);
	rc = rc ? rc : read_selection(o->select, pcrs, select, &expect.selects);
	if (!rc && o->ek)
		rc = read_parent(o->ek, &ak, &name);
	if (rc)
		return rc;
	expect.select = select;
	expect.signer = (struct tpm_blob){ name.at, name.len };
	rc = tpm_quote_verify(&ak, message.at, message.len, signature.at, signature.len, &expect,
			      &a, &why);
	if (rc)
		return fail(-rc, "%s: refused: %s", message_file, why);
	keep_selected(pcrs, &expect);
	/* The rest points into what goes now. */
	*said = (struct tpm_attest){ .firmware = a.firmware, .clock = a.clock };
	return 0;
}

int cmd_tpm_quote(const struct options *o, int argc, char **argv)
{
	struct tpm_pcr_set pcrs;
	struct tpm_attest said;
	int rc;

	(void)argc;
	if (strcmp(argv[0], "verify"))
		return fail(EINVAL, "a quote can be verified; \"%s\" is not known", argv[0]);
	rc = quote_of_files(o, argv[1], argv[2], argv[3], &pcrs, &said);
	return rc ? rc : accepted(o, &said);
}

/* --- endorsement keys ------------------------------------------------------------------------ */

static int print_ek(const struct options *o, const struct tpm_ek_info *info)
{
	json_t *out = json_object();
	int rc;

	json_object_set_new(out, "accepted", json_true());
	json_object_set_new(out, "manufacturer", json_string(info->manufacturer));
	json_object_set_new(out, "model", json_string(info->model));
	json_object_set_new(out, "version", json_string(info->version));
	json_object_set_new(out, "not_after", json_integer(info->not_after));
	rc = print_answer(o, out, NULL);
	json_decref(out);
	return rc;
}

int cmd_tpm_ek(const struct options *o, int argc, char **argv)
{
	CLEANUP_INPUT struct input cert = { NULL }, area = { NULL };
	CLEANUP_INPUT struct input roots = { NULL }, between = { NULL };
	struct tpm_ek_roots *trusted;
	struct tpm_ek_info info;
	struct tpm_public ek;
	const char *why;
	int rc;

	(void)argc;
	if (strcmp(argv[0], "verify"))
		return fail(EINVAL, "a certificate can be verified; \"%s\" is not known", argv[0]);
	if (!o->roots)
		return fail(EINVAL, "say which makers are trusted, with --roots");
	rc = load(argv[1], TPM_EK_CERT_MAX, &cert);
	rc = rc ? rc : load_public(argv[2], &area, &ek);
	rc = rc ? rc : load(o->roots, ROOTS_MAX, &roots);
	if (!rc && o->between)
		rc = load(o->between, ROOTS_MAX, &between);
	if (rc)
		return rc;
	rc = tpm_ek_roots_new(roots.at, roots.len, between.at, between.len, &trusted, &why);
	if (rc)
		return fail(-rc, "%s: %s", o->roots, why);
	rc = tpm_ek_verify(trusted, cert.at, cert.len, &ek, time(NULL), &info, &why);
	tpm_ek_roots_free(trusted);
	return rc ? fail(-rc, "%s: refused: %s", argv[1], why) : print_ek(o, &info);
}
