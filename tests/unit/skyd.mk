# SPDX-License-Identifier: GPL-2.0-or-later
# skyd's processes and what is between them.

UNIT_TESTS	+= test_link test_resolver test_relay test_meta test_vault test_config test_priv test_skyd
test_link_LIBS	:= -luring
test_resolver_LIBS := -luring
test_relay_LIBS	:= -luring -lssl
UNIT_TESTS	+= test_plan test_api test_audit test_care test_backend test_backend_objects test_backend_move test_backend_load
test_plan_LIBS	= -luring -largon2 -lsqlite3 -ljansson -lyaml -lisal -lssl -lexpat $(TPM_ESYS_LIBS)
test_api_LIBS	= $(test_plan_LIBS)
test_audit_LIBS	= $(test_plan_LIBS)
test_care_LIBS	= $(test_plan_LIBS)
test_backend_LIBS = $(test_plan_LIBS)
test_backend_objects_LIBS = $(test_backend_LIBS)
test_backend_move_LIBS	= $(test_backend_LIBS)
test_backend_load_LIBS	= $(test_backend_LIBS)
UNIT_TESTS	+= test_traffic test_caches
test_traffic_LIBS	= $(test_backend_LIBS)
test_caches_LIBS	= $(test_backend_LIBS)
UNIT_TESTS	+= test_hosts test_hosts_limits test_lease
test_hosts_LIBS	= $(test_backend_LIBS) $(TPM_ESYS_LIBS)
test_hosts_limits_LIBS	= $(test_hosts_LIBS)
UNIT_TESTS	+= test_hosts_token
test_hosts_token_LIBS	= $(test_hosts_LIBS)
test_lease_LIBS	:= -luring
test_vault_LIBS	:= -luring -largon2 -ljansson -lyaml
test_priv_LIBS	:= -lseccomp
test_skyd_LIBS	:= -luring

UNIT_TESTS	+= test_runner test_starter test_microvm
test_runner_LIBS := -luring -ljansson -lyaml -lseccomp
test_starter_LIBS := -luring -ljansson -lyaml -lseccomp
test_microvm_LIBS := -luring -ljansson -lyaml -lseccomp

# The program itself, sanitized, beside the test that runs it.
$(O)/test/skyd: $$(addprefix $(O)/san/,$$(addsuffix .o,$$(basename $$(skyd_SRCS)))) $(O)/san/libsky.a
	@mkdir -p $(@D)
	$(CC) $(SAN_LDFLAGS) $^ $(skyd_LIBS) $(LIB_LIBS) -o $@

$(O)/test/test_skyd: | $(O)/test/skyd

$(O)/tsan/bin/skyd: $$(addprefix $(O)/tsan/,$$(addsuffix .o,$$(basename $$(skyd_SRCS)))) $(O)/tsan/libsky.a
	@mkdir -p $(@D)
	$(CC) $(TSAN_LDFLAGS) $^ $(skyd_LIBS) $(LIB_LIBS) -o $@

$(O)/test/skyctl: $$(addprefix $(O)/san/,$$(addsuffix .o,$$(basename $$(skyctl_SRCS)))) $(O)/san/libsky.a
	@mkdir -p $(@D)
	$(CC) $(SAN_LDFLAGS) $^ $(skyctl_LIBS) $(LIB_LIBS) -o $@

UNIT_TESTS	+= test_skyctl
test_skyctl_LIBS := -luring
$(O)/test/test_skyctl: | $(O)/test/skyd $(O)/test/skyctl

# Leases that the vault judges for itself.
UNIT_TESTS	+= test_lease_proof test_verifier
test_lease_proof_LIBS	= $(test_backend_LIBS)
test_verifier_LIBS	= $(test_hosts_LIBS)
