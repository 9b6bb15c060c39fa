# SPDX-License-Identifier: GPL-2.0-or-later
# Measured boots: real firmware, a TPM, and machines that have to be found out.

# What a machine's TPM says of it, in files.
PROGRAMS	+= tpm-evidence
tpm-evidence_SRCS	:= tests/measured/evidence.c
tpm-evidence_LIBS	= $(TPM_ESYS_LIBS)

check-measured-boot: user modules guests ## boots with firmware, a TPM and Secure Boot, judged (KTAP)
	@SKYHOLD_BUILD=$(abspath $(O)) SKYHOLD_MODULES=$(abspath $(KBUILD_OUT)) tests/measured/run $(KVER)

.PHONY: check-measured-boot
