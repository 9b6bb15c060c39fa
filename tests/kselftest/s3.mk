# SPDX-License-Identifier: GPL-2.0-or-later

S3_SUITE := tests/kselftest/skyd/conform

check-s3-self: ## the S3 suite itself: its signatures, and that each of its tests can fail (KTAP)
	@$(S3_SUITE)/selftest

check-s3: ## the S3 suite, asking the server at S3_ENDPOINT with the keys of S3_CREDENTIALS (KTAP)
	@$(S3_SUITE)/suite $(if $(S3_ENDPOINT),--endpoint '$(S3_ENDPOINT)') --credentials '$(S3_CREDENTIALS)' \
		$(if $(S3_REGION),--region '$(S3_REGION)') $(if $(S3_DOMAIN),--domain '$(S3_DOMAIN)') $(if $(S3_SERVER),--server '$(S3_SERVER)') \
		$(if $(TESTS),--only '$(TESTS)')

.PHONY: check-s3-self check-s3

check-skyd: user ## the S3 suite against a skyd with six edges (KTAP)
	@tests/kselftest/skyd/with-skyd $(MAKE) -s --no-print-directory check-s3 S3_SERVER=skyd

check-apart: user ## a skyd whose roles are on three machines, cut, killed and healed (KTAP)
	@tests/kselftest/skyd/machines/apart 2>$(O)/check-apart.log

.PHONY: check-skyd check-apart
