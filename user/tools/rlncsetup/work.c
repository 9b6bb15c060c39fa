// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/progress.h"
#include "base/report.h"
#include "base/text.h"
#include "open_volume.h"
#include "rlnc_dm.h"
#include "work.h"

#define POLL_MS		200
/* The kernel begins at once; idle for so long, it has given up. */
#define IDLE_POLLS	25

struct follower {
	const char *name;
	struct dm_device_info info;
	struct target_status status;
	struct progress bar;
	char label[TARGET_WORD_MAX];	/* of the bar; "": there is none */
};

/* The bar is of one kind of work; a rebuild may come before a scrub. */
static void draw(struct follower *f)
{
	const struct target_status *s = &f->status;

	if (strcmp(f->label, s->work)) {
		if (*f->label)
			progress_end(&f->bar);
		strcpy(f->label, s->work_total ? s->work : "");
		if (*f->label)
			progress_start(&f->bar, f->label, s->work_total);
	}
	if (*f->label)
		progress_update(&f->bar, s->work_done);
}

static int look(struct follower *f)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000l };
	int rc;

	nanosleep(&pause, NULL);
	rc = open_volume_status(f->name, &f->info, &f->status);
	if (!rc)
		draw(f);
	return rc;
}

static void stop_drawing(struct follower *f)
{
	if (*f->label)
		progress_end(&f->bar);
}

#define CLEANUP_FOLLOWER	CLEANUP(stop_drawing)

/* By the volume's counters: they hold what reads have found meanwhile, too. */
static int tell_scrub(const struct follower *f, const struct target_status *before)
{
	uint64_t put_right = f->status.corrected - before->corrected;
	uint64_t lost = f->status.unrecoverable - before->unrecoverable;
	const char *end = f->status.scrubbed;

	if (lost)
		return fail(EIO, "%s: %" PRIu64 " sector%s could not be read", f->name, lost,
			    plural(lost));
	if (!target_health_live(f->status.health))
		return fail(EIO, "%s is %s: the scrub cannot have come to its end", f->name,
			    f->status.health);
	if (!strcmp(end, RLNC_SCRUBBED_STOPPED))
		return fail(EIO, "%s: the scrub was stopped", f->name);
	if (!strcmp(end, RLNC_SCRUBBED_NONE))
		return fail(EIO, "%s: the scrub has not begun", f->name);
	if (strcmp(end, RLNC_SCRUBBED_FINISHED))
		return fail(EIO, "%s: the scrub has ended, but not everything could be mended",
			    f->name);
	printf("%s: the scrub has ended; corrected since it began: %" PRIu64 "\n", f->name,
	       put_right);
	return 0;
}

/**
 * work_wait_scrub - wait for a scrub that has been asked for
 * @name:	of the volume
 * @before:	its status line before that
 *
 * Return: 0; -EIO when it was stopped, or there is something that could not be read
 * or mended; or another -errno; reported.
 */
int work_wait_scrub(const char *name, const struct target_status *before)
{
	CLEANUP_FOLLOWER struct follower f = { .name = name };
	unsigned int idle = 0;
	int rc;

	/* From when a scrub is asked for until it ends, none has. */
	do {
		rc = look(&f);
		if (rc)
			return rc;
		idle = f.status.work_total ? 0 : idle + 1;
	} while (target_health_live(f.status.health) && idle <= IDLE_POLLS &&
		 !strcmp(f.status.scrubbed, RLNC_SCRUBBED_NONE));
	return tell_scrub(&f, before);
}

static int tell_rebuild(const struct follower *f, unsigned int index)
{
	if (!f->status.lost)
		return 0;
	fail(EIO, "%s: member %u is in sync, but %" PRIu64
	     " generation%s could not be read and went without", f->name, index,
	     (uint64_t)f->status.lost, plural(f->status.lost));
	hint("the log and the events name them; bring back members that are away, then `rlncsetup scrub --wait %s`",
	     f->name);
	return -EIO;
}

/**
 * work_wait_rebuild - wait until a member is in sync
 * @name:	of the volume
 * @index:	of the member
 *
 * Return: 0; -EIO when the member fails, the rebuild ends without it, or had to pass
 * over what cannot be read; or another -errno; reported.
 */
int work_wait_rebuild(const char *name, unsigned int index)
{
	CLEANUP_FOLLOWER struct follower f = { .name = name };
	unsigned int idle = 0;
	int rc;

	for (;;) {
		rc = look(&f);
		if (rc)
			return rc;
		switch (f.status.letters[index]) {
		case RLNC_LETTER_SYNC:
			return tell_rebuild(&f, index);
		case RLNC_LETTER_STALE:
			break;
		default:
			return fail(EIO, "%s: member %u is %s", name, index,
				    target_letter_word(f.status.letters[index]));
		}
		idle = f.status.work_total ? 0 : idle + 1;
		if (idle > IDLE_POLLS) {
			fail(EIO, "%s: member %u is still stale: the rebuild ended with errors",
			     name, index);
			hint("`rlncsetup scrub --wait %s` finds what cannot be read", name);
			return -EIO;
		}
	}
}
