# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= skybench
skybench_SRCS	:= $(addprefix user/tools/skybench/,bench.c codec.c core.c dm.c dm_raw.c main.c)
skybench_LIBS	:= -lisal -ljansson

BENCHES		+= bench-codec bench-core

bench-codec: $(O)/bin/skybench ## speed of the codec beside ISA-L
	@mkdir -p $(O)/bench
	$(O)/bin/skybench codec --json $(O)/bench/codec.json

bench-core: $(O)/bin/skybench ## speed of sealing, encoding and pointing, beside the sum of the parts
	@mkdir -p $(O)/bench
	$(O)/bin/skybench core --json $(O)/bench/core.json

.PHONY: bench-codec bench-core
