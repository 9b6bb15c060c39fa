# SPDX-License-Identifier: GPL-2.0-or-later
# Benchmarks, most of them in a virtual machine.  BENCH_QUICK=1: fewer rows and rounds;
# BENCH_FORMAT: more options for rlncsetup format.

BENCH_QUICK	?=
BENCH_FORMAT	?=

BENCHES		+= bench-dm bench-activate bench-hedge bench-meter bench-io

# The monitor in user space that hedge is measured beside.
PROGRAMS	+= hvt-peer
hvt-peer_SRCS	:= $(addprefix tests/bench/hvt/,devices.c guest.c hypercall.c kvm.c main.c)

# User space's input and output, beside the same written plainly.
PROGRAMS	+= io-bench
io-bench_SRCS	:= $(addprefix tests/bench/io/,costs.c echo.c main.c servers.c) user/tools/skybench/bench.c
io-bench_LIBS	:= -luring -ljansson
$(foreach f,$(io-bench_SRCS:.c=),$(eval CFLAGS_$(f) += -Iuser/tools))

bench-dm: user modules ## speed of dm-rlnc beside stacks of raid6, dm-integrity and dm-crypt
	@mkdir -p $(O)/bench
	SKYHOLD_BUILD=$(abspath $(O)) SKYHOLD_BENCH_QUICK=$(BENCH_QUICK) SKYHOLD_BENCH_FORMAT='$(BENCH_FORMAT)' \
		tests/vm/vm -k $(KVER) -t tests/bench -n bench run dm
	$(O)/bin/skybench dm --json $(O)/bench/dm.json $(O)/vm/bench/dm-measure/logs/rounds

bench-activate: user modules ## blocks read, memory and time of activation, by size of the volume
	@mkdir -p $(O)/bench
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) -t tests/bench -n bench-activate run activate
	cp $(O)/vm/bench-activate/activate-measure/logs/activate.json $(O)/bench/
	cat $(O)/vm/bench-activate/activate-measure/logs/activate.txt

bench-hedge: user modules ## hypercalls, I/O and starts of VMs beside a monitor in user space
	@mkdir -p $(O)/bench
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) -t tests/bench -n bench-hedge run hedge
	tests/bench/hedge/table -v json=$(O)/bench/hedge.json $(O)/vm/bench-hedge/hedge-measure/logs/hedge.raw

bench-meter: user modules ## hedge's own loop with records of use and without, interleaved
	@mkdir -p $(O)/bench
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) -t tests/bench -n bench-meter run meter
	tests/bench/meter/table -v json=$(O)/bench/meter.json $(O)/vm/bench-meter/meter-measure/logs/meter.raw

bench-io: $(O)/bin/io-bench ## round trips of sockets, and what fibers cost, beside plain epoll and threads
	@mkdir -p $(O)/bench
	$(O)/bin/io-bench --json $(O)/bench/io.json

.PHONY: bench-dm bench-activate bench-hedge bench-meter bench-io
