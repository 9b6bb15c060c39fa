// SPDX-License-Identifier: GPL-2.0-or-later
/* skyctl: the administrator's hand, and an S3 client.  This file is the table of contents. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/report.h"
#include "base/version.h"
#include "s3.h"

#define DOCUMENT_MAX	65536u

static int cmd_plain(const struct options *o, int argc, char **argv);
static int cmd_policy(const struct options *o, int argc, char **argv);
static int cmd_intent(const struct options *o, int argc, char **argv);

static const struct command commands[] = {
	{ "status", CMD_STATUS, cmd_plain, 0, 0, "", "say how skyd is" },
	{ "team create", CMD_TEAM, cmd_plain, 1, 1, "NAME", "make a team" },
	{ "team delete", CMD_TEAM, cmd_plain, 1, 1, "NAME", "remove a team that has no buckets" },
	{ "team list", CMD_TEAM, cmd_plain, 0, 0, "", "list teams" },
	{ "team usage", CMD_TEAM, cmd_plain, 1, 1, "NAME", "what a team has stored" },
	{ "key create", CMD_KEY_MAKE, cmd_plain, 0, 0, "", "make a key; its secret is shown once" },
	{ "key delete", CMD_KEY, cmd_plain, 1, 1, "KEY", "remove a key" },
	{ "key enable", CMD_KEY, cmd_plain, 1, 1, "KEY", "let it be used" },
	{ "key disable", CMD_KEY, cmd_plain, 1, 1, "KEY", "let it not be used" },
	{ "key list", CMD_KEY, cmd_plain, 0, 0, "", "list a team's keys" },
	{ "key scope", CMD_KEY_SCOPE, cmd_plain, 1, 1, "KEY", "what it may do with one bucket" },
	{ "location add", CMD_PLACE_SET, cmd_plain, 1, 1, "NAME", "use a location from now on" },
	{ "location update", CMD_PLACE_SET, cmd_plain, 1, 1, "NAME", "change what is said of it" },
	{ "location remove", CMD_PLACE, cmd_plain, 1, 1, "NAME",
	  "do not use it any more, and forget its credentials" },
	{ "location drain", CMD_PLACE_LEAVE, cmd_plain, 1, 1, "NAME",
	  "put nothing there, and move what it has" },
	{ "location repair", CMD_PLACE_LEAVE | CMD_PLACE_JOB, cmd_plain, 1, 1, "NAME",
	  "it is lost: make anew elsewhere what it had" },
	{ "location scrub", CMD_PLACE_SCRUB | CMD_PLACE_JOB, cmd_plain, 1, 1, "NAME",
	  "compare what it has with what is named" },
	{ "location list", CMD_PLACE_LIST, cmd_plain, 0, 0, "", "list locations" },
	{ "policy create", CMD_POLICY, cmd_policy, 1, 1, "FILE", "make a policy from JSON or YAML" },
	{ "policy edit", CMD_POLICY, cmd_policy, 1, 1, "FILE",
	  "a new revision; buckets keep what they have" },
	{ "policy intent", CMD_INTENT, cmd_intent, 1, 1, "NAME",
	  "make a policy from what is wanted" },
	{ "policy list", CMD_POLICY, cmd_plain, 0, 0, "", "list policies" },
	{ "policy show", CMD_POLICY, cmd_plain, 1, 1, "NAME", "print a policy, in JSON" },
	{ "policy delete", CMD_POLICY, cmd_plain, 1, 1, "NAME", "remove one that no bucket has" },
	{ "gc run", CMD_GC, cmd_plain, 0, 0, "", "collect garbage, and look at lifecycles, now" },
	{ "gc status", CMD_GC, cmd_plain, 0, 0, "", "how much there is" },
	{ "cache status", CMD_CACHE, cmd_plain, 0, 0, "", "what the gateways' caches have" },
	{ "cache flush", CMD_CACHE, cmd_plain, 0, 1, "[BUCKET[/KEY]]",
	  "have all gateways throw out all, or what they have of that" },
	{ "bucket create", CMD_B_MAKE, cmd_bucket_create, 1, 1, "BUCKET", "make a bucket" },
	{ "bucket ls", CMD_B, cmd_bucket_ls, 0, 0, "", "list buckets" },
	{ "bucket rm", CMD_B, cmd_bucket_rm, 1, 1, "BUCKET", "remove one that is empty" },
	{ "bucket info", CMD_B, cmd_bucket_info, 1, 1, "BUCKET", "what is said of it" },
	{ "bucket versioning", CMD_B, cmd_bucket_versioning, 1, 2, "BUCKET [on|off]",
	  "whether old versions are kept" },
	{ "bucket lifecycle", CMD_B, cmd_bucket_lifecycle, 2, 3, "get|set|rm BUCKET [FILE]",
	  "its lifecycle, in XML" },
	{ "bucket cors", CMD_B, cmd_bucket_cors, 2, 3, "get|set|rm BUCKET [FILE]",
	  "what pages of others may ask, in XML" },
	{ "bucket policy", CMD_B, cmd_bucket_policy, 2, 3, "get|set|rm BUCKET [FILE]",
	  "who may do what with it, in JSON" },
	{ "object cp", CMD_O_CP, cmd_object_cp, 2, 2, "FROM TO",
	  "copy from here, to here, or there; - is standard input or output" },
	{ "object sync", CMD_O_SYNC, cmd_object_sync, 2, 2, "FROM TO",
	  "copy what differs of a folder or prefix" },
	{ "object ls", CMD_O_LS, cmd_object_ls, 1, 1, "s3://BUCKET[/PREFIX]", "list objects" },
	{ "object rm", CMD_O_RM, cmd_object_rm, 1, 1, "s3://BUCKET/KEY", "remove objects" },
	{ "object cat", CMD_O_CAT, cmd_object_cat, 1, 1, "s3://BUCKET/KEY",
	  "print an object's bytes" },
	{ "object stat", CMD_O_STAT, cmd_object_stat, 1, 1, "s3://BUCKET/KEY",
	  "what is known of an object" },
	{ "object presign", CMD_O_PRESIGN, cmd_object_presign, 1, 1, "s3://BUCKET/KEY",
	  "a URL that is good for a while, for whoever has it" },
	{ "attest replay", CMD_T_REPLAY, cmd_attest_replay, 1, 1, "LOG",
	  "the PCRs that a firmware's event log leads to" },
	{ "attest ima", CMD_T_IMA, cmd_attest_ima, 1, 1, "LIST",
	  "the PCRs that IMA's binary list leads to" },
	{ "attest verify", CMD_T_VERIFY, cmd_attest_verify, 0, 0, "",
	  "judge PCRs and logs by a policy" },
	{ "attest host", CMD_T_HOST, cmd_attest_host, 1, 2, "list|show|token|enrol|revoke [HOST]",
	  "machines that attest, and whether they hold a lease" },
	{ "audit verify", CMD_A_VERIFY, cmd_audit_verify, 1, 1, "LEDGER|RECEIPT",
	  "verify a ledger (folder or URL) wholly, or a receipt" },
	{ "audit prove", CMD_A_PROVE, cmd_audit_prove, 2, 2, "LEDGER N",
	  "a receipt for entry N: a .tlog-proof" },
	{ "audit watch", CMD_A_WATCH, cmd_audit_watch, 1, 1, "LEDGER",
	  "print new entries as they come, and name what is wrong" },
	{ "audit witness", CMD_A_WITNESS, cmd_audit_witness, 1, 1, "ADDRESS",
	  "be a witness of the logs of a policy, and listen there" },
	{ "govern key", CMD_G_KEY, cmd_govern_key, 1, 1, "NAME",
	  "make a member's key, and print its public part" },
	{ "govern init", CMD_G_INIT, cmd_govern_init, 1, 1, "FILE",
	  "begin, with members and a quorum in JSON" },
	{ "govern propose", CMD_G_PROPOSE, cmd_govern_propose, 1, 1, "FILE",
	  "propose actions, a list in JSON" },
	{ "govern vote", CMD_G_VOTE, cmd_govern_vote, 2, 2, "ID yes|no|FILE",
	  "sign a ballot, or hand one in" },
	{ "govern apply", CMD_G_APPLY, cmd_govern_apply, 1, 1, "ID", "do what has been decided" },
	{ "govern status", CMD_G_STATUS, cmd_govern_status, 0, 1, "[ID]",
	  "members and proposals, or one proposal" },
	{ "govern verify", CMD_G_VERIFY, cmd_govern_verify, 1, 1, "DIR",
	  "do all decisions again, from the first one on" },
	{ "recovery split", CMD_R_SPLIT, cmd_recovery_split, 1, 1, "KEYS",
	  "print shares of a key that opens a copy of a vault's keys" },
	{ "recovery verify", CMD_R_VERIFY, cmd_recovery_verify, 1, 64, "FILE...",
	  "are these shares right?" },
	{ "recovery join", CMD_R_JOIN, cmd_recovery_join, 1, 64, "FILE...",
	  "make a vault's keys anew from shares" },
	{ "meter verify", CMD_M_VERIFY, cmd_meter_verify, 1, 10000, "FILE...",
	  "are the records of use all there, and true?" },
	{ "meter show", CMD_M_SHOW, cmd_meter_show, 1, 10000, "FILE...",
	  "what tenants have used, by those that are" },
	{ "meter collect", CMD_M_COLLECT, cmd_meter_collect, 0, 0, "",
	  "write what teams have stored as signed records, again and again" },
	{ "pki init", CMD_PKI, cmd_pki_init, 1, 1, "DIR",
	  "make an authority for streams between machines" },
	{ "pki issue", CMD_PKI_ISSUE, cmd_pki_issue, 2, 2, "DIR NAME",
	  "make a machine's key and certificate" },
	{ "tpm predict", CMD_TPM_PREDICT, cmd_tpm_predict, 1, 1, "UKI",
	  "the PCRs that a boot of that image leaves" },
	{ "tpm sign-policy", CMD_TPM_SIGN, cmd_tpm_sign_policy, 0, 0, "",
	  "sign for the PCRs that a boot will have: what is sealed opens in it" },
	{ "tpm quote", CMD_TPM_QUOTE, cmd_tpm_quote, 4, 4, "verify AK MESSAGE SIGNATURE",
	  "does a TPM vouch for PCRs?" },
	{ "tpm ek", CMD_TPM_EK, cmd_tpm_ek, 3, 3, "verify CERTIFICATE EK",
	  "does a maker vouch for a TPM?" },
	{ "secret create", CMD_SECRET_MAKE, cmd_secret_create, 1, 1, "FILE",
	  "secrets for workloads, and to whom they may be given" },
	{ "secret update", CMD_SECRET_MAKE, cmd_secret_update, 1, 1, "FILE",
	  "the next version; what is not given stays" },
	{ "secret show", CMD_SECRET, cmd_secret_show, 1, 1, "SESSION",
	  "what is known of a session; never a secret" },
	{ "secret ls", CMD_SECRET, cmd_secret_ls, 0, 0, "", "list sessions" },
	{ "secret rm", CMD_SECRET, cmd_secret_rm, 1, 1, "SESSION",
	  "remove one: its secrets are never given again" },
	{ "workload verify", CMD_W_VERIFY, cmd_workload_verify, 1, 1, "ARTEFACT|sha256:HEX",
	  "was it signed by whom it should be?" },
	{ "workload admit", CMD_W_ADMIT, cmd_workload_admit, 1, 1000, "IMAGE...",
	  "may these images run?" },
	{ "workload run", CMD_W_RUN, cmd_workload_run, 1, 1, "FILE",
	  "run what a description says, in JSON" },
	{ "workload list", CMD_W_HOST, cmd_plain, 0, 0, "", "list workloads of this host" },
	{ "workload show", CMD_W_HOST, cmd_plain, 1, 1, "NAME", "what is known of one" },
	{ "workload stop", CMD_W_HOST, cmd_plain, 1, 1, "NAME", "end one, and forget it" },
	{ "workload tiers", CMD_W_HOST, cmd_plain, 0, 0, "",
	  "at which tiers this host runs workloads, and what they cost" },
};

#define CACHE_COLUMNS \
	"gateway host answers entries bytes size hits misses evicted disk_bytes disk_size disk_hits"

/* Members of the rows of lists. */
static const struct {
	const char *verb, *columns;
} lists[] = {
	{ "team list", "id name created" },
	{ "key list", "access_key enabled scope created expires comment" },
	{ "location list", "id name state provider country jurisdiction gdpr url error" },
	{ "workload list", "name tier state spawn_ms footprint_mib started image" },
	{ "workload tiers", "tier name isolation encryption trusted spawn_ms footprint_mib available why" },
	{ "policy list", "id name revision shared description" },
	{ "cache status", CACHE_COLUMNS },
	{ "cache flush", CACHE_COLUMNS },
};

