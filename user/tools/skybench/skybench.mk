# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= skybench
skybench_SRCS	:= $(addprefix user/tools/skybench/,bench.c codec.c main.c)
skybench_LIBS	:= -lisal

BENCHES		+= bench-codec

bench-codec: $(O)/bin/skybench ## speed of the codec beside ISA-L
	@mkdir -p $(O)/bench
	$(O)/bin/skybench codec --json $(O)/bench/codec.json

.PHONY: bench-codec
