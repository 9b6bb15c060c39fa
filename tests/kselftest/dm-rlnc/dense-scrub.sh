#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test scrub, of a dense volume.
# vm: long timeout=240

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/scrub.sh
. "$(dirname "$0")/scrub.sh"
