# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that use this room need -ljansson, and -lyaml for its admission policies.
LIB_SRCS += $(addprefix user/lib/sigstore/,admission.c admission_parse.c bundle.c cert.c entry.c fault.c hash.c identity.c image.c \
	json.c key.c log.c note.c review.c sct.c shelf.c stamp.c statement.c trust.c verify.c)
