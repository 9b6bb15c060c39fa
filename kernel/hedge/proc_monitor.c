// SPDX-License-Identifier: GPL-2.0-only
/* /proc/monitor, and /proc/vmstats/errors: what was wrong with its last commands. */
#include <linux/cred.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include "hedge.h"

static int monitor_show(struct seq_file *m, void *unused)
{
	hedge_registry_show(m);
	return 0;
}

static int monitor_open(struct inode *inode, struct file *file)
{
	return hedge_only_admin() ?: single_open(file, monitor_show, NULL);
}

/* What was wrong with the last commands: /proc/vmstats/errors. */
#define KEPT_ERRORS	64

static struct {
	spinlock_t lock;		/* protects the ring */
	u64 count;
	struct {
		uid_t uid;
		char text[HEDGE_REASON_SIZE + 32];
	} ring[KEPT_ERRORS];
} errors = {
	.lock = __SPIN_LOCK_UNLOCKED(errors.lock),
};

static void keep_error(const struct hedge_command_error *err)
{
	uid_t uid = from_kuid_munged(&init_user_ns, current_uid());
	u32 at;

	spin_lock(&errors.lock);
	at = errors.count++ % KEPT_ERRORS;
	errors.ring[at].uid = uid;
	snprintf(errors.ring[at].text, sizeof(errors.ring[at].text), "%s: %s", err->field,
		 err->why);
	spin_unlock(&errors.lock);
	pr_notice("command of uid %u refused: %s: %s\n", uid, err->field, err->why);
}

static int errors_show(struct seq_file *m, void *unused)
{
	u64 i;

	spin_lock(&errors.lock);
	for (i = errors.count > KEPT_ERRORS ? errors.count - KEPT_ERRORS : 0; i < errors.count; i++)
		seq_printf(m, "%llu %u %s\n", i + 1, errors.ring[i % KEPT_ERRORS].uid,
			   errors.ring[i % KEPT_ERRORS].text);
	spin_unlock(&errors.lock);
	return 0;
}

static ssize_t monitor_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct hedge_failure *failure;
	size_t taken;
	char *line;
	int ret;

	ret = hedge_only_admin();
	if (ret)
		return ret;
	/* So much of one that is too long shows that it is. */
	taken = min_t(size_t, len, HEDGE_COMMAND_MAX + 1);
	line = memdup_user_nul(buf, taken);
	if (IS_ERR(line))
		return PTR_ERR(line);
	failure = kzalloc(sizeof(*failure), GFP_KERNEL);
	ret = failure ? hedge_control(line, taken, false, failure) : -ENOMEM;
	if (ret && failure)
		keep_error(&failure->err);
	kfree(failure);
	kfree_sensitive(line);
	return ret ?: len;
}

const struct proc_ops hedge_monitor_ops = {
	.proc_open = monitor_open,
	.proc_read = seq_read,
	.proc_write = monitor_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int errors_open(struct inode *inode, struct file *file)
{
	return hedge_only_admin() ?:
	       single_open_size(file, errors_show, NULL, KEPT_ERRORS * sizeof(errors.ring[0]));
}

const struct proc_ops hedge_errors_ops = {
	.proc_open = errors_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};
