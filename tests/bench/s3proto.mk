# SPDX-License-Identifier: GPL-2.0-or-later
# What the protocol of S3 costs, on this machine and not in a virtual one.

BENCHES		+= bench-s3proto
PROGRAMS	+= s3proto-bench
s3proto-bench_SRCS := tests/bench/s3proto/main.c
s3proto-bench_LIBS := -lexpat

bench-s3proto: $(O)/bin/s3proto-bench ## cost of heads, signatures and lists beside copies and hashes
	@mkdir -p $(O)/bench
	$(O)/bin/s3proto-bench $(O)/bench/s3proto.json

.PHONY: bench-s3proto
