# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel tests in a virtual machine.  TESTS names areas or tests; without it, all but
# those that are long, of which `long` is the name.

TESTS	?=

# Machines at a time: the emulator has one thread for each.
VM_JOBS	?= $(shell nproc | awk '{ print $$1 < 4 ? $$1 : 4 }')

DEBUG_KERNEL	= $(shell tests/vm/debug-kernel dir)

vm: user modules fault-module ## kernel tests in a VM with the distribution's kernel (TESTS=area or test)
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) -j $(VM_JOBS) run $(TESTS)

vm-all: user modules fault-module ## the long ones as well
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) -j $(VM_JOBS) run dm-rlnc hedge

vm-shell: user modules ## a prompt in that VM
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -k $(KVER) shell

vm-debug-kernel: ## build the debug kernel, once, outside the tree
	tests/vm/debug-kernel build

vm-debug: user vm-debug-kernel ## the same tests in a kernel with KASAN, lockdep and kmemleak
	$(MAKE) modules fault-module $(DEBUG_KBUILD)
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/vm -d -j $(VM_JOBS) run $(TESTS)
	$(if $(TESTS),,$(MAKE) check-harness-debug)

DEBUG_KBUILD	= KVER=$$(cat $(DEBUG_KERNEL)/release) KDIR=$(DEBUG_KERNEL)/build

SOAK_SECONDS	?= 1200
SOAK_SEED	?=

vm-soak: user vm-debug-kernel ## SOAK_SECONDS of everything at once, in the debug kernel, with faults injected (long)
	$(MAKE) modules fault-module $(DEBUG_KBUILD)
	SKYHOLD_SOAK_SECONDS=$(SOAK_SECONDS) SKYHOLD_SOAK_SEED=$(SOAK_SEED) SKYHOLD_BUILD=$(abspath $(O)) \
		tests/vm/vm -d -t tests/long -n soak run soak

HOSTILE_SECONDS	?= 600

vm-hedge: user vm-debug-kernel ## VMs by the thousand, and HOSTILE_SECONDS of hostile guests, in the debug kernel (long)
	$(MAKE) modules fault-module $(DEBUG_KBUILD)
	SKYHOLD_HOSTILE_SECONDS=$(HOSTILE_SECONDS) SKYHOLD_BUILD=$(abspath $(O)) \
		tests/vm/vm -d -t tests/long -n hedge -j $(VM_JOBS) run hedge

# Modules that only tests load, some with deliberate faults, are built like ours and kept
# apart.
FAULT_OUT	= $(O)/kmod-fault/$(KVER)

fault-module:
	@mkdir -p $(FAULT_OUT)
	cp -u tests/vm/fault/Kbuild tests/vm/fault/*.c $(FAULT_OUT)/
	$(KBUILD_ENV) $(MAKE) --no-print-directory -C $(KDIR) M=$(abspath $(FAULT_OUT)) modules

check-harness: fault-module ## show that the VM harness fails what has to fail
	tests/vm/check-ktap
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/check-harness -m $(abspath $(FAULT_OUT))

check-harness-debug: vm-debug-kernel
	$(MAKE) fault-module $(DEBUG_KBUILD)
	SKYHOLD_BUILD=$(abspath $(O)) tests/vm/check-harness -d \
		-m $(abspath $(O))/kmod-fault/$$(cat $(DEBUG_KERNEL)/release)

.PHONY: vm vm-all vm-shell vm-debug vm-debug-kernel vm-soak vm-hedge fault-module check-harness check-harness-debug
