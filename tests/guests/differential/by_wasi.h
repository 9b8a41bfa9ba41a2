/* SPDX-License-Identifier: MIT */
/* differential.c by the functions of WASI; a right for each thing that the same open(2) could do.
 */
#pragma once
#include <string.h>
#include <wasi/api.h>

#define DIR 3

static const char *errno_text(int err)
{
	static const char *const names[] = {
	    "ok",	    "E2BIG",	       "EACCES",       "EADDRINUSE",   "EADDRNOTAVAIL",
	    "EAFNOSUPPORT", "EAGAIN",	       "EALREADY",     "EBADF",	       "EBADMSG",
	    "EBUSY",	    "ECANCELED",       "ECHILD",       "ECONNABORTED", "ECONNREFUSED",
	    "ECONNRESET",   "EDEADLK",	       "EDESTADDRREQ", "EDOM",	       "EDQUOT",
	    "EEXIST",	    "EFAULT",	       "EFBIG",	       "EHOSTUNREACH", "EIDRM",
	    "EILSEQ",	    "EINPROGRESS",     "EINTR",	       "EINVAL",       "EIO",
	    "EISCONN",	    "EISDIR",	       "ELOOP",	       "EMFILE",       "EMLINK",
	    "EMSGSIZE",	    "EMULTIHOP",       "ENAMETOOLONG", "ENETDOWN",     "ENETRESET",
	    "ENETUNREACH",  "ENFILE",	       "ENOBUFS",      "ENODEV",       "ENOENT",
	    "ENOEXEC",	    "ENOLCK",	       "ENOLINK",      "ENOMEM",       "ENOMSG",
	    "ENOPROTOOPT",  "ENOSPC",	       "ENOSYS",       "ENOTCONN",     "ENOTDIR",
	    "ENOTEMPTY",    "ENOTRECOVERABLE", "ENOTSOCK",     "EOPNOTSUPP",   "ENOTTY",
	    "ENXIO",	    "EOVERFLOW",       "EOWNERDEAD",   "EPERM",	       "EPIPE",
	    "EPROTO",	    "EPROTONOSUPPORT", "EPROTOTYPE",   "ERANGE",       "EROFS",
	    "ESPIPE",	    "ESRCH",	       "ESTALE",       "ETIMEDOUT",    "ETXTBSY",
	    "EXDEV",	    "ENOTCAPABLE",
	};

	return names[err];
}

static int do_mkdir(const char *path)
{
	return __wasi_path_create_directory(DIR, path);
}

static int do_rmdir(const char *path)
{
	return __wasi_path_remove_directory(DIR, path);
}

static int do_unlink(const char *path)
{
	return __wasi_path_unlink_file(DIR, path);
}

static int do_rename(const char *from, const char *to)
{
	return __wasi_path_rename(DIR, from, DIR, to);
}

static int do_link(const char *from, const char *to, int follow)
{
	int err = __wasi_path_link(DIR, (__wasi_lookupflags_t)follow, from, DIR, to);

	/* For the folder itself, Landlock returns this before Linux looks at it. */
	return err == __WASI_ERRNO_XDEV ? __WASI_ERRNO_PERM : err;
}

static int do_symlink(const char *target, const char *path)
{
	return __wasi_path_symlink(target, DIR, path);
}

static int do_readlink(const char *path, char *buf, unsigned size, unsigned *used)
{
	__wasi_size_t length = 0;
	int err = __wasi_path_readlink(DIR, path, (uint8_t *)buf, size, &length);

	*used = length;
	return err;
}

static void fill(struct info *info, const __wasi_filestat_t *stat)
{
	info->type = stat->filetype == __WASI_FILETYPE_DIRECTORY       ? 'd'
		     : stat->filetype == __WASI_FILETYPE_SYMBOLIC_LINK ? 'l'
								       : 'f';
	info->size = stat->size;
	info->links = stat->nlink;
	info->seconds = stat->mtim / 1000000000;
}

static int do_stat(const char *path, int follow, struct info *info)
{
	__wasi_filestat_t stat;
	int err = __wasi_path_filestat_get(DIR, (__wasi_lookupflags_t)follow, path, &stat);

	if (!err)
		fill(info, &stat);
	return err;
}

