# SPDX-License-Identifier: GPL-2.0-or-later
LIB_SRCS += $(addprefix user/lib/nvme/,nvme_url.c nvme_names.c nvme.c)
