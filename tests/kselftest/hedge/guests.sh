#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each of the small guests does what it says, under the monitor in the kernel.
# vm: timeout=300

# shellcheck source=tests/kselftest/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kselftest/hedge/monitor.sh
. "$(dirname "$0")/monitor.sh"
requires hvt-image ip busybox losetup
requires_kvm
requires_module tun
requires_module loop
plan 89
load_module hedge

# shellcheck source=tests/kselftest/hedge/by-hedge.sh
. "$(dirname "$0")/by-hedge.sh"
# shellcheck source=tests/kselftest/hedge/cases.sh
. "$(dirname "$0")/cases.sh"
