// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attester.h"
#include "audit_tpm.h"
#include "audit.h"
#include "backend.h"
#include "base/file.h"
#include "control.h"
#include "edge.h"
#include "governance.h"
#include "hosts.h"
#include "io/file.h"
#include "io/loop.h"
#include "io/net.h"
#include "log.h"
#include "meta.h"
#include "relay.h"
#include "resolver.h"
#include "role_priv.h"
#include "role_run.h"
#include "runner.h"
#include "starter.h"
#include "vault_open.h"
#include "vault_session.h"
#include "verifier.h"
#include "workload_lease.h"

#define CLIENTS		64u	/* of the control socket */
#define CROWDED_MS	100	/* until the next try when no descriptor is left */

_Static_assert(STARTER_FILES >= ATTESTER_FILES, "room for either");

/* One stream that is served. */
struct served {
	struct role_run *run;
	struct served *next;
	struct io_stream stream;
	enum role peer;
	char host[ROLE_HOST];	/* the machine that it is on */
	bool client;
};

bool role_service(struct role_run *run, enum role peer, struct link_service *service)
{
	if (run->role == ROLE_VAULT) {
		vault_service(&run->keys, peer, service);
	} else if (run->role == ROLE_BACKEND) {
		backend_service(run->backend, peer, service);
	} else if (run->role == ROLE_EDGE && peer == ROLE_BACKEND) {
		*service = (struct link_service){
			.operation = edge_operations, .operations = edge_operation_count,
			.ctx = run->edge, .peer = peer,
		};
	} else if (run->role == ROLE_RUNNER) {
		runner_service(run->runner, peer, service);
	} else if (run->role == ROLE_VERIFIER) {
		verifier_service(run->verifier, peer, service);
	} else if (run->role == ROLE_RESOLVER) {
		resolver_service(run->resolver, peer, service);
	} else {
		return false;
	}
	service->options.calls = run->config->calls;
	service->finish = &run->stopping;
	return true;
}

/* A client that was taken at the last moment is served, too. */
static void end_if_done(struct role_run *run)
{
	if (run->stopping && !run->first && !run->listening)
		io_event_set(&run->stop);
}

void role_ended(struct role_run *run, int rc)
{
	run->listening = false;
	run->failed = rc;
	if (rc)
		io_event_set(&run->stop);
	else
		end_if_done(run);
}

static int serve(void *arg)
{
	struct served *s = arg;
	struct role_run *run = s->run;
	struct served **at = &run->first;
	struct link_service service;
	int rc = 0;

	if (role_service(run, s->peer, &service)) {
		service.host = s->host;
		rc = link_serve(&service, &s->stream);
	}
	if (rc && rc != -ECANCELED && rc != -ECONNRESET && rc != -EPIPE)
		log_line(LEVEL_WARNING, "a stream of the %s ended: %s", role_name(s->peer),
			 strerror(-rc));
	io_stream_close(&s->stream);
	if (s->client)
		io_release(&run->clients, 1);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	end_if_done(run);
	free(s);
	return 0;
}

/* @host: "": this machine. */
static void start_serving(struct role_run *run, int fd, enum role peer, const char *host,
			  bool client)
{
	struct served *s = malloc(sizeof(*s));

	if (s) {
		*s = (struct served){ .run = run, .peer = peer, .client = client };
		snprintf(s->host, sizeof(s->host), "%s", *host ? host :
			 run->config->attest_name ? run->config->attest_name : "");
		io_stream_socket(&s->stream, fd);
		if (!io_spawn(&run->group, serve, s, NULL)) {
			s->next = run->first;
			run->first = s;
			return;
		}
	}
	log_line(LEVEL_ERROR, "no memory to serve the %s", role_name(peer));
	if (client)
		io_release(&run->clients, 1);
	close(fd);
	free(s);
}

struct listener {
	struct role_run *run;
	int fd;
};

/* Administrators of this machine: the socket's folder and mode say who they are. */
static int accept_clients(void *arg)
{
	struct listener *l = arg;
	struct role_run *run = l->run;
	int fd, rc;

	while (!(rc = io_acquire(&run->clients, 1, 0))) {
		fd = io_accept(l->fd, NULL, NULL, 0);
		if (fd >= 0) {
			start_serving(run, fd, ROLE_PARENT, "", true);
			continue;
		}
		io_release(&run->clients, 1);
		if (fd != -ECONNABORTED && io_sleep_until(io_after_ms(CROWDED_MS)))
			break;
	}
	io_close(l->fd);
	free(l);
	run->listening = false;
	end_if_done(run);
	return rc;
}

