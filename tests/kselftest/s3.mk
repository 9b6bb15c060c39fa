# SPDX-License-Identifier: GPL-2.0-or-later

S3_SUITE := tests/kselftest/skyd/conform

check-s3-self: ## the S3 suite itself: its signatures, and that each of its tests can fail (KTAP)
	@$(S3_SUITE)/selftest

check-s3: ## the S3 suite, asking the server at S3_ENDPOINT with the keys of S3_CREDENTIALS (KTAP)
	@$(S3_SUITE)/suite $(if $(S3_ENDPOINT),--endpoint '$(S3_ENDPOINT)') --credentials '$(S3_CREDENTIALS)' \
		$(if $(S3_REGION),--region '$(S3_REGION)') $(if $(S3_DOMAIN),--domain '$(S3_DOMAIN)') $(if $(S3_SERVER),--server '$(S3_SERVER)') \
		$(if $(TESTS),--only '$(TESTS)')

.PHONY: check-s3-self check-s3

check-skyd: user ## the S3 suite against a skyd with six edges, and a short run of faults (KTAP)
	@tests/kselftest/skyd/with-skyd $(MAKE) -s --no-print-directory check-s3 S3_SERVER=skyd
	@tests/kselftest/skyd/faults/run --kills 20 --workers 3 --kept 24

FAULT_KILLS	?= 200
STREAM_GIB	?= 1

check-skyd-faults: user ## skyd with roles killed FAULT_KILLS (200) times, and an object of STREAM_GIB (1) (KTAP)
	@status=0; tests/kselftest/skyd/faults/run --kills $(FAULT_KILLS) $(if $(FAULT_SEED),--seed '$(FAULT_SEED)') || status=1; \
		tests/kselftest/skyd/faults/stream --gib $(STREAM_GIB) || status=1; exit $$status

.PHONY: check-skyd check-skyd-faults
