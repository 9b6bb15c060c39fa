/* SPDX-License-Identifier: GPL-2.0-only */
/* What stub.S and sandbox.c have to agree on. */
#ifndef HEDGE_STUB_H
#define HEDGE_STUB_H

#define HEDGE_STUB_WHERE	0x400000	/* address in the task */
#define HEDGE_STUB_MARK		"\177hedge1\n"	/* the first bytes of the file */
#define HEDGE_STUB_ENTRY	16		/* offset of the first instruction */
#define HEDGE_STUB_FD		0		/* descriptor of the sandbox */
#define HEDGE_STUB_RUN		0x6800		/* _IO('h', 0) */
#define HEDGE_STUB_UNGUARDED	126		/* exit status: it cannot become harmless */

#endif /* HEDGE_STUB_H */