/* Clients of S3, for the gateway. */
static int serve_clients(void *arg)
{
	struct listener *l = arg;
	struct role_run *run = l->run;
	int rc = gateway_serve(run, l->fd);

	if (rc)
		log_line(LEVEL_ERROR, "cannot serve clients: %s", strerror(-rc));
	io_close(l->fd);
	free(l);
	run->listening = false;
	end_if_done(run);
	return rc;
}

static void start_accepting(struct role_run *run, int fd)
{
	struct listener *l = run->listening ? NULL : malloc(sizeof(*l));
	io_fn *fn = run->role == ROLE_GATEWAY ? serve_clients : accept_clients;

	if (l) {
		*l = (struct listener){ run, fd };
		run->listening = !io_spawn(&run->group, fn, l, &run->accepting);
		if (run->listening)
			return;
	}
	log_line(LEVEL_ERROR, "no memory to listen");
	close(fd);
	free(l);
}

static void begin_stop(struct role_run *run, bool now)
{
	struct served *s;

	run->stopping = true;
	if (run->front)
		gateway_leave(run, !now);
	else
		io_cancel(run->accepting);
	if (run->edge)
		edge_stop(run->edge);
	if (run->relay)
		relay_stop(run->relay);
	if (run->attester)
		attester_stop(run->attester);
	/* What has been sent is still read, and answered. */
	for (s = now ? run->first : NULL; s; s = s->next)
		io_shutdown(s->stream.fd, SHUT_RD);
	end_if_done(run);
}

/* A stream to an edge; the link is there from the first on. */
static void attach_edge(struct role_run *run, unsigned int number, int fd)
{
	struct link_options options = { .calls = run->config->calls };

	if (!run->edges[number] && link_open(&run->edges[number], &options, &run->group)) {
		log_line(LEVEL_ERROR, "no memory for a stream to an edge");
		close(fd);
		return;
	}
	link_attach(run->edges[number], fd);
}

/* What the parent says; without a parent there is nothing to live for. */
static int listen_to_parent(void *arg)
{
	struct role_run *run = arg;
	struct control_buffer b;
	ssize_t got;
	int fd;

	for (;;) {
		control_in(&b);
		got = io_recvmsg(run->control, &b.msg, MSG_CMSG_CLOEXEC, 0);
		if (got <= 0 || control_check(&b, got, &fd))
			break;
		if (b.message.type == CONTROL_STOP || b.message.type == CONTROL_RETIRE)
			begin_stop(run, b.message.type == CONTROL_STOP);
		else if (b.message.type == CONTROL_CALL && fd >= 0 &&
			 b.message.role == ROLE_RESOLVER)
			link_attach(run->to_resolver, fd);
		else if (b.message.type == CONTROL_CALL && fd >= 0 &&
			 b.message.role == ROLE_RUNNER)
			link_attach(run->to_runner, fd);
		else if (b.message.type == CONTROL_CALL && fd >= 0 &&
			 b.message.role == ROLE_VERIFIER)
			link_attach(run->to_verifier, fd);
		else if (run->relay)
			relay_hear(run->relay, &b.message, fd);
		else if (fd < 0)
			continue;
		else if (b.message.type == CONTROL_SERVE)
			start_serving(run, fd, b.message.role, b.message.host, false);
		else if (b.message.type == CONTROL_CALL && b.message.role == ROLE_VAULT)
			link_attach(run->vault, fd);
		else if (b.message.type == CONTROL_CALL && b.message.role == ROLE_BACKEND &&
			 (run->role == ROLE_GATEWAY || run->role == ROLE_ATTESTER))
			link_attach(run->to_backend, fd);
		else if (b.message.type == CONTROL_CALL && b.message.role == ROLE_EDGE)
			attach_edge(run, b.message.number, fd);
		else if (b.message.type == CONTROL_LISTEN &&
			 (run->role == ROLE_BACKEND || run->role == ROLE_GATEWAY))
			start_accepting(run, fd);
		else if (b.message.type == CONTROL_LISTEN && run->edge)
			edge_listen(run->edge, fd);
		else if (b.message.type == CONTROL_NEAR && run->edge)
			edge_near(run->edge, fd);
		else if (b.message.type == CONTROL_NEAR && run->role == ROLE_GATEWAY)
			gateway_near(run, &b.message, fd);
		else
			close(fd);
	}
	if (got != -ECANCELED)
		io_loop_stop(run->loop);
	return 0;
}

