// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "config_value.h"

#define AT(field)	offsetof(struct config, field)
#define EDGE(field)	offsetof(struct config_edge, field)

const struct config_key config_keys[] = {
	{ "skyd", "state", PATH, AT(state), 0, 0, "/var/lib/skyd/backend",
	  "folder of the metadata, which is the backend's" },
	{ "skyd", "control", ADDRESS, AT(control), 0, 0, "unix:/run/skyd/control",
	  "where skyctl asks; a socket of root's" },
	{ "skyd", "io_uring", BOOL, AT(io_uring), 0, 0, "yes",
	  "whether roles may use it; if not, they use epoll, and the kernel refuses it to them" },
	{ "skyd", "calls", NUMBER, AT(calls), 1, 4096, "256",
	  "calls under way at once between two roles" },
	{ "skyd", "start", TIME, AT(start_ms), 100, 600000, "60s",
	  "time for a role to be ready before it is ended and started again" },
	{ "skyd", "stop", TIME, AT(stop_ms), 0, 3600000, "30s",
	  "time for what is under way at a stop" },
	{ "skyd", "retire", TIME, AT(retire_ms), 0, 86400000, "10min",
	  "time for what is under way in a process that a reload has replaced" },
	{ "skyd", "chroot", PATH, AT(chroot), 0, 0, "/var/lib/skyd/empty",
	  "empty folder into which root locks the roles that open no files" },
	{ "log", "level", LEVEL, AT(level), 0, 3, "info", "what is logged, and what is above it" },
	{ "log", "audit", BOOL, AT(audit), 0, 0, "yes", "a line for each call to the vault" },
	{ "gateway", "listen", ADDRESS, AT(gateway_listen), 0, 0, "127.0.0.1:9000", "the S3 API" },
	{ "gateway", "external_url", TEXT, AT(gateway_url), 0, 0, "",
	  "URL that clients of a proxy use: https://HOST[:PORT][/PATH]; empty: there is none" },
	{ "gateway", "virtual_host", TEXT, AT(gateway_domain), 0, 0, "",
	  "domain below which each bucket is a host; empty: buckets are in the path only" },
	{ "gateway", "proxies", TEXT, AT(gateway_proxies), 0, 0, "",
	  "addresses or networks, with commas, of proxies whose X-Forwarded fields are believed" },
	{ "gateway", "region", TEXT, AT(gateway_region), 0, 0, "",
	  "region that signatures have to name; empty: us-east-1, local, or the bucket's storage policy" },
	{ "gateway", "certificate", PATH, AT(gateway_certificate), 0, 0, "",
	  "PEM file of the certificate and what links it to an authority; empty: no TLS" },
	{ "gateway", "key", PATH, AT(gateway_key), 0, 0, "", "PEM file of the certificate's key" },
	{ "gateway", "connections", NUMBER, AT(gateway_connections), 1, 100000, "4096",
	  "connections at once; others wait" },
	{ "gateway", "per_address", NUMBER, AT(gateway_each), 0, 100000, "1024",
	  "connections of one address (of IPv6: one /64) that is no proxy; 0: any number" },
	{ "gateway", "head", NUMBER, AT(gateway_head), 1024, 32768, "16384",
	  "bytes of the longest head of a request" },
	{ "gateway", "head_time", TIME, AT(gateway_head_ms), 100, 600000, "10s",
	  "time for a head to arrive" },
	{ "gateway", "idle", TIME, AT(gateway_idle_ms), 100, 3600000, "60s",
	  "time between two requests of a connection" },
	{ "gateway", "rate", NUMBER, AT(gateway_rate), 0, 1u << 30, "1024",
	  "least bytes a second of a body, in both directions; 0: any" },
	{ "gateway", "grace", TIME, AT(gateway_grace_ms), 100, 3600000, "20s",
	  "time that a body may stand still before its rate is looked at" },
	{ "gateway", "memory", NUMBER, AT(gateway_memory), 32, 1u << 20, "256",
	  "MiB of all bodies under way; who wants more waits" },
	{ "gateway", "workers", NUMBER, AT(gateway_workers), 0, 256, "0",
	  "threads that hash, compress, encrypt and code; 0: one for each processor" },
	{ "gateway", "cache_memory", NUMBER, AT(cache_memory), 0, 1u << 20, "64",
	  "MiB of what was read or written that it keeps in memory, encrypted; 0: no cache" },
	{ "gateway", "cache_path", PATH, AT(cache_path), 0, 0, "",
	  "folder whose disk has what does not fit there; empty: none" },
	{ "gateway", "cache_disk", NUMBER, AT(cache_disk), 0, 1u << 30, "10240",
	  "MiB that it may take there" },
	{ "gateway", "cache_disk_free", NUMBER, AT(cache_disk_free), 0, 1u << 30, "2048",
	  "MiB that it leaves free there" },
	{ "gateway", "cache_object", NUMBER, AT(cache_object), 1, 1u << 30, "64",
	  "MiB of the largest object that is kept" },
	{ "gateway", "cache_types_not", TEXT, AT(cache_types_not), 0, 0, "",
	  "types that are not kept, as video/*, with blanks" },
	{ "gateway", "cache_buckets_not", TEXT, AT(cache_buckets_not), 0, 0, "",
	  "buckets of which nothing is kept, as logs-*, with blanks" },
	{ "gateway", "user", TEXT, AT(gateway_user), 0, 0, "skyd-gateway", "whom it runs as" },
	{ "backend", "user", TEXT, AT(backend_user), 0, 0, "skyd-backend", "whom it runs as" },
	{ "backend", "public_locations", BOOL, AT(public_locations), 0, 0, "no",
	  "whether /cloud_locations and /edge_locations are told without a token" },
	{ "backend", "grace", TIME, AT(grace_ms), 1000, 86400000, "1h",
	  "how long fragments of what was deleted stay, for readers that have begun" },
	{ "backend", "repair_rate", NUMBER, AT(repair_rate), 0, 1ull << 40, "67108864",
	  "bytes of fragments that are made anew in a second when a location is left; 0: no limit" },
	{ "backend", "audit_dir", TEXT, AT(audit_dir), 0, 0, "ledger",
	  "folder of the audit ledger, below state unless it begins with /; empty: there is none" },
	{ "backend", "audit_key", TEXT, AT(audit_key), 0, 0, "audit.key",
	  "file of its key, likewise; made if it is not there, with FILE.pub and FILE.salt" },
	{ "backend", "audit_epoch", TEXT, AT(audit_epoch), 0, 0, "audit.epoch",
	  "file of its counter, likewise; best on another disk than the ledger" },
	{ "backend", "audit_objects", BOOL, AT(audit_objects), 0, 0, "no",
	  "whether objects that are put, changed or deleted are told, too" },
	{ "backend", "audit_public", BOOL, AT(audit_public), 0, 0, "no",
	  "whether everybody may read the ledger at /audit_log/; it has the names of buckets" },
	{ "vault", "user", TEXT, AT(vault_user), 0, 0, "skyd-vault", "whom it runs as" },
	{ "vault", "keys", PATH, AT(vault_keys), 0, 0, "/var/lib/skyd/vault/keys",
	  "file of the master keys, of mode 0600" },
	{ "vault", "passphrase", PATH, AT(vault_passphrase), 0, 0, "",
	  "file with the passphrase of that; empty: the service's credential skyd.passphrase, if any" },
	{ "vault", "lease", TIME, AT(vault_lease_ms), 1000, 86400000, "1h",
	  "longest that a gateway keeps a bucket's key" },
	{ "workloads", "policy", PATH, AT(admission_policy), 0, 0, "",
	  "file of the policies that say which images may run; empty: none may" },
	{ "workloads", "trusted_root", PATH, AT(admission_root), 0, 0, "",
	  "trusted_root.json: which authorities and logs are believed; empty: keys only" },
	{ "workloads", "bundles", PATH, AT(admission_bundles), 0, 0, "",
	  "folder of bundles of sigstore, *.json, of images that may be asked for" },
	{ "workloads", "judge", TIME, AT(admission_ms), 100, 60000, "5s",
	  "time to judge images of one request" },
	{ "workloads", "public_review", BOOL, AT(admission_public), 0, 0, "no",
	  "whether /image_review is answered without a token" },
	{ "workloads", "images", PATH, AT(workload_images), 0, 0, "",
	  "folder of images, each a file named like its SHA-256; empty: nothing is run here" },
	{ "workloads", "state", PATH, AT(workload_state), 0, 0, "/run/skyd/workloads",
	  "folder of what runs" },
	{ "workloads", "kernel", PATH, AT(workload_kernel), 0, 0, "",
	  "kernel of microVMs; empty: there are none" },
	{ "workloads", "cmdline", TEXT, AT(workload_cmdline), 0, 0, "",
	  "further words of its command line" },
	{ "workloads", "machine", TEXT, AT(workload_machine), 0, 0, "microvm,acpi=off,rtc=on",
	  "which machine of QEMU microVMs are" },
	{ "workloads", "emulate", BOOL, AT(workload_no_kvm), 0, 0, "no",
	  "whether microVMs leave KVM alone, even where it is" },
	{ "workloads", "ids", NUMBER, AT(workload_ids), 100000, 4000000000, "600000",
	  "first of the 65536 users and groups of the host that containers have" },
	{ "link", "listen", ADDRESS, AT(link_listen), 0, 0, "",
	  "where roles of other machines ask those of this one, over HTTPS; empty: nowhere" },
	{ "link", "backend", ADDRESS, AT(link_backend), 0, 0, "",
	  "where the backend is, if another machine has it" },
	{ "link", "vault", ADDRESS, AT(link_vault), 0, 0, "",
	  "where the vault is, if another machine has it" },
	{ "link", "certificate", PATH, AT(link_certificate), 0, 0, "",
	  "PEM file of this machine's certificate, whose URIs skyd:ROLE/NAME say which roles it has" },
	{ "link", "key", PATH, AT(link_key), 0, 0, "", "PEM file of the certificate's key" },
	{ "link", "authority", PATH, AT(link_authority), 0, 0, "",
	  "PEM file of the private authority whose certificates are believed" },
	{ "link", "peers", TEXT, AT(link_peers), 0, 0, "",
	  "ROLE/NAME of all that are let in and are asked, with blanks; others are refused" },
	{ "link", "connections", NUMBER, AT(link_connections), 1, 4096, "64",
	  "streams of other machines at once" },
	{ "link", "strangers", NUMBER, AT(link_strangers), 1, 1024, "32",
	  "connections that have not shown yet who they are; with one more, the oldest is ended" },
	{ "link", "handshake", TIME, AT(link_handshake_ms), 100, 60000, "10s",
	  "time to connect and to show who one is" },
	{ "link", "ping", TIME, AT(link_ping_ms), 100, 600000, "5s",
	  "pause after which each side gives a sign; a peer that is silent for three is given up" },
	{ "link", "warn", TIME, AT(link_warn_ms), 0, 31536000000, "720h",
	  "how long before a certificate expires the log says so" },
	{ "link", "user", TEXT, AT(link_user), 0, 0, "skyd-relay", "whom its process runs as" },
	{ "resolver", "user", TEXT, AT(resolver_user), 0, 0, "skyd-resolver",
	  "whom the process runs as that looks up names of hosts" },
	{ "edges", "user", TEXT, AT(edge_user), 0, 0, "skyd-edge", "whom all edges run as" },
	{ "edges", "backend_point", TEXT, AT(edge_backend_point), 0, 0, "",
	  "public point of whose URLs they serve, in hexadecimal; empty: the vault's is asked for" },
	{ "edges", "metrics", CHOICE, AT(edge_metrics), 0, 0, "local",
	  "whether everybody may read their metrics; local: where they listen on loopback" },
	{ "edges", "connections", NUMBER, AT(edge_connections), 1, 15000, "1024",
	  "connections of each; more wait" },
	{ "edges", "compact", TIME, AT(edge_compact_ms), 100, 86400000, "10s",
	  "pause between looks for space of deleted fragments" },
	{ "edges", "scrub", TIME, AT(edge_scrub_ms), 1000, 2419200000, "168h",
	  "pause between readings of all fragments" },
	{ "edges", "scrub_rate", NUMBER, AT(edge_scrub_rate), 0, 1ull << 40, "8388608",
	  "bytes that they read for it in a second; 0: never" },
	{ "edge", "listen", ADDRESS, EDGE(listen), 0, 0, NULL, "the S3 API of this location" },
	{ "edge", "path", PATH, EDGE(path), 0, 0, NULL, "folder of its key and its fragments" },
	{ "edge", "url", TEXT, EDGE(url), 0, 0, "",
	  "where others reach it, http://HOST:PORT or https://HOST:PORT; empty: where it listens" },
	{ "edge", "cert", PATH, EDGE(cert), 0, 0, "",
	  "file of its certificate, and those that link it to an authority; empty: no TLS" },
	{ "edge", "key", PATH, EDGE(key), 0, 0, "", "file of that certificate's key" },
};

