# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS		+= fuzz_api
fuzz_api_LIBS	:= -luring -largon2 -lsqlite3 -ljansson -lyaml -lisal -lssl -lexpat
