#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test discard, of a dense volume.
# vm: timeout=120

FORMAT=--dense
# shellcheck source=tests/kselftest/dm-rlnc/discard.sh
. "$(dirname "$0")/discard.sh"
