# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS		+= fuzz_command fuzz_frame fuzz_server fuzz_tftp fuzz_monitor
