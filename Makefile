# SPDX-License-Identifier: GPL-2.0-or-later
#
# One make for the whole tree.  Each folder that builds something has a
# fragment NAME.mk which adds to the lists below; rules for compiling live
# here and nowhere else.
#
#   LIB_SRCS	sources of libsky.a (kernel/lib and user/lib)
#   PROGRAMS	programs in $(O)/bin; NAME_SRCS and NAME_LIBS for each
#   UNIT_TESTS	tests/unit programs (sanitized; TAP on standard output)
#   TSAN_TESTS	those of them that have threads, built for `make check-tsan` as well
#   INSTALL	targets of `make install`; they use install_file
#   FUZZERS	tests/fuzz targets (libFuzzer, built by clang); NAME_OBJS, NAME_LIBS

include config.mk

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
# Objects are kept, although only pattern rules name them.
.SECONDARY:
.SECONDEXPANSION:

LIB_SRCS	:=
PROGRAMS	:=
UNIT_TESTS	:=
TSAN_TESTS	:=
FUZZERS		:=
STYLE_CHECKS	:=
BENCHES		:=
HELP		:=
INSTALL		:=

include $(sort $(wildcard kernel/*.mk kernel/lib/*/*.mk user/*.mk user/lib/*/*.mk \
	user/tools/*/*.mk user/guest/*.mk user/skyd/*.mk tests/*/*.mk scripts/*.mk Documentation/*.mk))

all: user modules ## build everything

user: $(addprefix $(O)/bin/,$(PROGRAMS)) ## build the user-space programs

# --- objects: four flavours of one rule --------------------------------------
$(O)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_$*) -MMD -MP -c $< -o $@

$(O)/san/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(SAN_CFLAGS) $(CFLAGS_$*) -MMD -MP -c $< -o $@

$(O)/tsan/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(TSAN_CFLAGS) $(CFLAGS_$*) -MMD -MP -c $< -o $@

$(O)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) -std=gnu11 -O1 -g -Wall $(CFLAGS_$*) \
		-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -MMD -MP -c $< -o $@

$(O)/%/libsky.a: $$(addprefix $(O)/$$*/,$$(addsuffix .o,$$(basename $$(LIB_SRCS))))
	@rm -f $@
	$(AR) rcs $@ $^

LIB_LIBS := -lcrypto -lm

$(addprefix $(O)/bin/,$(PROGRAMS)): $(O)/bin/%: $$(addprefix $(O)/obj/,$$(addsuffix .o,$$(basename $$($$*_SRCS)))) $(O)/obj/libsky.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ $($*_LIBS) $(LIB_LIBS) -o $@

$(addprefix $(O)/test/,$(UNIT_TESTS)): $(O)/test/%: $(O)/san/tests/unit/%.o $(O)/san/libsky.a
	@mkdir -p $(@D)
	$(CC) $(SAN_LDFLAGS) $^ $($*_LIBS) $(LIB_LIBS) -lcmocka -o $@

$(addprefix $(O)/tsan/bin/,$(TSAN_TESTS)): $(O)/tsan/bin/%: $(O)/tsan/tests/unit/%.o $(O)/tsan/libsky.a
	@mkdir -p $(@D)
	$(CC) $(TSAN_LDFLAGS) $^ $($*_LIBS) $(LIB_LIBS) -lcmocka -o $@

$(addprefix $(O)/fuzz/bin/,$(FUZZERS)): $(O)/fuzz/bin/%: $(O)/fuzz/tests/fuzz/%.o $$(addprefix $(O)/fuzz/,$$($$*_OBJS)) $(O)/fuzz/libsky.a
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=fuzzer,address,undefined $^ $($*_LIBS) $(LIB_LIBS) -o $@

-include $(shell [ -d $(O) ] && find $(O) -name '*.d')

# --- kernel modules -----------------------------------------------------------
# A copy of the sources is built per kernel, so that the stock and the debug
# kernel never share objects.
KBUILD_OUT	= $(O)/kmod/$(KVER)

# Beside each object: who calls whom, and on how much stack; scripts/check-stack reads it.
CALL_GRAPH	:= -fcallgraph-info=su

# To the kernel's makefiles, an O= from the command line means something else.
KBUILD_ENV	= MAKEFLAGS='$(filter-out O=%,$(MAKEFLAGS))'

modules: ## build the kernel modules for KVER
	@test -d "$(KDIR)" || { echo "No kernel headers in $(KDIR): apt-get install linux-headers-amd64" >&2; exit 1; }
	@mkdir -p $(KBUILD_OUT)
	rsync -a --delete --include='*/' --include='Kbuild' --include='*.[chS]' --exclude='*' \
		--filter='P *.o' --filter='P *.ci' --filter='P *.ko' --filter='P .*.cmd' --filter='P *.mod*' --filter='P *.order' --filter='P *.symvers' --filter='P *.a' \
		Kbuild kernel include $(KBUILD_OUT)/
	$(KBUILD_ENV) $(MAKE) --no-print-directory -C $(KDIR) M=$(abspath $(KBUILD_OUT)) KCFLAGS='$(strip $(KCFLAGS) $(CALL_GRAPH))' modules

sign-modules: modules ## sign them for machines with Secure Boot (KEY=, CERT=; see scripts/sign-modules)
	@test -n "$(KEY)" -a -n "$(CERT)" || { echo "say with which KEY= and CERT=" >&2; exit 1; }
	scripts/sign-modules -k $(KVER) "$(KEY)" "$(CERT)" $(KBUILD_OUT)/kernel/*/*.ko

style: ## layers, sizes, licences, checkpatch, shellcheck, pyflakes, sparse, stack
	@scripts/style $(STYLE_CHECKS)

check: ## every test (what scripts/check runs)
	scripts/check

# $(call install_file,MODE,FROM,TO): paths that are known only now are filled in.
define install_file
	install -D -m $(1) $(2) $(DESTDIR)$(3)
	$(if $(filter %.service %-generator %-hook,$(2)),sed -i 's|@SBINDIR@|$(SBINDIR)|; s|@UNITDIR@|$(UNITDIR)|' $(DESTDIR)$(3))
endef

install: $$(INSTALL) ## programs, manual pages, completion and units to DESTDIR and PREFIX
	@echo "Not installed: the kernel modules.  dkms.conf says how to have them built for each kernel."

bench: $(BENCHES) ## every benchmark

clean: ## remove the build directory
	rm -rf $(O)

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sort -u

.PHONY: all install user modules sign-modules style check bench clean help
