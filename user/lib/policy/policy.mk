# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/policy/,policy.c policy_tree.c policy_yaml.c yaml_tree.c places.c placement.c intent.c)
