/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the administrator has to say: /etc/skyd/skyd.conf.
 *
 *	# a comment
 *	include = /etc/skyd/conf.d
 *	[gateway]
 *	listen = 0.0.0.0:9000
 *	[edge cellar]
 *	listen = 127.0.0.1:9001
 *	path = /srv/cellar
 *
 * An include stands before the first section and names a folder, of which all files *.conf
 * are read in the order of their names; what a later file says holds.  Within one file
 * nothing may be said twice.
 */
#ifndef SKYD_CONFIG_H
#define SKYD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_EDGES	64u
#define CONFIG_KEYS	160u
#define CONFIG_DEV_PORT	9000u

/* What a choice may be. */
enum config_choice { CHOICE_NO, CHOICE_YES, CHOICE_LOCAL };

enum config_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };

/* Values of one section; which of them mean something is in the table of config.c. */
struct config_edge {
	char *name;
	char *listen;
	char *path;
	char *url;		/* NULL or "": made of @listen */
	char *cert, *key;	/* NULL or "": plain HTTP */
	char *where;		/* FILE:LINE of the section */
	const char *said[CONFIG_KEYS];	/* FILE:LINE by which a value was said, or NULL */
};

struct config {
	/* [skyd] */
	char *state;		/* folder */
	char *control;		/* socket of the administrator */
	bool io_uring;
	uint64_t stop_ms;	/* for requests under way at a stop */
	uint64_t retire_ms;	/* for those of a process that another has replaced */
	uint64_t start_ms;	/* for a role to say that it is ready */
	char *chroot;		/* empty folder that roles without files are locked into */
	/* [log] */
	uint64_t level;
	bool audit;
	/* [gateway], [backend], [vault] */
	char *gateway_listen, *gateway_user;
	char *gateway_url, *gateway_domain, *gateway_proxies, *gateway_region;
	char *gateway_certificate, *gateway_key;
	uint64_t gateway_connections, gateway_each, gateway_head, gateway_head_ms;
	uint64_t gateway_idle_ms, gateway_rate, gateway_grace_ms, gateway_memory;
	uint64_t gateway_workers;
	char *cache_path, *cache_types_not, *cache_buckets_not;
	uint64_t cache_memory, cache_disk, cache_disk_free, cache_object;	/* MiB */
	char *backend_user;
	char *audit_dir, *audit_key, *audit_epoch;	/* below @state, unless they begin with / */
	char *audit_tpm;	/* TCTI; empty: the counter is a file */
	char *audit_witnesses;
	bool audit_objects, audit_public;
	bool public_locations;	/* the catalogue may be read without a token */
	uint64_t grace_ms;	/* fragments of what was deleted live on, for readers */
	uint64_t scrub_age_ms;	/* of what nothing names, and is deleted by a scrub */
	uint64_t repair_rate;	/* bytes a second that leave locations; 0: no limit */
	char *vault_user, *vault_keys, *vault_passphrase;
	uint64_t vault_lease_ms;
	uint64_t calls;		/* under way between two roles */
	/* [workloads] */
	char *admission_policy, *admission_root, *admission_bundles;
	uint64_t admission_ms;	/* for judging one image or one review */
	char *workload_images, *workload_state, *workload_kernel, *workload_machine;
	char *workload_cmdline, *workload_user, *workload_devices;
	bool workload_no_kvm;
	bool workload_end;	/* attested ones end with the lease of their host */
	uint64_t workload_ids;	/* first user and group of containers on the host */
	bool admission_public;	/* ImageReview is answered without a token */
	/* [link] */
	char *link_listen, *link_backend, *link_vault, *link_peers, *link_user;
	char *resolver_user;
	char *link_certificate, *link_key, *link_authority;
	uint64_t link_connections, link_strangers;
	uint64_t link_handshake_ms, link_ping_ms, link_warn_ms;
	/* [attest] */
	bool attest_required;
	char *attest_hosts;	/* that need a lease; empty: all */
	char *attest_name;	/* of this machine among them */
	char *attest_tpm, *attest_key, *attest_log, *attest_ima, *attest_user;
	uint64_t attest_interval_ms, attest_debounce_ms;
	char *attest_policies, *attest_roots, *attest_between;
	uint64_t attest_lease_ms, attest_url_ms, attest_list;	/* MiB */
	char *attest_webhook, *attest_webhook_ca, *attest_token_key;
	char *attest_verifier;	/* file of its public key, for the vault; empty: there is none */
	char *attest_verifier_key, *attest_verifier_user;
	/* [edges] */
	char *edge_user, *edge_backend_point;
	uint64_t edge_metrics;	/* enum config_choice */
	uint64_t edge_connections;
	uint64_t edge_compact_ms, edge_scrub_ms;
	uint64_t edge_scrub_rate;	/* bytes a second */
	/* [edge NAME] */
	struct config_edge edge[CONFIG_EDGES];
	unsigned int edges;

	const char *said[CONFIG_KEYS];
	char **texts;		/* all that ->said point to */
	unsigned int text_count;
};

/* Takes an error, FILE:LINE: what, and what to do; without an end of line. */
typedef void config_tell_fn(void *arg, const char *text);

/**
 * config_read - read a file and what it includes
 * @config:	receives it, with defaults for what is not said; config_free() it in any case
 * @tell:	called for each error: all are told, not the first only
 *
 * Return: how many errors there are; -ENOMEM.
 */
int config_read(struct config *config, const char *path, config_tell_fn *tell, void *arg);

/*
 * What `skyd --dev @dir` has: everything below @dir, and six edges, at the ports that follow
 * @port, the gateway's; and what @dir/skyd.conf says, if it is there.  Return: as config_read().
 */
int config_dev(struct config *config, const char *dir, unsigned int port, config_tell_fn *tell,
	       void *arg);
void config_free(struct config *config);

/* FILE:LINE where a value of a section, but [edge NAME], was said; NULL: nowhere. */
const char *config_where(const struct config *config, const char *section, const char *name);

/* All that may be said, as skyd.conf(5) has it (roff), or as a file with the defaults. */
void config_print(FILE *to, bool manual);

#endif /* SKYD_CONFIG_H */
