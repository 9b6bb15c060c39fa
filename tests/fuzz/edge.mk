# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS			+= fuzz_edge_grant fuzz_edge_key fuzz_edge_record fuzz_location
fuzz_edge_record_LIBS	:= -luring -lisal
fuzz_edge_key_LIBS	:= -lisal
fuzz_location_LIBS	:= -luring -lssl
