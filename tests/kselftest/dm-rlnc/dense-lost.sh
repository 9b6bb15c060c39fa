#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test lost, of a dense volume.
# vm: timeout=180

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/lost.sh
. "$(dirname "$0")/lost.sh"
