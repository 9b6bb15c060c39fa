#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each allocation of a VM's life fails once.
# vm: boot=own timeout=9000

export NOMEM_STEP=1
# shellcheck source=tests/kselftest/hedge/nomem.sh
. "$(dirname "$0")/../../kselftest/hedge/nomem.sh"
