# SPDX-License-Identifier: GPL-2.0-or-later
# The GFNI back ends on a CPU that Bochs emulates, started from a ROM of ours.

GFNI		:= $(O)/gfni
GFNI_ROM_KIB	:= 256
GFNI_OBJS	:= $(addprefix $(GFNI)/,$(addsuffix .o,$(basename \
		   tests/gfni/bare.c tests/gfni/main.c user/lib/shim/cpu.c \
		   $(addprefix kernel/lib/rlnc/,backend.c dot_avx2.c dot_avx2_gfni.c dot_avx512.c \
		   dot_avx512_gfni.c dot_scalar.c dot_ssse3.c gf256.c matrix.c plan.c selftest.c))))

# The instruction of these goes through a correction for emulators.
GFNI_CFLAGS_dot_avx2_gfni	:= -include tests/gfni/affine.h
GFNI_CFLAGS_dot_avx512_gfni	:= -include tests/gfni/affine.h

$(GFNI)/%.o: %.c tests/gfni/gfni.mk
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 -O2 $(WARN) -ffreestanding -fno-pie -fno-stack-protector \
		-mno-red-zone -fcf-protection=none $(GFNI_CFLAGS_$(*F)) -MMD -MP -c $< -o $@

$(GFNI)/program.bin: tests/gfni/program.ld $(GFNI_OBJS)
	$(LD) -nostdlib -static --no-warn-rwx-segments -T $< $(GFNI_OBJS) -o $(GFNI)/program
	objcopy -O binary $(GFNI)/program $@

$(GFNI)/boot.bin: tests/gfni/boot.S
	@mkdir -p $(@D)
	$(CC) -m32 -DROM_KIB=$(GFNI_ROM_KIB) -c $< -o $(GFNI)/boot.o
	$(LD) -m elf_i386 -Ttext=0xfffff000 -e boot --oformat binary $(GFNI)/boot.o -o $@

$(GFNI)/rom: $(GFNI)/program.bin $(GFNI)/boot.bin
	cp $(GFNI)/program.bin $@
	truncate -s $$(( $(GFNI_ROM_KIB) * 1024 - 4096 )) $@
	cat $(GFNI)/boot.bin >>$@

check-gfni: $(GFNI)/rom ## the GFNI back ends on an emulated CPU (KTAP; needs bochs)
	@tests/gfni/run $(GFNI)/rom

.PHONY: check-gfni
