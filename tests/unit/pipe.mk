# SPDX-License-Identifier: GPL-2.0-or-later
# The data path of skyd, without a network.

UNIT_TESTS	+= test_hash test_aead test_crc test_compress test_fragment test_manifest test_pipe \
		   test_policy test_placement
test_aead_LIBS	:= -lIPSec_MB
test_crc_LIBS	:= -lisal
test_compress_LIBS	:= -ldeflate -lzstd -lz
test_fragment_LIBS	:= -lisal
test_manifest_LIBS	:= -lisal
test_pipe_LIBS	:= -lIPSec_MB -lisal -ldeflate -lzstd
test_policy_LIBS	:= -ljansson -lyaml
test_placement_LIBS	:= -ljansson
