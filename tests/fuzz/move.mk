# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS	+= fuzz_move
