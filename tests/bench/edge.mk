# SPDX-License-Identifier: GPL-2.0-or-later
# BENCH_DISK (see store.mk): a folder on the disk whose fsync is meant.

BENCHES		+= bench-edge
PROGRAMS	+= edge-bench
edge-bench_SRCS	:= tests/bench/edge/main.c user/tools/skybench/bench.c
edge-bench_LIBS	:= -luring -lisal -ljansson
CFLAGS_tests/bench/edge/main	+= -Iuser/tools

bench-edge: $(O)/bin/edge-bench ## fragments of an edge beside plain files and copies, and its URLs
	@mkdir -p $(O)/bench $(BENCH_DISK)
	@dir=$$(mktemp -d -p $(BENCH_DISK)) && trap 'rm -rf "$$dir"' EXIT && \
		$(O)/bin/edge-bench "$$dir" $(O)/bench/edge.json

.PHONY: bench-edge
