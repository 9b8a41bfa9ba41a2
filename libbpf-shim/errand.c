// SPDX-License-Identifier: MIT
/*
 * Errands: what opens files of the host's, done by a thread that may, for one that no longer does.
 *
 * libbpf opens files by paths: the kernel's types, tracefs, the ELF file that a probe goes into.
 * Once a guest's thread is confined (landlock.c) it can open none of them, so it sends for them a
 * thread that was started before. One errand at a time, and the sender waits.
 *
 * That thread has a table of descriptors of its own, and hands over what it opened through a
 * socket: a table that threads share makes each system call of the guest's a twentieth slower.
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
#include <unistd.h>

#include "internal.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static pthread_t runner;
static bool is_running;
/* Whether the runner has a table of descriptors of its own. */
static bool is_apart;
static sem_t wanted, done;
/* The sender's end, and the runner's. */
static int sockets[2];

/* What the runner is sent for; without work, it ends. */
static int32_t (*work)(void *argument);
static void *work_argument;
static int32_t work_result;

/* ---- the runner ---------------------------------------------------------------------------- */

static void wait_for(sem_t *semaphore)
{
	/* Interrupted by a signal whose handler has run: there is nothing else to do about it. */
	while (sem_wait(semaphore) && errno == EINTR)
		;
}

/* What is open elsewhere stays open there; here it would keep pipes and sockets from ending. */
static void part(void)
{
	unsigned int own = (unsigned int)sockets[1];

	if (unshare(CLONE_FILES))
		return;
	is_apart = true;
	syscall(SYS_close_range, 0, own - 1, 0);
	syscall(SYS_close_range, own + 1, ~0U, 0);
}

static void *run(void *unused)
{
	(void)unused;
	part();
	for (;;) {
		wait_for(&wanted);
		if (!work)
			return NULL;
		work_result = work(work_argument);
		sem_post(&done);
	}
}

static bool is_needed(void)
{
	return is_running && !shim_is_reading_ahead && !pthread_equal(pthread_self(), runner);
}

int32_t shim_errand(int32_t (*errand)(void *argument), void *argument)
{
	if (!is_needed())
		return errand(argument);
	work = errand;
	work_argument = argument;
	sem_post(&wanted);
	wait_for(&done);
	return work_result;
}

/* ---- descriptors that come back -------------------------------------------------------------- */

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static struct msghdr message_with(struct iovec *byte, union control *control)
{
	return (struct msghdr){.msg_iov = byte,
			       .msg_iovlen = 1,
			       .msg_control = control,
			       .msg_controllen = sizeof(*control)};
}

static int send_fd(int fd)
{
	char nothing = 0;
	struct iovec byte = {&nothing, 1};
	union control control = {.header = {.cmsg_len = CMSG_LEN(sizeof(fd)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS}};
	struct msghdr message = message_with(&byte, &control);
	int err = 0;

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(sockets[1], &message, MSG_NOSIGNAL) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int receive_fd(void)
{
	char nothing;
	struct iovec byte = {&nothing, 1};
	union control control;
	struct msghdr message = message_with(&byte, &control);
	const struct cmsghdr *header;
	ssize_t size;
	int fd;

	do {
		size = recvmsg(sockets[0], &message, MSG_CMSG_CLOEXEC);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	/* There was no number left for it. */
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

struct opening {
	int32_t (*open)(void *argument);
	void *argument;
};

static int32_t open_and_send(void *argument)
{
	const struct opening *opening = argument;
	int fd = opening->open(opening->argument);

	return fd < 0 || !is_apart ? fd : send_fd(fd);
}

int shim_errand_open(int32_t (*open)(void *argument), void *argument)
{
	struct opening opening = {open, argument};
	int result;

	if (!is_needed())
		return open(argument);
	result = shim_errand(open_and_send, &opening);
	return result < 0 || !is_apart ? result : receive_fd();
}

/* ---- how the libraries open: build/shim.ts puts these in the place of open(3) and fopen(3) -----
 */

struct file {
	const char *path;
	int flags;
};

static int32_t open_file(void *argument)
{
	const struct file *file = argument;
	int fd = open(file->path, file->flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* They only read, so there is no mode. */
int shim_library_open(const char *path, int flags, ...)
{
	struct file file = {path, flags};
	int fd =
	    flags & (O_CREAT | O_WRONLY | O_RDWR) ? -EACCES : shim_errand_open(open_file, &file);

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
	pthread_join(runner, NULL);
	is_running = false;
	close_sockets();
}

/* Signals are for the threads that expect them. */
static int start_runner(void)
{
	sigset_t all, former;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	err = pthread_create(&runner, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return -err;
}

int shim_errands_start(void)
{
	int err;

	if (is_running)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	sem_init(&wanted, 0, 0);
	sem_init(&done, 0, 0);
	is_apart = false;
	err = start_runner();
	if (err) {
		close_sockets();
		return err;
	}
	is_running = true;
	err = shim_owned_add(&runner, stop);
	if (err)
		stop(NULL);
	return err;
}
