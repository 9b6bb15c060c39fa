# SPDX-License-Identifier: GPL-2.0-or-later
PROGRAMS	+= skyctl
skyctl_SRCS	:= $(addprefix user/tools/skyctl/,main.c options.c ask.c pki.c print.c \
		   audit_ask.c cmd_attest.c cmd_audit.c cmd_bucket.c cmd_copy.c cmd_govern.c cmd_host.c \
		   cmd_list.c cmd_meter.c cmd_meter_collect.c cmd_object.c cmd_recovery.c cmd_secret.c cmd_tpm.c \
		   cmd_tpm_sign.c cmd_witness.c cmd_workload.c cmd_workload_run.c patience.c \
		   s3_check.c s3_copy.c s3_crew.c s3_get.c s3_list.c s3_plan.c s3_put.c s3_read.c \
		   s3_rows.c s3_session.c s3_site.c s3_sync.c s3_text.c s3_tree.c s3_upload.c s3_web.c)
skyctl_LIBS	= $(skyd_LIBS) -lcurl $(TPM_ESYS_LIBS)

INSTALL		+= install-skyctl

install-skyctl: $(O)/bin/skyctl
	$(call install_file,0755,$(O)/bin/skyctl,$(prefix)/bin/skyctl)
	$(call install_file,0644,user/tools/skyctl/skyctl.1,$(MANDIR)/man1/skyctl.1)
	$(call install_file,0644,user/tools/skyctl/skyctl.bash-completion,$(COMPLETIONDIR)/skyctl)

.PHONY: install-skyctl
