# SPDX-License-Identifier: GPL-2.0-or-later
# The demonstration; scripts/run installs packages first and judges the end.

DEMO_ARGS ?=

demo: user modules ## the demonstration of scripts/run, in a VM
	@SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) -n demo shell scripts/demo $$([ -t 0 ] || echo --once) $(DEMO_ARGS)

.PHONY: demo
