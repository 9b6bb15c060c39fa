# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/volume/,keyslot.c keyslot_tpm2.c keyslot_wrap.c super_mac.c \
	member.c volume.c volume_keys.c target.c repair_note.c recode.c)
