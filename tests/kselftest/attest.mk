# SPDX-License-Identifier: GPL-2.0-or-later

# One after the other: each says its results as one stream.
check-attest: user ## a skyd with two machines that attest: enrolled, refused, killed, revoked and healed; and the next (KTAP)
	@status=0; tests/kselftest/skyd/attest/attest 2>$(O)/check-attest.log || status=1; \
		$(MAKE) -s --no-print-directory check-secrets || status=1; exit $$status

.PHONY: check-attest

check-secrets: user ## secrets of workloads: given to a machine that attests, and to no other (KTAP)
	@tests/kselftest/skyd/attest/secrets 2>$(O)/check-secrets.log

.PHONY: check-secrets
