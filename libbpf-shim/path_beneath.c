// SPDX-License-Identifier: MIT
/*
 * The paths of a guest, resolved by the kernel beneath a directory that it was granted.
 *
 * There is one way to resolve: openat2(2). What looks at something opens it with O_PATH and asks
 * the descriptor, except for the attributes of a plain name in the directory itself. What makes or
 * removes a name opens the directory that holds it, and gives the last component alone to the
 * system call, which does not follow links there. So nothing is checked first and used later, and
 * concurrent changes do not matter.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "internal.h"
#include "own_process.h"
#include "system_call.h"

/* A ".." on the way makes the kernel refuse when anything was renamed meanwhile, anywhere. */
#define RACE_TRIES 1000

/* The bytes of one well-formed UTF-8 sequence, or 0 (RFC 3629, section 4). */
static size_t sequence_size(const uint8_t *at, size_t left)
{
	size_t size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

	if (size == 1)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4 || size > left)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Longer than need be, a surrogate, or above U+10FFFF. */
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return size;
}

/* A copy of a path that the guest cannot change any more. */
static int copy_path(const struct shim_memory *memory, uint32_t offset, uint32_t size,
		     char path[PATH_MAX])
{
	const uint8_t *bytes = shim_memory_at(memory, offset, size);

	if (!bytes)
		return -EFAULT;
	if (size >= PATH_MAX)
		return -ENAMETOOLONG;
	if (memchr(bytes, 0, size))
		return -EINVAL;
	for (size_t i = 0; i < size;) {
		size_t sequence = sequence_size(bytes + i, size - i);

		if (!sequence)
			return -EILSEQ;
		i += sequence;
	}
	memcpy(path, bytes, size);
	path[size] = 0;
	return 0;
}

static int open_beneath(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
	    .flags = flags | O_CLOEXEC,
	    .mode = flags & O_CREAT ? 0666 : 0,
	    .resolve = resolve,
	};

	for (int i = 0;; i++) {
		int fd = (int)system_call(SYS_openat2, (uintptr_t)dir, (uintptr_t)path,
					  (uintptr_t)&how, sizeof(how));

		if (fd == -EXDEV)
			return -SHIM_OUTSIDE;
		if ((fd != -EAGAIN && fd != -EINTR) || i == RACE_TRIES)
			return fd;
	}
}

/* Opens a path with O_PATH, to query it; follows a link in the last component, or not. */
static int open_thing(int dir, uint32_t resolve, int32_t follow, const char *path)
{
	return open_beneath(dir, path, O_PATH | (follow ? 0 : O_NOFOLLOW), resolve);
}

/* A name, and the directory that holds it. */
struct place {
	int parent;
	/* The last component, with the slashes after it. */
	const char *name;
	char path[PATH_MAX];
};

static int find_place(int dir, uint32_t resolve, struct shim_memory *memory, uint32_t offset,
		      uint32_t size, struct place *place)
{
	int err = copy_path(memory, offset, size, place->path);
	size_t at = size;
	const char *parent = place->path;

	if (err)
		return err;
	if (!size)
		return -ENOENT;
	while (at > 0 && place->path[at - 1] == '/')
		at--;
	/* Nothing but slashes: the root itself. */
	if (!at)
		return resolve ? -SHIM_OUTSIDE : -EBUSY;
	while (at > 0 && place->path[at - 1] != '/')
		at--;
	place->name = place->path + at;
	if (!at) {
		parent = ".";
	} else if (at == 1) {
		parent = "/";
	} else {
		place->path[at - 1] = 0;
	}
	place->parent = open_beneath(dir, parent, O_PATH | O_DIRECTORY, resolve);
	return place->parent < 0 ? place->parent : 0;
}

static int leave_place(struct place *place, int result)
{
	int err = result < 0 ? -errno : 0;

	close(place->parent);
	return err;
}

