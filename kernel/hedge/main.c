// SPDX-License-Identifier: GPL-2.0-only
/*
 * hedge: runs unikernels as virtual machines from inside the kernel.  See
 * Documentation/hedge.rst.
 */
#include <linux/module.h>
#include "hedge.h"

static int __init hedge_module_init(void)
{
	int ret;

	ret = hedge_kvm_module_init();
	if (ret)
		return ret;
	ret = hedge_netlink_init();
	if (ret)
		goto err_kvm;
	ret = hedge_block_module_init();
	if (ret)
		goto err_netlink;
	ret = hedge_sandbox_module_init();
	if (ret)
		goto err_block;
	ret = hedge_proc_init();
	if (ret)
		goto err_sandbox;
	return 0;

err_sandbox:
	hedge_sandbox_module_exit();
err_block:
	hedge_block_module_exit();
err_netlink:
	hedge_netlink_exit();
err_kvm:
	hedge_kvm_module_exit();
	return ret;
}

static void __exit hedge_module_exit(void)
{
	hedge_proc_close();
	hedge_remote_exit();
	hedge_registry_exit();
	hedge_proc_exit();
	hedge_sandbox_module_exit();
	hedge_block_module_exit();
	hedge_images_exit();
	hedge_verify_exit();
	hedge_netlink_exit();
	hedge_kvm_module_exit();
}

module_init(hedge_module_init);
module_exit(hedge_module_exit);

MODULE_DESCRIPTION("unikernels as virtual machines, without a monitor in user space");
MODULE_AUTHOR("The Skyhold developers");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("post: kvm-amd kvm-intel tun");
