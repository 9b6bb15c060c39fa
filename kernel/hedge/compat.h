/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels, and between their configurations. */
#ifndef HEDGE_COMPAT_H
#define HEDGE_COMPAT_H

#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/verification.h>

/* Without it no kernel key can vouch for anything. */
#if IS_ENABLED(CONFIG_SYSTEM_DATA_VERIFICATION)
#define hedge_verify_pkcs7(data, len, sig, sig_len)					\
	verify_pkcs7_signature(data, len, sig, sig_len, VERIFY_USE_SECONDARY_KEYRING,	\
			       VERIFYING_UNSPECIFIED_SIGNATURE, NULL, NULL)
#else
#define hedge_verify_pkcs7(data, len, sig, sig_len)	(-ENOPKG)
#endif

/* Are two tasks in the same cgroups of all hierarchies?  Without cgroups they are. */
#ifdef CONFIG_CGROUPS
#define hedge_same_cgroups(a, b)							\
	(rcu_access_pointer((a)->cgroups) == rcu_access_pointer((b)->cgroups))
#else
#define hedge_same_cgroups(a, b)	true
#endif

#endif /* HEDGE_COMPAT_H */
