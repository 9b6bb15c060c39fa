# SPDX-License-Identifier: GPL-2.0-or-later
# What a builder may want to change; every value can be given on make's command line.

# Build products go here, never beside the sources.
O		:= build

# The kernel to build for: the newest installed one that has headers.
KVER		?= $(notdir $(patsubst %/build,%,$(lastword $(sort $(wildcard /lib/modules/*/build)))))
KDIR		?= /lib/modules/$(KVER)/build

CC		:= gcc
CLANG		:= clang
AR		:= ar

WARN		:= -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
		   -Wmissing-prototypes -Wundef -Wvla -Wno-sign-compare
CPPFLAGS	:= -D_GNU_SOURCE -Iuser/lib/shim -Iinclude/uapi -Ikernel/lib -Iuser/lib
CFLAGS		:= -std=gnu11 -O2 -g $(WARN) -fstack-protector-strong -fPIE
LDFLAGS		:= -pie -Wl,-z,relro,-z,now

# The user-space ring of tests is built a second time with the sanitizers.
SAN_CFLAGS	:= -std=gnu11 -O1 -g $(WARN) -fno-omit-frame-pointer \
		   -fsanitize=address,undefined -fno-sanitize-recover=all
SAN_LDFLAGS	:= -fsanitize=address,undefined

# And what has threads a third time, with the one that cannot be had together with those.
TSAN_CFLAGS	:= -std=gnu11 -O1 -g $(WARN) -fno-omit-frame-pointer -fsanitize=thread
TSAN_LDFLAGS	:= -fsanitize=thread

prefix		:= /usr
DESTDIR		:=
SBINDIR		= $(prefix)/sbin
MANDIR		= $(prefix)/share/man
COMPLETIONDIR	= $(prefix)/share/bash-completion/completions
UNITDIR		= $(prefix)/lib/systemd/system
GENERATORDIR	= $(prefix)/lib/systemd/system-generators
INITRAMFSDIR	= $(prefix)/share/initramfs-tools
SYSUSERSDIR	= $(prefix)/lib/sysusers.d
TMPFILESDIR	= $(prefix)/lib/tmpfiles.d
SYSCONFDIR	= $(if $(filter /usr,$(prefix)),/etc,$(prefix)/etc)
