# SPDX-License-Identifier: GPL-2.0-or-later
# Guests of one behaviour each, for any monitor of the hvt ABI: $(O)/guest/NAME.hvt from
# NAME.c and the library.

# Those that serve TCP have a network of our own, and what else they name.
SERVICES	:= http kv
GUEST_NET	:= $(patsubst user/%.c,$(O)/%.o,$(wildcard user/guest/net/*.c)) $(O)/guest/lib/service.o
kv_OBJS		:= $(addprefix $(O)/guest/,kv/store.o kv/resp.o)
http_OBJS	:= $(addprefix $(O)/guest/,http/request.o http/tar.o)

GUESTS		:= abort apic block boot clock cmdline copy cpu echo exception exit fpu fpudisk fuzz hang hello memory \
		   netspeed pointer poll port puts secret speed string tls $(SERVICES)
GUEST_LIB	:= $(addprefix $(O)/guest/lib/,console.o device.o memory.o start.o trap.o trap_stubs.o)
GUEST_CFLAGS	:= -std=gnu11 -O2 -g $(WARN) -ffreestanding -fno-pie -fno-stack-protector \
		   -fno-asynchronous-unwind-tables -mno-red-zone -fcf-protection=none -Iinclude/uapi -Iuser/guest

PROGRAMS	+= hvt-check
hvt-check_SRCS	:= user/guest/hvt-check.c

guests: $(GUESTS:%=$(O)/guest/%.hvt) ## images of the small guests, checked by our own parser

user: guests

$(O)/guest/%.o: user/guest/%.c user/guest/guest.mk
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

$(O)/guest/%.o: user/guest/%.S user/guest/guest.mk
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -MMD -MP -c $< -o $@

# A linker script that breaks a rule is found here, not by the test that runs the guest.
$(SERVICES:%=$(O)/guest/%.hvt): $(GUEST_NET)
$(O)/guest/%.hvt: $(O)/guest/%.o $$($$*_OBJS) $(GUEST_LIB) user/guest/guest.ld $(O)/bin/hvt-check
	$(LD) -nostdlib -static --build-id=none -z max-page-size=0x1000 -z noexecstack \
		-T user/guest/guest.ld $(filter %.o,$^) -o $@
	$(O)/bin/hvt-check $@

.PHONY: guests