/* Without it nothing can be started any more: the parent then starts both anew. */
static int watch_starter(void *arg)
{
	struct role_run *run = arg;

	starter_wait(run->starter);
	if (run->stopping || io_cancelled())
		return 0;
	log_line(LEVEL_ERROR, "the starter of workloads has ended");
	role_ended(run, -EPIPE);
	return 0;
}

static int role_fiber(void *arg)
{
	struct role_run *run = arg;
	struct link_options options = { .calls = run->config->calls, .body_max = META_LINK_MAX };
	struct control_buffer b;
	struct backend backend = { 0 };
	struct resolver resolver = { 0 };
	struct runner runner = { .starter = run->starter };
	unsigned int i;
	int rc;

	run->backend = &backend;
	run->resolver = &resolver;
	run->runner = &runner;
	io_group_init(&run->group);
	io_event_init(&run->stop);
	io_semaphore_init(&run->clients, CLIENTS);
	rc = link_open(&run->vault, &options, &run->group);
	if (!rc)
		rc = link_open(&run->to_resolver, &options, &run->group);
	if (!rc)
		rc = link_open(&run->to_runner, &options, &run->group);
	if (!rc)
		rc = link_open(&run->to_verifier, &options, &run->group);
	if (!rc && run->role == ROLE_VERIFIER)
		rc = verifier_open(run->verifier);
	if (!rc && run->role == ROLE_RUNNER)
		rc = runner_open(&runner, run->config, &run->group);
	if (!rc && run->role == ROLE_RUNNER) {
		runner.vault = run->vault;
		rc = io_spawn(&run->group, watch_starter, run, NULL);
	}
	if (!rc && run->role == ROLE_RESOLVER)
		rc = resolver_open(&resolver, &run->group);
	if (!rc && run->role == ROLE_BACKEND)
		rc = backend_open(&backend, run);
	if (!rc && run->role == ROLE_BACKEND)
		rc = care_open(&backend);
	if (!rc && run->role == ROLE_BACKEND)
		rc = care_start(&backend, &run->group);
	if (!rc && run->role == ROLE_BACKEND)
		rc = audit_start(&backend, &run->group);
	if (!rc && run->role == ROLE_BACKEND)
		rc = hosts_start(&backend, &run->group);
	if (!rc && run->role == ROLE_BACKEND)
		rc = governance_start(&backend, &run->group);
	if (!rc && run->role == ROLE_BACKEND)
		rc = workload_lease_start(&backend, &run->group);
	if (!rc)
		rc = link_open(&run->to_backend, &options, &run->group);
	if (!rc && run->role == ROLE_GATEWAY)
		rc = gateway_start(run);
	if (!rc)
		rc = io_spawn(&run->group, listen_to_parent, run, NULL);
	if (!rc && run->edge)
		rc = edge_start(run->edge);
	if (!rc && run->relay)
		rc = relay_start(run->relay);
	if (!rc && run->attester)
		rc = attester_start(run->attester);
	if (rc)
		goto out;
	control_out(&b, (struct control){ .type = CONTROL_READY, .role = run->role }, -1);
	rc = io_sendmsg(run->control, &b.msg, 0, 0) < 0 ? -EIO : 0;
	run->ready = !rc;
	if (!rc)
		rc = io_event_wait(&run->stop, 0);
out:
	/* A look-up that hangs would hold up the end, and nobody waits for it any more. */
	if (resolver_busy(&resolver))
		_exit(rc || run->failed ? EXIT_FAILURE : EXIT_SUCCESS);
	/* Who waits for the link goes before it does. */
	io_group_end(&run->group);
	gateway_stop(run);
	if (run->role == ROLE_BACKEND)
		backend_close(&backend);
	resolver_close(&resolver);
	runner_close(&runner);
	link_close(run->to_verifier);
	link_close(run->to_runner);
	link_close(run->to_backend);
	link_close(run->to_resolver);
	link_close(run->vault);
	for (i = 0; i < ROLE_PLACES; i++)
		link_close(run->edges[i]);
	return rc ? rc : run->failed;
}

static void audit(const char *line)
{
	log_line(LEVEL_INFO, "audit: %s", line);
}

