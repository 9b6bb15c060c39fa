# SPDX-License-Identifier: GPL-2.0-or-later

check-attest: user ## a skyd with two machines that attest: enrolled, refused, killed, revoked and healed (KTAP)
	@tests/kselftest/skyd/attest/attest 2>$(O)/check-attest.log

.PHONY: check-attest

check-secrets: user ## secrets of workloads: given to a machine that attests, and to no other (KTAP)
	@tests/kselftest/skyd/attest/secrets 2>$(O)/check-secrets.log

.PHONY: check-secrets
