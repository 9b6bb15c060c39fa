# SPDX-License-Identifier: GPL-2.0-or-later
# What links it needs -ljansson.
LIB_SRCS += $(addprefix user/lib/ledger/,merkle.c tile.c prove.c note.c checkpoint.c receipt.c witness.c \
	tlog_policy.c witness_ask.c entry.c counter.c disk.c ledger.c recover.c inspect.c own.c)
