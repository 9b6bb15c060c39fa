# SPDX-License-Identifier: GPL-2.0-or-later
# BENCH_DISK: a folder on the disk whose fsync is meant.
BENCH_DISK	?= $(O)/bench

BENCHES		+= bench-store

PROGRAMS	+= bench-store
bench-store_SRCS	:= $(addprefix tests/bench/store/,main.c peer.c rpc.c shop.c) user/tools/skybench/bench.c
bench-store_LIBS	:= -lsqlite3 -ljansson

bench-store: $(O)/bin/bench-store ## metadata of skyd beside plain SQLite, and its messages
	@tests/bench/store/run $(O)/bin/bench-store $(O)/bench/store.json $(BENCH_DISK)

.PHONY: bench-store
