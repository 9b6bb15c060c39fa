# SPDX-License-Identifier: GPL-2.0-or-later
# TLS above streams.

UNIT_TESTS	+= test_tls
test_tls_LIBS	:= -lssl -luring
