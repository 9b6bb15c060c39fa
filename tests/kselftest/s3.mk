# SPDX-License-Identifier: GPL-2.0-or-later

S3_SUITE := tests/kselftest/skyd/conform

check-s3-self: ## the S3 suite itself: its signatures, and that each of its tests can fail (KTAP)
	@$(S3_SUITE)/selftest

check-s3: ## the S3 suite, asking the server at S3_ENDPOINT with the keys of S3_CREDENTIALS (KTAP)
	@$(S3_SUITE)/suite $(if $(S3_ENDPOINT),--endpoint '$(S3_ENDPOINT)') --credentials '$(S3_CREDENTIALS)' \
		$(if $(S3_REGION),--region '$(S3_REGION)') $(if $(S3_DOMAIN),--domain '$(S3_DOMAIN)') $(if $(S3_SERVER),--server '$(S3_SERVER)') \
		$(if $(TESTS),--only '$(TESTS)')

.PHONY: check-s3-self check-s3

check-skyctl: user ## skyctl's round trips with a skyd with six edges (KTAP)
	@SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/with-skyd tests/kselftest/skyd/clients/skyctl.sh

# One after the other: each says its results as one stream.
check-skyd: user ## the S3 suite against a skyd with six edges, skyctl beside one, and a short run of faults (KTAP)
	@status=0; \
	tests/kselftest/skyd/with-skyd $(MAKE) -s --no-print-directory check-s3 S3_SERVER=skyd || status=1; \
	MALLOC_PERTURB_=85 tests/kselftest/skyd/with-skyd tests/kselftest/skyd/form-log || status=1; \
	$(MAKE) -s --no-print-directory check-skyctl || status=1; \
	$(MAKE) -s --no-print-directory check-cache || status=1; \
	$(MAKE) -s --no-print-directory check-tiers || status=1; \
	$(MAKE) -s --no-print-directory check-near || status=1; \
	tests/kselftest/skyd/faults/run --kills 20 --workers 3 --kept 24 || status=1; \
	tests/kselftest/skyd/faults/leave || status=1; \
	tests/kselftest/skyd/faults/full || status=1; \
	tests/kselftest/skyd/faults/scrub || status=1; \
	exit $$status

define SKYD_NEAR
[edge edge6]
url = http://localhost:9006
endef
export SKYD_NEAR

check-near: user ## by which way a gateway reaches edges of its machine (KTAP)
	@SKYD_KILLED='edge edge3' SKYD_CONF="$$SKYD_NEAR" SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/with-skyd tests/kselftest/skyd/near

define SKYD_CACHE
[gateway]
cache_memory = 24
cache_path = @/disk
cache_disk = 64
cache_disk_free = 0
cache_types_not = video/*
cache_buckets_not = nothing-*
endef
export SKYD_CACHE

check-cache: user ## the gateway's cache, in memory and on a disk, with a skyd with six edges (KTAP)
	@SKYD_CONF="$$SKYD_CACHE" SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/with-skyd tests/kselftest/skyd/cache

# Microvms need a kernel; KVM is left alone, as guests hang in some machines' own.
define WORKLOADS_CONF
images = %/images
state = %/state
kernel = %/kernel
cmdline = lapic=notscdeadline no_timer_check
emulate = yes
endef
export WORKLOADS_CONF

check-tiers: user ## which images may run, asked as Kubernetes asks; and workloads that run (KTAP)
	@status=0; \
	SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/with-policy tests/kselftest/skyd/image-review || status=1; \
	SKYD_KILLED=runner POLICY_CONF="$$WORKLOADS_CONF" SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/with-policy tests/kselftest/skyd/workloads || status=1; \
	SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/workload-edges || status=1; \
	SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/attest/tiers || status=1; \
	exit $$status

.PHONY: check-skyctl check-skyd check-near check-cache check-tiers

CLIENTS		?= aws-cli s3cmd rclone js skyctl
CLIENTS_LOST	?= 0 1 2
CLIENTS_MIB	?= 1024

check-clients: user ## S3 clients, with an object of CLIENTS_MIB and CLIENTS_LOST locations lost (KTAP)
	@status=0; tests/kselftest/skyd/clients/js/fetch >/dev/null || status=1; \
	for lost in $(CLIENTS_LOST); do for client in $(CLIENTS); do \
		echo "# $$client, $$lost of six locations lost"; \
		S3_SIZE=$(CLIENTS_MIB) SKYCTL_SIZE=$(CLIENTS_MIB) SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/with-skyd \
			tests/kselftest/skyd/clients/with-lost $$lost tests/kselftest/skyd/clients/$$client.sh || status=1; \
	done; done; exit $$status

.PHONY: check-clients

# What each of them has to say stands in the log of the daemon, which with-skyd reads.
SKYD_SANITIZED = SKYD=$(filter-out user,$^) SKYHOLD_BUILD=$(abspath $(O)) tests/kselftest/skyd/with-skyd

skyd-asan: $(O)/test/skyd ## the S3 suite and load, against a skyd with AddressSanitizer and UBSan (KTAP)
skyd-tsan: $(O)/tsan/bin/skyd ## the same with ThreadSanitizer

skyd-asan skyd-tsan: user
	@$(SKYD_SANITIZED) $(MAKE) -s --no-print-directory check-s3 S3_SERVER=skyd
	@$(SKYD_SANITIZED) tests/kselftest/skyd/load

# With a cache, so that it is among what threads share; of itself, `skyd --dev` has none.
check-s3-tsan: $(O)/tsan/bin/skyd user ## the whole S3 suite, against a skyd with ThreadSanitizer and a cache; long (KTAP)
	@SKYD_CONF="$$SKYD_CACHE" SKYD_PATIENCE=300 SKYD=$(abspath $<) SKYHOLD_BUILD=$(abspath $(O)) \
		setarch --addr-no-randomize tests/kselftest/skyd/with-skyd \
		$(MAKE) -s --no-print-directory check-s3 S3_SERVER=skyd

.PHONY: skyd-asan skyd-tsan check-s3-tsan

check-reload: user ## a skyd that is reloaded again and again while clients ask (KTAP)
	@tests/kselftest/skyd/with-skyd tests/kselftest/skyd/reload

check-service: user ## skyd as a service manager starts it, and below a systemd of its own (KTAP)
	@status=0; \
	unshare -n sh -c 'ip link set lo up && exec tests/kselftest/skyd/service $(O)/bin/skyd' || status=1; \
	tests/install/with-systemd $(O) tests/install/service.sh || status=1; \
	exit $$status

.PHONY: check-reload check-service

FAULT_KILLS	?= 200
STREAM_GIB	?= 1

check-skyd-faults: user ## skyd with roles killed FAULT_KILLS (200) times, and an object of STREAM_GIB (1) (KTAP)
	@status=0; tests/kselftest/skyd/faults/run --kills $(FAULT_KILLS) $(if $(FAULT_SEED),--seed '$(FAULT_SEED)') || status=1; \
		tests/kselftest/skyd/faults/stream --gib $(STREAM_GIB) || status=1; exit $$status

.PHONY: check-skyd-faults

check-names: user ## a skyd that is locked in, and clouds by name over HTTPS (KTAP)
	@tests/kselftest/skyd/machines/names 2>$(O)/check-names.log

# One after the other, as above.
check-apart: user ## a skyd whose roles are on three machines, cut, killed and healed; and that (KTAP)
	@status=0; tests/kselftest/skyd/machines/apart 2>$(O)/check-apart.log || status=1; \
		$(MAKE) -s --no-print-directory check-names || status=1; exit $$status

.PHONY: check-names check-apart