static int do_open(const char *path, int how, int *fd)
{
	__wasi_rights_t rights =
	    __WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FILESTAT_GET;
	__wasi_fd_t opened = 0;
	int err;

	/* Without any of these it is opened to be read, which is nothing that the guest may do. */
	rights |= how & OPEN_READ || !(how & OPEN_WRITE) ? __WASI_RIGHTS_FD_READ : 0;
	rights |= how & OPEN_WRITE ? __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE |
					 __WASI_RIGHTS_FD_FILESTAT_SET_SIZE
				   : 0;
	err = __wasi_path_open(DIR, how & OPEN_FOLLOW ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0, path,
			       how & 15, rights, 0, how & OPEN_APPEND ? __WASI_FDFLAGS_APPEND : 0,
			       &opened);
	*fd = err ? -1 : (int)opened;
	return err;
}

/* Reads one buffer; the cookie after the last whole entry, and whether this was the end. */
static int list_some(__wasi_fd_t fd, unsigned room, __wasi_dircookie_t *cookie, struct names *names)
{
	static uint8_t buf[512];
	__wasi_size_t used = 0, at = 0;
	int err = __wasi_fd_readdir(fd, buf, room, *cookie, &used);

	if (err)
		exit(4);
	while (at + sizeof(__wasi_dirent_t) <= used) {
		__wasi_dirent_t entry;

		memcpy(&entry, buf + at, sizeof(entry));
		at += sizeof(entry);
		if (at + entry.d_namlen > used)
			break;
		add_name(names, (const char *)buf + at, entry.d_namlen);
		at += entry.d_namlen;
		*cookie = entry.d_next;
	}
	return used < room;
}

static int do_list(const char *path, unsigned room, struct names *names)
{
	__wasi_dircookie_t cookie = 0;
	__wasi_fd_t fd;
	int err = __wasi_path_open(DIR, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, path,
				   __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_FD_READDIR, 0, 0, &fd);

	if (err)
		return err;
	while (!list_some(fd, room, &cookie, names))
		;
	return __wasi_fd_close(fd);
}

static int do_set_time(const char *path, int follow, long long seconds)
{
	return __wasi_path_filestat_set_times(DIR, (__wasi_lookupflags_t)follow, path, 0,
					      (__wasi_timestamp_t)seconds * 1000000000,
					      __WASI_FSTFLAGS_MTIM);
}

static int do_fstat(int fd, struct info *info)
{
	__wasi_filestat_t stat;
	int err = __wasi_fd_filestat_get((__wasi_fd_t)fd, &stat);

	if (!err)
		fill(info, &stat);
	return err;
}

static int do_close(int fd)
{
	return __wasi_fd_close((__wasi_fd_t)fd);
}

/* A descriptor that was not opened for something: a missing right here, a bad descriptor to Linux.
 */
static int without_right(int err, int others)
{
	return err == __WASI_ERRNO_NOTCAPABLE ? others : err;
}

static int do_read(int fd, void *buf, unsigned size, long long offset, unsigned *done)
{
	/* Two parts, the first of them empty. */
	const __wasi_iovec_t parts[] = {{buf, 0}, {buf, size}};
	__wasi_size_t got = 0;
	int err = offset < 0
		      ? __wasi_fd_read((__wasi_fd_t)fd, parts, 2, &got)
		      : __wasi_fd_pread((__wasi_fd_t)fd, parts, 2, (__wasi_filesize_t)offset, &got);

	*done = got;
	return without_right(err, __WASI_ERRNO_BADF);
}

static int do_write(int fd, const void *buf, unsigned size, long long offset, unsigned *done)
{
	const unsigned half = size / 2;
	const __wasi_ciovec_t parts[] = {{buf, half}, {(const uint8_t *)buf + half, size - half}};
	__wasi_size_t put = 0;
	int err = offset < 0 ? __wasi_fd_write((__wasi_fd_t)fd, parts, 2, &put)
			     : __wasi_fd_pwrite((__wasi_fd_t)fd, parts, 2,
						(__wasi_filesize_t)offset, &put);

	*done = put;
	return without_right(err, __WASI_ERRNO_BADF);
}

static int do_seek(int fd, long long offset, int whence, unsigned long long *at)
{
	return __wasi_fd_seek((__wasi_fd_t)fd, offset, (__wasi_whence_t)whence, at);
}

static int do_resize(int fd, long long size)
{
	int err = __wasi_fd_filestat_set_size((__wasi_fd_t)fd, (__wasi_filesize_t)size);

	return without_right(err, __WASI_ERRNO_INVAL);
}

static int do_allocate(int fd, long long offset, long long size)
{
	int err =
	    __wasi_fd_allocate((__wasi_fd_t)fd, (__wasi_filesize_t)offset, (__wasi_filesize_t)size);

	/* Linux looks at the numbers first. */
	return without_right(err, offset < 0 || size <= 0 ? __WASI_ERRNO_INVAL : __WASI_ERRNO_BADF);
}
