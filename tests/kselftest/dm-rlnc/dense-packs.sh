#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test packs, of a dense volume.
# vm: long timeout=300

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/packs.sh
. "$(dirname "$0")/packs.sh"
