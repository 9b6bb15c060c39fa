# SPDX-License-Identifier: GPL-2.0-or-later
# What skybench counts with, and its load on a server.  Its objects come after the library on
# the linker's line, so that the library is named once more.

BENCH_TESTS	:= test_bench_parts test_bench_load test_bench_rows
UNIT_TESTS	+= $(BENCH_TESTS)
$(foreach t,$(BENCH_TESTS),$(eval CFLAGS_tests/unit/$(t) := -Iuser/tools))
test_bench_parts_LIBS	:= $(O)/san/libsky.a -lz
test_bench_load_LIBS	:= $(O)/san/libsky.a -lssl -luring -lexpat
test_bench_rows_LIBS	:= $(O)/san/libsky.a -ljansson

BENCH_PARTS	:= $(addprefix $(O)/san/user/tools/skybench/,keys.o latency.o noise.o usage.o)
BENCH_LOAD	:= $(addprefix $(O)/san/user/tools/skybench/,s3_client.o s3_load.o)
$(O)/test/test_bench_parts: $(BENCH_PARTS)
$(O)/test/test_bench_load: $(BENCH_PARTS) $(BENCH_LOAD)
$(O)/test/test_bench_rows: $(addprefix $(O)/san/user/tools/skybench/,bench.o s3_rows.o)
