#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A thousand VMs from start to end, and two hundred killed at any instant.
# vm: boot=own timeout=9000 mem=2G

# Thirty-two that spin leave the debug kernel no time for anything else.
export CYCLES=1000 KILLED=200 TOGETHER=8
# shellcheck source=tests/kselftest/hedge/many.sh
. "$(dirname "$0")/../../kselftest/hedge/many.sh"
