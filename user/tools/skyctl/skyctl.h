/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * skyctl: what its parts share.  A command of the administrator's is a verb of admin.h with its
 * arguments as members of one JSON object; what comes back is printed as it is, or as a table.
 * Those of buckets and objects ask an S3 server: see s3.h.
 */
#ifndef SKYCTL_H
#define SKYCTL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/program.h"
#include "base/str.h"
#include "meter/own.h"

#define DEFAULT_CONTROL	"/run/skyd/control"

/* Commands, as far as they take different options. */
#define BIT_OF(n)		((__uint128_t)1 << (n))

/* These ask the control socket. */
#define CMD_STATUS		BIT_OF(0)
#define CMD_TEAM		BIT_OF(1)
#define CMD_KEY			BIT_OF(2)	/* of a team */
#define CMD_KEY_MAKE		BIT_OF(3)
#define CMD_KEY_SCOPE		BIT_OF(4)
#define CMD_PLACE		BIT_OF(5)	/* what names a location */
#define CMD_PLACE_SET		BIT_OF(6)	/* what says something of one */
#define CMD_PLACE_LIST		BIT_OF(7)
#define CMD_PLACE_LEAVE		BIT_OF(8)	/* what moves its fragments */
#define CMD_PLACE_JOB		BIT_OF(9)	/* what takes its time */
#define CMD_POLICY		BIT_OF(10)
#define CMD_INTENT		BIT_OF(11)
#define CMD_GC			BIT_OF(12)
#define CMD_T_HOST		BIT_OF(13)
#define CMD_PLACE_SCRUB		BIT_OF(14)
#define CMD_W_RUN		BIT_OF(67)
#define CMD_W_HOST		BIT_OF(68)	/* what runs on this host */
#define CMD_SECRET_MAKE		BIT_OF(84)
#define CMD_SECRET		BIT_OF(85)	/* what names one */
#define CMD_CACHE		BIT_OF(86)
#define CMD_ADMIN		((BIT_OF(15) - 1) | CMD_W_RUN | CMD_W_HOST | CMD_SECRET_MAKE | \
				 CMD_SECRET | CMD_CACHE)

/* These ask an S3 server. */
#define CMD_B_MAKE		BIT_OF(16)
#define CMD_B			BIT_OF(17)
#define CMD_O_CP		BIT_OF(18)
#define CMD_O_SYNC		BIT_OF(19)
#define CMD_O_LS		BIT_OF(20)
#define CMD_O_RM		BIT_OF(21)
#define CMD_O_CAT		BIT_OF(22)
#define CMD_O_STAT		BIT_OF(23)
#define CMD_O_PRESIGN		BIT_OF(24)
#define CMD_S3			(BIT_OF(25) - BIT_OF(16))

/* These read a ledger, in a folder or from a server. */
#define CMD_A_VERIFY		BIT_OF(28)
#define CMD_A_PROVE		BIT_OF(29)
#define CMD_A_WATCH		BIT_OF(30)
#define CMD_AUDIT		(CMD_A_VERIFY | CMD_A_PROVE | CMD_A_WATCH)

/* These ask nobody. */
#define CMD_PKI			BIT_OF(32)
#define CMD_PKI_ISSUE		BIT_OF(33)
#define CMD_T_REPLAY		BIT_OF(34)
#define CMD_T_IMA		BIT_OF(35)
#define CMD_T_VERIFY		BIT_OF(36)
#define CMD_ATTEST		(CMD_T_REPLAY | CMD_T_IMA | CMD_T_VERIFY)
#define CMD_TPM_PREDICT		BIT_OF(37)
#define CMD_TPM_QUOTE		BIT_OF(38)
#define CMD_TPM_EK		BIT_OF(39)
#define CMD_TPM_SIGN		BIT_OF(48)
#define CMD_TPM			(CMD_TPM_PREDICT | CMD_TPM_QUOTE | CMD_TPM_EK)
#define CMD_W_VERIFY		BIT_OF(40)
#define CMD_W_ADMIT		BIT_OF(41)
#define CMD_WORKLOAD		(CMD_W_VERIFY | CMD_W_ADMIT)

/* These ask the control socket, or change a folder. */
#define CMD_G_KEY		BIT_OF(52)
#define CMD_G_INIT		BIT_OF(53)
#define CMD_G_PROPOSE		BIT_OF(54)
#define CMD_G_VOTE		BIT_OF(55)
#define CMD_G_APPLY		BIT_OF(56)
#define CMD_G_STATUS		BIT_OF(57)
#define CMD_G_VERIFY		BIT_OF(58)
#define CMD_GOVERN		(CMD_G_INIT | CMD_G_PROPOSE | CMD_G_VOTE | CMD_G_APPLY | \
				 CMD_G_STATUS)

