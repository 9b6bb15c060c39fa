# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= skyctl
skyctl_SRCS	:= $(addprefix user/tools/skyctl/,main.c options.c ask.c pki.c print.c)
skyctl_LIBS	= $(skyd_LIBS)

INSTALL		+= install-skyctl

install-skyctl: $(O)/bin/skyctl
	$(call install_file,0755,$(O)/bin/skyctl,$(prefix)/bin/skyctl)
	$(call install_file,0644,user/tools/skyctl/skyctl.1,$(MANDIR)/man1/skyctl.1)
	$(call install_file,0644,user/tools/skyctl/skyctl.bash-completion,$(COMPLETIONDIR)/skyctl)

.PHONY: install-skyctl
