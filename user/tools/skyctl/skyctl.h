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

#define SKYCTL_VERSION	"0.1"
#define DEFAULT_CONTROL	"/run/skyd/control"

enum command_bit {
	CMD_STATUS	= 1 << 0,
	CMD_TEAM	= 1 << 1,
	CMD_KEY		= 1 << 2,	/* of a team */
	CMD_KEY_MAKE	= 1 << 3,
	CMD_KEY_SCOPE	= 1 << 4,
	CMD_PLACE	= 1 << 5,	/* what names a location */
	CMD_PLACE_SET	= 1 << 6,	/* what says something of one */
	CMD_PLACE_LIST	= 1 << 7,
	CMD_POLICY	= 1 << 8,
	CMD_INTENT	= 1 << 9,
	CMD_GC		= 1 << 10,
	CMD_ADMIN	= (1 << 11) - 1,	/* all of these: they ask the control socket */

	CMD_B_MAKE	= 1 << 11,
	CMD_B		= 1 << 12,
	CMD_O_CP	= 1 << 13,
	CMD_O_SYNC	= 1 << 14,
	CMD_O_LS	= 1 << 15,
	CMD_O_RM	= 1 << 16,
	CMD_O_CAT	= 1 << 17,
	CMD_O_STAT	= 1 << 18,
	CMD_O_PRESIGN	= 1 << 19,
	CMD_S3		= (1 << 20) - (1 << 11),	/* all of these: they ask an S3 server */

	CMD_PKI		= 1 << 20,	/* asks nobody */
	CMD_PKI_ISSUE	= 1 << 21,
	CMD_W_VERIFY	= 1 << 28,	/* these ask nobody, too */
	CMD_W_ADMIT	= 1 << 29,
	CMD_WORKLOAD	= CMD_W_VERIFY | CMD_W_ADMIT,
};

#define FILTERS_MAX	64u

struct s3_filter;

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
	const char *bundle, *signature, *trusted_root, *key, *issuer;
	uint64_t days;
	uint64_t expires_in, losses;		/* UINT64_MAX: not given */
	bool gdpr, no_gdpr, all;

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

/* --exclude and --include, for struct program. */
int options_set(const struct option_row *row, const char *text, struct options *o);

/* Members for what was given, in @to.  Return: 0 or -errno, reported. */
int options_members(const struct options *o, json_t *to);
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

/* --- cmd_workload.c: signatures and images.  Return: 0 or -errno, reported. */
int cmd_workload_verify(const struct options *o, int argc, char **argv);
int cmd_workload_admit(const struct options *o, int argc, char **argv);

/* --- print.c */

/* @columns: names of members, for a list of objects; with a blank between them. */
int print_answer(const struct options *o, const json_t *answer, const char *columns);

#endif /* SKYCTL_H */
