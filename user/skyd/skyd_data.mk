# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway's data path; after skyd.mk.
LIB_SRCS += $(addprefix user/skyd/,body_key.c cache_fetch.c coders.c data_path.c body_sums.c fetch.c move.c near.c pipe_get.c \
	pipe_put.c place_http.c places.c repair.c send.c slots.c)

skyd_LIBS += -lssl -lIPSec_MB -lisal -ldeflate -lzstd
