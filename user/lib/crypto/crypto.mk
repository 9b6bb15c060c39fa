# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/crypto/,kdf.c keywrap.c sealer.c argon.c keyring.c ktls.c)
