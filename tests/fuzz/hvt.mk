# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS	+= fuzz_hvt_image fuzz_hvt_snapshot
