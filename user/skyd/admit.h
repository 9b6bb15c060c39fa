/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which images may run: policies, a trusted root and bundles, read when the backend starts, and
 * so again at a reload.  What cannot be read allows nothing.
 */
#ifndef SKYD_ADMIT_H
#define SKYD_ADMIT_H

#include "backend.h"
#include "sigstore/shelf.h"

#define ADMIT_WHY	512u

struct admit {
	struct shelf shelf;
	struct io_pool *pool;		/* threads that judge */
	char why[ADMIT_WHY];		/* what could not be read; "": all is there */
};

/*
 * On a fiber.  Without workloads.policy: 0, b->admit is NULL, and no image is allowed.
 * Return: 0, also when nothing will be allowed, which is told in the log; -ENOMEM.
 */
int admit_open(struct backend *b);
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
 * On a fiber.  Return: as admission_answer(); -EPERM: nothing can be judged, see ->why.
 */
int admit_review(struct backend *b, struct str request, int64_t deadline, char **text,
		 struct sigstore_fault *f);

#endif /* SKYD_ADMIT_H */
