# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS			+= fuzz_super fuzz_log fuzz_keyslot fuzz_nbd fuzz_repair_note
fuzz_keyslot_LIBS	:= -largon2
