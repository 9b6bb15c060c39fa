// SPDX-License-Identifier: GPL-2.0-only
/*
 * One request to a block device that no system call makes.  Never shipped.
 *
 *	insmod skyhold_bio.ko device=PATH op=zeroes|discard sector=N sectors=N [fua=1]
 *
 * It has been answered without an error when the module is loaded, and is not loaded
 * otherwise.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/string.h>

static char *device = "";
module_param(device, charp, 0400);
MODULE_PARM_DESC(device, "its path");

static char *op = "";
module_param(op, charp, 0400);
MODULE_PARM_DESC(op, "zeroes or discard");

static unsigned long sector;
module_param(sector, ulong, 0400);
MODULE_PARM_DESC(sector, "of 512 bytes, the first");

static unsigned int sectors;
module_param(sectors, uint, 0400);
MODULE_PARM_DESC(sectors, "how many");

static bool fua;
module_param(fua, bool, 0400);
MODULE_PARM_DESC(fua, "it is to be durable when it has ended");

static int __init skyhold_bio_init(void)
{
	blk_opf_t opf = fua ? REQ_FUA : 0;
	struct block_device *bdev;
	struct bio bio;
	int ret;

	if (!strcmp(op, "zeroes"))
		opf |= REQ_OP_WRITE_ZEROES;
	else if (!strcmp(op, "discard"))
		opf |= REQ_OP_DISCARD;
	else
		return -EINVAL;
	bdev = blkdev_get_by_path(device, FMODE_WRITE, NULL);
	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	bio_init(&bio, bdev, NULL, 0, opf);
	bio.bi_iter.bi_sector = sector;
	bio.bi_iter.bi_size = sectors << SECTOR_SHIFT;
	ret = submit_bio_wait(&bio);
	bio_uninit(&bio);
	blkdev_put(bdev, FMODE_WRITE);
	return ret;
}

static void __exit skyhold_bio_exit(void)
{
}

module_init(skyhold_bio_init);
module_exit(skyhold_bio_exit);
MODULE_DESCRIPTION("One request to a block device, for tests");
MODULE_LICENSE("GPL");
