// SPDX-License-Identifier: MIT
/* System calls for WASI's descriptors, clocks and random bytes; resources that are left. */
#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "iovec.h"
#include "system_call.h"

/* Longest delay before a termination is noticed. */
#define TERMINATION_MS 20

int shim_fstat(int fd, struct stat *out)
{
	/* On 64-bit machines the C library's structure is the kernel's. */
	return (int)system_call(SYS_fstat, (uintptr_t)fd, (uintptr_t)out, 0, 0);
}

static bool is_regular(int fd)
{
	struct stat info;

	return !shim_fstat(fd, &info) && S_ISREG(info.st_mode);
}

/*
 * Writes what it can, waiting for a non-blocking descriptor; the first interrupt loses no output.
 * A regular file that would block, for example of tracefs, is EAGAIN.
 */
static ssize_t write_some(int fd, const struct iovec *iov, int count)
{
	for (;;) {
		ssize_t written = writev(fd, iov, count);
		struct pollfd ready = {.fd = fd, .events = POLLOUT};

		if (written >= 0)
			return written;
		if (errno == EAGAIN && !is_regular(fd))
			poll(&ready, 1, -1);
		else if (errno != EINTR)
			return written;
	}
}

int32_t shim_fd__unshare(void)
{
	return unshare(CLONE_FILES) ? -errno : 0;
}

int32_t shim_fd__write(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count,
		       uint32_t written)
{
	void *out = shim_memory_at(memory, written, sizeof(uint32_t));
	struct iovec iov[IOV_BATCH];
	int used = iovec_gather(memory, iovs, count, UINT64_MAX, iov);

	if (used < 0 || !out)
		return -EFAULT;
	return iovec_result(write_some(fd, iov, used), out);
}

int32_t shim_fd__put(int32_t fd, const void *bytes, uint32_t length)
{
	ssize_t written = write(fd, bytes, length < INT32_MAX ? length : INT32_MAX);

	return written < 0 ? -errno : (int32_t)written;
}

int32_t shim_fd__write_some(struct shim_interrupt *interrupt, int32_t fd,
			    struct shim_memory *memory, uint32_t iovs, uint32_t count,
			    uint32_t written)
{
	void *out = shim_memory_at(memory, written, sizeof(uint32_t));
	struct iovec iov[IOV_BATCH];
	int used = iovec_gather(memory, iovs, count, PIPE_ROOM, iov);

	if (used < 0 || !out)
		return -EFAULT;
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLOUT};

		/* An interrupt alone loses no output, so it is not what is waited for. */
		if (poll(&ready, 1, TERMINATION_MS) > 0)
			return iovec_result(write_some(fd, iov, used), out);
		if (shim_interrupt_is_terminated(interrupt))
			return -EINTR;
	}
}

int32_t shim_fd__write_now(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count,
			   uint32_t out)
{
	struct iovec iov[IOV_BATCH];
	void *total = shim_memory_at(memory, out, sizeof(uint32_t));
	/* As much as what is writable takes without waiting. */
	int used = iovec_gather(memory, iovs, count, PIPE_ROOM, iov);
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	if (used < 0 || !total)
		return -EFAULT;
	if (!poll(&ready, 1, 0))
		return -EAGAIN;
	return iovec_result(writev(fd, iov, used), total);
}

int32_t shim_fd__write_wait(struct shim_interrupt *interrupt, int32_t fd,
			    struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t out)
{
	struct iovec iov[IOV_BATCH];
	void *total = shim_memory_at(memory, out, sizeof(uint32_t));
	int used = iovec_gather(memory, iovs, count, UINT64_MAX, iov);

	if (used < 0 || !total)
		return -EFAULT;
	for (;;) {
		ssize_t written = writev(fd, iov, used);
		int ready;

		if (written >= 0 || (errno != EAGAIN && errno != EINTR))
			return iovec_result(written, total);
		ready = shim_wait_deferring(interrupt, fd, POLLOUT, -1);
		if (ready < 0)
			return ready;
	}
}

