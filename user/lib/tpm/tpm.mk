# SPDX-License-Identifier: GPL-2.0-or-later
# Judging measured boots: event logs, IMA lists, PCRs, quotes, policies.
LIB_SRCS += $(sort $(wildcard user/lib/tpm/*.c))
