# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/policy/,policy.c policy_tree.c policy_yaml.c places.c placement.c intent.c)
