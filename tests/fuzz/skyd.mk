# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS			+= fuzz_meta fuzz_links
fuzz_links_LIBS		:= -luring -largon2 -lsqlite3 -ljansson -lyaml -lisal -lssl -lexpat
