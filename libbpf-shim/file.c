// SPDX-License-Identifier: MIT
/* Operations on descriptors of guests. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "files.h"
#include "internal.h"
#include "iovec.h"
#include "system_call.h"

#define NS_PER_S 1000000000

static void release_fd(void *object)
{
	close((int)(intptr_t)object - 1);
}

/* No address of an object is that small. */
static void *as_object(int fd)
{
	return (void *)(intptr_t)(fd + 1);
}

int shim_owned_fd(int fd)
{
	int err = shim_owned_add(as_object(fd), release_fd);

	if (!err)
		return fd;
	close(fd);
	return err;
}

int32_t shim_file__close(int32_t fd)
{
	int err;

	shim_owned_remove(as_object(fd));
	/* Linux closes it in any case; an error here is of an earlier write. */
	err = (int)system_call(SYS_close, (uintptr_t)fd, 0, 0, 0);
	return err == -EINTR ? 0 : err;
}

/* Between two looks for a reader, which no system call waits for without blocking. */
#define LOOK_NS 20000000

/* Reports whether an open for writing failed since a FIFO has no reader yet. */
static bool lacks_reader(const char *path)
{
	struct stat info;

	return errno == ENXIO && !stat(path, &info) && S_ISFIFO(info.st_mode);
}

/* Never waits in open(2), which an interrupt does not end; -EINTR if there is one. */
static int open_waiting(struct shim_interrupt *interrupt, const char *path, int flags)
{
	for (;;) {
		int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
		int err;

		if (fd >= 0)
			return fd;
		err = -errno;
		if (!lacks_reader(path))
			return err;
		err = shim_interrupt_wait(interrupt, -1, 0, LOOK_NS);
		if (err < 0 && err != -ERESTART)
			return err;
	}
}

int32_t shim_grant__file(struct shim_interrupt *interrupt, const char *path, int32_t writes)
{
	int flags = writes ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
	int append = writes == 2 ? O_APPEND : 0;
	int fd = open_waiting(interrupt, path, flags | append);
	struct stat info;

	if (fd < 0)
		return fd;
	if (!shim_fstat(fd, &info) && S_ISDIR(info.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	/* Reads wait by poll(2), which waits for the first writer of a FIFO, too. */
	if (fcntl(fd, F_SETFL, append)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return shim_owned_fd(fd);
}

int32_t shim_file__read(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count,
			uint32_t out)
{
	struct iovec iov[IOV_BATCH];
	void *total = shim_memory_at(memory, out, sizeof(uint32_t));
	int used = iovec_gather(memory, iovs, count, UINT64_MAX, iov);

	if (used < 0 || !total)
		return -EFAULT;
	return iovec_result(readv(fd, iov, used), total);
}

/* Does not wait where the kernel supports it: another reader may have taken the bytes. */
static ssize_t read_now(int fd, const struct iovec *iov, int count)
{
	ssize_t got = preadv2(fd, iov, count, -1, RWF_NOWAIT);

	if (got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL))
		return readv(fd, iov, count);
	return got;
}

int32_t shim_file__read_wait(struct shim_interrupt *interrupt, int32_t fd,
			     struct shim_memory *memory, uint32_t iovs, uint32_t count,
			     uint32_t out, int32_t waits)
{
	struct iovec iov[IOV_BATCH];
	void *total = shim_memory_at(memory, out, sizeof(uint32_t));
	int used = iovec_gather(memory, iovs, count, UINT64_MAX, iov);

	if (used < 0 || !total)
		return -EFAULT;
	if (!used)
		return iovec_result(0, total);
	for (;;) {
		int ready = shim_wait_deferring(interrupt, fd, POLLIN, waits ? -1 : 0);
		ssize_t got;

		if (ready < 0)
			return ready;
		if (!ready)
			return -EAGAIN;
		got = read_now(fd, iov, used);
		if (got >= 0 || (errno != EAGAIN && errno != EINTR) || !waits)
			return iovec_result(got, total);
	}
}

/* preadv(2) or pwritev(2). */
typedef ssize_t (*positioned_call)(int fd, const struct iovec *iov, int count, off_t offset);

static int32_t at_position(positioned_call call, int32_t fd, struct shim_memory *memory,
			   uint32_t iovs, uint32_t count, int64_t offset, uint32_t out)
{
	struct iovec iov[IOV_BATCH];
	void *total = shim_memory_at(memory, out, sizeof(uint32_t));
	int used = iovec_gather(memory, iovs, count, UINT64_MAX, iov);

	if (used < 0 || !total)
		return -EFAULT;
	return iovec_result(call(fd, iov, used, offset), total);
}

int32_t shim_file__pread(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count,
			 int64_t offset, uint32_t out)
{
	return at_position(preadv, fd, memory, iovs, count, offset, out);
}

int32_t shim_file__pwrite(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count,
			  int64_t offset, uint32_t out)
{
	return at_position(pwritev, fd, memory, iovs, count, offset, out);
}

int32_t shim_file__sync(int32_t fd, int32_t data_only)
{
	return (data_only ? fdatasync(fd) : fsync(fd)) ? -errno : 0;
}

int32_t shim_file__advise(int32_t fd, int64_t offset, int64_t size, int32_t advice)
{
	return -posix_fadvise(fd, offset, size, advice);
}

int32_t shim_file__allocate(int32_t fd, int64_t offset, int64_t size)
{
	return fallocate(fd, 0, offset, size) ? -errno : 0;
}

int32_t shim_file__set_size(int32_t fd, int64_t size)
{
	return ftruncate(fd, size) ? -errno : 0;
}

/* WASI has no times before 1970, and none after 2554. */
static uint64_t nanoseconds(const struct timespec *time)
{
	if (time->tv_sec < 0)
		return 0;
	if ((uint64_t)time->tv_sec >= UINT64_MAX / NS_PER_S)
		return UINT64_MAX;
	return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

void shim_put_stat(const struct stat *info, void *out)
{
	uint64_t words[8];

	words[0] = info->st_dev;
	words[1] = info->st_ino;
	words[2] = info->st_mode;
	words[3] = info->st_nlink;
	words[4] = (uint64_t)info->st_size;
	words[5] = nanoseconds(&info->st_atim);
	words[6] = nanoseconds(&info->st_mtim);
	words[7] = nanoseconds(&info->st_ctim);
	memcpy(out, words, sizeof(words));
}

int32_t shim_file__stat(int32_t fd, void *out)
{
	struct stat info;
	const int err = shim_fstat(fd, &info);

	if (!err)
		shim_put_stat(&info, out);
	return err;
}

static struct timespec time_of(uint64_t ns, uint64_t how)
{
	if (how != 1)
		return (struct timespec){.tv_nsec = how ? UTIME_NOW : UTIME_OMIT};
	return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S),
				 .tv_nsec = (long)(ns % NS_PER_S)};
}

int32_t shim_file__set_times(int32_t fd, const void *times)
{
	uint64_t given[4];
	struct timespec both[2];

	memcpy(given, times, sizeof(given));
	both[0] = time_of(given[0], given[1]);
	both[1] = time_of(given[2], given[3]);
	/* Also of what was opened with O_PATH, which futimens(3) refuses. */
	return utimensat(fd, "", both, AT_EMPTY_PATH) ? -errno : 0;
}

int32_t shim_file__set_append(int32_t fd, int32_t append)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = append ? flags | O_APPEND : flags & ~O_APPEND;
	return fcntl(fd, F_SETFL, flags) ? -errno : 0;
}
