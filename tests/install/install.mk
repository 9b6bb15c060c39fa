# SPDX-License-Identifier: GPL-2.0-or-later

check-install: user ## what make install installs is in order, units above all (KTAP)
	@tests/install/run $(O)

.PHONY: check-install