static const struct program program = {
	.name = "skyctl",
	.about = "What the administrator of a skyd asks of it; and buckets and objects of any S3.",
	.footer = "`skyctl help COMMAND` lists a command's options; see also skyctl(1).",
	.command = commands,
	.commands = sizeof(commands) / sizeof(commands[0]),
	.option = option_rows,
	.set = options_set,
	.verb_width = 17,
	.args_width = 6,
};

static const struct command *running;	/* which command it is */

static int finish(const struct options *o, const json_t *in)
{
	const char *columns = NULL;
	json_t *out;
	size_t i;
	int rc = ask(o, running->verb, in, &out);

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!strcmp(lists[i].verb, running->verb))
			columns = lists[i].columns;
	if (!rc)
		rc = print_answer(o, out, columns);
	json_decref(out);
	return rc;
}

static int cmd_plain(const struct options *o, int argc, char **argv)
{
	struct options as = *o;
	json_t *in = json_object();
	bool key = running->bit & (CMD_KEY | CMD_KEY_SCOPE);
	int rc = options_members(o, in);

	if (!rc && argc && json_object_set_new(in, key ? "access_key" : "name", json_string(argv[0])))
		rc = fail(EINVAL, "%s is not UTF-8", argv[0]);
	/* Nobody has a table of its members in mind. */
	as.json |= !strcmp(running->verb, "policy show");
	if (!rc)
		rc = finish(&as, in);
	json_decref(in);
	return rc;
}

