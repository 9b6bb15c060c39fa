#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test shapes, of a dense volume.
# vm: long timeout=400 mem=2G

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/shapes.sh
. "$(dirname "$0")/shapes.sh"
