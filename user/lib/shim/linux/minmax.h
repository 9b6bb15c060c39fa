/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

#define min(a, b) ({					\
	__typeof__(a) min_a_ = (a);			\
	__typeof__(b) min_b_ = (b);			\
	(void)(&min_a_ == &min_b_);			\
	min_a_ < min_b_ ? min_a_ : min_b_; })
#define max(a, b) ({					\
	__typeof__(a) max_a_ = (a);			\
	__typeof__(b) max_b_ = (b);			\
	(void)(&max_a_ == &max_b_);			\
	max_a_ > max_b_ ? max_a_ : max_b_; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define clamp(v, lo, hi)	clamp_t(__typeof__(v), v, lo, hi)
#define swap(a, b) do {					\
	__typeof__(a) swap_ = (a);			\
	(a) = (b);					\
	(b) = swap_;					\
} while (0)

#endif
