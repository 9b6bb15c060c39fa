# SPDX-License-Identifier: GPL-2.0-or-later
# The only room that speaks to a TPM.  What links it needs $(TPM_ESYS_LIBS).
LIB_SRCS	+= $(addprefix user/lib/tpm_esys/,anchor.c device.c nv.c seal.c)
TPM_ESYS_LIBS	:= -ltss2-esys -ltss2-mu -ltss2-tctildr
