/* SPDX-License-Identifier: MIT */
/* differential.c by the system calls of Linux, each as it is. */
#pragma once
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *errno_text(int err)
{
	return err ? strerrorname_np(err) : "ok";
}

static int result(long long returned)
{
	return returned < 0 ? errno : 0;
}

static int do_mkdir(const char *path)
{
	return result(mkdir(path, 0777));
}

static int do_rmdir(const char *path)
{
	return result(rmdir(path));
}

static int do_unlink(const char *path)
{
	return result(unlink(path));
}

static int do_rename(const char *from, const char *to)
{
	return result(rename(from, to));
}

static int do_link(const char *from, const char *to, int follow)
{
	return result(linkat(AT_FDCWD, from, AT_FDCWD, to, follow ? AT_SYMLINK_FOLLOW : 0));
}

static int do_symlink(const char *target, const char *path)
{
	struct stat info;
	int err = result(symlink(target, path));

	/* The one intended difference of WASI: "file/" does not name a folder. */
	if (err == EEXIST && path[strlen(path) - 1] == '/' && lstat(path, &info) &&
	    errno == ENOTDIR)
		return ENOTDIR;
	return err;
}

static int do_readlink(const char *path, char *buf, unsigned size, unsigned *used)
{
	ssize_t length = readlink(path, buf, size);

	*used = length < 0 ? 0 : (unsigned)length;
	return result(length);
}

static void fill(struct info *info, const struct stat *stat)
{
	info->type = S_ISDIR(stat->st_mode) ? 'd' : S_ISLNK(stat->st_mode) ? 'l' : 'f';
	info->size = (unsigned long long)stat->st_size;
	info->links = stat->st_nlink;
	info->seconds = (unsigned long long)stat->st_mtim.tv_sec;
}

static int do_stat(const char *path, int follow, struct info *info)
{
	struct stat stat;
	int err = result(fstatat(AT_FDCWD, path, &stat, follow ? 0 : AT_SYMLINK_NOFOLLOW));

	if (!err)
		fill(info, &stat);
	return err;
}

static int do_open(const char *path, int how, int *fd)
{
	int flags = how & OPEN_WRITE ? how & OPEN_READ ? O_RDWR : O_WRONLY : O_RDONLY;

	flags |= how & OPEN_CREATE ? O_CREAT : 0;
	flags |= how & OPEN_DIRECTORY ? O_DIRECTORY : 0;
	flags |= how & OPEN_EXCLUSIVE ? O_EXCL : 0;
	flags |= how & OPEN_TRUNCATE ? O_TRUNC : 0;
	flags |= how & OPEN_APPEND ? O_APPEND : 0;
	flags |= how & OPEN_FOLLOW ? 0 : O_NOFOLLOW;
	/* Old kernels make a file of this. */
	if (how & OPEN_CREATE && how & OPEN_DIRECTORY)
		return EINVAL;
	*fd = open(path, flags, 0666);
	return result(*fd);
}

static int do_list(const char *path, unsigned room, struct names *names)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	(void)room;
	if (!dir)
		return errno;
	while ((entry = readdir(dir)))
		add_name(names, entry->d_name, (unsigned)strlen(entry->d_name));
	closedir(dir);
	return 0;
}

static int do_set_time(const char *path, int follow, long long seconds)
{
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds}};

	/* Linux takes no name for the working folder; WASI's is the folder. */
	if (!*path)
		return ENOENT;
	return result(utimensat(AT_FDCWD, path, times, follow ? 0 : AT_SYMLINK_NOFOLLOW));
}

static int do_fstat(int fd, struct info *info)
{
	struct stat stat;
	int err = result(fstat(fd, &stat));

	if (!err)
		fill(info, &stat);
	return err;
}

static int do_close(int fd)
{
	return result(close(fd));
}

static int do_read(int fd, void *buf, unsigned size, long long offset, unsigned *done)
{
	ssize_t got = offset < 0 ? read(fd, buf, size) : pread(fd, buf, size, offset);

	*done = got < 0 ? 0 : (unsigned)got;
	return result(got);
}

static int do_write(int fd, const void *buf, unsigned size, long long offset, unsigned *done)
{
	ssize_t put = offset < 0 ? write(fd, buf, size) : pwrite(fd, buf, size, offset);

	*done = put < 0 ? 0 : (unsigned)put;
	return result(put);
}

static int do_seek(int fd, long long offset, int whence, unsigned long long *at)
{
	off_t now = lseek(fd, offset, whence);

	*at = now < 0 ? 0 : (unsigned long long)now;
	return result(now);
}

static int do_resize(int fd, long long size)
{
	return result(ftruncate(fd, size));
}

static int do_allocate(int fd, long long offset, long long size)
{
	return result(fallocate(fd, 0, offset, size));
}
