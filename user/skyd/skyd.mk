# SPDX-License-Identifier: GPL-2.0-or-later
# skyd itself; and as a library, for tests, all of it but main().
LIB_SRCS += $(addprefix user/skyd/,link_wire.c link_call.c link_serve.c vault_keys.c vault_message.c vault_sign.c \
	vault.c vault_open.c config.c config_keys.c config_value.c role_priv.c control.c log.c resolver.c resolver_ask.c role_run.c backend.c meta_message.c listen.c parent.c \
	parent_stream.c dev.c)

# Between machines.
LIB_SRCS += $(addprefix user/skyd/,relay.c relay_accept.c relay_dial.c relay_head.c relay_peers.c relay_pump.c relay_wire.c)

# The gateway's front.
LIB_SRCS += $(addprefix user/skyd/,gateway.c gateway_keys.c traffic.c gateway_api.c auth.c auth_context.c front.c route.c route_table.c \
	s3_source.c s3_fields.c s3_bucket.c s3_list.c s3_get.c s3_put.c s3_copy.c s3_delete.c s3_multipart.c \
	s3_complete.c s3_tagging.c s3_acl.c s3_document.c s3_cors.c s3_post.c s3_setting.c cache.c cache_disk.c cache_ring.c cache_tell.c)

# What the backend answers to gateways.
LIB_SRCS += $(addprefix user/skyd/,backend_cache.c backend_owner.c backend_expiry.c authz.c authz_context.c \
	backend_object.c backend_repair.c backend_move.c backend_write.c backend_list.c backend_upload.c backend_bucket.c backend_traffic.c backend_caches.c)

# Placement and URLs.
LIB_SRCS += $(addprefix user/skyd/,plan.c plan_catalogue.c plan_slots.c plan_draw.c plan_sign.c plan_url.c \
	plan_health.c plan_edge.c plan_first.c plan_move.c)

# Machines that attest, and what their leases open.
LIB_SRCS += $(addprefix user/skyd/,attest_message.c evidence.c ear_file.c attester.c attester_key.c attester_tpm.c hosts.c hosts_enrol.c hosts_judge.c hosts_policy.c hosts_tell.c hosts_token.c hosts_verifier.c verifier.c verifier_judge.c verifier_message.c api_host.c \
	webhook.c lease.c lease_proof.c store_host.c vault_hosts.c)

# The audit ledger.
LIB_SRCS += $(addprefix user/skyd/,audit.c audit_open.c audit_told.c audit_tpm.c audit_witness.c)

# Which images may run, and running them.
LIB_SRCS += $(addprefix user/skyd/,admit.c api_review.c api_workload.c runner.c runner_ask.c runner_state.c \
	runner_recover.c workload_lease.c runner_spawn.c runner_start.c runner_microvm.c runner_mac.c starter.c starter_ask.c)

# Governance.
LIB_SRCS += $(addprefix user/skyd/,governance.c governance_document.c vault_govern.c)

# Secrets of workloads.
LIB_SRCS += $(addprefix user/skyd/,api_session.c runner_given.c runner_secret.c store_session.c vault_session.c vault_session_message.c vault_session_table.c)

# The API, the administrator, and what is done unasked.
LIB_SRCS += $(addprefix user/skyd/,api.c api_json.c api_policy.c api_location.c admin.c admin_message.c \
	admin_team.c admin_host.c admin_location.c admin_repair.c admin_scrub.c admin_cache.c api_audit.c care.c care_garbage.c \
	care_move.c care_scrub.c care_scrub_read.c care_lifecycle.c \
	care_measure.c care_request.c)

PROGRAMS	+= skyd
skyd_SRCS	:= user/skyd/main.c
# A thread that ends wants libgcc_s, which a role that is locked in cannot open any more.
skyd_LIBS	:= -Wl,--push-state,--no-as-needed -lgcc_s -Wl,--pop-state
skyd_LIBS	+= -luring -largon2 -lseccomp -lsqlite3 -lsystemd -ljansson -lyaml -lisal -lssl -lexpat
skyd_LIBS	+= $(TPM_ESYS_LIBS)

INSTALL		+= install-skyd

# The manual of the file is made of the table that reads it; a configuration that is there stays.
$(O)/skyd.conf.5: user/skyd/skyd.conf.5.in $(O)/bin/skyd
	sed -e '/^@KEYS@$$/{' -e 'r /dev/stdin' -e 'd' -e '}' $< <<<"$$($(O)/bin/skyd --print-manual)" >$@
$(O)/skyd.conf.5: SHELL := /bin/bash
user: $(O)/skyd.conf.5

install-skyd: $(O)/bin/skyd $(O)/skyd.conf.5
	$(call install_file,0755,$(O)/bin/skyd,$(SBINDIR)/skyd)
	$(call install_file,0644,user/skyd/skyd.8,$(MANDIR)/man8/skyd.8)
	$(call install_file,0644,$(O)/skyd.conf.5,$(MANDIR)/man5/skyd.conf.5)
	$(call install_file,0644,user/skyd/service/skyd.service,$(UNITDIR)/skyd.service)
	$(call install_file,0644,user/skyd/service/skyd-role@.service,$(UNITDIR)/skyd-role@.service)
	$(call install_file,0644,user/skyd/service/skyd-tpm.conf,$(UNITDIR)/skyd-role@attester.service.d/tpm.conf)
	$(call install_file,0644,user/skyd/service/skyd.socket,$(UNITDIR)/skyd.socket)
	$(call install_file,0644,user/skyd/service/skyd.sysusers,$(SYSUSERSDIR)/skyd.conf)
	$(call install_file,0644,user/skyd/service/skyd.tmpfiles,$(TMPFILESDIR)/skyd.conf)
	test -e $(DESTDIR)$(SYSCONFDIR)/skyd/skyd.conf || \
		install -D -m 0644 user/skyd/service/skyd.conf $(DESTDIR)$(SYSCONFDIR)/skyd/skyd.conf

.PHONY: install-skyd
