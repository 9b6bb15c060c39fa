#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test rebuild, of a dense volume.
# vm: timeout=240

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/rebuild.sh
. "$(dirname "$0")/rebuild.sh"
