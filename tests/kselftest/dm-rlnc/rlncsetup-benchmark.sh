#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rlncsetup benchmark: a table for people and JSON for programs; no speed is
# asserted.

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/dm-rlnc/tool.sh
. "$(dirname "$0")/tool.sh"
requires rlncsetup
plan 5

exits 0 "the default shape" "code 4 of 6 .*, encode +[0-9]+ MiB/s" rlncsetup benchmark -i 1
json=$(rlncsetup benchmark -k 2 -n 3 -s 8K -i 1 --json | tr -d ' \n')
check "another shape" grep -q '^{"k":2,"n":3,"symbol_bytes":8192,' <<<"$json"
is "$(grep -oE '"name":"[a-z0-9-]*","bytes_per_second":[1-9]' <<<"$json" | cut -d'"' -f4 | paste -sd ' ')" \
	"aes256gcm encode decode" "everything was measured"
exits 0 "without spare members there is no code" "AES-256-GCM, a sector" rlncsetup benchmark -k 3 -n 3 -i 1
exits 1 "fewer members than k" "cannot be more than n" rlncsetup benchmark -k 3 -n 2
