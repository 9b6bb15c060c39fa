#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test io-sizes, of a dense volume.
# vm: long timeout=240

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/io-sizes.sh
. "$(dirname "$0")/io-sizes.sh"
