# SPDX-License-Identifier: GPL-2.0-or-later

check-peer: ## Ceph's S3 gateway, which tests and benchmarks have as a peer, starts and goes away (KTAP)
	@tests/peer/run

.PHONY: check-peer