static uint64_t open_flags(uint32_t flags)
{
	static const uint64_t others[] = {O_CREAT,    O_EXCL,	O_TRUNC, O_DIRECTORY,
					  O_NOFOLLOW, O_APPEND, O_DSYNC, O_SYNC};
	uint64_t result = !(flags & SHIM_OPEN_WRITE) ? O_RDONLY
			  : flags & SHIM_OPEN_READ   ? O_RDWR
						     : O_WRONLY;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (flags & (SHIM_OPEN_CREATE << i))
			result |= others[i];
	}
	/* Neither becomes the controlling terminal nor waits for the other end of a FIFO. */
	return result | O_NOCTTY | O_NONBLOCK;
}

int32_t shim_path__open(int32_t dir, uint32_t resolve, struct shim_memory *memory, uint32_t path,
			uint32_t size, uint32_t flags, void *mode)
{
	char copy[PATH_MAX];
	struct stat info;
	int result = copy_path(memory, path, size, copy), err;

	if (result)
		return result;
	result = open_beneath(dir, copy, open_flags(flags), resolve);
	if (result < 0)
		return result;
	err = shim_fstat(result, &info);
	if (!err && shim_is_hidden_file(result, &info, flags & SHIM_OPEN_WRITE))
		err = -EACCES;
	if (err) {
		close(result);
		return err;
	}
	memcpy(mode, &info.st_mode, sizeof(uint32_t));
	return shim_owned_fd(result);
}

int32_t shim_path__create_directory(int32_t dir, uint32_t resolve, struct shim_memory *memory,
				    uint32_t path, uint32_t size)
{
	struct place place;
	int err = find_place(dir, resolve, memory, path, size, &place);

	return err ? err : leave_place(&place, mkdirat(place.parent, place.name, 0777));
}

int32_t shim_path__remove(int32_t dir, uint32_t resolve, struct shim_memory *memory, uint32_t path,
			  uint32_t size, uint32_t flags)
{
	struct place place;
	int err = find_place(dir, resolve, memory, path, size, &place);

	return err ? err : leave_place(&place, unlinkat(place.parent, place.name, (int)flags));
}

int32_t shim_path__rename(int32_t old_dir, int32_t new_dir, uint32_t resolve,
			  struct shim_memory *memory, uint32_t old_path, uint32_t old_size,
			  uint32_t new_path, uint32_t new_size)
{
	struct place from, to;
	int err = find_place(old_dir, resolve, memory, old_path, old_size, &from);

	if (err)
		return err;
	err = find_place(new_dir, resolve, memory, new_path, new_size, &to);
	if (!err)
		err = leave_place(&to, renameat(from.parent, from.name, to.parent, to.name));
	close(from.parent);
	return err;
}

