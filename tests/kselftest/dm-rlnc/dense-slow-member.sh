#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test slow-member, of a dense volume.
# vm: long timeout=300 lane=stock,real

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/slow-member.sh
. "$(dirname "$0")/slow-member.sh"