/* The file is read by the vault itself, as its user: nobody else has to be able to. */
static int load_keys(struct role_run *run, const struct secret *pass)
{
	const struct config *c = run->config;
	int rc = vault_load(&run->keys, c->vault_keys, pass->len ? pass : NULL,
			    c->audit ? audit : NULL);

	if (!rc)
		vault_session_log(&run->keys);
	run->keys.lease_ms = c->vault_lease_ms;
	leases_init(&run->keys.leases, c);
	if (!rc)
		rc = proofs_open(&run->keys.proofs, c->attest_verifier);
	if (rc == -ENOENT)
		log_line(LEVEL_ERROR, "there are no keys %s; skyd --make-keys makes them, once",
			 c->vault_keys);
	else if (rc)
		log_line(LEVEL_ERROR, "keys %s cannot be used: %s; see [vault] in skyd.conf(5)",
			 c->vault_keys, strerror(-rc));
	return rc;
}

static void tell_priv(const char *text)
{
	log_line(LEVEL_WARNING, "%s", text);
}

int role_run(struct role_run *run)
{
	struct priv priv;
	struct starter starter;
	struct verifier verifier = { NULL };
	int keep[1 + STARTER_FILES];
	CLEANUP_SECRET struct secret pass = SECRET_NONE;
	struct io_options options = { 0 };
	bool again;
	int rc;

	log_start(run->name, run->config);
	rc = run->role == ROLE_GATEWAY ? gateway_prepare(run) : 0;
	if (rc) {
		gateway_free(run);
		return exit_of_start(rc);
	}
	/* The service manager's credentials are root's; another file may be the vault's own. */
	rc = run->role == ROLE_VAULT ? vault_passphrase(run->config, &pass) : 0;
	again = rc == -EACCES;
	if (rc && !again)
		return EXIT_CONFIG;
	rc = run->role == ROLE_RELAY ? relay_prepare(run) : 0;
	if (rc) {
		relay_free(run);
		return EXIT_CONFIG;
	}
	/* A TPM that is not there keeps nobody else from starting. */
	if (run->role == ROLE_ATTESTER && attester_prepare(run)) {
		attester_free(run);
		return EXIT_FAILURE;
	}
	/* Its key is root's. */
	if (run->role == ROLE_VERIFIER && verifier_prepare(&verifier, run->config)) {
		verifier_close(&verifier);
		return EXIT_CONFIG;
	}
	run->verifier = &verifier;
	if (run->role == ROLE_BACKEND)
		audit_tpm_prepare(run->config->audit_tpm);
	if (run->role == ROLE_RUNNER) {
		rc = starter_open(&starter, run->config);
		if (rc) {
			log_line(LEVEL_ERROR, "no process to start workloads: %s", strerror(-rc));
			return EXIT_FAILURE;
		}
		run->starter = &starter;
	}
	role_priv(run->role, run->config, &priv);
	keep[0] = run->control;
	keep[1] = run->cache;
	priv.keep = keep;
	priv.keep_count = run->role == ROLE_GATEWAY && run->cache >= 0 ? 2 : 1;
	if (run->attester)
		priv.keep_count += attester_files(run->attester, keep + 1);
	if (run->starter)
		priv.keep_count += starter_files(run->starter, keep + 1);
	rc = priv_drop(&priv, tell_priv);
	if (rc) {
		log_line(LEVEL_ERROR, "cannot give up its privileges: %s; is there a user %s?",
			 strerror(-rc), priv.user ? priv.user : "");
		return EXIT_CONFIG;
	}
	rc = again ? vault_passphrase(run->config, &pass) : 0;
	if (rc == -EACCES)
		log_line(LEVEL_ERROR, "the passphrase cannot be read: %s", strerror(EACCES));
	if (rc)
		return EXIT_CONFIG;
	if (run->role == ROLE_VAULT && load_keys(run, &pass)) {
		vault_unload(&run->keys);
		return EXIT_CONFIG;
	}
	rc = run->role == ROLE_EDGE ? edge_prepare(run) : 0;
	if (rc) {
		edge_free(run->edge);
		return exit_of_start(rc);
	}
	options.backend = priv.allow & PRIV_URING ? NULL : "epoll";
	rc = io_loop_open(&run->loop, &options);
	if (!rc) {
		rc = io_loop_run(run->loop, role_fiber, run);
		io_loop_close(run->loop);
	}
	if (run->role == ROLE_VAULT)
		vault_unload(&run->keys);
	gateway_free(run);
	edge_free(run->edge);
	relay_free(run);
	attester_free(run);
	verifier_close(&verifier);
	if (run->starter)
		starter_close(run->starter);
	if (rc && rc != -ECANCELED)
		log_line(LEVEL_ERROR, "ends: %s", strerror(-rc));
	if (!run->ready && is_full(rc))
		return EXIT_FULL;
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
