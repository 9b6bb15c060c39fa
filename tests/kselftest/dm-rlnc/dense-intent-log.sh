#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test intent-log, of a dense volume.
# vm: long timeout=180

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/intent-log.sh
. "$(dirname "$0")/intent-log.sh"
