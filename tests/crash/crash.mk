# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= rlnc-crash rlnc-any-k rlnc-records rlnc-tamper rlnc-fragments rlnc-nonces rlnc-key

CRASH_COMMON	:= $(addprefix tests/crash/,disk.c trace.c volume.c)

rlnc-crash_SRCS	:= $(CRASH_COMMON) $(addprefix tests/crash/,rlnc-crash.c cut.c record.c workload.c)
rlnc-crash_LIBS	:= -ldevmapper -lpthread

rlnc-any-k_SRCS	:= $(CRASH_COMMON) $(addprefix tests/crash/,rlnc-any-k.c history.c)
rlnc-any-k_LIBS	:= -ldevmapper -lpthread

rlnc-tamper_SRCS	:= $(CRASH_COMMON) $(addprefix tests/crash/,rlnc-tamper.c history.c)
rlnc-tamper_LIBS	:= -ldevmapper -lpthread

rlnc-fragments_SRCS := $(addprefix tests/crash/,rlnc-fragments.c offline.c)
rlnc-fragments_LIBS := -largon2

rlnc-nonces_SRCS := $(addprefix tests/crash/,rlnc-nonces.c offline.c)
rlnc-nonces_LIBS := -largon2

rlnc-key_SRCS	:= tests/crash/rlnc-key.c
rlnc-key_LIBS	:= -largon2

rlnc-records_SRCS := $(addprefix tests/crash/,rlnc-records.c record.c workload.c)
rlnc-records_LIBS := -lpthread

KILLS	?= 50

LONG_VM	= SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) -t tests/long

vm-crash: user modules ## power failures by the thousand, in a VM (long)
	$(LONG_VM) -n crash run crash

vm-crash-ext4: user modules ## the same of ext4 on a volume, in a VM (long)
	$(LONG_VM) -n crash-ext4 run crash-ext4

vm-sampled: user modules ## some of both, in a few minutes
	$(LONG_VM) -n sampled run crash-sampled crash-grow crash-add any-k-sampled

vm-any-k: user modules ## every set of members of every shape, in a VM (long)
	$(LONG_VM) -n any-k run any-k replay-stale

vm-tamper: user modules ## everything on the members changed, in a VM (long)
	$(LONG_VM) -n tamper run tamper tamper-copies tamper-shapes

vm-bits: user modules ## every bit of superblocks changed, in a VM (long)
	$(LONG_VM) -n bits run tamper-bits

vm-kill: user modules ## VMs killed while they write to a volume, KILLS times (long)
	SKYHOLD_BUILD=$(abspath $(O)) KVER=$(KVER) tests/crash/kill $(KILLS)

.PHONY: vm-sampled vm-crash vm-crash-ext4 vm-any-k vm-tamper vm-bits vm-kill
