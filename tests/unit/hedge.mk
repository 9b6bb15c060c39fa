# SPDX-License-Identifier: GPL-2.0-or-later
# What goes over hedge's interfaces, and hedgectl.

UNIT_TESTS	+= test_command test_frame test_tftp
