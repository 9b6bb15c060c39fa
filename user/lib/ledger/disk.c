// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "disk.h"

#define FEW_FILES	4u

int (*disk_hook)(enum disk_step step, const char *path, const void *data, size_t len,
		 uint64_t offset);

static int step(enum disk_step what, const char *path, const void *data, size_t len,
		uint64_t offset)
{
	return disk_hook ? disk_hook(what, path, data, len, offset) : 0;
}

/* What was taken has been lost: no refusal after which it could be tried again. */
static int sync_result(int rc)
{
	return rc == -ENOSPC || rc == -EDQUOT ? -EIO : rc;
}

static int file_sync(int fd, const char *path)
{
	int rc = step(DISK_SYNC, path, NULL, 0, 0);

	if (!rc && fdatasync(fd))
		rc = -errno;
	return sync_result(rc);
}

int disk_sync(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : file_sync(fd, path);
}

int disk_sync_folder(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = step(DISK_SYNC_DIR, path, NULL, 0, 0);

	if (fd < 0)
		return -errno;
	if (!rc && fsync(fd))
		rc = -errno;
	return sync_result(rc);
}

/* Each waits for the disk once: many files are quicker with all that is dirty. */
static int sync_files(struct disk_pending *f)
{
	const bool all = f->files > FEW_FILES;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < f->files; i++)
		rc = rc ? rc : all ? step(DISK_SYNC, f->name[i], NULL, 0, 0) :
				     file_sync(f->fd[i], f->name[i]);
	if (!rc && all && syncfs(f->fd[0]))
		rc = -errno;
	rc = sync_result(rc);
	for (i = 0; i < f->files; i++) {
		close(f->fd[i]);
		free(f->name[i]);
	}
	f->files = 0;
	return rc;
}

int disk_sync_pending(struct disk_pending *f)
{
	int rc = sync_files(f);

	while (!rc && f->count)
		rc = disk_sync_folder(f->path[--f->count]);
	return rc;
}

void disk_drop_pending(struct disk_pending *f)
{
	while (f->files) {
		close(f->fd[--f->files]);
		free(f->name[f->files]);
	}
	f->count = 0;
}

/* Takes the descriptor over. */
static int note_file(struct disk_pending *f, const char *path, int fd)
{
	char *name = strdup(path);
	int rc = f->files == DISK_FILES ? sync_files(f) : 0;

	if (rc || !name) {
		free(name);
		close(fd);
		return rc ? rc : -ENOMEM;
	}
	/* Only begun here; an error shows when it is waited for. */
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	f->fd[f->files] = fd;
	f->name[f->files++] = name;
	return 0;
}

/* The folder that the first @len bytes of @path name has other entries. */
static int note_folder(struct disk_pending *f, const char *path, size_t len)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < f->count; i++)
		if (strlen(f->path[i]) == len && !memcmp(f->path[i], path, len))
			return 0;
	if (f->count == DISK_FOLDERS)
		rc = disk_sync_pending(f);
	if (rc)
		return rc;
	memcpy(f->path[f->count], path, len);
	f->path[f->count++][len] = 0;
	return 0;
}

/* Folders of @path that begin behind its first @at bytes; the last one is @len bytes long. */
static int make_folders(const char *path, size_t at, size_t len, struct disk_pending *f)
{
	char name[DISK_PATH];
	const char *slash;
	int rc = 0;

	for (; !rc && at < len; at = slash - path) {
		slash = memchr(path + at + 1, '/', len - at);
		if (!slash)
			slash = path + len;
		snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
		if (!access(name, F_OK))
			continue;
		rc = step(DISK_MKDIR, name, NULL, 0, 0);
		if (!rc && mkdir(name, 0755) && errno != EEXIST)
			rc = -errno;
		if (!rc)
			rc = note_folder(f, path, at);
	}
	return rc;
}

int disk_put(const char *path, size_t root, const void *data, size_t len, struct disk_pending *f)
{
	const size_t folder = strrchr(path, '/') - path;
	CLEANUP_CLOSE int fd = -1;
	int rc = make_folders(path, root, folder, f);

	if (!rc)
		rc = step(DISK_CREATE, path, NULL, 0, 0);
	if (rc)
		return rc;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	rc = step(DISK_WRITE, path, data, len, 0);
	rc = rc ? rc : pwrite_all(fd, data, len, 0);
	rc = rc ? rc : note_file(f, path, TAKE_FD(fd));
	return rc ? rc : note_folder(f, path, folder);
}

int disk_update(const char *path, const void *data, size_t len, uint64_t offset, bool *made)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc = 0;

	*made = fd < 0 && errno == ENOENT;
	if (*made) {
		rc = step(DISK_CREATE, path, NULL, 0, 0);
		fd = rc ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	if (rc)
		return rc;
	if (fd < 0)
		return -errno;
	rc = step(DISK_WRITE, path, data, len, offset);
	rc = rc ? rc : pwrite_all(fd, data, len, offset);
	return rc ? rc : file_sync(fd, path);
}

int disk_read(const char *path, size_t max, char **data, size_t *len)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (st.st_size > max)
		return -EFBIG;
	return file_read(path, st.st_size, data, len);
}

int disk_rename(const char *from, const char *to)
{
	int rc = step(DISK_RENAME, from, to, strlen(to) + 1, 0);

	if (rc)
		return rc;
	return rename(from, to) ? -errno : 0;
}

int disk_unlink(const char *path)
{
	int rc = step(DISK_UNLINK, path, NULL, 0, 0);

	if (rc)
		return rc;
	return unlink(path) ? -errno : 0;
}

int disk_remove(const char *path)
{
	DIR *dir = opendir(path);
	char name[DISK_PATH];
	struct dirent *e;
	int rc = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!rc && (e = readdir(dir)))
		if (*e->d_name != '.' && snprintf(name, sizeof(name), "%s/%s", path, e->d_name) <
						 (int)sizeof(name))
			rc = disk_unlink(name);
	closedir(dir);
	rc = rc ? rc : step(DISK_RMDIR, path, NULL, 0, 0);
	if (rc)
		return rc;
	return rmdir(path) ? -errno : 0;
}
