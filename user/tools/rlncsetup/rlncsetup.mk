# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= rlncsetup
rlncsetup_SRCS	:= $(addprefix user/tools/rlncsetup/,main.c options.c members.c remote.c interrupt.c signature.c \
	secrets.c state.c open_volume.c keys_print.c cmd_format.c cmd_open.c cmd_close.c \
	cmd_status.c cmd_dump.c cmd_key.c cmd_member.c cmd_scrub.c cmd_checkpoint.c prepare.c \
	work.c cmd_repair.c cmd_header.c cmd_benchmark.c cmd_wipe.c cmd_resize.c tab.c \
	cmd_monitor.c monitor_say.c monitor_hook.c monitor_return.c tpm2.c tpm2_add.c cmd_tpm.c \
	anchor.c cmd_anchor.c monitor_anchor.c cmd_move.c move_host.c move_judge.c move_volume.c)
rlncsetup_LIBS	= -ldevmapper -lblkid -largon2 -lkeyutils -ljansson -lnl-genl-3 -lnl-3 -lsystemd -lssl \
	$(TPM_ESYS_LIBS)

INSTALL		+= install-rlncsetup

install-rlncsetup: $(O)/bin/rlncsetup
	$(call install_file,0755,$(O)/bin/rlncsetup,$(SBINDIR)/rlncsetup)
	$(call install_file,0644,user/tools/rlncsetup/rlncsetup.8,$(MANDIR)/man8/rlncsetup.8)
	$(call install_file,0644,user/tools/rlncsetup/rlncsetup.bash-completion,$(COMPLETIONDIR)/rlncsetup)
	$(call install_file,0644,user/tools/rlncsetup/rlncsetup@.service,$(UNITDIR)/rlncsetup@.service)
	$(call install_file,0644,user/tools/rlncsetup/rlncsetup-monitor.service,$(UNITDIR)/rlncsetup-monitor.service)
	$(call install_file,0644,user/tools/rlncsetup/rlncsetup-cap.service,$(UNITDIR)/rlncsetup-cap.service)
	$(call install_file,0755,user/tools/rlncsetup/rlnctab-generator,$(GENERATORDIR)/rlnctab-generator)
	$(call install_file,0755,user/tools/rlncsetup/rlncsetup.initramfs-hook,$(INITRAMFSDIR)/hooks/rlncsetup)
	$(call install_file,0755,user/tools/rlncsetup/rlncsetup.initramfs-script,$(INITRAMFSDIR)/scripts/local-top/rlncsetup)

.PHONY: install-rlncsetup
