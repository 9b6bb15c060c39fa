/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of objects share. */
#ifndef SKYCTL_S3_OBJECT_H
#define SKYCTL_S3_OBJECT_H

#include "s3.h"

/* One object, of --version-id where that is given. */
int object_argument(const struct options *o, const char *text, struct s3_name *name);

/* How objects are moved, as options say it. */
int moving_init(struct s3_moving *m, const struct options *o, const struct s3_site *site);

/* Deletes as many at once as one request can. */
struct s3_deleting {
	struct web *web;
	struct rows *rows;
	struct str bucket;
	bool dry_run;
	unsigned int count;
	struct {
		struct str key;
		char version[S3_UPLOAD_MAX];	/* "": the newest */
		bool failed;
	} *item;
	size_t failed;
};

#define DELETE_AT_ONCE	1000u

int deleting_begin(struct s3_deleting *d, struct web *w, struct rows *rows, struct str bucket,
		   bool dry_run);
/* @version: "" or an id.  Return: 0 or -errno, reported. */
int deleting_add(struct s3_deleting *d, struct str key, const char *version);
/* What is left over; @rc: of what was before. */
int deleting_end(struct s3_deleting *d, int rc);

/* Either side of a copy. */
struct place {
	bool remote;
	struct s3_name name;		/* its key: the prefix, empty or with a slash at its end */
	const char *path;		/* a folder */
	int root;			/* of a folder; -1: not open */
};

/* Copies @from to @to what differs, or all of it. */
int tree_copy(const struct options *o, struct session *s, struct place *from, struct place *to,
	      bool all);

#endif /* SKYCTL_S3_OBJECT_H */
