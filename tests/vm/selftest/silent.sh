#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A test that says nothing at all.
# expect: no KTAP at all

exit 0
