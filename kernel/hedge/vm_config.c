// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command says of a VM: its words, its image, and its devices.  All of it is opened
 * and checked by whoever gives the command, with his rights.
 */
#include <linux/cred.h>
#include <linux/etherdevice.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/slab.h>
#include "hedge.h"

/* --- devices --------------------------------------------------------------------- */

static const struct hedge_device_words *words_of(const struct hedge_command *cmd,
						 const char *name)
{
	u32 i;

	for (i = 0; i < cmd->devices; i++)
		if (!strcmp(cmd->device[i].name, name))
			return &cmd->device[i];
	return NULL;
}

/* Whoever asks for a device names it as it is in the manifest. */
static bool words_are_known(const struct hedge_vm *vm, const struct hedge_command *cmd)
{
	u32 i, j;

	for (i = 0; i < cmd->devices; i++) {
		for (j = 0; j < vm->manifest->entries; j++)
			if (!strcmp(cmd->device[i].name, vm->manifest->e[j].name))
				break;
		if (j == vm->manifest->entries)
			return false;
	}
	return true;
}

static int not_given(struct hedge_failure *failure, const char *field, const char *key,
		     const char *device)
{
	snprintf(failure->text, sizeof(failure->text), "the image wants a device %s: %s.%s=",
		 device, key, device);
	return hedge_wrong(failure, field, failure->text, -ENXIO);
}

static int attach_block(struct hedge_vm *vm, u32 i, const char *path,
			const struct hedge_device_words *words, struct hedge_failure *failure)
{
	struct hvt_manifest_entry *e = &vm->manifest->e[i];
	struct hedge_block *blk;

	if (words && words->net)
		return hedge_wrong(failure, "net", "the manifest has a block device of this name", -EINVAL);
	path = words && words->block ? words->block : path;
	if (!path)
		return not_given(failure, "BLK", "block", e->name);
	failure->err.field = "BLK";
	blk = hedge_block_open(path, words ? words->block_size : 0, words && words->readonly,
			       &failure->err.why);
	if (IS_ERR(blk))
		return PTR_ERR(blk);
	vm->device[i].type = HVT_DEVICE_BLOCK;
	vm->device[i].block = blk;
	/* A guest that has seen its disk believes in what it saw. */
	if (vm->image->snapshot && (e->u.block.capacity != hedge_block_capacity(blk) ||
				    e->u.block.block_size != hedge_block_size(blk)))
		return hedge_wrong(failure, "BLK", "the device is not of the snapshot's size",
				   -EINVAL);
	e->u.block.capacity = hedge_block_capacity(blk);
	e->u.block.block_size = hedge_block_size(blk);
	return 0;
}

static int attach_net(struct hedge_vm *vm, u32 i, const char *ifname,
		      const struct hedge_device_words *words, struct hedge_failure *failure)
{
	struct hvt_manifest_entry *e = &vm->manifest->e[i];
	const u16 mtu = e->u.net.mtu;
	struct hedge_net *net;
	const u8 *mac;

	if (words && words->block)
		return hedge_wrong(failure, "block", "the manifest has a network of this name", -EINVAL);
	if (vm->image->snapshot && words && words->has_mac &&
	    !ether_addr_equal_unaligned(words->mac, e->u.net.mac))
		return hedge_wrong(failure, "mac", "a guest of a snapshot has the address that it had",
				   -EINVAL);
	ifname = words && words->net ? words->net : ifname;
	if (!ifname)
		return not_given(failure, "NET", "net", e->name);
	failure->err.field = "NET";
	mac = words && words->has_mac ? words->mac : NULL;
	if (vm->image->snapshot)
		mac = e->u.net.mac;
	net = hedge_net_open(ifname, mac, vm->name, e->name, &failure->err.why);
	if (IS_ERR(net))
		return PTR_ERR(net);
	vm->device[i].type = HVT_DEVICE_NET;
	vm->device[i].net = net;
	vm->networks |= BIT_ULL(i);
	hedge_net_describe(net, e);
	if (vm->image->snapshot && e->u.net.mtu != mtu)
		return hedge_wrong(failure, "NET", "the interface is not of the snapshot's MTU",
				   -EINVAL);
	return 0;
}

/* Every device of the manifest, and none besides. */
static int attach_devices(struct hedge_vm *vm, const struct hedge_command *cmd,
			  struct hedge_failure *failure)
{
	const char *block = cmd->block, *net = cmd->net;
	int ret = 0;
	u32 i;

	if (!words_are_known(vm, cmd))
		return hedge_wrong(failure, "KEY=VALUE", "the manifest has no device of that name", -ENODEV);
	for (i = 0; i < vm->manifest->entries && !ret; i++) {
		struct hvt_manifest_entry *e = &vm->manifest->e[i];
		const struct hedge_device_words *words = words_of(cmd, e->name);

		if (e->type == HVT_DEVICE_BLOCK) {
			ret = attach_block(vm, i, block, words, failure);
			block = NULL;
		} else if (e->type == HVT_DEVICE_NET) {
			ret = attach_net(vm, i, net, words, failure);
			net = NULL;
		}
		e->attached = e->type < HVT_DEVICE_RESERVED_FIRST;
	}
	if (ret)
		return ret;
	if (cmd->block && block)
		return hedge_wrong(failure, "BLK", "the manifest has no block device", -ENODEV);
	if (cmd->net && net)
		return hedge_wrong(failure, "NET", "the manifest has no network", -ENODEV);
	return 0;
}

