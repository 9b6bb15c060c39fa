# SPDX-License-Identifier: GPL-2.0-or-later
# QUICK=1: below three minutes.  What it needs beside our own: scripts/install-deps peer.

BENCHES		+= bench-s3

bench-s3: $(O)/bin/skybench $(O)/bin/skyd ## skyd's S3 beside Ceph's gateway: rates, latencies, processor time
	@mkdir -p $(O)/bench
	@QUICK=$(QUICK) tests/bench/s3/run $(O)/bin/skybench $(O)/bin/skyd $(O)/bench/s3 $(O)/bench/s3.json
	@QUICK=$(QUICK) tests/bench/s3/cached $(O)/bin/skybench $(O)/bin/skyd

check-bench: $(O)/bin/skybench ## skybench s3 on Ceph's gateway, and its bench when things go wrong (KTAP)
	@tests/bench/s3/check $(O)/bin/skybench

.PHONY: bench-s3 check-bench
