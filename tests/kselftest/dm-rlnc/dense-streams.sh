#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test streams, of a dense volume.
# vm: timeout=300

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/streams.sh
. "$(dirname "$0")/streams.sh"
