# SPDX-License-Identifier: GPL-2.0-or-later
# The audit ledger: its formats, and its disk.

UNIT_TESTS	+= test_ledger test_ledger_note test_ledger_disk test_ledger_look