/* By its descriptor where the rights for that are there, else by the kernel's own link to it. */
static int link_descriptor(int fd, int parent, const char *name)
{
	char self[sizeof("/proc/self/fd/-2147483648")];

	if (!linkat(fd, "", parent, name, AT_EMPTY_PATH))
		return 0;
	if (errno != ENOENT)
		return -errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, parent, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

int32_t shim_path__link(int32_t old_dir, int32_t new_dir, uint32_t resolve, int32_t follow,
			struct shim_memory *memory, uint32_t old_path, uint32_t old_size,
			uint32_t new_path, uint32_t new_size)
{
	struct place to;
	char path[PATH_MAX];
	int err = copy_path(memory, old_path, old_size, path);
	int fd;

	if (err)
		return err;
	fd = open_thing(old_dir, resolve, follow, path);
	if (fd < 0)
		return fd;
	err = find_place(new_dir, resolve, memory, new_path, new_size, &to);
	if (!err) {
		err = link_descriptor(fd, to.parent, to.name);
		close(to.parent);
	}
	close(fd);
	return err;
}

/*
 * Linux returns EEXIST for "file/", as for anything that exists; POSIX, and the tests of WASI,
 * require ENOTDIR when a name ends in a slash and is not a directory.
 */
static int existing_is_no_directory(const struct place *place, uint32_t resolve)
{
	int fd;

	if (place->name[strlen(place->name) - 1] != '/')
		return 0;
	fd = open_thing(place->parent, resolve, 0, place->name);
	if (fd >= 0)
		close(fd);
	return fd == -ENOTDIR;
}

int32_t shim_path__symlink(int32_t dir, uint32_t resolve, struct shim_memory *memory,
			   uint32_t target, uint32_t target_size, uint32_t path, uint32_t size)
{
	char text[PATH_MAX];
	struct place place;
	int err = copy_path(memory, target, target_size, text);

	if (err)
		return err;
	if (resolve && text[0] == '/')
		return -SHIM_OUTSIDE;
	err = find_place(dir, resolve, memory, path, size, &place);
	if (err)
		return err;
	if (symlinkat(text, place.parent, place.name))
		err = -errno;
	if (err == -EEXIST && existing_is_no_directory(&place, resolve))
		err = -ENOTDIR;
	close(place.parent);
	return err;
}

int32_t shim_path__readlink(int32_t dir, uint32_t resolve, struct shim_memory *memory,
			    uint32_t path, uint32_t size, uint32_t buf, uint32_t buf_size)
{
	char *out = shim_memory_at(memory, buf, buf_size);
	char copy[PATH_MAX], text[PATH_MAX];
	ssize_t length;
	int fd, err;

	if (!out)
		return -EFAULT;
	err = copy_path(memory, path, size, copy);
	if (err)
		return err;
	fd = open_thing(dir, resolve, 0, copy);
	if (fd < 0)
		return fd;
	/* To a buffer of ours: one of no bytes is an error to the kernel, not to WASI. */
	length = readlinkat(fd, "", text, sizeof(text));
	/* ENOENT means that it is not a link. */
	err = errno == ENOENT ? -EINVAL : -errno;
	close(fd);
	if (length < 0)
		return err;
	if ((size_t)length > buf_size)
		length = (ssize_t)buf_size;
	memcpy(out, text, (size_t)length);
	return (int32_t)length;
}

/*
 * Attributes of a name that nothing has to be resolved for: one component, not "..", and not a
 * link that is to be followed. False for any other path, and for errors.
 */
static bool stat_name(int dir, int32_t follow, const char *path, void *out)
{
	struct stat info;

	if (!*path || strchr(path, '/') || !strcmp(path, ".."))
		return false;
	if (fstatat(dir, path, &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return false;
	if (follow && S_ISLNK(info.st_mode))
		return false;
	shim_put_stat(&info, out);
	return true;
}

int32_t shim_path__stat(int32_t dir, uint32_t resolve, int32_t follow, struct shim_memory *memory,
			uint32_t path, uint32_t size, void *out)
{
	char copy[PATH_MAX];
	int err = copy_path(memory, path, size, copy);
	int fd;

	if (err)
		return err;
	if (stat_name(dir, follow, copy, out))
		return 0;
	fd = open_thing(dir, resolve, follow, copy);
	if (fd < 0)
		return fd;
	err = shim_file__stat(fd, out);
	close(fd);
	return err;
}

int32_t shim_path__set_times(int32_t dir, uint32_t resolve, int32_t follow,
			     struct shim_memory *memory, uint32_t path, uint32_t size,
			     const void *times)
{
	char copy[PATH_MAX];
	int err = copy_path(memory, path, size, copy);
	int fd;

	if (err)
		return err;
	fd = open_thing(dir, resolve, follow, copy);
	if (fd < 0)
		return fd;
	err = shim_file__set_times(fd, times);
	close(fd);
	return err;
}

int32_t shim_grant__directory(const char *path)
{
	int host = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (host < 0)
		return -errno;
	/* The way that everything in it will be opened: what cannot do that grants nothing. */
	fd = open_beneath(host, ".", O_RDONLY | O_DIRECTORY,
			  RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	close(host);
	return fd < 0 ? fd : shim_owned_fd(fd);
}