int32_t shim_fd__seek(int32_t fd, int64_t offset, int32_t whence, struct shim_memory *memory,
		      uint32_t out)
{
	void *to = shim_memory_at(memory, out, sizeof(int64_t));
	int64_t position;

	if (!to)
		return -EFAULT;
	position = lseek(fd, offset, whence);
	if (position < 0)
		return -errno;
	memcpy(to, &position, sizeof(position));
	return 0;
}

int64_t shim_fd__available(int32_t fd)
{
	struct stat info;
	int bytes = 0;

	if (!shim_fstat(fd, &info) && S_ISREG(info.st_mode)) {
		off_t at = lseek(fd, 0, SEEK_CUR);

		return at >= 0 && at < info.st_size ? info.st_size - at : 0;
	}
	return ioctl(fd, FIONREAD, &bytes) || bytes < 0 ? 0 : bytes;
}

int32_t shim_fd__poll(struct shim_interrupt *interrupt, void *fds, uint32_t count,
		      int64_t timeout_ns)
{
	/* Go waits for each of its writes here. */
	bool counts = timeout_ns && !shim_interrupt_is_for_output(fds, count);
	int result = counts ? shim_interrupt_return(interrupt) : 0;

	if (!result)
		result = shim_interrupt_poll(interrupt, fds, count, timeout_ns);
	if (result == -EINTR)
		shim_interrupt_defer(interrupt);
	return result;
}

int32_t shim_fd__type(int32_t fd)
{
	struct stat info;
	const int err = shim_fstat(fd, &info);

	return err ? err : (int32_t)(info.st_mode & S_IFMT);
}

int32_t shim_fd__is_terminal(int32_t fd)
{
	return isatty(fd);
}

static int store_ns(struct shim_memory *memory, uint32_t offset, const struct timespec *time)
{
	uint64_t ns = (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
	void *out = shim_memory_at(memory, offset, sizeof(ns));

	if (!out)
		return -EFAULT;
	memcpy(out, &ns, sizeof(ns));
	return 0;
}

int32_t shim_clock__time(int32_t clock, struct shim_memory *memory, uint32_t out)
{
	struct timespec time;

	if (clock_gettime(clock, &time))
		return -errno;
	return store_ns(memory, out, &time);
}

int64_t shim_clock__now(int32_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time))
		return -errno;
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int32_t shim_clock__resolution(int32_t clock, struct shim_memory *memory, uint32_t out)
{
	struct timespec time;

	if (clock_getres(clock, &time))
		return -errno;
	return store_ns(memory, out, &time);
}

int32_t shim_clock__sleep(struct shim_interrupt *interrupt, int32_t clock, uint64_t ns,
			  int32_t absolute)
{
	int err = shim_interrupt_return(interrupt);

	if (err)
		return err;
	for (;;) {
		uint64_t left = ns;
		struct timespec now;
		int result;

		if (absolute) {
			uint64_t time;

			if (clock_gettime(clock, &now))
				return -errno;
			time = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
			left = ns > time ? ns - time : 0;
		}
		/* A second at a time where the clock may be set meanwhile. */
		if (absolute && left > 1000000000)
			left = 1000000000;
		result =
		    shim_interrupt_wait(interrupt, -1, 0, left > INT64_MAX ? -1 : (int64_t)left);
		if (result == -EINTR)
			shim_interrupt_defer(interrupt);
		if (result < 0)
			return result;
		if (!absolute || !left)
			return 0;
	}
}

int32_t shim_random__fill(struct shim_memory *memory, uint32_t offset, uint32_t size)
{
	uint8_t *at = shim_memory_at(memory, offset, size);
	uint32_t done = 0;

	if (!at)
		return -EFAULT;
	while (done < size) {
		ssize_t got = getrandom(at + done, size - done, 0);

		if (got >= 0)
			done += (uint32_t)got;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* ---- resources of this process ----------------------------------------------------------------
 */

int32_t shim_process__descriptors_left(void)
{
	struct rlimit limit;
	DIR *directory = opendir("/proc/self/fd");
	int64_t used = 0, left;

	if (!directory)
		return errno == EMFILE || errno == ENFILE ? 0 : -errno;
	while (readdir(directory))
		used++;
	closedir(directory);
	/* Not counted: the directory itself, and the entries "." and "..". */
	used -= 3;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	left = limit.rlim_cur > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_cur - used;
	return left < 0 ? 0 : (int32_t)left;
}
