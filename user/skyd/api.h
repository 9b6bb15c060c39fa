/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions in JSON, and their answers: those of the API and those of the administrator.
 *
 *	api.c			who asks, and for what
 *	api_json.c		reading and writing
 *	api_policy.c		/storage_policy
 *	api_audit.c		changes, for the audit ledger
 *	api_review.c		/image_review
 *	api_host.c		/host_token
 *	api_workload.c		/workloads, /workload_tiers
 *	api_session.c		/secret_sessions, /secret_intake
 *	api_location.c		/cloud_locations, /edge_locations
 *	admin.c			the administrator's verbs; status, garbage
 *	admin_team.c		teams and keys
 *	admin_location.c	locations
 *	admin_repair.c		fragments that leave one
 *	admin_host.c		machines that attest
 *	admin_scrub.c		what one has, compared with what is named
 *	admin_cache.c		caches of gateways
 */
#ifndef SKYD_API_H
#define SKYD_API_H

#include <jansson.h>

#include "base/report.h"
#include "plan_private.h"

#define API_DEPTH	16u	/* of objects and arrays in each other */
#define API_WHY		384u

/* One question. */
struct api_ask {
	struct backend *b;
	int64_t deadline;
	struct store_arena arena;
	u64 team;		/* who asks; 0: the administrator, for everybody */
	bool secure;		/* it came over TLS */
	struct str access;	/* whose token it was; the administrator has none */
	bool yaml;		/* the body is in YAML */
	struct str body;
	bool asked;		/* nothing was to be changed, whatever the verb */
	bool digested;
	u8 digest[SHA256_BYTES];	/* of the policy that was stored */
	json_t *in;		/* the body, an object; NULL: there is none */
	struct str rest;	/* of the path */
	json_t *out;		/* the answer; NULL: none, or a file: */
	char *file;
	size_t file_len;
	const char *file_type;
	char why[API_WHY];	/* what is wrong, when it is refused */
	const char *missing;	/* that is a member which is not there: its name, or NULL */
};

#define CLEANUP_JSON	CLEANUP(api_json_free) json_t

static inline void api_json_free(json_t **j)
{
	json_decref(*j);
}

/*
 * A handler.  Return: a status of HTTP, with ->out or with ->why; or an error of the store, for
 * api_status().
 */
typedef int api_fn(struct api_ask *a);

/* --- api_json.c --- */

/* Refuse: the status, with what is wrong. */
int api_refuse(struct api_ask *a, int status, const char *fmt, ...) PRINTF(3, 4);
/* Refuse, as a member of ->in is not there; @name is kept by reference. */
int api_missing(struct api_ask *a, const char *name);
/* The status for a handler's result; ->why is filled in if it has none. */
int api_status(struct api_ask *a, int rc);

/*
 * Read hostile bytes.  A reader that recurses does so on a fiber's stack: what is nested deeper
 * than API_DEPTH is refused before it is read.  Return: 0 or a status of HTTP.
 */
int api_read(struct api_ask *a, const void *text, size_t len, json_t **to);
bool api_shallow(const char *text, size_t len, unsigned int depth);

/*
 * Members of ->in.  What is not there leaves the value as it is, unless it is @needed; of another
 * type or out of range is refused.  Texts are ->in's.  Return: 0 or a status of HTTP.
 */
int api_text(struct api_ask *a, const char *name, bool needed, struct store_text *to);
int api_number(struct api_ask *a, const char *name, u64 max, u64 *to);
int api_real(struct api_ask *a, const char *name, double min, double max, double *to);
int api_bool(struct api_ask *a, const char *name, bool *to);
/* Refuse what is not among these names; NULL ends them. */
int api_only(struct api_ask *a, const char *const *names);

/* To JSON; what is no UTF-8 becomes "?". */
json_t *api_string(struct store_text t);
/* "2026-11-21T22:37:20Z" */
json_t *api_time(u64 us);
/* Append to ->out, which becomes an array.  Return: 0 or -ENOMEM. */
int api_append(struct api_ask *a, json_t *item);

/*
 * --- api_audit.c ---  Tell the audit ledger of a change that was tried; @action NULL: it is none.
 * The administrator is answered when it is durable.  Return: @status.
 */
int api_audit(struct api_ask *a, const char *action, int status);

/* The ledger itself, as C2SP tlog-tiles has it, where everybody may read it. */
api_fn api_audit_file;

/* --- api_policy.c --- */
api_fn api_policy_list, api_policy_create, api_policy_edit, api_policy_delete, api_policy_get,
	api_policy_bucket;

/* --- api_review.c: Kubernetes' ImageReview --- */
api_fn api_review;

/* --- api_workload.c --- */
api_fn api_workload_list, api_workload_get, api_workload_tiers, api_workload_start,
	api_workload_stop;
api_fn admin_workload_show, admin_workload_stop;

/* --- api_host.c: what is proven of a machine --- */
api_fn api_host_token;
struct store_host;
/* The same for the administrator, who has found it.  Return: a status of HTTP. */
int api_host_give(struct api_ask *a, const struct store_host *row);

/* --- api_session.c; see api_session.h for starts --- */
api_fn api_session_list, api_session_get, api_session_create, api_session_update,
	api_session_delete, api_session_intake;

/* --- api_location.c --- */
api_fn api_clouds, api_edges;
json_t *api_location(struct api_ask *a, const struct store_location *row);

/* --- admin_*.c --- */
api_fn admin_team_create, admin_team_delete, admin_team_list, admin_team_usage;
api_fn admin_key_create, admin_key_delete, admin_key_enable, admin_key_disable, admin_key_list,
	admin_key_scope;
api_fn admin_location_add, admin_location_update, admin_location_remove, admin_location_drain,
	admin_location_list, admin_location_repair, admin_location_scrub;

/* --- admin_cache.c --- */
api_fn admin_cache_status, admin_cache_flush;
api_fn admin_host_list, admin_host_show, admin_host_enrol, admin_host_revoke, admin_host_token;
/* Machines that attest, for "status". */
json_t *admin_host_counts(struct api_ask *a);
/* What is asked of something that takes long; none of them: to begin it. */
struct admin_job {
	bool watch, pause, resume, cancel;
};

/* Refuses what is not among @members, and two of those.  Return: 0 or a status of HTTP. */
int admin_job_asked(struct api_ask *a, const char *const *members, struct admin_job *job);
/* Its row, by "name" and the team.  Return: 0; 404; an error. */
int admin_find_location(struct api_ask *a, u64 team, struct store_location *row);
/* What is being done about its fragments: an object; NULL when nothing is. */
json_t *admin_repair(struct api_ask *a, u16 location);
/* It has been said what is to become of it: begin, or call off, what moves its fragments. */
int admin_repair_begin(struct api_ask *a, const struct store_location *row, bool reads);
int admin_repair_end(struct api_ask *a, u16 location);
/* The team that ->in names by "team"; 0 where it names none and @needed is false. */
int admin_team(struct api_ask *a, bool needed, u64 *team);

#endif /* SKYD_API_H */
