# SPDX-License-Identifier: GPL-2.0-or-later
# Formats and libraries under rlncsetup.

UNIT_TESTS	+= test_super test_log test_geometry test_node test_nonce test_crypto test_keyslot test_nbd_handshake \
		   test_base test_typo test_target test_volume test_recode test_remote test_rlncsetup
test_crypto_LIBS	:= -largon2
test_keyslot_LIBS	:= -largon2
test_volume_LIBS	:= -largon2

# The program itself, sanitized, beside the test that runs it.
$(O)/test/rlncsetup: $$(addprefix $(O)/san/,$$(addsuffix .o,$$(basename $$(rlncsetup_SRCS)))) $(O)/san/libsky.a
	@mkdir -p $(@D)
	$(CC) $(SAN_LDFLAGS) $^ $(rlncsetup_LIBS) $(LIB_LIBS) -o $@

$(O)/test/test_rlncsetup: | $(O)/test/rlncsetup
