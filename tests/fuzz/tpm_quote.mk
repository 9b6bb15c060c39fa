# SPDX-License-Identifier: GPL-2.0-or-later
FUZZERS	+= fuzz_tpm_quote fuzz_pe fuzz_ek_cert
