# SPDX-License-Identifier: GPL-2.0-or-later
# The gateway's front.

UNIT_TESTS	+= test_gateway
test_gateway_LIBS := -lssl -lexpat -ljansson -lyaml -luring -largon2 -lisal
