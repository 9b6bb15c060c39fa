# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= hedgectl
hedgectl_SRCS	:= $(addprefix user/tools/hedgectl/,main.c options.c line.c place.c digest.c console.c judge.c \
	remote_key.c cmd_image.c cmd_vm.c cmd_start.c cmd_run.c cmd_list.c cmd_stats.c cmd_net.c cmd_put.c cmd_events.c \
	cmd_meter.c)
hedgectl_LIBS	= -ljansson -lyaml -lnl-route-3 -lnl-genl-3 -lnl-3 $(TPM_ESYS_LIBS)

INSTALL		+= install-hedgectl

install-hedgectl: $(O)/bin/hedgectl
	$(call install_file,0755,$(O)/bin/hedgectl,$(SBINDIR)/hedgectl)
	$(call install_file,0644,user/tools/hedgectl/hedgectl.8,$(MANDIR)/man8/hedgectl.8)
	$(call install_file,0644,user/tools/hedgectl/hedge-meter.service,$(UNITDIR)/hedge-meter.service)
	$(call install_file,0644,user/tools/hedgectl/hedgectl.bash-completion,$(COMPLETIONDIR)/hedgectl)

.PHONY: install-hedgectl