/* Shares of a vault's recovery key. */
#define CMD_R_SPLIT		BIT_OF(59)
#define CMD_R_JOIN		BIT_OF(60)
#define CMD_R_VERIFY		BIT_OF(61)

/* A witness of ledgers, and watching with witnesses. */
#define CMD_A_WITNESS		BIT_OF(62)

#define CMD_M_VERIFY		BIT_OF(64)
#define CMD_M_SHOW		BIT_OF(65)
#define CMD_M_COLLECT		BIT_OF(66)
#define CMD_METER		(CMD_M_VERIFY | CMD_M_SHOW | CMD_M_COLLECT)

#define FILTERS_MAX	64u
#define TARGETS_MAX	64u

struct s3_filter;
struct tpm_attest;
struct tpm_pcr_set;

/* What was given.  Texts that are NULL were not. */
struct options {
	const char *control;
	const char *dev;
	bool json;
	/* Members of the question, by their names. */
	const char *team, *scope, *comment, *bucket, *kind, *provider, *url, *country, *city,
		*jurisdiction, *region, *cluster, *description, *new_name, *access_key, *identity;
	const char *secret_file, *ca_file;	/* whose content is a member */
	const char *latitude, *longitude, *storage_price, *ingress_price, *egress_price,
		*max_price, *max_latency_ms, *availability;
	const char *roles, *hosts;
	const char *bank, *select, *scheme, *hash, *ek, *roots, *between;	/* of TPMs */
	const char *ak, *quote, *uki, *out, *propose;
	uint64_t epoch;				/* UINT64_MAX: not given */
	const char *bundle, *signature, *trusted_root, *issuer;
	uint64_t days;
	uint64_t expires_in, losses;		/* UINT64_MAX: not given */
	bool gdpr, no_gdpr, all;
	bool status, pause, resume, cancel, read, accept;
	const char *to[TARGETS_MAX];
	unsigned int targets;

	/* Of sessions: NAME=REST. */
	const char *value[TARGETS_MAX], *random[TARGETS_MAX], *vault;
	unsigned int values, randoms;

	/* Of measured boots. */
	const char *pcrs, *log, *ima, *sign_key, *subject, *nonce;
	uint64_t valid;
	bool events, secure_boot;

	/* Of the audit ledger. */
	const char *key, *checkpoint, *output, *witnesses, *name;

	/* Of governance and recovery. */
	const char *dir, *ledger, *passphrase, *sheet;
	uint64_t need, shares;
	uint64_t interval;
	bool once;

	uint64_t timeout;	/* seconds; 0: not given.  See patience.h. */

	/* Of records of use. */
	const char *tenant, *by, *since, *until;
	bool partial;
	struct meter_own_config meter;
	uint64_t meter_interval, count;

	/* Of the S3 side. */
	const char *profile, *endpoint, *policy, *version, *content_type, *delimiter, *method;
	bool anonymous, recursive, versions, uploads, human, delete, dry_run, checksum;
	uint64_t parallel, threshold, part_size, expires;
	struct s3_filter *filter;		/* FILTERS_MAX of them have room */
	unsigned int filters;
};

/* --- options.c */
extern const struct option_row option_rows[];
extern const struct options option_defaults;

/* --exclude, --include, --to, --value and --random, for struct program. */
int options_set(const struct option_row *row, const char *text, struct options *o);

/* Members for what was given, in @to.  Return: 0 or -errno, reported. */
int options_members(const struct options *o, json_t *to);
/*
 * Report which option gives the member @name that skyd misses.  @verb: of the command.
 * Return: 0, or -ENOENT: none does, and nothing is reported.
 */
int options_missing(const char *verb, const char *name);
/* Those of an intent. */
int options_intent(const struct options *o, json_t *to);

/* --- ask.c */

/**
 * ask - ask the backend
 * @in:		members of the question
 * @out:	receives the answer, or NULL when there is none
 *
 * Return: 0 or -errno, reported.
 */
int ask(const struct options *o, const char *verb, const json_t *in, json_t **out);

/* --- pki.c: certificates for streams between machines.  Return: 0 or -errno, reported. */
int cmd_pki_init(const struct options *o, int argc, char **argv);
int cmd_pki_issue(const struct options *o, int argc, char **argv);