/*
 * What `policy show` prints, and an editor leaves, comes back: what the backend has written of it
 * itself is not the reader's to say.
 */
static void drop_written(json_t *policy)
{
	static const char *const names[] = { "revision", "created", "shared" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_del(policy, names[i]);
}

static int cmd_policy(const struct options *o, int argc, char **argv)
{
	CLEANUP_FREE char *text = NULL;
	json_t *in = json_object(), *policy;
	json_error_t err;
	size_t len;
	int rc = file_read(strcmp(argv[0], "-") ? argv[0] : "/dev/stdin", DOCUMENT_MAX, &text, &len);

	(void)argc;
	if (rc)
		rc = fail(-rc, "cannot read %s: %s", argv[0], strerror(-rc));
	if (!rc && text[strspn(text, " \t\r\n")] == '{') {
		policy = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
		if (policy) {
			drop_written(policy);
			json_object_set_new(in, "policy", policy);
		} else {
			rc = fail(EINVAL, "%s:%d: %s", argv[0], err.line, err.text);
		}
	} else if (!rc && json_object_set_new(in, "yaml", json_stringn(text, len))) {
		rc = fail(EINVAL, "%s is not UTF-8", argv[0]);
	}
	if (!rc)
		rc = options_members(o, in);
	if (!rc)
		rc = finish(o, in);
	json_decref(in);
	return rc;
}

static int cmd_intent(const struct options *o, int argc, char **argv)
{
	json_t *in = json_object(), *intent = json_object(), *out = NULL;
	int rc = options_intent(o, intent);

	(void)argc;
	json_object_set_new(in, "intent", intent);
	json_object_set_new(in, "name", json_string(argv[0]));
	if (o->description)
		json_object_set_new(in, "description", json_string(o->description));
	if (o->team)
		json_object_set_new(in, "team", json_string(o->team));
	if (!rc)
		rc = ask(o, "policy create", in, &out);
	if (!rc)
		rc = print_answer(o, out, NULL);
	json_decref(out);
	json_decref(in);
	return rc;
}

static int run(int argc, char **argv)
{
	struct options options = option_defaults;
	int words, rc;

	running = program_find(&program, argc, argv, &words);
	if (!running)
		return program_unknown(&program, argc, argv);
	argc -= words - 1;
	argv += words - 1;
	rc = program_options(&program, running, argc, argv, &options, NULL);
	if (rc)
		return rc > 0 ? EXIT_OK : program_status(rc);
	rc = running->run(&options, argc - optind, argv + optind);
	return rc > 0 ? rc : program_status(rc);
}

static int start(int argc, char **argv)
{
	if (argc < 2) {
		program_usage(&program);
		return EXIT_PARAMETERS;
	}
	if (program_asks_for_help(argv[1]))
		return program_help(&program, argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("skyctl %s\n", SKYHOLD_VERSION);
		return EXIT_OK;
	}
	return run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status;

	report_init(argv[0]);
	/* A reader that goes away is an error like others, and told. */
	signal(SIGPIPE, SIG_IGN);
	status = program_flush(start(argc, argv));
	s3_end_as_told();
	return status;
}