const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);

_Static_assert(sizeof(config_keys) / sizeof(config_keys[0]) <= CONFIG_KEYS, "a place for each");

static void print_key(FILE *to, const struct config_key *k, bool manual)
{
	const char *value = k->value ? k->value : "";
	char range[CONFIG_RANGE] = "";

	if (k->max && k->type != LEVEL)
		config_value_range(k, range);
	if (manual)
		fprintf(to, ".TP\n.B %s\n(%s%s%s; %s%s) %s.\n", k->name, config_value_type(k),
			*range ? ", " : "", range, k->value ? "default: " : "must be said", value,
			k->help);
	else
		fprintf(to, "# %s (%s%s%s)\n%s%s = %s\n", k->help, config_value_type(k),
			*range ? ", " : "", range,
			k->value && strcmp(k->section, "edge") ? "" : "#", k->name, value);
}

void config_print(FILE *to, bool manual)
{
	const char *section = "";
	size_t i;

	for (i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].section, section)) {
			bool edge = !strcmp(config_keys[i].section, "edge");

			section = config_keys[i].section;
			if (manual)
				fprintf(to, ".SS [%s%s]\n", section, edge ? " NAME" : "");
			else
				fprintf(to, "\n%s[%s%s]\n", edge ? "#" : "", section,
					edge ? " NAME" : "");
		}
		print_key(to, &config_keys[i], manual);
	}
}
