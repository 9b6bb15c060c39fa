# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS			+= fuzz_fragment fuzz_page fuzz_inflate fuzz_policy
fuzz_fragment_LIBS	:= -lisal
fuzz_page_LIBS		:= -lisal
fuzz_inflate_LIBS	:= -ldeflate -lzstd
fuzz_policy_LIBS	:= -ljansson -lyaml
