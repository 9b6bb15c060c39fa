# SPDX-License-Identifier: GPL-2.0-or-later
# BENCH_DISK is that of store.mk.
BENCHES		+= bench-ledger

PROGRAMS	+= bench-ledger
bench-ledger_SRCS	:= tests/bench/ledger/main.c user/tools/skybench/bench.c
bench-ledger_LIBS	:= -ljansson

bench-ledger: $(O)/bin/bench-ledger ## the audit ledger beside SHA-256 alone and fsync alone
	@tests/bench/ledger/run $(O)/bin/bench-ledger $(O)/bench/ledger.json $(BENCH_DISK)

.PHONY: bench-ledger
