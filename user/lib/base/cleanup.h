/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables that let go of what they hold when they leave their scope.
 */
#ifndef SKY_BASE_CLEANUP_H
#define SKY_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn)	__attribute__((__cleanup__(fn)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define CLEANUP_FREE	CLEANUP(cleanup_free)	/* any pointer from malloc() */
#define CLEANUP_CLOSE	CLEANUP(cleanup_close)	/* int; -1: nothing to close */
#define CLEANUP_FCLOSE	CLEANUP(cleanup_fclose)	/* FILE *, may be NULL */

/* Hand a pointer or descriptor on: the variable no longer owns it. */
#define TAKE_PTR(p) ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })
#define TAKE_FD(fd) ({ int taken_ = (fd); (fd) = -1; taken_; })

#endif /* SKY_BASE_CLEANUP_H */
