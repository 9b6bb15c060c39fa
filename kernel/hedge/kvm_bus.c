// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls without leaving KVM_RUN.
 *
 * KVM asks the devices on a VM's port bus before it returns to its caller.  What
 * kvm_io_bus_register_dev() does, which modules cannot call, is done here with the
 * structures that KVM's header shows: a new array takes the place of the old one.  No
 * grace period is needed, since the bus is read by the vCPU alone, and its task is the
 * one that is here, before its first KVM_RUN and after its last.
 *
 * That the header is the one that kvm.ko was built with is checked by what must be so
 * of a VM that the current task has just made; where it is not, hypercalls take the
 * long way, and nothing else changes.
 */
#include <linux/kvm_host.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <kvm/iodev.h>
#include "hedge.h"

static bool fast_path = true;
module_param(fast_path, bool, 0644);
MODULE_PARM_DESC(fast_path, "serve hypercalls inside KVM_RUN (default on)");

/* It lies behind the bus that it is on, and goes with it. */
struct bus_device {
	struct kvm_io_device dev;
	struct hedge_vm *vm;
};

/*
 * A nonzero return has KVM leave KVM_RUN, where the loop does what is still to do.
 *
 * An OUT with a REP prefix comes here up to 1024 times before KVM looks at signals: what
 * others want of the VM is seen to between any two of them, as is whoever else is to run.
 */
static int write_port(struct kvm_vcpu *vcpu, struct kvm_io_device *dev, gpa_t port, int len,
		      const void *val)
{
	struct bus_device *bd = container_of(dev, struct bus_device, dev);

	if (len != sizeof(u32) || bd->vm->dying || signal_pending(current))
		return -EOPNOTSUPP;
	cond_resched();
	return hedge_hypercall(bd->vm, port - HVT_HC_BASE, *(const u32 *)val, false) ?
	       -EOPNOTSUPP : 0;
}

static const struct kvm_io_device_ops port_ops = {
	.write = write_port,
};

static struct kvm *kvm_of(const struct hedge_kvm *k)
{
	struct kvm_vcpu *vcpu = k->vcpu->private_data;

	return vcpu->kvm;
}

/* Is this struct kvm the one that kvm.ko knows? */
static bool layout_is_right(const struct hedge_kvm *k)
{
	struct kvm *kvm = k->vm->private_data;
	struct kvm_vcpu *vcpu = k->vcpu->private_data;

	return kvm->mm == current->mm && vcpu->kvm == kvm && vcpu->run == k->run &&
	       atomic_read(&kvm->online_vcpus) == 1 && !kvm->vm_dead &&
	       kvm->userspace_pid == task_pid_nr(current);
}

/**
 * hedge_kvm_bus_attach - serve hypercalls inside KVM_RUN from now on
 * @vm:	VM of the current task, with its vCPU, before it runs
 *
 * Return: 0, or -errno; without it everything works, more slowly.
 */
int hedge_kvm_bus_attach(struct hedge_vm *vm)
{
	struct kvm_io_bus *bus, *old;
	struct bus_device *bd;
	struct kvm *kvm;

	if (!READ_ONCE(fast_path))
		return -EOPNOTSUPP;
	if (!layout_is_right(vm->kvm)) {
		pr_warn_once("this kernel's KVM is not as its header says: no fast path\n");
		return -EOPNOTSUPP;
	}
	kvm = kvm_of(vm->kvm);
	bus = kzalloc(struct_size(bus, range, 1) + sizeof(*bd), GFP_KERNEL);
	if (!bus)
		return -ENOMEM;
	bd = (struct bus_device *)&bus->range[1];
	kvm_iodevice_init(&bd->dev, &port_ops);
	bd->vm = vm;
	bus->dev_count = 1;
	bus->range[0] = (struct kvm_io_range){
		.addr = HVT_HC_PORT(1),
		.len = HVT_HC_MAX - 1 + sizeof(u32) - 1,	/* up to the end of the last OUT */
		.dev = &bd->dev,
	};
	mutex_lock(&kvm->slots_lock);
	old = kvm_get_bus(kvm, KVM_PIO_BUS);
	if (!old || old->dev_count) {
		mutex_unlock(&kvm->slots_lock);
		kfree(bus);
		return -EBUSY;
	}
	rcu_assign_pointer(kvm->buses[KVM_PIO_BUS], bus);
	mutex_unlock(&kvm->slots_lock);
	kfree(old);
	vm->kvm->fast = true;
	return 0;
}

/**
 * hedge_kvm_bus_detach - undo it, so that KVM has no way to us; it frees the bus itself
 * @vm:	VM of the current task; it does not run any more
 */
void hedge_kvm_bus_detach(struct hedge_vm *vm)
{
	struct kvm *kvm;

	if (!vm->kvm->fast)
		return;
	kvm = kvm_of(vm->kvm);
	mutex_lock(&kvm->slots_lock);
	kvm_get_bus(kvm, KVM_PIO_BUS)->dev_count = 0;
	mutex_unlock(&kvm->slots_lock);
	vm->kvm->fast = false;
}