/* --- image ----------------------------------------------------------------------- */

static int take_manifest(struct hedge_vm *vm, struct hedge_failure *failure)
{
	const struct hvt_image *layout = &vm->image->layout;

	vm->manifest_size = layout->manifest_size;
	vm->manifest = kmemdup(vm->image->data + layout->manifest_offset, vm->manifest_size,
			       GFP_KERNEL);
	if (!vm->manifest)
		return hedge_wrong(failure, "PATH", "out of memory", -ENOMEM);
	failure->err.field = "MEM_MB";
	return hvt_image_fits(layout, vm->mem, &failure->err.why);
}

static int take_snapshot(struct hedge_vm *vm, struct hedge_failure *failure)
{
	const struct hedge_snapshot *head = vm->image->snapshot;

	vm->mem = head->mem_size;
	vm->manifest_size = head->manifest_size;
	vm->manifest = kmemdup(head->manifest, vm->manifest_size, GFP_KERNEL);
	return vm->manifest ? 0 : hedge_wrong(failure, "PATH", "out of memory", -ENOMEM);
}

static int take_image(struct hedge_vm *vm, const struct hedge_command *cmd,
		      struct hedge_failure *failure)
{
	int ret;

	failure->err.field = "PATH";
	vm->image = cmd->verb == HEDGE_RESTORE ?
		    hedge_snapshot_open(cmd->path, &failure->err.why) :
		    hedge_image_get(cmd->path, &failure->err.why);
	if (IS_ERR(vm->image)) {
		ret = PTR_ERR(vm->image);
		vm->image = NULL;
		return ret;
	}
	vm->image_is_read = true;
	ret = hedge_verify(vm->image, cmd->has_verify ? cmd->verify : HEDGE_VERIFY_OFF,
			   failure);
	if (ret) {
		hedge_event(HEDGE_EVENT_REFUSED, vm, failure->err.why);
		return ret;
	}
	return vm->image->snapshot ? take_snapshot(vm, failure) : take_manifest(vm, failure);
}

/* --- words ----------------------------------------------------------------------- */

static bool is_cgroup(const struct file *file)
{
	const unsigned long magic = file_inode(file)->i_sb->s_magic;

	return magic == CGROUP2_SUPER_MAGIC || magic == CGROUP_SUPER_MAGIC;
}

/* The file is opened by who starts the VM: so it is his right that counts. */
static int open_cgroup(struct hedge_vm *vm, const struct hedge_command *cmd,
		       struct hedge_failure *failure)
{
	struct file *file;
	char *path;
	int ret;

	if (!cmd->cgroup)
		return 0;
	path = kasprintf(GFP_KERNEL, "%s/cgroup.procs", cmd->cgroup);
	if (!path)
		return hedge_wrong(failure, "cgroup", "out of memory", -ENOMEM);
	/* Not to wait for somebody to open the other end of what is none. */
	file = filp_open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	kfree(path);
	if (!IS_ERR(file) && is_cgroup(file)) {
		vm->cgroup = file;
		return 0;
	}
	ret = IS_ERR(file) ? PTR_ERR(file) : -EINVAL;
	if (!IS_ERR(file))
		fput(file);
	return hedge_wrong(failure, "cgroup", "there is no such cgroup, or it cannot be joined",
			   ret);
}

static int init_words(struct hedge_vm *vm, const struct hedge_command *cmd)
{
	int ret = hedge_console_init(&vm->console, cmd->limits.console_kib);

	strscpy(vm->name, cmd->name, sizeof(vm->name));
	vm->cpu = cmd->cpu;
	vm->mem = (u64)cmd->mem_mb << 20;
	vm->limits = cmd->limits;
	vm->uid = cmd->uid;
	vm->gid = cmd->gid;
	vm->cred = get_current_cred();
	vm->cmdline = kstrdup(cmd->cmdline, GFP_KERNEL);
	vm->core = kstrdup(cmd->core, GFP_KERNEL);
	if ((cmd->cmdline && !vm->cmdline) || (cmd->core && !vm->core))
		return -ENOMEM;
	return ret;
}

/**
 * hedge_vm_configure - make a VM what a command says
 * @vm:		new, of zeros; hedge_vm_put() gives back what it has got, whatever is returned
 * @cmd:	start or restore
 * @failure:	says what is wrong with it
 *
 * Return: 0 or -errno.
 */
int hedge_vm_configure(struct hedge_vm *vm, const struct hedge_command *cmd,
		       struct hedge_failure *failure)
{
	if (init_words(vm, cmd))
		return hedge_wrong(failure, "CMDLINE", "out of memory", -ENOMEM);
	return open_cgroup(vm, cmd, failure) ?:
	       take_image(vm, cmd, failure) ?:
	       attach_devices(vm, cmd, failure);
}