/* --- cmd_attest.c: measured boots, from files.  Return: 0 or -errno, reported. */
int cmd_attest_replay(const struct options *o, int argc, char **argv);
int cmd_attest_ima(const struct options *o, int argc, char **argv);
int cmd_attest_verify(const struct options *o, int argc, char **argv);
/* --- cmd_host.c: machines that attest.  Return: 0 or -errno, reported. */
int cmd_attest_host(const struct options *o, int argc, char **argv);
/*
 * --- cmd_audit.c.  Return: 0; an exit status above those of program.h, for what was found; or
 * -errno, reported.
 */
int cmd_audit_verify(const struct options *o, int argc, char **argv);
int cmd_audit_prove(const struct options *o, int argc, char **argv);
int cmd_audit_watch(const struct options *o, int argc, char **argv);
int cmd_audit_witness(const struct options *o, int argc, char **argv);
struct note_verifier;
/* A log's verifier key, or the name of a file that has one.  Return: 0 or -errno, reported. */
int audit_read_key(const char *text, struct note_verifier *log);

/**
 * audit_entries - every entry of a ledger, when all of it is sound
 * @where:	folder or URL
 * @entry:	called with each, and with @ctx
 *
 * Return: as cmd_audit_verify().
 */
int audit_entries(const struct options *o, const char *where,
		  int (*entry)(void *ctx, uint64_t index, struct str bytes), void *ctx);

/* --- cmd_govern.c: members, proposals and ballots.  Return: 0 or -errno, reported. */
int cmd_govern_key(const struct options *o, int argc, char **argv);
int cmd_govern_init(const struct options *o, int argc, char **argv);
int cmd_govern_propose(const struct options *o, int argc, char **argv);
int cmd_govern_vote(const struct options *o, int argc, char **argv);
int cmd_govern_apply(const struct options *o, int argc, char **argv);
int cmd_govern_status(const struct options *o, int argc, char **argv);
int cmd_govern_verify(const struct options *o, int argc, char **argv);

/* --- cmd_recovery.c: shares of a vault's recovery key.  Return: 0 or -errno, reported. */
int cmd_recovery_split(const struct options *o, int argc, char **argv);
int cmd_recovery_join(const struct options *o, int argc, char **argv);
int cmd_recovery_verify(const struct options *o, int argc, char **argv);

/* --- cmd_meter.c, cmd_meter_collect.c: records of use.  Return: as cmd_audit_verify(). */
int cmd_meter_verify(const struct options *o, int argc, char **argv);
int cmd_meter_show(const struct options *o, int argc, char **argv);
int cmd_meter_collect(const struct options *o, int argc, char **argv);

/* --- cmd_workload.c: signatures and images.  Return: 0 or -errno, reported. */
int cmd_workload_verify(const struct options *o, int argc, char **argv);
int cmd_workload_run(const struct options *o, int argc, char **argv);
int cmd_workload_admit(const struct options *o, int argc, char **argv);

/* --- cmd_secret.c: secrets of workloads.  Return: 0 or -errno, reported. */
int cmd_secret_create(const struct options *o, int argc, char **argv);
int cmd_secret_update(const struct options *o, int argc, char **argv);
int cmd_secret_ls(const struct options *o, int argc, char **argv);
int cmd_secret_show(const struct options *o, int argc, char **argv);
int cmd_secret_rm(const struct options *o, int argc, char **argv);

/* --- print.c */

/* @columns: names of members, for a list of objects; with a blank between them. */
int print_answer(const struct options *o, const json_t *answer, const char *columns);

/* --- cmd_tpm_sign.c: policies of boots, signed in advance.  Return: 0 or -errno, reported. */
int cmd_tpm_sign_policy(const struct options *o, int argc, char **argv);

/* --- cmd_tpm.c: what a TPM vouches for, from files.  Return: 0 or -errno, reported. */
int cmd_tpm_predict(const struct options *o, int argc, char **argv);
int cmd_tpm_quote(const struct options *o, int argc, char **argv);
int cmd_tpm_ek(const struct options *o, int argc, char **argv);

/**
 * quote_of_files - does a TPM vouch for the PCRs of o->pcrs?
 * @ak:		file of the attestation key
 * @message:	file of the quote
 * @signature:	file of its signature
 * @pcrs:	receives them; those that the quote is not over are not known
 * @said:	receives firmware and clock
 *
 * Return: 0 or -errno, reported.
 */
int quote_of_files(const struct options *o, const char *ak, const char *message,
		   const char *signature, struct tpm_pcr_set *pcrs, struct tpm_attest *said);

#endif /* SKYCTL_H */
