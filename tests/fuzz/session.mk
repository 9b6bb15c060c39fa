# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS		+= fuzz_session
fuzz_session_LIBS := -ljansson -lyaml
