# SPDX-License-Identifier: GPL-2.0-or-later
# A volume goes from one host to another.
LIB_SRCS += $(sort $(wildcard user/lib/move/*.c))
