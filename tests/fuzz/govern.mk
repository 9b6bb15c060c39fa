# SPDX-License-Identifier: GPL-2.0-or-later
# Governance: its policy language, and its documents.
FUZZERS	+= fuzz_tlog_policy fuzz_govern
fuzz_govern_LIBS := -ljansson -lyaml
