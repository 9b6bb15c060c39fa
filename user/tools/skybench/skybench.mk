# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= skybench
skybench_SRCS	:= $(addprefix user/tools/skybench/,bench.c codec.c core.c dm.c dm_raw.c keys.c latency.c main.c \
		   noise.c pipe.c pipe_parts.c s3.c s3_client.c s3_limit.c s3_load.c s3_print.c s3_report.c \
		   s3_rows.c usage.c)
skybench_LIBS	:= -lisal -ljansson -lIPSec_MB -ldeflate -lzstd -lssl -luring -lm

BENCHES		+= bench-codec bench-core bench-pipe

bench-codec: $(O)/bin/skybench ## speed of the codec beside ISA-L
	@mkdir -p $(O)/bench
	$(O)/bin/skybench codec --json $(O)/bench/codec.json

bench-core: $(O)/bin/skybench ## speed of sealing, encoding and pointing, beside the sum of the parts
	@mkdir -p $(O)/bench
	$(O)/bin/skybench core --json $(O)/bench/core.json

bench-pipe: $(O)/bin/skybench ## speed of skyd's data path in memory, beside the sum of its parts
	@mkdir -p $(O)/bench
	$(O)/bin/skybench pipe --json $(O)/bench/pipe.json

.PHONY: bench-codec bench-core bench-pipe
