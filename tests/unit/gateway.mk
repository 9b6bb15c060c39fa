# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway's front.

UNIT_TESTS	+= test_gateway test_sums
test_gateway_LIBS := -lssl -lexpat -ljansson -lyaml -luring -largon2 -lisal
test_sums_LIBS	:= $(test_gateway_LIBS) -ldeflate -lzstd -lIPSec_MB
