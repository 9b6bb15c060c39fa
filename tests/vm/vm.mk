# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel tests in a virtual machine.  TESTS names areas or tests; all without it.

TESTS	?=

DEBUG_KERNEL	= $(shell tests/vm/debug-kernel dir)

vm: user modules ## kernel tests in a VM with the distribution's kernel (TESTS=area or test)
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) run $(TESTS)

vm-shell: user modules ## a prompt in that VM
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) shell

vm-debug-kernel: ## build the debug kernel, once, outside the tree
	tests/vm/debug-kernel build

vm-debug: user vm-debug-kernel ## the same tests in a kernel with KASAN, lockdep and kmemleak
	$(MAKE) modules KVER=$$(cat $(DEBUG_KERNEL)/release) KDIR=$(DEBUG_KERNEL)/build
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -d run $(TESTS)

.PHONY: vm vm-shell vm-debug vm-debug-kernel
