// SPDX-License-Identifier: MIT
/*
 * Broker: the thread that makes the privileged calls, for one that no longer can.
 *
 * libbpf makes eBPF objects, perf events and sockets, and opens files by paths: the kernel's types,
 * tracefs, the ELF file that a probe goes into. Once a guest's thread is confined (confine.c) it
 * can do none of that, so it sends a request to a thread that was started before. One request at a
 * time, and the sender waits; a signal's handler runs meanwhile.
 *
 * That thread has a table of descriptors of its own, and hands over copies through a socket: of
 * maps, and of what that thread reads itself. Programs, links and perf events stay there.
 * Besides, a table that threads share makes each system call of a guest a twentieth slower.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"

/* Where distributions put the configuration of a kernel that does not have it in itself. */
static const char *const config_files[] = {"/boot/config-%s", "/lib/modules/%s/config"};

int shim_kernel_open_config(void)
{
	int fd = open("/proc/config.gz", O_RDONLY | O_CLOEXEC);
	char path[sizeof(((struct utsname *)0)->release) + 32];
	struct utsname name;

	if (uname(&name))
		return fd;
	for (size_t i = 0; fd < 0 && i < sizeof(config_files) / sizeof(config_files[0]); i++) {
		snprintf(path, sizeof(path), config_files[i], name.release);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static pthread_t broker;
static bool is_running;
/* True if it has a table of descriptors of its own. */
static bool is_apart;
static sem_t wanted, done;
/* The sender's end, and the broker's. */
static int sockets[2];

/* True once a second has passed without a request: what only the start needed was given back. */
static bool is_started;

/* The request; NULL ends the thread. */
static int32_t (*work)(void *argument);
static void *work_argument;
static int32_t work_result;

/* ---- its thread ---------------------------------------------------------------------------- */

static void wait_for(sem_t *semaphore)
{
	/* Interrupted by a signal whose handler has run: there is nothing else to do about it. */
	while (sem_wait(semaphore) && errno == EINTR)
		;
}

/* Copies of other threads' descriptors would keep pipes and sockets from ending. */
static void part(void)
{
	unsigned int own = (unsigned int)sockets[1];

	if (unshare(CLONE_FILES))
		return;
	is_apart = true;
	syscall(SYS_close_range, 0, own - 1, 0);
	syscall(SYS_close_range, own + 1, ~0U, 0);
}

/* The first time without a request for so long, the start is over. */
#define STARTED_AFTER_S 1

static void wait_for_first_quiet(void)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += STARTED_AFTER_S;
	while (sem_clockwait(&wanted, CLOCK_MONOTONIC, &end))
		if (errno == ETIMEDOUT) {
			is_started = true;
			shim_trim();
			return wait_for(&wanted);
		}
}

static void *run(void *unused)
{
	(void)unused;
	part();
	for (;;) {
		if (is_started)
			wait_for(&wanted);
		else
			wait_for_first_quiet();
		if (!work)
			return NULL;
		work_result = work(work_argument);
		sem_post(&done);
	}
}

static bool is_needed(void)
{
	return is_running && !shim_is_reading_ahead && !pthread_equal(pthread_self(), broker);
}

int32_t shim_broker_run(int32_t (*requested)(void *argument), void *argument)
{
	if (!is_needed())
		return requested(argument);
	work = requested;
	work_argument = argument;
	sem_post(&wanted);
	wait_for(&done);
	return work_result;
}

/* ---- descriptors that come back -------------------------------------------------------------- */

/* SCM_MAX_FD: the kernel takes no more with one message. */
#define FDS_MAX 253

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static struct msghdr message_with(struct iovec *byte, union control *control, uint32_t count)
{
	return (struct msghdr){.msg_iov = byte,
			       .msg_iovlen = 1,
			       .msg_control = control,
			       .msg_controllen = CMSG_SPACE(count * sizeof(int))};
}

/* At most FDS_MAX of them. */
static int send_fds(const int *fds, uint32_t count)
{
	char nothing = 0;
	struct iovec byte = {&nothing, 1};
	union control control = {.header = {.cmsg_len = CMSG_LEN(count * sizeof(int)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS}};
	struct msghdr message = message_with(&byte, &control, count);

	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	return sendmsg(sockets[1], &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* All of them or none. */
static int receive_fds(int *fds, uint32_t count)
{
	char nothing;
	struct iovec byte = {&nothing, 1};
	union control control;
	struct msghdr message = message_with(&byte, &control, count);
	const struct cmsghdr *header;
	uint32_t received = 0;
	ssize_t size;

	do {
		size = recvmsg(sockets[0], &message, MSG_CMSG_CLOEXEC);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS) {
		received = (uint32_t)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(header), received * sizeof(int));
	}
	if (received == count)
		return 0;
	/* The descriptor table had no room for the others. */
	while (received)
		close(fds[--received]);
	return -EMFILE;
}

struct opening {
	int32_t (*open)(void *argument);
	void *argument;
};

static int32_t open_and_send(void *argument)
{
	const struct opening *opening = argument;
	int fd = opening->open(opening->argument);
	int err;

	if (fd < 0 || !is_apart)
		return fd;
	err = send_fds(&fd, 1);
	close(fd);
	return err;
}

int shim_broker_open(int32_t (*open)(void *argument), void *argument)
{
	struct opening opening = {open, argument};
	int result, fd;

	if (!is_needed())
		return open(argument);
	result = shim_broker_run(open_and_send, &opening);
	if (result < 0 || !is_apart)
		return result;
	result = receive_fds(&fd, 1);
	return result ? result : fd;
}

bool shim_broker_is_apart(void)
{
	return is_needed() && is_apart;
}

struct fetching {
	const int *fds;
	uint32_t count;
};

static int32_t send_copies(void *argument)
{
	const struct fetching *fetching = argument;

	return send_fds(fetching->fds, fetching->count);
}

int shim_broker_fetch(const int *theirs, int *ours, uint32_t count)
{
	uint32_t done = 0;
	int err = 0;

	while (!err && done < count) {
		uint32_t left = count - done;
		struct fetching fetching = {theirs + done, left < FDS_MAX ? left : FDS_MAX};

		err = shim_broker_run(send_copies, &fetching);
		if (!err)
			err = receive_fds(ours + done, fetching.count);
		if (!err)
			done += fetching.count;
	}
	while (err && done)
		close(ours[--done]);
	return err;
}

/* ---- how the libraries open: build/steps/shim.ts puts these in the place of open(3) and fopen(3)
 * -----
 */

struct file {
	const char *path;
	int flags;
};

static int32_t open_file(void *argument)
{
	const struct file *file = argument;
	int fd = open(file->path, file->flags | O_CLOEXEC);

	/* The last place where libbpf looks for the values of __kconfig variables. */
	if (fd < 0 && !strcmp(file->path, "/proc/config.gz"))
		fd = shim_kernel_open_config();
	return fd < 0 ? -errno : fd;
}

/* Libraries are only read, so `mode` is never needed. */
int shim_library_open(const char *path, int flags, ...)
{
	struct file file = {path, flags};
	int fd =
	    flags & (O_CREAT | O_WRONLY | O_RDWR) ? -EACCES : shim_broker_open(open_file, &file);

	if (fd >= 0)
		return fd;
	errno = -fd;
	return -1;
}

FILE *shim_library_fopen(const char *path, const char *mode)
{
	int fd = *mode == 'r' ? shim_library_open(path, O_RDONLY) : -1;
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !stream)
		close(fd);
	return stream;
}

/* ---- its life ----------------------------------------------------------------------------------
 */

static void close_sockets(void)
{
	close(sockets[0]);
	close(sockets[1]);
	sem_destroy(&wanted);
	sem_destroy(&done);
}

static void stop(void *unused)
{
	(void)unused;
	work = NULL;
	sem_post(&wanted);
	pthread_join(broker, NULL);
	is_running = false;
	close_sockets();
}

/* Signals are for the threads that expect them. */
static int start_thread(void)
{
	sigset_t all, former;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	err = pthread_create(&broker, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return -err;
}

int32_t shim_broker__start(void)
{
	int err;

	if (is_running)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	sem_init(&wanted, 0, 0);
	sem_init(&done, 0, 0);
	is_apart = false;
	err = start_thread();
	if (err) {
		close_sockets();
		return err;
	}
	is_running = true;
	err = shim_owned_add(&broker, stop);
	if (err)
		stop(NULL);
	return err;
}
