# SPDX-License-Identifier: GPL-2.0-or-later
# The audit ledger's formats.
FUZZERS	+= fuzz_note fuzz_checkpoint fuzz_tlog_proof
