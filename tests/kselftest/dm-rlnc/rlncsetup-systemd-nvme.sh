#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The test rlncsetup-systemd, with members over NVMe.
# vm: long timeout=400

FAR=nvme
# shellcheck source=tests/kselftest/dm-rlnc/rlncsetup-systemd.sh
. "$(dirname "$0")/rlncsetup-systemd.sh"
