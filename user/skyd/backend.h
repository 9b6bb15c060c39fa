/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend: what exists, who may do what, where fragments lie.  It sees no data.
 *
 *	backend.c		its life; the table of what it answers
 *	backend_object.c, backend_write.c, backend_list.c, backend_upload.c, backend_bucket.c
 *				meta.h's questions on top of store.h
 *	authz.c			who may do what: scopes of keys, grants, policy documents
 *	plan.c			where fragments go; reservations; URLs
 *	api_*.c			the API in JSON
 *	admin_*.c		what the administrator asks, over the control socket
 *	hosts_*.c		machines that attest, and their leases
 *	care_*.c		garbage, leftovers, lifecycles, measuring locations
 */
#ifndef SKYD_BACKEND_H
#define SKYD_BACKEND_H

#include "crypto/hmac.h"
#include "edge_link.h"
#include "io/work.h"
#include "link.h"
#include "meta.h"
#include "policy/placement.h"
#include "role_run.h"
#include "store.h"

struct backend_plan;		/* plan.c */
struct backend_cache;		/* authz.c: keys, buckets and their documents, compiled */
struct backend_care;		/* care.c */
struct audit;			/* audit.h */
struct hosts;			/* hosts.h */
struct admit;			/* admit.h */
struct caches;			/* caches.h */

struct backend {
	const struct config *config;
	struct role_run *run;
	struct link *vault, *resolver;
	struct link *verifier;		/* NULL: there is none */
	struct io_pool *db;		/* threads for the store: db_write() and db_read() block */
	struct store *store;		/* its calls suspend the fiber: store_config.write, .read */
	struct backend_plan *plan;
	struct backend_cache *cache;
	struct hmac_key seal;		/* of meta_data */
	struct link_operation *operation;	/* all tables in one */
	unsigned int operations;
	struct backend_care *care;
	struct audit *audit;		/* NULL: nobody wants one */
	struct hosts *hosts;		/* machines that attest */
	struct admit *admit;		/* NULL: nobody says which images may run */
	struct caches *caches;		/* of all gateways */
};

/* --- backend.c -------------------------------------------------------------------- */

/*
 * Open the store in the state folder and all that stands on it.  On a fiber; the vault need not
 * answer yet.  Return: 0 or -errno, after which backend_close() is to be called.
 */
int backend_open(struct backend *b, struct role_run *run);
/* On a fiber; no question is under way any more. */
void backend_close(struct backend *b);
/* What is answered to @peer; link_service.ctx is the backend. */
void backend_service(struct backend *b, enum role peer, struct link_service *service);

/*
 * Keys, scopes, teams, buckets, documents or policies have been changed by others than
 * backend_*.c: what is remembered of them is forgotten.
 */
void backend_forget(struct backend *b);

/* --- plan.c ----------------------------------------------------------------------- */

/*
 * Read the catalogue of locations, and again after each change of it.  At the first start of a
 * store its catalogue and a default policy are made.
 */
int plan_open(struct backend *b);
void plan_close(struct backend *b);
int plan_reload(struct backend *b);
/* Rises with each reload that changed something. */
u64 plan_revision(const struct backend *b);

/* The revision of a bucket's policy, parsed; memory of @a.  Return: 0 or a store's error. */
int plan_policy(struct backend *b, u64 team, u64 id, u64 revision, struct store_arena *a,
		const struct policy **policy);

/**
 * plan_slots - reserve generations for a bucket's policy
 * @slots:	filled in; memory of @a
 *
 * Return: 0; -ENOSPC when too few locations fulfil the policy now (S3 SlowDown; why is in the
 * log); a store's error.
 */
int plan_slots(struct backend *b, u64 team, const struct policy *policy, unsigned int count,
	       struct store_arena *a, struct meta_slots *slots);

/*
 * META_SIGN.  @life: seconds that the URLs may be good for; 0: as usual, here and below.
 * -STORE_EXPIRED: a reservation is not known (any more).
 */
int plan_sign(struct backend *b, const struct meta_sign *ask, unsigned int life,
	      struct store_arena *a, struct meta_signed *give);

/**
 * plan_page - URLs to read the generations of a page from byte @offset of the page on
 * @page:	records and place of it are there; url and urls are filled in
 */
int plan_page(struct backend *b, u64 offset, unsigned int generations, unsigned int spare,
	      unsigned int life, struct store_arena *a, struct meta_page *page);

/* META_LOCATIONS. */
int plan_locations(struct backend *b, struct store_arena *a, struct meta_locations *give);

/* One request to a location: the backend's own, or of who makes a fragment anew. */
struct plan_url {
	char *url;			/* whole, memory of the arena */
	u16 location;
};
int plan_url(struct backend *b, const char *method, u16 location, struct str name,
	     u64 len, const u8 sha256[32], unsigned int life, struct store_arena *a,
	     struct plan_url *url);

/*
 * An edge of this machine has said who it is: it is a location from here on, if it was none yet.
 * Return: 0; -EBADMSG for what no edge says; a store's error.
 */
int plan_learn_edge(struct backend *b, const struct edge_hello *hello);

/*
 * What became of a request to a location: 0 or a negative errno of location_http.h.  One that
 * does not answer gets nothing new until it has answered again.
 */
void plan_note(struct backend *b, u16 location, int rc);
bool plan_is_down(const struct backend *b, u16 location);

/* The reason of a failure, before plan_note() is told of it; that of one that is down, or "". */
void plan_note_why(struct backend *b, u16 location, const char *why);
const char *plan_why_down(const struct backend *b, u16 location);

/* The policy of buckets that ask for none.  Nothing may be assumed of it but its name. */
#define PLAN_DEFAULT_POLICY	"default"
void plan_default_policy(struct policy *p);

/* --- care.c: what is done unasked ------------------------------------------------- */

/* Before any fiber of it; store and plan are open.  Return: 0 or -ENOMEM. */
int care_open(struct backend *b);
/* Spawn its fibers.  Return: 0 or -ENOMEM. */
int care_start(struct backend *b, struct io_group *group);
/* When they have ended. */
void care_close(struct backend *b);

/* --- questions: each file has its handlers ---------------------------------------- */

/* Each ends with one that has no handler. */
extern const struct link_operation backend_objects[], backend_repairs[], backend_moves[],
	backend_writes[], backend_lists[],
	backend_uploads[], backend_buckets[], backend_apis[], backend_admins[], backend_traffic[],
	backend_caches[];

#endif /* SKYD_BACKEND_H */
