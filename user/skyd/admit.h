/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which images may run: policies, a trusted root and bundles, read when the backend starts, and
 * so again at a reload, and when governance has decided something.  Policies that it has decided
 * are in force instead of those of the configuration.  What cannot be read allows nothing.
 */
#ifndef SKYD_ADMIT_H
#define SKYD_ADMIT_H

#include "backend.h"
#include "io/sync.h"
#include "sigstore/shelf.h"

#define ADMIT_WHY	512u

/* All that there was at one moment.  Who judges by it keeps it meanwhile. */
struct admit_rules {
	unsigned int users;
	struct shelf shelf;
	char why[ADMIT_WHY];		/* what could not be read; "": all is there */
};

struct admit {
	struct admit_rules *rules;	/* NULL: nothing says which images may run */
	struct io_semaphore reading;	/* who reads others */
	struct io_pool *pool;		/* threads that judge */
};

/*
 * On a fiber, when what governance has decided is known.  Return: 0, also when nothing will be
 * allowed, which is told in the log; -ENOMEM, or another -errno of starting threads.
 */
int admit_open(struct backend *b);
/*
 * Read all anew: governance may have decided something.  Who is judged already is so by what was
 * in force.  What cannot be read allows nothing from then on, which is told in the log.
 */
void admit_renew(struct backend *b);
/* When nobody asks any more. */
void admit_close(struct backend *b);

/**
 * admit_judge - may an image run?
 * @image:	its reference, with a digest
 * @bundle:	one that came with the question, besides those that are known; or none
 * @r:		receives the verdict
 *
 * On a fiber.  Return: 0; -ETIMEDOUT, -ECANCELED, -ENOMEM, and the verdict is a denial.
 */
int admit_judge(struct backend *b, struct str image, struct str bundle, int64_t deadline,
		struct admission_result *r);

/**
 * admit_review - answer an ImageReview
 * @text:	receives the answer, for free()
 * @f:		receives what is wrong with the request
 *
 * On a fiber.  Return: as admission_answer(); -EPERM: nothing can be judged, see admit_why().
 */
int admit_review(struct backend *b, struct str request, int64_t deadline, char **text,
		 struct sigstore_fault *f);

/* Why nothing can be judged; "": it can. */
const char *admit_why(const struct backend *b);

#endif /* SKYD_ADMIT_H */
